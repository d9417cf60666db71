//! Fields that every object has, read from documents.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::{Map, Value};

fn text<'a>(object: &'a Value, path: &[&str]) -> &'a str {
    at(object, path).and_then(Value::as_str).unwrap_or("")
}

/// The value at a path of keys.
pub fn at<'a>(object: &'a Value, path: &[&str]) -> Option<&'a Value> {
    path.iter().try_fold(object, |value, key| value.get(key))
}

/// The value at a dotted path of plain keys, for example `spec.template.spec`.
pub fn get<'a>(object: &'a Value, path: &str) -> Option<&'a Value> {
    path.split('.').try_fold(object, |value, key| value.get(key))
}

/// Sets the value at a path of keys and makes the maps on the way.
pub fn set(object: &mut Value, path: &[&str], value: Value) {
    let Some((last, parents)) = path.split_last() else { return };
    let mut place = object;
    for key in parents {
        if !place.is_object() {
            *place = Value::Object(Map::new());
        }
        let Some(map) = place.as_object_mut() else { return };
        place = map.entry((*key).to_owned()).or_insert_with(|| Value::Object(Map::new()));
    }
    if !place.is_object() {
        *place = Value::Object(Map::new());
    }
    if let Some(map) = place.as_object_mut() {
        map.insert((*last).to_owned(), value);
    }
}

/// Removes the value at a path of keys and returns it.
pub fn remove(object: &mut Value, path: &[&str]) -> Option<Value> {
    let (last, parents) = path.split_last()?;
    let place = parents.iter().try_fold(object, |value, key| value.get_mut(key))?;
    place.as_object_mut()?.remove(*last)
}

/// `metadata.name`.
pub fn name(object: &Value) -> &str {
    text(object, &["metadata", "name"])
}

/// `metadata.namespace`, empty for cluster-scoped objects.
pub fn namespace(object: &Value) -> &str {
    text(object, &["metadata", "namespace"])
}

/// `metadata.uid`.
pub fn uid(object: &Value) -> &str {
    text(object, &["metadata", "uid"])
}

/// `metadata.resourceVersion`.
pub fn resource_version(object: &Value) -> &str {
    text(object, &["metadata", "resourceVersion"])
}

/// `apiVersion`.
pub fn api_version(object: &Value) -> &str {
    text(object, &["apiVersion"])
}

/// `kind`.
pub fn kind(object: &Value) -> &str {
    text(object, &["kind"])
}

/// A map of strings at a path; empty when it is not there.
pub fn string_map(object: &Value, path: &[&str]) -> BTreeMap<String, String> {
    at(object, path)
        .and_then(Value::as_object)
        .map(|map| {
            map.iter()
                .map(|(key, value)| (key.clone(), value.as_str().unwrap_or("").to_owned()))
                .collect()
        })
        .unwrap_or_default()
}

/// `metadata.labels`.
pub fn labels(object: &Value) -> BTreeMap<String, String> {
    string_map(object, &["metadata", "labels"])
}

/// `metadata.annotations`.
pub fn annotations(object: &Value) -> BTreeMap<String, String> {
    string_map(object, &["metadata", "annotations"])
}

/// `metadata.ownerReferences`.
pub fn owner_references(object: &Value) -> &[Value] {
    at(object, &["metadata", "ownerReferences"])
        .and_then(Value::as_array)
        .map_or(&[], Vec::as_slice)
}

/// The owner reference with `controller: true`.
pub fn controller_of(object: &Value) -> Option<&Value> {
    owner_references(object)
        .iter()
        .find(|owner| owner.get("controller") == Some(&Value::Bool(true)))
}

fn timestamp(object: &Value, path: &[&str]) -> Option<Timestamp> {
    at(object, path).and_then(Value::as_str)?.parse().ok()
}

/// `metadata.deletionTimestamp`.
pub fn deletion_timestamp(object: &Value) -> Option<Timestamp> {
    timestamp(object, &["metadata", "deletionTimestamp"])
}

/// `metadata.creationTimestamp`.
pub fn creation_timestamp(object: &Value) -> Option<Timestamp> {
    timestamp(object, &["metadata", "creationTimestamp"])
}
