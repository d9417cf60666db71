//! Equality and order of values.

use std::cmp::Ordering;

use super::{Fault, List, Map, Order, Value};

/// A number as a double.
#[expect(clippy::cast_precision_loss, reason = "as Go compares numbers of different types")]
fn double(value: &Value) -> Option<f64> {
    match value {
        Value::Int(value) => Some(*value as f64),
        Value::Uint(value) => Some(*value as f64),
        Value::Double(value) => Some(*value),
        _ => None,
    }
}

/// How two numbers compare; nothing when one is not a number.
fn numbers(one: &Value, other: &Value) -> Option<Result<Ordering, Fault>> {
    let order = match (one, other) {
        (Value::Int(a), Value::Int(b)) => a.cmp(b),
        (Value::Uint(a), Value::Uint(b)) => a.cmp(b),
        (Value::Int(a), Value::Uint(b)) => i128::from(*a).cmp(&i128::from(*b)),
        (Value::Uint(a), Value::Int(b)) => i128::from(*a).cmp(&i128::from(*b)),
        _ => {
            let (a, b) = (double(one)?, double(other)?);
            let nan = || Fault::said("NaN values cannot be ordered");
            return Some(a.partial_cmp(&b).ok_or_else(nan));
        }
    };
    Some(Ok(order))
}

/// The order of two values.
pub(crate) fn compare(one: &Value, other: &Value) -> Result<Ordering, Fault> {
    if let Some(order) = numbers(one, other) {
        return order;
    }
    match (one, other) {
        (Value::Bool(a), Value::Bool(b)) => Ok(a.cmp(b)),
        (Value::String(a), Value::String(b)) => Ok(a.cmp(b)),
        (Value::Bytes(a), Value::Bytes(b)) => Ok(a.cmp(b)),
        (Value::Duration(a), Value::Duration(b)) => Ok(a.cmp(b)),
        (Value::Timestamp(a), Value::Timestamp(b)) => Ok(a.cmp(b)),
        _ => Err(Fault::no_overload()),
    }
}

/// Whether two values are equal.
pub(crate) fn equal(one: &Value, other: &Value) -> bool {
    if let Some(order) = numbers(one, other) {
        return order == Ok(Ordering::Equal);
    }
    match (one, other) {
        (Value::Null, Value::Null) => true,
        (Value::List(a), Value::List(b)) => lists(a, b),
        (Value::Map(a), Value::Map(b)) => maps(a, b),
        (Value::Optional(a), Value::Optional(b)) => match (a, b) {
            (Some(a), Some(b)) => equal(a, b),
            (None, None) => true,
            _ => false,
        },
        (Value::Type(a), Value::Type(b)) => a == b,
        (Value::Quantity(a), Value::Quantity(b)) => a.cmp(b) == Ordering::Equal,
        (Value::Url(a), Value::Url(b)) => a.text == b.text,
        (Value::Ip(a), Value::Ip(b)) => a == b,
        (Value::Cidr(a, m), Value::Cidr(b, n)) => a == b && m == n,
        (Value::Semver(a), Value::Semver(b)) => a.precedence(b) == Ordering::Equal,
        (Value::Format(a), Value::Format(b)) => a.name == b.name,
        (Value::Check(a), Value::Check(b)) => a == b,
        (Value::Decision(a), Value::Decision(b)) => a == b,
        (Value::Made(a), Value::Made(b)) => {
            a.name == b.name
                && a.fields.len() == b.fields.len()
                && a.fields
                    .iter()
                    .all(|(name, one)| b.fields.get(name).is_some_and(|other| equal(one, other)))
        }
        (Value::Preserved(a), Value::Preserved(b)) => a == b,
        _ => compare(one, other) == Ok(Ordering::Equal),
    }
}

/// Whether two items of a keyed list are the same one.
pub(crate) fn same_item(keys: &[String], one: &Value, other: &Value) -> bool {
    let (Value::Map(one), Value::Map(other)) = (one, other) else { return false };
    keys.iter().all(|key| {
        let key = Value::string(key.as_str());
        match (one.get(&key), other.get(&key)) {
            (Some(one), Some(other)) => equal(one, other),
            (None, None) => true,
            _ => false,
        }
    })
}

fn lists(one: &List, other: &List) -> bool {
    if one.items.len() != other.items.len() {
        return false;
    }
    match &one.order {
        Order::Atomic => one.items.iter().zip(&other.items).all(|(a, b)| equal(a, b)),
        Order::Set => other.items.iter().all(|b| one.items.iter().any(|a| equal(a, b))),
        Order::Keyed(keys) => other
            .items
            .iter()
            .all(|b| one.items.iter().find(|a| same_item(keys, a, b)).is_some_and(|a| equal(a, b))),
    }
}

fn maps(one: &Map, other: &Map) -> bool {
    one.entries.len() + one.hidden == other.entries.len() + other.hidden
        && one.entries.iter().all(|(key, a)| other.entries.get(key).is_some_and(|b| equal(a, b)))
}
