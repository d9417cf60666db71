//! What a structural schema takes away and fills in (`apiextensions-apiserver/pkg/apiserver/schema/{pruning,
//! defaulting}`).

use serde_json::{Map, Value};

use crate::fields::flag;

const OPEN: &str = "/x-kubernetes-preserve-unknown-fields";
const EMBEDDED: &str = "/x-kubernetes-embedded-resource";

fn property<'a>(schema: &'a Value, key: &str) -> Option<&'a Value> {
    schema.get("properties")?.get(key)
}

fn implied(schema: &Value, root: bool, key: &str) -> bool {
    (root || flag(schema, EMBEDDED)) && matches!(key, "apiVersion" | "kind" | "metadata")
}

/// Drops the fields that the schema does not know; their paths are put into `unknown`.
pub(super) fn prune(schema: &Value, value: &mut Value, path: &str, unknown: &mut Vec<String>) {
    walk(schema, value, path, (true, false), unknown);
}

/// The same for a value inside of an object.
pub(super) fn below(schema: &Value, value: &mut Value, unknown: &mut Vec<String>) {
    walk(schema, value, "", (false, false), unknown);
}

fn walk(
    schema: &Value,
    value: &mut Value,
    path: &str,
    (root, inherited): (bool, bool),
    unknown: &mut Vec<String>,
) {
    let open = flag(schema, OPEN) || inherited;
    match value {
        Value::Array(list) => {
            let items = schema.get("items").unwrap_or(&Value::Null);
            for (index, item) in list.iter_mut().enumerate() {
                let own = open && items.is_null();
                walk(items, item, &format!("{path}[{index}]"), (false, own), unknown);
            }
        }
        Value::Object(map) => {
            let more = schema.get("additionalProperties").filter(|more| !more.is_null());
            if !schema.is_object() {
                if !open {
                    forget(map, path, unknown, |_| false);
                }
                return;
            }
            forget(map, path, unknown, |key| {
                open || property(schema, key).is_some()
                    || implied(schema, root, key)
                    || more.is_some_and(|more| *more != Value::Bool(false))
            });
            for (key, inner) in map.iter_mut() {
                let path = join(path, key);
                if let Some(own) = property(schema, key).filter(|_| !implied(schema, root, key)) {
                    walk(own, inner, &path, (false, false), unknown);
                } else if let Some(more) = more.filter(|more| more.is_object()) {
                    walk(more, inner, &path, (false, false), unknown);
                }
            }
        }
        _ => {}
    }
}

fn forget(
    map: &mut Map<String, Value>,
    path: &str,
    unknown: &mut Vec<String>,
    keeps: impl Fn(&str) -> bool,
) {
    let gone: Vec<String> = map.keys().filter(|key| !keeps(key)).cloned().collect();
    for key in gone {
        map.remove(&key);
        unknown.push(join(path, &key));
    }
}

fn join(path: &str, key: &str) -> String {
    if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") }
}

/// Drops nulls where none may be, and fills in defaults.
pub(super) fn default(schema: &Value, value: &mut Value) {
    match value {
        Value::Array(list) => {
            if let Some(items) = schema.get("items") {
                for item in list {
                    default(items, item);
                }
            }
        }
        Value::Object(map) => {
            for (key, own) in
                schema.get("properties").and_then(Value::as_object).into_iter().flatten()
            {
                let refused = map.get(key).is_some_and(Value::is_null) && !flag(own, "/nullable");
                if refused {
                    map.remove(key);
                }
                let given = own.get("default").filter(|given| !given.is_null());
                if let (Some(given), false) = (given, map.contains_key(key)) {
                    map.insert(key.clone(), given.clone());
                }
                if let Some(inner) = map.get_mut(key) {
                    default(own, inner);
                }
            }
            let Some(more) = schema.get("additionalProperties").filter(|more| more.is_object())
            else {
                return;
            };
            let others = map.iter_mut().filter(|(key, _)| property(schema, key).is_none());
            for (_, inner) in others {
                default(more, inner);
            }
        }
        _ => {}
    }
}
