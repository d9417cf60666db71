//! The text filters behind a pipe: grep, head, tail, wc, sort.

use crate::UsageError;
use apimachinery::order::Order as _;

use super::pattern::{Dialect, Pattern};

/// A filter of a pipe.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Filter {
    Grep { pattern: Pattern, flags: GrepFlags, after: usize, before: usize },
    Head { lines: usize, all_but: bool },
    Tail { lines: usize, from: bool },
    Count { letters: String },
    Sort { reverse: bool, numeric: bool, unique: bool, key: Option<usize> },
}

/// The switches of grep.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of grep")]
pub(crate) struct GrepFlags {
    invert: bool,
    count: bool,
    numbers: bool,
    word: bool,
    quiet: bool,
}

impl Filter {
    pub(super) fn parse(words: &[String]) -> Result<Self, UsageError> {
        let Some((name, rest)) = words.split_first() else {
            return Err(UsageError::new("there is nothing on one side of the pipe"));
        };
        match name.as_str() {
            "grep" | "egrep" | "fgrep" => grep(name, rest),
            "head" => {
                let (lines, sign) = line_count("head", rest)?;
                Ok(Self::Head { lines, all_but: sign == Some('-') })
            }
            "tail" => {
                let (lines, sign) = line_count("tail", rest)?;
                Ok(Self::Tail { lines, from: sign == Some('+') })
            }
            "wc" => {
                let letters: String = rest
                    .iter()
                    .flat_map(|word| word.chars())
                    .filter(|c| "lwcm".contains(*c))
                    .collect();
                Ok(Self::Count {
                    letters: if letters.is_empty() { "lwc".to_owned() } else { letters },
                })
            }
            "sort" => sort(rest),
            other => Err(UsageError::new(format!(
                "{other}: the console pipes into grep, head, tail, wc and sort only"
            ))),
        }
    }

    /// The text behind the filter, and the exit code.
    pub(crate) fn apply(&self, text: &str) -> (String, i32) {
        match self {
            Self::Grep { pattern, flags, after, before } => {
                run_grep(pattern, *flags, (*before, *after), text)
            }
            Self::Head { lines, all_but } => {
                let total = text.lines().count();
                let take = if *all_but { total.saturating_sub(*lines) } else { *lines };
                (text.split_inclusive('\n').take(take).collect(), 0)
            }
            Self::Tail { lines, from } => {
                let total = text.lines().count();
                let skip =
                    if *from { lines.saturating_sub(1) } else { total.saturating_sub(*lines) };
                (text.split_inclusive('\n').skip(skip).collect(), 0)
            }
            Self::Count { letters } => (count(letters, text), 0),
            Self::Sort { reverse, numeric, unique, key } => {
                let mut lines: Vec<&str> = text.lines().collect();
                let part = |line: &str| match key {
                    Some(key) => {
                        line.split_whitespace().nth(key.saturating_sub(1)).unwrap_or("").to_owned()
                    }
                    None => line.to_owned(),
                };
                if *numeric {
                    lines.order_by(|a, b| {
                        leading_number(&part(a))
                            .total_cmp(&leading_number(&part(b)))
                            .then_with(|| a.cmp(b))
                    });
                } else {
                    lines.order_by(|a, b| part(a).cmp(&part(b)).then_with(|| a.cmp(b)));
                }
                if *reverse {
                    lines.reverse();
                }
                if *unique {
                    lines.dedup_by_key(|line| part(line));
                }
                (lines.iter().flat_map(|line| [*line, "\n"]).collect(), 0)
            }
        }
    }
}

fn grep(name: &str, words: &[String]) -> Result<Filter, UsageError> {
    let mut dialect = match name {
        "egrep" => Dialect::Extended,
        "fgrep" => Dialect::Fixed,
        _ => Dialect::Basic,
    };
    let mut flags = GrepFlags::default();
    let (mut after, mut before, mut ignore_case, mut pattern) = (0, 0, false, None);
    let mut words = words.iter();
    while let Some(word) = words.next() {
        let Some(letters) = word.strip_prefix('-').filter(|rest| !rest.is_empty()) else {
            if pattern.replace(word.clone()).is_some() {
                return Err(UsageError::new("grep reads the pipe here, not files"));
            }
            continue;
        };
        let mut letters = letters.chars();
        while let Some(letter) = letters.next() {
            match letter {
                'i' => ignore_case = true,
                'v' => flags.invert = true,
                'c' => flags.count = true,
                'n' => flags.numbers = true,
                'w' => flags.word = true,
                'q' => flags.quiet = true,
                'E' => dialect = Dialect::Extended,
                'F' => dialect = Dialect::Fixed,
                'A' | 'B' | 'C' | 'e' => {
                    let rest: String = letters.by_ref().collect();
                    let value = if rest.is_empty() { words.next().cloned() } else { Some(rest) };
                    let value = value.ok_or_else(|| {
                        UsageError::new(format!("grep: option requires an argument -- '{letter}'"))
                    })?;
                    if letter == 'e' {
                        pattern = Some(value);
                        continue;
                    }
                    let lines = value.parse().map_err(|error| {
                        UsageError::new(format!(
                            "grep: {value}: invalid context length argument ({error})"
                        ))
                    })?;
                    if letter != 'B' {
                        after = lines;
                    }
                    if letter != 'A' {
                        before = lines;
                    }
                }
                other => {
                    return Err(UsageError::new(format!(
                        "grep: this console knows no option -{other}"
                    )));
                }
            }
        }
    }
    let pattern = pattern.ok_or_else(|| UsageError::new("grep needs a pattern"))?;
    let pattern = Pattern::parse(&pattern, dialect, ignore_case)
        .map_err(|message| UsageError::new(format!("grep: {message}")))?;
    Ok(Filter::Grep { pattern, flags, after, before })
}

fn run_grep(
    pattern: &Pattern,
    flags: GrepFlags,
    (before, after): (usize, usize),
    text: &str,
) -> (String, i32) {
    let lines: Vec<&str> = text.lines().collect();
    let hits: Vec<bool> =
        lines.iter().map(|line| pattern.is_in(line, flags.word) != flags.invert).collect();
    let found = hits.iter().filter(|hit| **hit).count();
    let code = i32::from(found == 0);
    if flags.quiet {
        return (String::new(), code);
    }
    if flags.count {
        return (format!("{found}\n"), code);
    }
    let mut said = String::new();
    let mut last = None;
    for (index, line) in lines.iter().enumerate() {
        let low = index.saturating_sub(after);
        let near = hits.iter().skip(low).take(index + before + 1 - low).any(|hit| *hit);
        if !near {
            continue;
        }
        if (before > 0 || after > 0) && last.is_some_and(|last| last + 1 < index) {
            said.push_str("--\n");
        }
        last = Some(index);
        if flags.numbers {
            let mark = if hits.get(index) == Some(&true) { ':' } else { '-' };
            said.push_str(&(index + 1).to_string());
            said.push(mark);
        }
        said.push_str(line);
        said.push('\n');
    }
    (said, code)
}

fn sort(words: &[String]) -> Result<Filter, UsageError> {
    let (mut reverse, mut numeric, mut unique, mut key) = (false, false, false, None);
    let mut words = words.iter();
    while let Some(word) = words.next() {
        if let Some(rest) = word.strip_prefix("-k") {
            let value =
                if rest.is_empty() { words.next().map_or("", String::as_str) } else { rest };
            let digits: String = value.chars().take_while(char::is_ascii_digit).collect();
            key = Some(digits.parse().map_err(|error| {
                UsageError::new(format!("sort: invalid number at field start: {value} ({error})"))
            })?);
            numeric |= value.ends_with('n');
            reverse |= value.ends_with('r');
            continue;
        }
        for letter in word.strip_prefix('-').unwrap_or("?").chars() {
            match letter {
                'r' => reverse = true,
                'n' | 'h' => numeric = true,
                'u' => unique = true,
                other => {
                    return Err(UsageError::new(format!(
                        "sort: this console knows no option {other}"
                    )));
                }
            }
        }
    }
    Ok(Filter::Sort { reverse, numeric, unique, key })
}

/// `-n 5`, `-n5`, `-5`, `-n -5`, `-n +5`.
fn line_count(name: &str, words: &[String]) -> Result<(usize, Option<char>), UsageError> {
    let joined: String = words.concat();
    if joined.is_empty() {
        return Ok((10, None));
    }
    let value = joined.strip_prefix("--lines=").or_else(|| joined.strip_prefix("-n"));
    let value = match value {
        Some(value) => value,
        None => joined.strip_prefix('-').unwrap_or(&joined),
    };
    let sign = value.chars().next().filter(|c| matches!(c, '+' | '-'));
    let digits = value.trim_start_matches(['+', '-']);
    let lines = digits.parse().map_err(|error| {
        UsageError::new(format!("{name}: invalid number of lines: {digits} ({error})"))
    })?;
    Ok((lines, sign))
}

fn count(letters: &str, text: &str) -> String {
    let numbers: Vec<String> = "lwmc"
        .chars()
        .filter(|letter| letters.contains(*letter))
        .map(|letter| match letter {
            'l' => text.matches('\n').count(),
            'w' => text.split_whitespace().count(),
            'm' => text.chars().count(),
            _ => text.len(),
        })
        .map(|number| number.to_string())
        .collect();
    match numbers.as_slice() {
        [single] => format!("{single}\n"),
        several => {
            let padded: Vec<String> = several.iter().map(|number| format!("{number:>7}")).collect();
            format!("{}\n", padded.join(" "))
        }
    }
}

fn leading_number(text: &str) -> f64 {
    let digits: String = text
        .trim_start()
        .chars()
        .take_while(|c| c.is_ascii_digit() || matches!(c, '-' | '.'))
        .collect();
    digits.parse().unwrap_or(0.0)
}
