//! Scalars: what Go accepts for a type, and how it prints it again.

use serde_json::Value;

use super::Place;
use crate::quantity::Quantity;
use crate::schema::Word;
use crate::time;

/// Checks a scalar and brings it into the form that Go writes.
pub(super) fn check(word: Word, value: Value, place: &Place<'_>) -> Result<Value, String> {
    match word {
        Word::String => expect(value.is_string(), value, place),
        Word::Bool => expect(value.is_boolean(), value, place),
        Word::Int32 => {
            let fits = value.as_i64().is_some_and(|number| i32::try_from(number).is_ok());
            integer(fits, value, place)
        }
        Word::Int64 | Word::Int => integer(value.as_i64().is_some(), value, place),
        Word::Number => expect(value.is_number(), value, place),
        Word::Bytes => bytes(value, place),
        Word::Quantity => quantity(value),
        Word::IntOrString => {
            // What is no string is read as the number (`intstr.go UnmarshalJSON`).
            let fits = value.is_string() || value.as_i64().is_some();
            expect(fits, value, &Place { go_type: "int32", ..*place })
        }
        Word::Time => timestamp(value, place, time::format_rfc3339),
        Word::MicroTime => timestamp(value, place, time::format_micro),
        Word::Raw | Word::Fields | Word::Object | Word::Any => Ok(value),
    }
}

fn expect(fits: bool, value: Value, place: &Place<'_>) -> Result<Value, String> {
    if fits { Ok(value) } else { Err(mismatch(&value, place)) }
}

/// `1.0` is an integer for Go's decoder here, `1.5` is not.
fn integer(fits: bool, value: Value, place: &Place<'_>) -> Result<Value, String> {
    if !fits && value.is_number() {
        let go_type = place.go_type.trim_start_matches('*');
        return Err(format!(
            "json: cannot unmarshal number {} into Go struct field {}.{} of type {go_type}",
            written(&value),
            place.owner,
            bare(place.path)
        ));
    }
    expect(fits, value, place)
}

/// A number as Go's encoder writes it: without an exponent below 1e21.
fn written(number: &Value) -> String {
    match number.as_f64() {
        Some(float) if number.is_f64() && float.abs() < 1e21 => float.to_string(),
        _ => number.to_string(),
    }
}

/// `json: cannot unmarshal string into Go struct field DeploymentSpec.spec.replicas of type int32`.
pub(super) fn mismatch(value: &Value, place: &Place<'_>) -> String {
    let found = match value {
        Value::Null => "null",
        Value::Bool(_) => "bool",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    };
    let go_type = place.go_type.trim_start_matches('*');
    if place.path.is_empty() {
        return format!("json: cannot unmarshal {found} into Go value of type {go_type}");
    }
    format!(
        "json: cannot unmarshal {found} into Go struct field {}.{} of type {go_type}",
        place.owner,
        bare(place.path)
    )
}

/// Go names no indices in these errors.
fn bare(path: &str) -> String {
    let mut found = String::with_capacity(path.len());
    let mut inside = false;
    for c in path.chars() {
        match c {
            '[' => inside = true,
            ']' => inside = false,
            _ if inside => {}
            _ => found.push(c),
        }
    }
    found
}

fn bytes(value: Value, place: &Place<'_>) -> Result<Value, String> {
    let Value::String(text) = &value else { return Err(mismatch(&value, place)) };
    let clean: Vec<u8> = text.bytes().filter(|byte| !matches!(byte, b'\n' | b'\r')).collect();
    let body = clean.iter().rposition(|byte| *byte != b'=').map_or(0, |at| at + 1);
    let wrong = clean
        .iter()
        .take(body)
        .position(|byte| !(byte.is_ascii_alphanumeric() || *byte == b'+' || *byte == b'/'));
    let padded = clean.len().is_multiple_of(4) && clean.len() - body <= 2;
    match wrong {
        Some(at) => Err(format!("illegal base64 data at input byte {at}")),
        None if !padded => {
            Err(format!("illegal base64 data at input byte {}", clean.len() / 4 * 4))
        }
        None => Ok(value),
    }
}

fn quantity(value: Value) -> Result<Value, String> {
    let text = match &value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    Quantity::canonical(text.trim_matches(' ')).map(Value::String)
}

fn timestamp(
    value: Value,
    place: &Place<'_>,
    print: fn(jiff::Timestamp) -> String,
) -> Result<Value, String> {
    let Value::String(text) = &value else { return Err(mismatch(&value, place)) };
    time::parse(text).map(|found| Value::String(print(found))).ok_or_else(|| {
        format!("parsing time \"{text}\" as \"2006-01-02T15:04:05Z07:00\": cannot parse \"{text}\" as \"2006\"")
    })
}
