//! Label and field selectors, as `k8s.io/apimachinery/pkg/labels` and `pkg/fields`.

use crate::order::Order as _;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde_json::Value;

/// What a requirement asks of the value of its key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Operator {
    /// One of the values.
    In(BTreeSet<String>),
    /// None of the values; the key may be missing.
    NotIn(BTreeSet<String>),
    /// The key is there.
    Exists,
    /// The key is missing.
    DoesNotExist,
    /// A whole number above.
    Gt(i64),
    /// A whole number below.
    Lt(i64),
    /// Equal, written with `=`.
    Equals(String),
    /// Not equal, written with `!=`; the key may be missing.
    NotEquals(String),
}

/// One requirement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Requirement {
    /// Label key.
    pub key: String,
    /// What is asked.
    pub operator: Operator,
}

impl Requirement {
    fn matches(&self, labels: &BTreeMap<String, String>) -> bool {
        let value = labels.get(&self.key);
        let number = || value.and_then(|value| value.parse::<i64>().ok());
        match &self.operator {
            Operator::In(values) => value.is_some_and(|value| values.contains(value)),
            Operator::NotIn(values) => value.is_none_or(|value| !values.contains(value)),
            Operator::Exists => value.is_some(),
            Operator::DoesNotExist => value.is_none(),
            Operator::Gt(bound) => number().is_some_and(|number| number > *bound),
            Operator::Lt(bound) => number().is_some_and(|number| number < *bound),
            Operator::Equals(wanted) => value == Some(wanted),
            Operator::NotEquals(unwanted) => value != Some(unwanted),
        }
    }
}

/// All requirements must hold; none: everything matches.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LabelSelector {
    /// The requirements, sorted by key.
    pub requirements: Vec<Requirement>,
    nothing: bool,
}

impl LabelSelector {
    /// Matches nothing (a missing selector where upstream says so).
    pub fn nothing() -> Self {
        Self { requirements: Vec::new(), nothing: true }
    }

    /// Whether it asks nothing.
    pub fn is_empty(&self) -> bool {
        !self.nothing && self.requirements.is_empty()
    }

    /// Exactly these labels.
    pub fn from_map(labels: &BTreeMap<String, String>) -> Self {
        let requirements = labels
            .iter()
            .map(|(key, value)| Requirement {
                key: key.clone(),
                operator: Operator::Equals(value.clone()),
            })
            .collect();
        Self { requirements, nothing: false }
    }

    /// From `matchLabels` and `matchExpressions`.
    pub fn from_object(selector: &Value) -> Result<Self, String> {
        let labels = crate::object::string_map(selector, &["matchLabels"]);
        let mut found = Self::from_map(&labels);
        let expressions = selector.get("matchExpressions").and_then(Value::as_array);
        for expression in expressions.into_iter().flatten() {
            let text =
                |key: &str| expression.get(key).and_then(Value::as_str).unwrap_or("").to_owned();
            let values: BTreeSet<String> = expression
                .get("values")
                .and_then(Value::as_array)
                .into_iter()
                .flatten()
                .filter_map(|value| value.as_str().map(str::to_owned))
                .collect();
            let operator = match text("operator").as_str() {
                "In" => Operator::In(values),
                "NotIn" => Operator::NotIn(values),
                "Exists" => Operator::Exists,
                "DoesNotExist" => Operator::DoesNotExist,
                other => return Err(format!("\"{other}\" is not a valid label selector operator")),
            };
            found.requirements.push(Requirement { key: text("key"), operator });
        }
        found.requirements.order_by(|a, b| a.key.cmp(&b.key));
        Ok(found)
    }

    /// Reads kubectl's form, for example `app=web,tier in (a,b),!canary`.
    pub fn parse(text: &str) -> Result<Self, String> {
        let operators = ["==", "!=", "=", "<", ">", "("];
        if let Some(found) = operators.iter().find(|token| text.trim_start().starts_with(**token)) {
            return Err(format!("found '{found}', expected: !, identifier, or 'end of string'"));
        }
        let mut requirements = Vec::new();
        for part in split_outside_parentheses(text) {
            let part = part.trim();
            if !part.is_empty() {
                requirements.push(requirement(part, text)?);
            }
        }
        requirements.order_by(|a, b| a.key.cmp(&b.key));
        Ok(Self { requirements, nothing: false })
    }

    /// Whether labels match.
    pub fn matches(&self, labels: &BTreeMap<String, String>) -> bool {
        !self.nothing && self.requirements.iter().all(|requirement| requirement.matches(labels))
    }
}

fn split_outside_parentheses(text: &str) -> Vec<&str> {
    let (mut parts, mut start, mut depth) = (Vec::new(), 0, 0_i32);
    for (at, c) in text.char_indices() {
        match c {
            '(' => depth += 1,
            ')' => depth -= 1,
            ',' if depth <= 0 => {
                parts.push(text.get(start..at).unwrap_or(""));
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(text.get(start..).unwrap_or(""));
    parts
}

fn requirement(part: &str, whole: &str) -> Result<Requirement, String> {
    let of = |key: &str, operator| Ok(Requirement { key: key.trim().to_owned(), operator });
    if let Some(key) = part.strip_prefix('!') {
        return of(key, Operator::DoesNotExist);
    }
    if let Some((key, value)) = part.split_once("!=") {
        return of(key, Operator::NotEquals(value.trim().to_owned()));
    }
    if let Some((key, value)) = part.split_once("==").or_else(|| part.split_once('=')) {
        return of(key, Operator::Equals(value.trim().to_owned()));
    }
    for (sign, greater) in [('>', true), ('<', false)] {
        if let Some((key, value)) = part.split_once(sign) {
            let bound = value.trim().parse().map_err(|_error| {
                format!("for 'Gt', 'Lt' operators, the value must be an integer: {value:?}")
            })?;
            return of(key, if greater { Operator::Gt(bound) } else { Operator::Lt(bound) });
        }
    }
    if let Some((head, values)) = part.split_once('(') {
        let values =
            values.trim_end_matches(')').split(',').map(|value| value.trim().to_owned()).collect();
        let mut words = head.split_whitespace();
        return match (words.next(), words.next()) {
            (Some(key), Some("in")) => of(key, Operator::In(values)),
            (Some(key), Some("notin")) => of(key, Operator::NotIn(values)),
            _ => Err(format!("unable to parse requirement: {whole}")),
        };
    }
    let mut words = part.split_whitespace();
    if let Some("in" | "notin") = words.nth(1) {
        let found = words.next().unwrap_or_default();
        return Err(format!("unable to parse requirement: found '{found}' expected: '('"));
    }
    if part.contains(char::is_whitespace) {
        let found = part.split_whitespace().nth(1).unwrap_or("");
        return Err(format!(
            "couldn't parse the selector string \"{whole}\": unable to parse requirement: found '{found}', expected: in, notin, =, ==, !=, gt, lt"
        ));
    }
    of(part, Operator::Exists)
}

impl fmt::Display for LabelSelector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, Requirement { key, operator }) in self.requirements.iter().enumerate() {
            if index > 0 {
                f.write_str(",")?;
            }
            let list =
                |values: &BTreeSet<String>| values.iter().cloned().collect::<Vec<_>>().join(",");
            match operator {
                Operator::In(values) => write!(f, "{key} in ({})", list(values))?,
                Operator::NotIn(values) => write!(f, "{key} notin ({})", list(values))?,
                Operator::Exists => f.write_str(key)?,
                Operator::DoesNotExist => write!(f, "!{key}")?,
                Operator::Gt(bound) => write!(f, "{key}>{bound}")?,
                Operator::Lt(bound) => write!(f, "{key}<{bound}")?,
                Operator::Equals(value) => write!(f, "{key}={value}")?,
                Operator::NotEquals(value) => write!(f, "{key}!={value}")?,
            }
        }
        Ok(())
    }
}
