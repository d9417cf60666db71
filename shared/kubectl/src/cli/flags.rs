//! Flags as `github.com/spf13/pflag` reads them.

use std::collections::BTreeMap;
use std::time::Duration;

use super::duration::parse_duration;

/// What a flag takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Bool,
    Text,
    Int,
    Span,
    /// Comma-separated, may be repeated.
    List,
    /// May be repeated.
    Array,
    /// Text that may be left out, then this.
    Optional(&'static str),
}

/// A flag of a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Flag {
    pub(crate) name: &'static str,
    pub(crate) short: Option<char>,
    pub(crate) kind: Kind,
    pub(crate) default: &'static str,
    pub(crate) usage: &'static str,
}

/// The flags and arguments of a command line.
#[derive(Debug, Clone, Default)]
pub(crate) struct Parsed {
    values: BTreeMap<&'static str, Vec<String>>,
    defaults: BTreeMap<&'static str, &'static str>,
    pub(crate) arguments: Vec<String>,
    /// How many arguments stood before `--`.
    pub(crate) before_dash: Option<usize>,
}

impl Parsed {
    /// Reads words; stops with pflag's message. `--help` is left for the caller as a value.
    pub(crate) fn parse(flags: &[&[Flag]], words: &[String]) -> Result<Self, String> {
        let all: Vec<&Flag> = flags.iter().flat_map(|group| group.iter()).collect();
        let mut parsed = Self::default();
        for flag in &all {
            // A flag of the command hides one of that name that every command has.
            parsed.defaults.entry(flag.name).or_insert(flag.default);
        }
        let mut words = words.iter();
        while let Some(word) = words.next() {
            if word == "--" {
                parsed.before_dash = Some(parsed.arguments.len());
                parsed.arguments.extend(words.by_ref().cloned());
            } else if let Some(long) = word.strip_prefix("--") {
                parsed.long(&all, long, &mut words)?;
            } else if word.len() > 1 && word.starts_with('-') {
                parsed.shorts(&all, word, &mut words)?;
            } else {
                parsed.arguments.push(word.clone());
            }
        }
        Ok(parsed)
    }

    fn long(
        &mut self,
        all: &[&Flag],
        long: &str,
        words: &mut std::slice::Iter<'_, String>,
    ) -> Result<(), String> {
        let (name, value) = match long.split_once('=') {
            Some((name, value)) => (name, Some(value.to_owned())),
            None => (long, None),
        };
        if name.is_empty() || name.starts_with('-') {
            return Err(format!("bad flag syntax: --{long}"));
        }
        let Some(flag) = all.iter().find(|flag| flag.name == name) else {
            return Err(format!("unknown flag: --{name}"));
        };
        let value = match (value, flag.kind) {
            (Some(value), _) => value,
            (None, Kind::Bool) => "true".to_owned(),
            (None, Kind::Optional(value)) => value.to_owned(),
            (None, _) => {
                words.next().cloned().ok_or_else(|| format!("flag needs an argument: --{name}"))?
            }
        };
        self.set(flag, value)
    }

    fn shorts(
        &mut self,
        all: &[&Flag],
        word: &str,
        words: &mut std::slice::Iter<'_, String>,
    ) -> Result<(), String> {
        let mut letters = word.chars();
        letters.next();
        while let Some(letter) = letters.next() {
            let Some(flag) = all.iter().find(|flag| flag.short == Some(letter)) else {
                return Err(format!("unknown shorthand flag: '{letter}' in {word}"));
            };
            let rest = letters.as_str();
            if let Some(value) = rest.strip_prefix('=') {
                return self.set(flag, value.to_owned());
            }
            match flag.kind {
                Kind::Bool => self.set(flag, "true".to_owned())?,
                Kind::Optional(value) => self.set(flag, value.to_owned())?,
                _ if !rest.is_empty() => return self.set(flag, rest.to_owned()),
                _ => {
                    let value = words
                        .next()
                        .cloned()
                        .ok_or_else(|| format!("flag needs an argument: '{letter}' in {word}"))?;
                    return self.set(flag, value);
                }
            }
        }
        Ok(())
    }

    fn set(&mut self, flag: &Flag, value: String) -> Result<(), String> {
        let problem = match flag.kind {
            Kind::Bool if go_bool(&value).is_none() => {
                Some(format!("strconv.ParseBool: parsing \"{value}\": invalid syntax"))
            }
            Kind::Int if value.parse::<i64>().is_err() => {
                Some(format!("strconv.ParseInt: parsing \"{value}\": invalid syntax"))
            }
            Kind::Span => parse_duration(&value).err(),
            _ => None,
        };
        if let Some(problem) = problem {
            let name = match flag.short {
                Some(short) => format!("-{short}, --{}", flag.name),
                None => format!("--{}", flag.name),
            };
            return Err(format!("invalid argument \"{value}\" for \"{name}\" flag: {problem}"));
        }
        let values = self.values.entry(flag.name).or_default();
        match flag.kind {
            Kind::List => values.extend(value.split(',').map(str::to_owned)),
            Kind::Array => values.push(value),
            Kind::Bool | Kind::Text | Kind::Int | Kind::Span | Kind::Optional(_) => {
                values.clear();
                values.push(value);
            }
        }
        Ok(())
    }

    /// Whether the command has such a flag.
    pub(crate) fn knows(&self, name: &str) -> bool {
        self.defaults.contains_key(name)
    }

    /// Whether the flag was given.
    pub(crate) fn changed(&self, name: &str) -> bool {
        self.values.contains_key(name)
    }

    /// The text of a flag, or its default.
    pub(crate) fn text(&self, name: &str) -> &str {
        self.values
            .get(name)
            .and_then(|values| values.last())
            .map_or_else(|| self.defaults.get(name).copied().unwrap_or(""), String::as_str)
    }

    /// The switch of a flag.
    pub(crate) fn is(&self, name: &str) -> bool {
        go_bool(self.text(name)).unwrap_or(false)
    }

    /// The number of a flag.
    pub(crate) fn int(&self, name: &str) -> i64 {
        self.text(name).parse().unwrap_or(0)
    }

    /// The duration of a flag; `None` when negative.
    pub(crate) fn span(&self, name: &str) -> Option<Duration> {
        parse_duration(self.text(name)).ok().flatten()
    }

    /// All values of a flag.
    pub(crate) fn all(&self, name: &str) -> &[String] {
        self.values.get(name).map_or(&[], Vec::as_slice)
    }
}

/// `strconv.ParseBool`.
pub(crate) fn go_bool(text: &str) -> Option<bool> {
    match text {
        "1" | "t" | "T" | "TRUE" | "true" | "True" => Some(true),
        "0" | "f" | "F" | "FALSE" | "false" | "False" => Some(false),
        _ => None,
    }
}
