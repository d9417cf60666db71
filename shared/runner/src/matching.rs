//! Whether a live object matches a partial document.
//!
//! A scalar must be equal; a map must have the given entries; a list must have, for each given item,
//! an item that matches. Operators are those of [`notebook::operator`].

use notebook::operator::Operator;
use regex_lite::Regex;
use serde_json::Value;

use crate::client::Target;

/// Where a live object does not match.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Mismatch {
    /// Path of the field, for example `spec.ingress[0].from`.
    pub(crate) path: String,
    /// What was expected there.
    pub(crate) expected: String,
    /// What is there; `None`: nothing.
    pub(crate) found: Option<String>,
}

/// The first place where a live object does not match, if any. The names that found the object are
/// not compared.
pub(crate) fn mismatch(expected: &Value, live: &Value) -> Option<Mismatch> {
    let mut expected = expected.clone();
    if let Some(entries) = expected.as_object_mut() {
        entries.remove("apiVersion");
        entries.remove("kind");
        if let Some(metadata) = entries.get_mut("metadata").and_then(Value::as_object_mut) {
            metadata.remove("name");
            metadata.remove("namespace");
        }
    }
    compare(&expected, Some(live), String::new())
}

fn compare(expected: &Value, live: Option<&Value>, path: String) -> Option<Mismatch> {
    match expected {
        Value::String(text) => match Operator::parse(text) {
            Some(Ok(operator)) => {
                let holds = holds(&operator, live);
                (!holds).then(|| Mismatch { path, expected: text.clone(), found: live.map(show) })
            }
            Some(Err(_)) | None => scalar(expected, live, path),
        },
        Value::Object(entries) => {
            for (key, value) in entries {
                let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
                let found = compare(value, live.and_then(|live| live.get(key)), path);
                if found.is_some() {
                    return found;
                }
            }
            None
        }
        Value::Array(items) => list(items, live, &path),
        Value::Null | Value::Bool(_) | Value::Number(_) => scalar(expected, live, path),
    }
}

fn list(items: &[Value], live: Option<&Value>, path: &str) -> Option<Mismatch> {
    let there = live.and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    for (index, item) in items.iter().enumerate() {
        let misses: Vec<Option<Mismatch>> = there
            .iter()
            .enumerate()
            .map(|(at, candidate)| compare(item, Some(candidate), format!("{path}[{at}]")))
            .collect();
        if misses.iter().any(Option::is_none) {
            continue;
        }
        // With one candidate, say what is wrong inside of it; with more, that none fits.
        let mut misses = misses.into_iter().flatten();
        return match (misses.next(), misses.next()) {
            (Some(only), None) => Some(only),
            _ => Some(Mismatch {
                path: format!("{path}[{index}]"),
                expected: show(item),
                found: live.map(show),
            }),
        };
    }
    None
}

fn scalar(expected: &Value, live: Option<&Value>, path: String) -> Option<Mismatch> {
    let equal = match (expected, live) {
        (Value::Null, None) => true,
        (_, None) => false,
        (expected, Some(live)) => {
            expected == live || same_number(expected, live) || same_text(expected, live)
        }
    };
    (!equal).then(|| Mismatch { path, expected: show(expected), found: live.map(show) })
}

/// `4` and `"4"` and `4000m` are the same amount.
fn same_number(one: &Value, other: &Value) -> bool {
    matches!((amount(one), amount(other)), (Some(one), Some(other)) if one == other)
}

fn same_text(one: &Value, other: &Value) -> bool {
    one.is_string() && other.is_string() && one == other
}

fn holds(operator: &Operator, live: Option<&Value>) -> bool {
    let compare = |bound: &str, test: fn(i128, i128) -> bool| {
        let live = live.and_then(amount);
        let bound = amount(&Value::String(bound.to_owned()));
        matches!((live, bound), (Some(live), Some(bound)) if test(live, bound))
    };
    match operator {
        Operator::AtLeast(bound) => compare(bound, |live, bound| live >= bound),
        Operator::MoreThan(bound) => compare(bound, |live, bound| live > bound),
        Operator::AtMost(bound) => compare(bound, |live, bound| live <= bound),
        Operator::LessThan(bound) => compare(bound, |live, bound| live < bound),
        Operator::Not(text) => live.is_none_or(|live| show(live) != *text),
        Operator::Matches(pattern) => {
            let regex = Regex::new(pattern);
            matches!((regex, live), (Ok(regex), Some(live)) if regex.is_match(&show(live)))
        }
        Operator::Exists => live.is_some(),
        Operator::Absent => live.is_none(),
        Operator::Length(length) => live.map_or(*length == 0, |live| count(live) == Some(*length)),
    }
}

fn count(value: &Value) -> Option<usize> {
    match value {
        Value::Array(items) => Some(items.len()),
        Value::Object(entries) => Some(entries.len()),
        Value::String(text) => Some(text.chars().count()),
        Value::Null | Value::Bool(_) | Value::Number(_) => None,
    }
}

/// A number or a quantity, in thousandths.
fn amount(value: &Value) -> Option<i128> {
    let text = show(value);
    apimachinery::quantity::Quantity::parse(&text).ok().map(|quantity| quantity.milli_value())
}

/// A value for a person: texts without quotes, the rest as JSON.
pub(crate) fn show(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// The title of the object that a document names.
pub(crate) fn title(object: &Value) -> String {
    Target::of(object).title()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn check(expected: Value, live: &Value) -> String {
        match mismatch(&expected, live) {
            None => "matches".to_owned(),
            Some(found) => format!(
                "{}: expected {}, found {}",
                found.path,
                found.expected,
                found.found.unwrap_or_else(|| "nothing".to_owned())
            ),
        }
    }

    #[test]
    fn a_partial_document_matches_or_says_where_it_does_not() {
        let live = json!({
            "kind": "Pod", "metadata": {"name": "web", "labels": {"app": "web"}},
            "spec": {"containers": [{"name": "a", "image": "nginx:1"}, {"name": "b", "image": "alpine"}]},
            "status": {"replicas": 3, "cpu": "1500m", "conditions": [{"type": "Ready", "status": "True"}]},
        });
        let table = [
            (json!({"kind": "Other", "metadata": {"name": "x"}}), "matches"),
            (
                json!({"metadata": {"labels": {"app": "db"}}}),
                "metadata.labels.app: expected db, found web",
            ),
            (
                json!({"metadata": {"labels": {"ns": "op"}}}),
                "metadata.labels.ns: expected op, found nothing",
            ),
            (json!({"metadata": {"labels": {"ns": "(!= op)"}}}), "matches"),
            (json!({"metadata": {"labels": {"ns": "(absent)", "app": "(exists)"}}}), "matches"),
            (json!({"spec": {"containers": [{"name": "b", "image": "(~ ^alp)"}]}}), "matches"),
            (
                json!({"spec": {"containers": "(length 3)"}}),
                "spec.containers: expected (length 3), found [{\"image\":\"nginx:1\",\"name\":\"a\"},{\"image\":\"alpine\",\"name\":\"b\"}]",
            ),
            (json!({"status": {"replicas": "(>= 3)", "cpu": "(< 2)"}}), "matches"),
            (json!({"status": {"replicas": "(> 3)"}}), "status.replicas: expected (> 3), found 3"),
            (json!({"status": {"cpu": "1.5"}}), "matches"),
            (
                json!({"status": {"conditions": [{"type": "Ready", "status": "False"}]}}),
                "status.conditions[0].status: expected False, found True",
            ),
        ];
        for (expected, result) in table {
            assert_eq!(check(expected.clone(), &live), result, "{expected}");
        }
    }
}
