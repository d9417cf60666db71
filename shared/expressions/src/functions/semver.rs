//! Semantic versions (`apiserver/pkg/cel/library/semverlib.go`, `github.com/blang/semver/v4`).

use std::cmp::Ordering;
use std::sync::Arc;

use super::{Answer, said};
use crate::value::Value;

/// A version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Version {
    numbers: [u64; 3],
    pre: Vec<String>,
}

impl Version {
    /// The order of two versions, without what they were built from.
    pub(crate) fn precedence(&self, other: &Self) -> Ordering {
        let numbers = self.numbers.cmp(&other.numbers);
        if numbers != Ordering::Equal {
            return numbers;
        }
        match (self.pre.is_empty(), other.pre.is_empty()) {
            (true, true) => return Ordering::Equal,
            (true, false) => return Ordering::Greater,
            (false, true) => return Ordering::Less,
            (false, false) => {}
        }
        for (one, other) in self.pre.iter().zip(&other.pre) {
            let order = match (one.parse::<u64>(), other.parse::<u64>()) {
                (Ok(one), Ok(other)) => one.cmp(&other),
                (Ok(_), Err(_)) => Ordering::Less,
                (Err(_), Ok(_)) => Ordering::Greater,
                (Err(_), Err(_)) => one.cmp(other),
            };
            if order != Ordering::Equal {
                return order;
            }
        }
        self.pre.len().cmp(&other.pre.len())
    }

    /// `semver.Parse`.
    fn parse(text: &str) -> Result<Self, String> {
        if text.is_empty() {
            return Err("Version string empty".to_owned());
        }
        let mut parts = text.splitn(3, '.');
        let (Some(major), Some(minor), Some(rest)) = (parts.next(), parts.next(), parts.next())
        else {
            return Err("No Major.Minor.Patch elements found".to_owned());
        };
        let (rest, build) = rest.split_once('+').map_or((rest, None), |(a, b)| (a, Some(b)));
        let (patch, pre) = rest.split_once('-').map_or((rest, None), |(a, b)| (a, Some(b)));
        let numbers = [number(major, "major")?, number(minor, "minor")?, number(patch, "patch")?];
        let pre: Vec<String> =
            pre.into_iter().flat_map(|pre| pre.split('.')).map(str::to_owned).collect();
        for one in &pre {
            if one.is_empty() {
                return Err("Prerelease is empty".to_owned());
            }
            let digits = one.chars().all(|c| c.is_ascii_digit());
            if digits && one.len() > 1 && one.starts_with('0') {
                return Err(format!(
                    "Numeric PreRelease version must not contain leading zeroes {one:?}"
                ));
            }
            if !one.chars().all(allowed) {
                return Err(format!("Invalid character(s) found in prerelease {one:?}"));
            }
        }
        for one in build.into_iter().flat_map(|build| build.split('.')) {
            if one.is_empty() {
                return Err("Build meta data is empty".to_owned());
            }
            if !one.chars().all(allowed) {
                return Err(format!("Invalid character(s) found in build meta data {one:?}"));
            }
        }
        Ok(Self { numbers, pre })
    }

    /// `normalizeAndParse`.
    fn normalized(text: &str) -> Result<Self, String> {
        let text = text.strip_prefix('v').unwrap_or(text);
        let mut parts: Vec<String> = text
            .splitn(3, '.')
            .map(|part| {
                let short = part.trim_start_matches('0');
                if part.len() <= 1 {
                    part.to_owned()
                } else if short.starts_with(|c: char| c.is_ascii_digit()) {
                    short.to_owned()
                } else {
                    format!("0{short}")
                }
            })
            .collect();
        if parts.len() < 3 {
            if parts.last().is_some_and(|last| last.contains(['+', '-'])) {
                return Err("short version cannot contain PreRelease/Build meta data".to_owned());
            }
            parts.resize(3, "0".to_owned());
        }
        Self::parse(&parts.join("."))
    }
}

fn allowed(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || letter == '-'
}

fn number(text: &str, which: &str) -> Result<u64, String> {
    if !text.chars().all(|c| c.is_ascii_digit()) {
        return Err(format!("Invalid character(s) found in {which} number {text:?}"));
    }
    if text.len() > 1 && text.starts_with('0') {
        let which = match which {
            "major" => "Major",
            "minor" => "Minor",
            _ => "Patch",
        };
        return Err(format!("{which} number must not contain leading zeroes {text:?}"));
    }
    text.parse().map_err(|_unread| format!("strconv.ParseUint: parsing {text:?}: invalid syntax"))
}

pub(super) fn call(name: &str, arguments: &[Value]) -> Option<Answer> {
    let read = |text: &str, normalize: bool| {
        if normalize { Version::normalized(text) } else { Version::parse(text) }
    };
    let part = |index: usize, version: &Version| {
        let number = version.numbers.get(index).copied().unwrap_or(0);
        Ok(Value::Int(i64::try_from(number).unwrap_or(i64::MAX)))
    };
    Some(match (name, arguments) {
        ("semver", [Value::String(text), rest @ ..]) => {
            match read(text, matches!(rest, [Value::Bool(true)])) {
                Ok(version) => Ok(Value::Semver(Arc::new(version))),
                Err(why) => said(why),
            }
        }
        ("isSemver", [Value::String(text), rest @ ..]) => {
            Ok(Value::Bool(read(text, matches!(rest, [Value::Bool(true)])).is_ok()))
        }
        ("isGreaterThan", [Value::Semver(one), Value::Semver(other)]) => {
            Ok(Value::Bool(one.precedence(other) == Ordering::Greater))
        }
        ("isLessThan", [Value::Semver(one), Value::Semver(other)]) => {
            Ok(Value::Bool(one.precedence(other) == Ordering::Less))
        }
        ("compareTo", [Value::Semver(one), Value::Semver(other)]) => {
            Ok(Value::Int(one.precedence(other) as i64))
        }
        ("major", [Value::Semver(version)]) => part(0, version),
        ("minor", [Value::Semver(version)]) => part(1, version),
        ("patch", [Value::Semver(version)]) => part(2, version),
        _ => return None,
    })
}
