//! Conversions between types.

use super::{Answer, said, time};
use crate::value::{Fault, Value};

pub(super) fn call(name: &str, arguments: &[Value]) -> Option<Answer> {
    let [value] = arguments else { return None };
    Some(match name {
        "string" => match value {
            Value::String(_)
            | Value::Bool(_)
            | Value::Int(_)
            | Value::Uint(_)
            | Value::Double(_)
            | Value::Duration(_)
            | Value::Timestamp(_)
            | Value::Ip(_)
            | Value::Cidr(..) => Ok(Value::string(shown(value))),
            Value::Bytes(bytes) => match std::str::from_utf8(bytes) {
                Ok(text) => Ok(Value::string(text)),
                Err(_) => said("invalid UTF-8 in bytes, cannot convert to string"),
            },
            _ => Err(Fault::no_overload()),
        },
        "bytes" => match value {
            Value::Bytes(_) => Ok(value.clone()),
            Value::String(text) => Ok(Value::Bytes(text.as_bytes().into())),
            _ => Err(Fault::no_overload()),
        },
        "bool" => match value {
            Value::Bool(_) => Ok(value.clone()),
            Value::String(text) => match text.as_ref() {
                "1" | "t" | "T" | "TRUE" | "true" | "True" => Ok(Value::Bool(true)),
                "0" | "f" | "F" | "FALSE" | "false" | "False" => Ok(Value::Bool(false)),
                _ => refused("string", "bool"),
            },
            _ => Err(Fault::no_overload()),
        },
        "int" => int(value),
        "uint" => uint(value),
        "double" => double(value),
        "duration" => match value {
            Value::Duration(_) => Ok(value.clone()),
            Value::Int(nanos) => Ok(Value::Duration(*nanos)),
            Value::String(text) => match time::parse_duration(text) {
                Some(nanos) => Ok(Value::Duration(nanos)),
                None => refused("string", "google.protobuf.Duration"),
            },
            _ => Err(Fault::no_overload()),
        },
        "timestamp" => match value {
            Value::Timestamp(_) => Ok(value.clone()),
            Value::Int(seconds) => jiff::Timestamp::from_second(*seconds)
                .map_or_else(|_overflow| said("timestamp overflow"), |at| Ok(Value::Timestamp(at))),
            Value::String(text) => match time::parse_timestamp(text) {
                Some(at) => Ok(Value::Timestamp(at)),
                None => refused("string", "google.protobuf.Timestamp"),
            },
            _ => Err(Fault::no_overload()),
        },
        _ => return None,
    })
}

fn refused(from: &str, to: &str) -> Answer {
    said(format!("type conversion error from '{from}' to '{to}'"))
}

#[expect(clippy::cast_possible_truncation, reason = "the range is checked")]
fn int(value: &Value) -> Answer {
    Ok(Value::Int(match value {
        Value::Int(value) => *value,
        Value::Uint(value) => match i64::try_from(*value) {
            Ok(value) => value,
            Err(_) => return said("integer overflow"),
        },
        Value::Double(value) => {
            let limit = 9_223_372_036_854_775_807.0;
            if !value.is_finite() || *value <= -limit || *value >= limit {
                return said("integer overflow");
            }
            *value as i64
        }
        Value::String(text) => match text.parse() {
            Ok(value) => value,
            Err(_) => return refused("string", "int"),
        },
        Value::Duration(nanos) => *nanos,
        Value::Timestamp(at) => at.as_second(),
        _ => return Err(Fault::no_overload()),
    }))
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the range is checked")]
fn uint(value: &Value) -> Answer {
    Ok(Value::Uint(match value {
        Value::Uint(value) => *value,
        Value::Int(value) => match u64::try_from(*value) {
            Ok(value) => value,
            Err(_) => return said("unsigned integer overflow"),
        },
        Value::Double(value) => {
            if !value.is_finite() || *value < 0.0 || *value >= 18_446_744_073_709_551_615.0 {
                return said("unsigned integer overflow");
            }
            *value as u64
        }
        Value::String(text) => match text.parse() {
            Ok(value) => value,
            Err(_) => return refused("string", "uint"),
        },
        _ => return Err(Fault::no_overload()),
    }))
}

#[expect(clippy::cast_precision_loss, reason = "as Go converts")]
fn double(value: &Value) -> Answer {
    Ok(Value::Double(match value {
        Value::Double(value) => *value,
        Value::Int(value) => *value as f64,
        Value::Uint(value) => *value as f64,
        Value::String(text) => match text.parse() {
            Ok(value) => value,
            Err(_) => return refused("string", "double"),
        },
        _ => return Err(Fault::no_overload()),
    }))
}

/// A value as Go's `%v` and the conversion to string show it.
pub(crate) fn shown(value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Bool(value) => value.to_string(),
        Value::Int(value) => value.to_string(),
        Value::Uint(value) => value.to_string(),
        Value::Double(value) => general(*value),
        Value::String(text) => text.to_string(),
        Value::Duration(nanos) => time::duration_text(*nanos),
        Value::Timestamp(at) => time::timestamp_text(*at),
        Value::Ip(address) => address.to_string(),
        Value::Cidr(address, bits) => format!("{address}/{bits}"),
        Value::Type(name) => name.to_string(),
        Value::List(list) => {
            let items: Vec<String> = list.items.iter().map(shown).collect();
            format!("[{}]", items.join(", "))
        }
        Value::Map(map) => {
            let entry = |(key, one): (&crate::value::Key, &Value)| {
                format!("{}: {}", shown(&key.into()), shown(one))
            };
            let entries: Vec<String> = map.entries.iter().map(entry).collect();
            format!("{{{}}}", entries.join(", "))
        }
        other => other.type_name().to_owned(),
    }
}

/// Go's `%g`: the shortest form, with an exponent below 1e-4 and from 1e21.
pub(crate) fn general(value: f64) -> String {
    if value.is_nan() {
        return "NaN".to_owned();
    }
    if value.is_infinite() {
        return if value > 0.0 { "+Inf" } else { "-Inf" }.to_owned();
    }
    let scientific = format!("{value:e}");
    let Some((digits, exponent)) = scientific.split_once('e') else { return scientific };
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if (-4..21).contains(&exponent) {
        return value.to_string();
    }
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{digits}e{sign}{:02}", exponent.abs())
}
