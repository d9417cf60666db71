//! `$(kubectl …)` in a command line: the one thing of a shell that a cell needs, because names of pods
//! are made by controllers and cannot be written down beforehand.

use kubectl::{Invocation, Output};
use notebook::scenario::Persona;

use crate::Runner;

/// A command within a line whose output stands in its place.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Insertion<'l> {
    before: &'l str,
    command: &'l str,
    after: &'l str,
    /// It stands in double quotes: its output is one word.
    quoted: bool,
}

/// The first insertion of a line, if it is closed.
fn first(line: &str) -> Option<Insertion<'_>> {
    let (mut single, mut double, mut escaped) = (false, false, false);
    for (at, character) in line.char_indices() {
        let opens = line.get(at..).is_some_and(|rest| rest.starts_with("$("));
        match character {
            // A here-document begins on the next line and stays as it is.
            '\n' => return None,
            _ if escaped => escaped = false,
            '\\' if !single => escaped = true,
            '\'' if !double => single = !single,
            '"' if !single => double = !double,
            '$' if opens && !single => {
                let inner = line.get(at + 2..)?;
                let end = closing(inner)?;
                return Some(Insertion {
                    before: line.get(..at)?,
                    command: inner.get(..end)?,
                    after: inner.get(end + 1..)?,
                    quoted: double,
                });
            }
            _ => {}
        }
    }
    None
}

/// Where the parenthesis closes that a text stands in.
fn closing(text: &str) -> Option<usize> {
    let (mut quote, mut depth) = (None, 0_u32);
    for (at, character) in text.char_indices() {
        match (quote, character) {
            (Some(open), _) if open == character => quote = None,
            (None, '\'' | '"') => quote = Some(character),
            (None, '(') => depth += 1,
            (None, ')') if depth == 0 => return Some(at),
            (None, ')') => depth -= 1,
            _ => {}
        }
    }
    None
}

/// An output as words of a line: without its last line ends, split at blanks unless it is quoted.
fn words(output: &str, quoted: bool) -> String {
    let output = output.trim_end_matches('\n');
    if quoted {
        let escape = |character: char| match character {
            '"' | '\\' | '$' | '`' => format!("\\{character}"),
            other => other.to_string(),
        };
        return output.chars().map(escape).collect();
    }
    let quote = |word: &str| format!("'{}'", word.replace('\'', "'\\''"));
    output.split_whitespace().map(quote).collect::<Vec<_>>().join(" ")
}

/// The commands of a line as they are written: those within `$(kubectl …)` first, then the whole line
/// with `_` in their places.
pub fn commands(line: &str) -> Vec<String> {
    let mut commands = Vec::new();
    let mut done = String::new();
    let mut rest = line.to_owned();
    while let Some(insertion) = first(&rest) {
        commands.push(insertion.command.to_owned());
        done.push_str(insertion.before);
        done.push('_');
        if insertion.quoted {
            // As in `inserted`: leave the double quotes and enter them again.
            done.push('"');
            rest = format!("\"{}", insertion.after);
        } else {
            rest = insertion.after.to_owned();
        }
    }
    done.push_str(&rest);
    commands.push(done);
    commands
}

impl Runner {
    /// A line with the outputs of its `$(kubectl …)` in their places. What these commands complain
    /// about is told to `out`; an output that could not be had is empty, as in a shell.
    pub(crate) async fn inserted(
        &self,
        line: &str,
        persona: &Persona,
        out: &mut dyn Output,
    ) -> String {
        let mut done = String::new();
        let mut rest = line.to_owned();
        while let Some(insertion) = first(&rest) {
            let mut kept = Kept { text: String::new(), out };
            match Invocation::parse(insertion.command) {
                Ok(inner) => {
                    let _code = self.kubectl(persona).run(&inner, self, "", &mut kept).await;
                }
                Err(error) => kept.stderr(&format!("error: {error}\n")),
            }
            done.push_str(insertion.before);
            done.push_str(&words(&kept.text, insertion.quoted));
            if insertion.quoted {
                // The rest begins within the double quotes: leave them and enter them again.
                done.push('"');
                rest = format!("\"{}", insertion.after);
            } else {
                rest = insertion.after.to_owned();
            }
        }
        done.push_str(&rest);
        done
    }
}

/// Keeps standard output and passes standard error on.
struct Kept<'a> {
    text: String,
    out: &'a mut dyn Output,
}

impl Output for Kept<'_> {
    fn stdout(&mut self, text: &str) {
        self.text.push_str(text);
    }

    fn stderr(&mut self, text: &str) {
        self.out.stderr(text);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_insertion_is_found_where_a_shell_finds_it() {
        let table = [
            ("delete $(get pods) -n dev", Some(("delete ", "get pods", " -n dev", false))),
            ("x \"a $(b) c\"", Some(("x \"a ", "b", " c\"", true))),
            ("$(get -o jsonpath='{)}')", Some(("", "get -o jsonpath='{)}'", "", false))),
            ("$(a (b) c)d", Some(("", "a (b) c", "d", false))),
            ("exec client -- sh -c 'echo $(hostname)'", None),
            ("exec client -- echo \\$(hostname)", None),
            ("get $(pods", None),
            ("apply -f - <<EOF\n$(a)\nEOF", None),
            ("get pods", None),
        ];
        for (line, expected) in table {
            let found = first(line);
            let found = found.map(|one| (one.before, one.command, one.after, one.quoted));
            assert_eq!(found, expected, "{line}");
        }
    }

    #[test]
    fn the_commands_of_a_line_are_found() {
        let found =
            commands("kubectl delete -n dev $(kubectl get pods -o name | head -2) \"a $(b)\"");
        let expected =
            ["kubectl get pods -o name | head -2", "b", "kubectl delete -n dev _ \"a _\"\"\""];
        assert_eq!(found, expected);
    }

    #[test]
    fn an_output_becomes_words() {
        assert_eq!(words("pod/a\npod/b\n", false), "'pod/a' 'pod/b'");
        assert_eq!(words("it's\n", false), "'it'\\''s'");
        assert_eq!(words("two words\n\n", true), "two words");
        assert_eq!(words("a\"$b", true), "a\\\"\\$b");
        assert_eq!(words("", false), "");
    }
}
