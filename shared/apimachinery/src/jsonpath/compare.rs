//! How two sides of a filter are compared (`third_party/forked/golang/template/funcs.go`).

use std::cmp::Ordering;

use serde_json::Value;

const BAD_TYPE: &str = "invalid type for comparison";
const BAD_PAIR: &str = "incompatible types for comparison";

/// Whether the operator holds between two values.
pub(super) fn holds(left: &Value, operator: &str, right: &Value) -> Result<bool, String> {
    match operator {
        "<" => less(left, right),
        ">" => Ok(!less_or_equal(left, right)?),
        "==" => equal(left, right),
        "!=" => Ok(!equal(left, right)?),
        "<=" => less_or_equal(left, right),
        ">=" => Ok(!less(left, right)?),
        other => Err(format!("unrecognized filter operator {other}")),
    }
}

/// `basicKind`.
fn kind(value: &Value) -> Result<u8, String> {
    match value {
        Value::Bool(_) => Ok(0),
        Value::Number(number) => Ok(if number.is_f64() { 1 } else { 2 }),
        Value::String(_) => Ok(3),
        Value::Null | Value::Array(_) | Value::Object(_) => Err(BAD_TYPE.to_owned()),
    }
}

fn same_kind(left: &Value, right: &Value) -> Result<(), String> {
    if kind(left)? == kind(right)? { Ok(()) } else { Err(BAD_PAIR.to_owned()) }
}

fn equal(left: &Value, right: &Value) -> Result<bool, String> {
    same_kind(left, right).map(|()| left == right)
}

fn less(left: &Value, right: &Value) -> Result<bool, String> {
    same_kind(left, right)?;
    let order = match (left, right) {
        (Value::String(left), Value::String(right)) => Some(left.cmp(right)),
        (Value::Number(left), Value::Number(right)) => match (left.as_i64(), right.as_i64()) {
            (Some(left), Some(right)) => Some(left.cmp(&right)),
            _ => left.as_f64().partial_cmp(&right.as_f64()),
        },
        _ => return Err(BAD_TYPE.to_owned()),
    };
    Ok(order == Some(Ordering::Less))
}

fn less_or_equal(left: &Value, right: &Value) -> Result<bool, String> {
    Ok(less(left, right)? || equal(left, right)?)
}
