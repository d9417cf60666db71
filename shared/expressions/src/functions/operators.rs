//! Operators (`cel-go/common/types`).

use std::cmp::Ordering;

use super::{Answer, said};
use crate::value::{Fault, List, Order, Value, compare, equal};
use std::sync::Arc;

const INT: &str = "integer overflow";
const UINT: &str = "unsigned integer overflow";
const DURATION: &str = "duration overflow";
const TIMESTAMP: &str = "timestamp overflow";

pub(super) fn call(name: &str, arguments: &[Value]) -> Option<Answer> {
    Some(match (name, arguments) {
        ("_==_", [one, other]) => Ok(Value::Bool(equal(one, other))),
        ("_!=_", [one, other]) => Ok(Value::Bool(!equal(one, other))),
        ("!_", [Value::Bool(value)]) => Ok(Value::Bool(!value)),
        ("@not_strictly_false", [value]) => Ok(match value {
            Value::Bool(value) => Value::Bool(*value),
            _ => Value::Bool(true),
        }),
        ("_<_", [a, b]) => ordered(a, b, |order| order == Ordering::Less),
        ("_<=_", [a, b]) => ordered(a, b, |order| order != Ordering::Greater),
        ("_>_", [a, b]) => ordered(a, b, |order| order == Ordering::Greater),
        ("_>=_", [a, b]) => ordered(a, b, |order| order != Ordering::Less),
        ("_+_", [a, b]) => add(a, b),
        ("_-_", [a, b]) => subtract(a, b),
        ("_*_", [a, b]) => multiply(a, b),
        ("_/_", [a, b]) => divide(a, b),
        ("_%_", [a, b]) => modulo(a, b),
        ("-_", [Value::Int(value)]) => {
            value.checked_neg().map_or_else(|| said(INT), |v| Ok(Value::Int(v)))
        }
        ("-_", [Value::Double(value)]) => Ok(Value::Double(-value)),
        ("@in", [one, Value::List(list)]) => {
            Ok(Value::Bool(list.items.iter().any(|item| equal(item, one))))
        }
        ("@in", [one, Value::Map(map)]) => Ok(Value::Bool(map.get(one).is_some())),
        ("size", [value]) => match value.length() {
            Some(length) if !matches!(value, Value::Ip(_) | Value::Cidr(..)) => {
                Ok(Value::size(length))
            }
            _ => Err(Fault::no_overload()),
        },
        ("type", [value]) => Ok(Value::Type(value.type_name().into())),
        ("dyn", [value]) => Ok(value.clone()),
        ("cel.@mapInsert", [Value::Map(map), rest @ ..]) => insert(map, rest),
        _ => return None,
    })
}

fn ordered(one: &Value, other: &Value, holds: impl Fn(Ordering) -> bool) -> Answer {
    Ok(Value::Bool(holds(compare(one, other)?)))
}

fn add(one: &Value, other: &Value) -> Answer {
    Ok(match (one, other) {
        (Value::Int(a), Value::Int(b)) => match a.checked_add(*b) {
            Some(sum) => Value::Int(sum),
            None => return said(INT),
        },
        (Value::Uint(a), Value::Uint(b)) => match a.checked_add(*b) {
            Some(sum) => Value::Uint(sum),
            None => return said(UINT),
        },
        (Value::Double(a), Value::Double(b)) => Value::Double(a + b),
        (Value::String(a), Value::String(b)) => Value::string(format!("{a}{b}")),
        (Value::Bytes(a), Value::Bytes(b)) => {
            Value::Bytes([a.as_ref(), b.as_ref()].concat().into())
        }
        (Value::Duration(a), Value::Duration(b)) => match a.checked_add(*b) {
            Some(sum) => Value::Duration(sum),
            None => return said(DURATION),
        },
        (Value::Timestamp(at), Value::Duration(by))
        | (Value::Duration(by), Value::Timestamp(at)) => {
            match at.checked_add(jiff::SignedDuration::from_nanos(*by)) {
                Ok(sum) => Value::Timestamp(sum),
                Err(_) => return said(TIMESTAMP),
            }
        }
        (Value::List(a), Value::List(b)) => Value::List(Arc::new(join(a, b))),
        _ => return Err(Fault::no_overload()),
    })
}

/// Lists add as their type says (`unstructuredList.Add` and its kin).
fn join(one: &List, other: &List) -> List {
    let mut items = one.items.clone();
    for item in &other.items {
        let place = match &one.order {
            Order::Atomic => None,
            Order::Set => items.iter().position(|own| equal(own, item)),
            Order::Keyed(keys) => {
                items.iter().position(|own| crate::value::same_item(keys, own, item))
            }
        };
        match place.and_then(|place| items.get_mut(place)) {
            Some(own) => *own = item.clone(),
            None => items.push(item.clone()),
        }
    }
    List { items, order: one.order.clone() }
}

fn subtract(one: &Value, other: &Value) -> Answer {
    Ok(match (one, other) {
        (Value::Int(a), Value::Int(b)) => match a.checked_sub(*b) {
            Some(rest) => Value::Int(rest),
            None => return said(INT),
        },
        (Value::Uint(a), Value::Uint(b)) => match a.checked_sub(*b) {
            Some(rest) => Value::Uint(rest),
            None => return said(UINT),
        },
        (Value::Double(a), Value::Double(b)) => Value::Double(a - b),
        (Value::Duration(a), Value::Duration(b)) => match a.checked_sub(*b) {
            Some(rest) => Value::Duration(rest),
            None => return said(DURATION),
        },
        (Value::Timestamp(at), Value::Duration(by)) => {
            match at.checked_sub(jiff::SignedDuration::from_nanos(*by)) {
                Ok(rest) => Value::Timestamp(rest),
                Err(_) => return said(TIMESTAMP),
            }
        }
        (Value::Timestamp(a), Value::Timestamp(b)) => {
            let nanos = a.as_nanosecond().saturating_sub(b.as_nanosecond());
            match i64::try_from(nanos) {
                Ok(nanos) => Value::Duration(nanos),
                Err(_) => return said(DURATION),
            }
        }
        _ => return Err(Fault::no_overload()),
    })
}

fn multiply(one: &Value, other: &Value) -> Answer {
    match (one, other) {
        (Value::Int(a), Value::Int(b)) => {
            a.checked_mul(*b).map_or_else(|| said(INT), |product| Ok(Value::Int(product)))
        }
        (Value::Uint(a), Value::Uint(b)) => {
            a.checked_mul(*b).map_or_else(|| said(UINT), |product| Ok(Value::Uint(product)))
        }
        (Value::Double(a), Value::Double(b)) => Ok(Value::Double(a * b)),
        _ => Err(Fault::no_overload()),
    }
}

fn divide(one: &Value, other: &Value) -> Answer {
    match (one, other) {
        (Value::Int(_), Value::Int(0)) | (Value::Uint(_), Value::Uint(0)) => {
            said("division by zero")
        }
        (Value::Int(a), Value::Int(b)) => {
            a.checked_div(*b).map_or_else(|| said(INT), |quotient| Ok(Value::Int(quotient)))
        }
        (Value::Uint(a), Value::Uint(b)) => Ok(Value::Uint(a / b)),
        (Value::Double(a), Value::Double(b)) => Ok(Value::Double(a / b)),
        _ => Err(Fault::no_overload()),
    }
}

fn modulo(one: &Value, other: &Value) -> Answer {
    match (one, other) {
        (Value::Int(_), Value::Int(0)) | (Value::Uint(_), Value::Uint(0)) => {
            said("modulus by zero")
        }
        (Value::Int(a), Value::Int(b)) => {
            a.checked_rem(*b).map_or_else(|| said(INT), |rest| Ok(Value::Int(rest)))
        }
        (Value::Uint(a), Value::Uint(b)) => Ok(Value::Uint(a % b)),
        _ => Err(Fault::no_overload()),
    }
}

fn insert(map: &crate::value::Map, rest: &[Value]) -> Answer {
    let mut entries = map.entries.clone();
    let more: Vec<(Value, Value)> = match rest {
        [key, value] => vec![(key.clone(), value.clone())],
        [Value::Map(other)] => {
            other.entries.iter().map(|(key, value)| (key.into(), value.clone())).collect()
        }
        _ => return Err(Fault::no_overload()),
    };
    for (name, value) in more {
        let Some(key) = name.key() else { return Err(Fault::no_overload()) };
        if entries.contains_key(&key) {
            return said(format!(
                "insert failed: key {} already exists",
                super::convert::shown(&name)
            ));
        }
        entries.insert(key, value);
    }
    Ok(Value::map(entries))
}
