//! Between JSON and values (`apiserver/pkg/cel/common/valuesunstructured.go`).

use std::collections::BTreeMap;
use std::sync::Arc;

use base64::Engine as _;
use serde_json::Value as Json;

use super::{Key, List, Map, Order, Value, whole};
use crate::escape::escape;
use crate::functions::time;
use crate::schema::{properties, says, word};

/// A document as it is.
pub(crate) fn from_json(json: &Json) -> Value {
    match json {
        Json::Null => Value::Null,
        Json::Bool(value) => Value::Bool(*value),
        Json::Number(number) => match number.as_i64() {
            Some(whole) => Value::Int(whole),
            None => Value::Double(number.as_f64().unwrap_or(0.0)),
        },
        Json::String(text) => Value::string(text.as_str()),
        Json::Array(items) => Value::list(items.iter().map(from_json).collect()),
        Json::Object(fields) => {
            let entry = |(name, one): (&String, &Json)| (key(name), from_json(one));
            Value::map(fields.iter().map(entry).collect())
        }
    }
}

fn key(name: &str) -> Key {
    Key::String(name.into())
}

fn bad(why: impl Into<Arc<str>>) -> Value {
    Value::Bad(why.into())
}

/// Go's name of what a JSON value is decoded to.
fn go_type(json: &Json) -> &'static str {
    match json {
        Json::Null => "<nil>",
        Json::Bool(_) => "bool",
        Json::Number(number) if number.is_f64() => "float64",
        Json::Number(_) => "int64",
        Json::String(_) => "string",
        Json::Array(_) => "[]interface {}",
        Json::Object(_) => "map[string]interface {}",
    }
}

/// A document as a structural schema sees it (`UnstructuredToVal`).
pub(crate) fn from_schema(json: &Json, schema: &Json, resource: bool) -> Value {
    if json.is_null() {
        if says(schema, "nullable") {
            return Value::Null;
        }
        return bad("invalid data, got null for schema with nullable=false");
    }
    if says(schema, "x-kubernetes-int-or-string") {
        return match json {
            Json::String(text) => Value::string(text.as_str()),
            Json::Number(number) if number.as_i64().is_some() => {
                Value::Int(number.as_i64().unwrap_or_default())
            }
            _ => bad("invalid data, expected XIntOrString value to be either a string or integer"),
        };
    }
    match word(schema, "type") {
        "object" => object(json, schema, resource),
        "array" => array(json, schema),
        "string" => string(json, schema),
        "number" => json.as_f64().map_or_else(
            || bad(format!("invalid data, expected float, got {}", go_type(json))),
            Value::Double,
        ),
        "integer" => json.as_i64().map_or_else(
            || bad(format!("invalid data, expected int, got {}", go_type(json))),
            Value::Int,
        ),
        "boolean" => json.as_bool().map_or_else(
            || bad(format!("invalid data, expected bool, got {}", go_type(json))),
            Value::Bool,
        ),
        _ if says(schema, "x-kubernetes-preserve-unknown-fields") => {
            Value::Preserved(Arc::new(json.clone()))
        }
        other => bad(format!(
            "invalid type, expected object, array, number, integer, boolean or string, or no type with x-kubernetes-int-or-string or x-kubernetes-preserve-unknown-fields is true, got {other}"
        )),
    }
}

fn child(json: &Json, schema: &Json) -> Value {
    from_schema(json, schema, says(schema, "x-kubernetes-embedded-resource"))
}

fn object(json: &Json, schema: &Json, resource: bool) -> Value {
    let Some(fields) = json.as_object() else {
        return bad("invalid data, expected a map for the provided schema with type=object");
    };
    let mut map = Map::default();
    if resource || schema.get("properties").is_some() {
        let known = properties(schema, resource);
        for (name, one) in fields {
            match known.get(name).filter(|_| !one.is_null()).zip(escape(name)) {
                Some((schema, name)) => {
                    map.entries.insert(key(&name), child(one, schema));
                }
                None => map.hidden += 1,
            }
        }
    } else if let Some(values) = schema.get("additionalProperties").filter(|one| one.is_object()) {
        for (name, one) in fields {
            map.entries.insert(key(name), child(one, values));
        }
    } else {
        map.hidden = fields.len();
    }
    Value::Map(Arc::new(map))
}

fn array(json: &Json, schema: &Json) -> Value {
    let Some(items) = json.as_array() else {
        return bad("invalid data, expected an array for the provided schema with type=array");
    };
    let Some(of) = schema.get("items") else {
        return bad("invalid array type, expected Items with a non-empty Schema");
    };
    let order = match word(schema, "x-kubernetes-list-type") {
        "set" => Order::Set,
        "map" => {
            let keys = schema.get("x-kubernetes-list-map-keys").and_then(Json::as_array);
            let keys = keys.into_iter().flatten().filter_map(Json::as_str);
            Order::Keyed(keys.map(|one| escape(one).unwrap_or_else(|| one.to_owned())).collect())
        }
        _ => Order::Atomic,
    };
    let items = items.iter().map(|one| child(one, of)).collect();
    Value::List(Arc::new(List { items, order }))
}

fn string(json: &Json, schema: &Json) -> Value {
    let Some(text) = json.as_str() else {
        return bad(format!("invalid data, expected string, got {}", go_type(json)));
    };
    match word(schema, "format") {
        "duration" => time::parse_duration(text)
            .map_or_else(|| bad(format!("Invalid duration {text}")), Value::Duration),
        "date" => time::parse_timestamp(&format!("{text}T00:00:00Z"))
            .map_or_else(|| bad(format!("Invalid date formatted string {text}")), Value::Timestamp),
        "date-time" => time::parse_timestamp(text).map_or_else(
            || bad(format!("Invalid date-time formatted string {text}")),
            Value::Timestamp,
        ),
        "byte" => base64::engine::general_purpose::STANDARD.decode(text).map_or_else(
            |_| bad(format!("Invalid byte formatted string {text}")),
            |bytes| Value::Bytes(bytes.into()),
        ),
        _ => Value::string(text),
    }
}

/// A value as a document; nothing when it is none.
pub(crate) fn to_json(value: &Value) -> Option<Json> {
    Some(match value {
        Value::Null => Json::Null,
        Value::Bool(value) => Json::Bool(*value),
        Value::Int(value) => Json::from(*value),
        Value::Uint(value) => Json::from(*value),
        Value::Double(value) => Json::from(*value),
        Value::String(text) => Json::from(text.as_ref()),
        Value::Bytes(bytes) => Json::from(base64::engine::general_purpose::STANDARD.encode(bytes)),
        Value::Duration(nanos) => Json::from(time::duration_text(*nanos)),
        Value::Timestamp(at) => Json::from(time::timestamp_text(*at)),
        Value::Quantity(quantity) => Json::from(quantity.to_string()),
        Value::List(list) => Json::Array(list.items.iter().map(to_json).collect::<Option<_>>()?),
        Value::Map(map) => {
            let mut fields = serde_json::Map::new();
            for (key, one) in &map.entries {
                let Key::String(name) = key else { return None };
                fields.insert(name.to_string(), to_json(one)?);
            }
            Json::Object(fields)
        }
        Value::Made(made) if made.name == "JSONPatch" => {
            let mut patch = made_json(&made.fields)?;
            if let Some(value) = patch.get_mut("value") {
                through_protobuf(value);
            }
            patch
        }
        Value::Made(made) => made_json(&made.fields)?,
        Value::Preserved(json) => json.as_ref().clone(),
        Value::Optional(Some(value)) => to_json(value)?,
        _ => return None,
    })
}

fn made_json(fields: &BTreeMap<String, Value>) -> Option<Json> {
    let mut found = serde_json::Map::new();
    for (name, one) in fields {
        found.insert(name.clone(), to_json(one)?);
    }
    Some(Json::Object(found))
}

/// The values of JSON patches go through `structpb.Value`, whose numbers are all doubles: a larger one is told as text.
fn through_protobuf(value: &mut Json) {
    const LARGEST: i64 = (1 << 53) - 1;
    match value {
        Json::Number(number) => match number.as_i64() {
            Some(whole) if (-LARGEST..=LARGEST).contains(&whole) => {}
            Some(whole) => *value = Json::from(whole.to_string()),
            None => {
                if let Some(whole) = number.as_f64().and_then(whole) {
                    *value = Json::from(whole);
                }
            }
        },
        Json::Array(items) => items.iter_mut().for_each(through_protobuf),
        Json::Object(fields) => fields.values_mut().for_each(through_protobuf),
        _ => {}
    }
}
