//! Optional values (`cel-go/cel/library.go`).

use super::{Answer, said};
use crate::value::{Fault, Value};

pub(super) fn call(name: &str, arguments: &[Value]) -> Option<Answer> {
    Some(match (name, arguments) {
        ("optional.of", [value]) => Ok(Value::some(value.clone())),
        ("optional.ofNonZeroValue", [value]) if value.is_zero() => Ok(Value::Optional(None)),
        ("optional.ofNonZeroValue", [value]) => Ok(Value::some(value.clone())),
        ("optional.none", []) => Ok(Value::Optional(None)),
        ("hasValue", [Value::Optional(inner)]) => Ok(Value::Bool(inner.is_some())),
        ("value", [Value::Optional(Some(value))]) => Ok(value.as_ref().clone()),
        ("value", [Value::Optional(None)]) => said("optional.none() dereference"),
        ("first", [Value::List(list)]) => Ok(optional(list.items.first())),
        ("last", [Value::List(list)]) => Ok(optional(list.items.last())),
        ("optional.unwrap" | "unwrapOpt", [Value::List(list)]) => {
            let mut found = Vec::new();
            for item in &list.items {
                match item {
                    Value::Optional(Some(value)) => found.push(value.as_ref().clone()),
                    Value::Optional(None) => {}
                    _ => return Some(Err(Fault::no_overload())),
                }
            }
            Ok(Value::list(found))
        }
        _ => return None,
    })
}

fn optional(value: Option<&Value>) -> Value {
    Value::Optional(value.cloned().map(Into::into))
}
