//! `basicCommonValidator`: the values that a schema lists.

use serde_json::Value;

use super::{Found, Wrong};
use crate::fields::items;

pub(super) fn check(schema: &Value, value: &Value, path: &str) -> Found {
    let mut found = Found::default();
    let known = items(schema, "/enum");
    if known.is_empty() || known.iter().any(|one| is_one(value, one)) {
        return found;
    }
    let shown: Vec<String> = known
        .iter()
        .map(|one| one.as_str().map_or_else(|| apimachinery::go::json(one), str::to_owned))
        .collect();
    let why = format!("{path} in body should be one of {}", apimachinery::go::print(&known.into()));
    found.wrong(path, why, Wrong::Enumeration(value.clone(), shown));
    found
}

/// Whether a value is a listed one, as far as Go converts its type into the other: numbers into each other, whole ones
/// into the text of one letter.
#[expect(clippy::cast_possible_truncation, clippy::cast_precision_loss, reason = "as Go does it")]
fn is_one(value: &Value, listed: &Value) -> bool {
    match (value, listed) {
        (Value::Null, _) => false,
        (Value::Number(number), Value::Number(other)) => match (number.as_i64(), other.as_i64()) {
            (Some(one), Some(other)) => one == other,
            (Some(one), None) => other.as_f64() == Some(one as f64),
            (None, Some(other)) => number.as_f64().is_some_and(|one| one as i64 == other),
            (None, None) => number.as_f64() == other.as_f64(),
        },
        (Value::Number(number), Value::String(text)) => number.as_i64().is_some_and(|code| {
            let letter = u32::try_from(code).ok().and_then(char::from_u32);
            let mut letters = text.chars();
            letters.next() == Some(letter.unwrap_or(char::REPLACEMENT_CHARACTER))
                && letters.next().is_none()
        }),
        _ => value == listed,
    }
}
