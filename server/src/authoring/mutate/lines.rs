//! Wrong command lines: a line left out, or one word of it changed.

use super::mutants::other_text;

/// Lines in place of a cell's, with the line that differs and what is wrong.
#[derive(Debug, Clone)]
pub(super) struct LineMutant {
    pub(super) lines: Vec<String>,
    /// The line that differs, from 0.
    pub(super) index: usize,
    pub(super) what: String,
}

/// All mutants of the lines that may change something.
pub(super) fn of(lines: &[String], namespaces: &[String]) -> Vec<LineMutant> {
    let mut mutants = Vec::new();
    for (index, line) in lines.iter().enumerate() {
        let Some(whole) = runner::commands(line).pop() else { continue };
        // What only reads leaves every state as it is; what runs in a container is not a state of the API.
        let changes =
            kubectl::line::read(&whole).is_ok_and(|read| read.changes && read.command != "exec");
        if !changes {
            continue;
        }
        let with = |other: Option<String>| {
            let lines = lines.iter().enumerate().filter_map(|(at, known)| {
                if at == index { other.clone() } else { Some(known.clone()) }
            });
            lines.collect::<Vec<_>>()
        };
        if lines.len() > 1 {
            mutants.push(LineMutant {
                lines: with(None),
                index,
                what: format!("`{}` is left out", line.trim()),
            });
        }
        for (word, other) in words(&whole, namespaces) {
            if let Some(changed) = replaced(line, &word, &other) {
                let what = format!("`{word}` is `{other}` in the command");
                mutants.push(LineMutant { lines: with(Some(changed)), index, what });
            }
        }
    }
    mutants
}

/// Words of a command with others in their place: its namespace, labels and other `a=b`, and numbers.
fn words(command: &str, namespaces: &[String]) -> Vec<(String, String)> {
    let mut changes = Vec::new();
    let mut before = "";
    for word in command.split_whitespace() {
        if matches!(before, "-n" | "--namespace") {
            let other = namespaces.iter().find(|name| *name != word);
            changes.extend(other.map(|other| (word.to_owned(), other.clone())));
        } else if let Some((name, value)) = word.split_once('=') {
            let waits =
                matches!(name, "--timeout" | "--grace-period" | "--for" | "--field-manager");
            let chooses = matches!(before, "-l" | "--selector");
            if !waits && !chooses && !value.is_empty() {
                changes.push((word.to_owned(), format!("{name}={}", other_text(value))));
            }
        }
        before = word;
    }
    changes
}

/// A line with one word replaced, where it stands as a word.
fn replaced(line: &str, word: &str, other: &str) -> Option<String> {
    let mut from = 0;
    while let Some(at) = line.get(from..)?.find(word) {
        let start = from + at;
        let end = start + word.len();
        let edge = |letter: Option<char>| {
            letter.is_none_or(|letter| letter.is_whitespace() || letter == ')')
        };
        let before = line.get(..start)?.chars().next_back();
        if edge(before) && edge(line.get(end..)?.chars().next()) {
            return Some(format!("{}{other}{}", line.get(..start)?, line.get(end..)?));
        }
        from = end;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_left_out_or_has_another_word() {
        let lines = [
            "kubectl get pods".to_owned(),
            "kubectl label namespace dev ns=op --overwrite".to_owned(),
            "kubectl scale deployment web -n dev --replicas=5".to_owned(),
        ];
        let found: Vec<String> = of(&lines, &["dev".to_owned(), "op".to_owned()])
            .into_iter()
            .map(|one| one.what)
            .collect();
        assert_eq!(
            found,
            [
                "`kubectl label namespace dev ns=op --overwrite` is left out",
                "`ns=op` is `ns=op-x` in the command",
                "`kubectl scale deployment web -n dev --replicas=5` is left out",
                "`dev` is `op` in the command",
                "`--replicas=5` is `--replicas=10` in the command",
            ]
        );
    }
}
