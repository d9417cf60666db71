//! Quantities (`apiserver/pkg/cel/library/quantity.go`).

use std::cmp::Ordering;

use apimachinery::quantity::{Format, Quantity};

use super::{Answer, said};
use crate::value::Value;

pub(super) fn call(name: &str, arguments: &[Value]) -> Option<Answer> {
    Some(match (name, arguments) {
        ("quantity", [Value::String(text)]) => match Quantity::parse(text) {
            Ok(quantity) => Ok(Value::Quantity(quantity)),
            Err(why) => said(why),
        },
        ("isQuantity", [Value::String(text)]) => Ok(Value::Bool(Quantity::parse(text).is_ok())),
        ("sign", [Value::Quantity(one)]) => Ok(Value::Int(match one.cmp(&zero()) {
            Ordering::Less => -1,
            Ordering::Equal => 0,
            Ordering::Greater => 1,
        })),
        ("isGreaterThan", [Value::Quantity(one), Value::Quantity(other)]) => {
            Ok(Value::Bool(one > other))
        }
        ("isLessThan", [Value::Quantity(one), Value::Quantity(other)]) => {
            Ok(Value::Bool(one < other))
        }
        ("compareTo", [Value::Quantity(one), Value::Quantity(other)]) => {
            Ok(Value::Int(one.cmp(other) as i64))
        }
        ("isInteger", [Value::Quantity(one)]) => Ok(Value::Bool(integer(one).is_some())),
        ("asInteger", [Value::Quantity(one)]) => match integer(one) {
            Some(value) => Ok(Value::Int(value)),
            None => said("cannot convert value to integer"),
        },
        ("asApproximateFloat", [Value::Quantity(one)]) => Ok(Value::Double(float(one))),
        ("add", [Value::Quantity(one), other]) => Ok(Value::Quantity(one.add(&amount(other)?))),
        ("sub", [Value::Quantity(one), other]) => Ok(Value::Quantity(one.sub(&amount(other)?))),
        _ => return None,
    })
}

fn zero() -> Quantity {
    Quantity::from_units(0, Format::DecimalSi)
}

/// A quantity, or the whole number that is one.
fn amount(value: &Value) -> Option<Quantity> {
    match value {
        Value::Quantity(quantity) => Some(quantity.clone()),
        Value::Int(units) => Some(Quantity::from_units((*units).into(), Format::DecimalExponent)),
        _ => None,
    }
}

/// `AsInt64`.
fn integer(quantity: &Quantity) -> Option<i64> {
    let units = quantity.value();
    let exact = Quantity::from_units(units, Format::DecimalSi).cmp(quantity) == Ordering::Equal;
    i64::try_from(units).ok().filter(|_| exact)
}

#[expect(clippy::cast_precision_loss, reason = "as upstream says, approximate")]
fn float(quantity: &Quantity) -> f64 {
    match integer(quantity) {
        Some(units) => units as f64,
        None => quantity.milli_value() as f64 / 1000.0,
    }
}
