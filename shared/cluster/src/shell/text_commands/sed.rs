//! The part of sed that lessons use.

use super::regex;
use regex_lite::Regex;

/// One command of `sed`.
pub(super) struct Edit {
    address: Option<Address>,
    action: Action,
}

pub(super) enum Address {
    Line(usize),
    Last,
    Range(usize, usize),
    Pattern(Regex),
}

pub(super) enum Action {
    Substitute { pattern: Regex, replacement: String, all: bool, print: bool },
    Print,
    Delete,
    Quit,
}

impl Edit {
    pub(super) fn parse(text: &str, extended: bool) -> Option<Self> {
        let (address, rest) = if let Some(rest) = text.strip_prefix('/') {
            let (pattern, rest) = rest.split_once('/')?;
            (Some(Address::Pattern(regex(pattern, (extended, false), (false, false)).ok()?)), rest)
        } else if let Some(rest) = text.strip_prefix('$') {
            (Some(Address::Last), rest)
        } else {
            let digits: String = text
                .chars()
                .take_while(|letter| letter.is_ascii_digit() || *letter == ',')
                .collect();
            let rest = text.strip_prefix(digits.as_str())?;
            let address = match digits.split_once(',') {
                Some((from, to)) => {
                    Some(Address::Range(from.parse().ok()?, to.parse().unwrap_or(usize::MAX)))
                }
                None => digits.parse().ok().map(Address::Line),
            };
            (address, rest.trim_start_matches('$'))
        };
        let action = match rest.trim() {
            "p" => Action::Print,
            "d" => Action::Delete,
            "q" => Action::Quit,
            other => {
                let mut letters = other.strip_prefix('s')?.chars();
                let mark = letters.next()?;
                let rest: String = letters.collect();
                let mut parts = rest.split(mark);
                let pattern = regex(parts.next()?, (extended, false), (false, false)).ok()?;
                let replacement = parts.next()?.to_owned();
                let flags = parts.next().unwrap_or_default();
                Action::Substitute {
                    pattern,
                    replacement,
                    all: flags.contains('g'),
                    print: flags.contains('p'),
                }
            }
        };
        Some(Self { address, action })
    }

    pub(super) fn fits(&self, line: &str, number: usize, total: usize) -> bool {
        match &self.address {
            None => true,
            Some(Address::Line(wanted)) => *wanted == number,
            Some(Address::Last) => number == total,
            Some(Address::Range(from, to)) => (*from..=*to).contains(&number),
            Some(Address::Pattern(pattern)) => pattern.is_match(line),
        }
    }
}

pub(super) fn apply(
    commands: &[Edit],
    line: &str,
    (number, total): (usize, usize),
    quiet: bool,
    shown: &mut String,
) {
    let mut line = line.to_owned();
    for command in
        commands.iter().filter(|one| one.fits(line.as_str(), number, total)).collect::<Vec<_>>()
    {
        match &command.action {
            Action::Delete => return,
            Action::Quit => {}
            Action::Print => {
                let line = format!("{line}\n");
                shown.push_str(&line);
            }
            Action::Substitute { pattern, replacement, all, print } => {
                let before = line.clone();
                line = substitute(pattern, replacement, *all, &line);
                if *print && before != line {
                    let line = format!("{line}\n");
                    shown.push_str(&line);
                }
            }
        }
    }
    if !quiet {
        let line = format!("{line}\n");
        shown.push_str(&line);
    }
}

pub(super) fn substitute(pattern: &Regex, replacement: &str, all: bool, line: &str) -> String {
    let fill = |captures: &regex_lite::Captures<'_>| -> String {
        let mut out = String::new();
        let mut letters = replacement.chars();
        while let Some(letter) = letters.next() {
            match letter {
                '&' => out.push_str(captures.get(0).map_or("", |hit| hit.as_str())),
                '\\' => match letters.next() {
                    Some(digit) if digit.is_ascii_digit() => {
                        let index = usize::try_from(digit.to_digit(10).unwrap_or_default())
                            .unwrap_or_default();
                        out.push_str(captures.get(index).map_or("", |hit| hit.as_str()));
                    }
                    Some('n') => out.push('\n'),
                    Some(other) => out.push(other),
                    None => {}
                },
                letter => out.push(letter),
            }
        }
        out
    };
    if all {
        pattern.replace_all(line, fill).into_owned()
    } else {
        pattern.replace(line, fill).into_owned()
    }
}
