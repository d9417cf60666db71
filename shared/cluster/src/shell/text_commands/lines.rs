//! Commands over lines: sort, uniq, cut, tr.

use super::Work;
use apimachinery::order::Order as _;

impl Work<'_, '_, '_> {
    pub(super) fn sort(&mut self, text: &str) {
        let mut lines: Vec<&str> = text.lines().collect();
        let field: usize = self
            .options
            .value('k')
            .and_then(|one| one.split([',', '.', 'n', 'r']).next()?.parse().ok())
            .unwrap_or(0);
        let numeric =
            self.options.has('n') || self.options.value('k').is_some_and(|key| key.contains('n'));
        let key = |line: &str| -> String {
            if field == 0 {
                line.to_owned()
            } else {
                line.split_whitespace().nth(field - 1).unwrap_or_default().to_owned()
            }
        };
        if numeric {
            let number = |line: &str| {
                key(line)
                    .trim()
                    .split(|letter: char| !letter.is_ascii_digit() && letter != '-')
                    .next()
                    .and_then(|one| one.parse::<i64>().ok())
                    .unwrap_or_default()
            };
            lines.order_by_key(|line| number(line));
        } else {
            lines.order_by_key(|line| key(line));
        }
        if self.options.has('r') {
            lines.reverse();
        }
        if self.options.has('u') {
            lines.dedup();
        }
        let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
        self.print(&text);
    }

    pub(super) fn unique(&mut self, text: &str) {
        let mut runs: Vec<(usize, &str)> = Vec::new();
        for line in text.lines() {
            match runs.last_mut() {
                Some((count, known)) if *known == line => *count += 1,
                _ => runs.push((1, line)),
            }
        }
        let counted = self.options.has('c');
        let repeated = self.options.has('d');
        let shown: String = runs
            .iter()
            .filter(|(count, _)| !repeated || *count > 1)
            .map(
                |(count, line)| {
                    if counted { format!("{count:>7} {line}\n") } else { format!("{line}\n") }
                },
            )
            .collect();
        self.print(&shown);
    }

    pub(super) fn cut(&mut self, text: &str) {
        let by_letter = self.options.value('c').is_some();
        let list =
            self.options.value('c').or_else(|| self.options.value('f')).unwrap_or("1").to_owned();
        let mark = self.options.value('d').unwrap_or("\t").to_owned();
        let wanted = |index: usize| {
            list.split(',').any(|range| match range.split_once('-') {
                None => range.parse() == Ok(index),
                Some((from, to)) => {
                    index >= from.parse().unwrap_or(1) && index <= to.parse().unwrap_or(usize::MAX)
                }
            })
        };
        let mut shown = String::new();
        for line in text.lines() {
            if by_letter {
                shown.extend(
                    line.chars()
                        .enumerate()
                        .filter(|(index, _)| wanted(index + 1))
                        .map(|(_, letter)| letter),
                );
            } else if line.contains(&mark) {
                let fields: Vec<&str> = line
                    .split(&mark)
                    .enumerate()
                    .filter(|(index, _)| wanted(index + 1))
                    .map(|(_, field)| field)
                    .collect();
                shown.push_str(&fields.join(&mark));
            } else if !self.options.has('s') {
                shown.push_str(line);
            }
            shown.push('\n');
        }
        self.print(&shown);
    }

    pub(super) fn translate(&mut self, operands: &[String], text: &str) {
        let set = |index: usize| operands.get(index).map(|one| letters_of(one)).unwrap_or_default();
        let (from, to) = (set(0), set(1));
        let delete = self.options.has('d');
        let shown: String = text
            .chars()
            .filter_map(|letter| match from.iter().position(|known| *known == letter) {
                Some(_) if delete => None,
                Some(at) => to.get(at).or_else(|| to.last()).copied().or(Some(letter)),
                None => Some(letter),
            })
            .collect();
        self.print(&shown);
    }
}

/// The letters of a set of `tr`: ranges, classes and escapes resolved.
pub(super) fn letters_of(set: &str) -> Vec<char> {
    let set = set
        .replace("[:upper:]", "A-Z")
        .replace("[:lower:]", "a-z")
        .replace("[:digit:]", "0-9")
        .replace("[:space:]", " \\t\\n\\r");
    let letters: Vec<char> = super::super::commands::unescape(&set).chars().collect();
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(letter) = letters.get(at) {
        if let (Some('-'), Some(to)) = (letters.get(at + 1), letters.get(at + 2)) {
            found.extend(*letter..=*to);
            at += 3;
        } else {
            found.push(*letter);
            at += 1;
        }
    }
    found
}
