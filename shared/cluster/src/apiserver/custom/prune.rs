//! What a structural schema takes away and fills in (`apiextensions-apiserver/pkg/apiserver/schema/{pruning,
//! defaulting}`).

use serde_json::{Map, Value};

use crate::fields::flag;

const OPEN: &str = "/x-kubernetes-preserve-unknown-fields";
const EMBEDDED: &str = "/x-kubernetes-embedded-resource";
const META: [&str; 3] = ["apiVersion", "kind", "metadata"];

fn property<'a>(schema: &'a Value, key: &str) -> Option<&'a Value> {
    schema.get("properties")?.get(key)
}

/// `additionalProperties`: what the fields are that the schema does not name; `true` where that is not said.
fn more(schema: &Value) -> Option<&Value> {
    schema.get("additionalProperties").filter(|more| !more.is_null())
}

/// The schema of a field: its own one, or the one of all others.
pub(super) fn below<'a>(schema: &'a Value, key: &str) -> Option<&'a Value> {
    property(schema, key).or_else(|| more(schema).filter(|more| more.is_object()))
}

/// Drops the fields that the schema of an object does not know; their paths are put into `unknown`.
pub(super) fn prune(schema: &Value, value: &mut Value, unknown: &mut Vec<String>) {
    walk(schema, value, "", true, unknown);
}

/// The same for a value inside of an object.
pub(super) fn inside(schema: &Value, value: &mut Value, unknown: &mut Vec<String>) {
    walk(schema, value, "", false, unknown);
}

/// Of what has no schema nothing is known.
fn walk(schema: &Value, value: &mut Value, path: &str, root: bool, unknown: &mut Vec<String>) {
    if flag(schema, OPEN) {
        return opened(schema, value, path, root, unknown);
    }
    match value {
        Value::Array(list) => {
            let items = schema.get("items").unwrap_or(&Value::Null);
            for (index, item) in list.iter_mut().enumerate() {
                walk(items, item, &format!("{path}[{index}]"), false, unknown);
            }
        }
        Value::Object(map) => {
            let implied = schema.is_object() && (root || flag(schema, EMBEDDED));
            map.retain(|key, inner| {
                if implied && META.contains(&key.as_str()) {
                    return true;
                }
                let path = join(path, key);
                let own = property(schema, key).or_else(|| more(schema));
                match own {
                    Some(own) => walk(own, inner, &path, false, unknown),
                    None => unknown.push(path),
                }
                own.is_some()
            });
        }
        _ => {}
    }
}

/// `skipPrune`: where unknown fields are kept the known ones may still not keep theirs.
fn opened(schema: &Value, value: &mut Value, path: &str, root: bool, unknown: &mut Vec<String>) {
    if !schema.is_object() {
        return;
    }
    match value {
        Value::Array(list) => {
            let items = schema.get("items").unwrap_or(&Value::Null);
            for (index, item) in list.iter_mut().enumerate() {
                opened(items, item, &format!("{path}[{index}]"), false, unknown);
            }
        }
        Value::Object(map) => {
            let implied = root || flag(schema, EMBEDDED);
            for (key, inner) in map.iter_mut() {
                if implied && META.contains(&key.as_str()) {
                    continue;
                }
                if let Some(own) = property(schema, key).or_else(|| more(schema)) {
                    walk(own, inner, &join(path, key), false, unknown);
                }
            }
        }
        _ => {}
    }
}

fn join(path: &str, key: &str) -> String {
    if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") }
}

fn given(schema: &Value) -> Option<&Value> {
    schema.get("default").filter(|given| !given.is_null())
}

fn refused(value: &Value, schema: &Value) -> bool {
    value.is_null() && !flag(schema, "/nullable")
}

/// Drops nulls where none may be and no default takes their place (`PruneNonNullableNullsWithoutDefaults`).
pub(super) fn nulls(schema: &Value, value: &mut Value) {
    match value {
        Value::Array(list) => {
            if let Some(items) = schema.get("items") {
                for item in list {
                    nulls(items, item);
                }
            }
        }
        Value::Object(map) => map.retain(|key, inner| match below(schema, key) {
            Some(own) if refused(inner, own) && given(own).is_none() => false,
            Some(own) => {
                nulls(own, inner);
                true
            }
            None => true,
        }),
        _ => {}
    }
}

/// Fills in defaults.
pub(super) fn default(schema: &Value, value: &mut Value) {
    // Nothing else takes the place of a null in a list or of a key.
    let filled = |own: &Value, inner: &mut Value| {
        if refused(inner, own) {
            *inner = given(own).cloned().unwrap_or_default();
        }
        default(own, inner);
    };
    match value {
        Value::Array(list) => {
            if let Some(items) = schema.get("items") {
                for item in list {
                    filled(items, item);
                }
            }
        }
        Value::Object(map) => {
            own_defaults(schema, map);
            for (key, inner) in map.iter_mut() {
                if let Some(own) = property(schema, key) {
                    default(own, inner);
                } else if let Some(own) = below(schema, key) {
                    filled(own, inner);
                }
            }
        }
        _ => {}
    }
}

fn own_defaults(schema: &Value, map: &mut Map<String, Value>) {
    let properties = schema.get("properties").and_then(Value::as_object);
    for (key, own) in properties.into_iter().flatten() {
        if let Some(given) = given(own)
            && map.get(key).is_none_or(|there| refused(there, own))
        {
            map.insert(key.clone(), given.clone());
        }
    }
}
