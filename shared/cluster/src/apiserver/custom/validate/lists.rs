//! Lists whose items are unique (`pkg/apiserver/schema/listtype`), and objects inside of the object
//! (`pkg/apiserver/schema/objectmeta/validation.go`).

use std::collections::BTreeMap;

use apimachinery::decode::decode_metadata;
use apimachinery::field_error::FieldError;
use apimachinery::{go, names};
use serde_json::{Map, Value, json};

use super::super::super::kinds::{self, Faults};
use super::super::prune::below;
use crate::fields::{flag, items, put, text};

/// The path of a field: one that the schema names, or a key of a map.
pub(in super::super) fn at(schema: &Value, path: &str, key: &str) -> String {
    let named = schema.get("properties").is_some_and(|all| all.get(key).is_some());
    match (named, path) {
        (true, "") => key.to_owned(),
        (true, path) => format!("{path}.{key}"),
        (false, path) => format!("{path}[{key}]"),
    }
}

/// Items that stand twice.
pub(in super::super) fn lists(schema: &Value, found: &Value, path: &str, faults: &mut Faults) {
    match found {
        Value::Array(list) => {
            match text(schema, "/x-kubernetes-list-type") {
                "set" => unique(list, path, |key| key, faults),
                "map" => {
                    map_items(items(schema, "/x-kubernetes-list-map-keys"), list, path, faults);
                }
                _ => {}
            }
            if let Some(inner) = schema.get("items") {
                for (index, item) in list.iter().enumerate() {
                    lists(inner, item, &format!("{path}[{index}]"), faults);
                }
            }
        }
        Value::Object(map) => {
            for (key, inner) in map {
                if let Some(own) = below(schema, key) {
                    lists(own, inner, &at(schema, path, key), faults);
                }
            }
        }
        _ => {}
    }
}

/// Told is the first of those that stand before already. What is no scalar is compared as it is written.
fn unique(keys: &[Value], path: &str, shown: impl Fn(Value) -> Value, faults: &mut Faults) {
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    for (index, key) in keys.iter().enumerate() {
        let scalar = !key.is_object() && !key.is_array();
        let id = if scalar { format!("scalar {key}") } else { go::json(key) };
        let times = seen.entry(id).or_default();
        *times += 1;
        if *times == 2 {
            faults.push(FieldError::duplicate(&format!("{path}[{index}]"), shown(key.clone())));
        }
    }
}

fn map_items(names: &[Value], list: &[Value], path: &str, faults: &mut Faults) {
    let names: Vec<&str> = names.iter().filter_map(Value::as_str).collect();
    for (index, item) in list.iter().enumerate() {
        if !item.is_object() && !item.is_null() {
            let why = "must be an object for an array of list-type map";
            return faults.push(FieldError::invalid(
                &format!("{path}[{index}]"),
                item.clone(),
                why,
            ));
        }
    }
    let key_of = |item: &Value| -> Value {
        let pairs = names.iter().filter_map(|name| Some(((*name).to_owned(), item.get(*name)?)));
        json!(pairs.collect::<BTreeMap<_, _>>())
    };
    if let [name] = names.as_slice() {
        // One key is compared by itself: a whole number is no float then.
        let keys: Vec<Value> = list
            .iter()
            .map(|item| match item.get(*name) {
                Some(key) => json!([key_id(key)]),
                None => json!({}),
            })
            .collect();
        let mut own = Vec::new();
        unique(&keys, path, |key| key, &mut own);
        let again = |fault: &FieldError| {
            let index = fault.field.get(path.len() + 1..fault.field.len() - 1)?;
            list.get(index.parse::<usize>().ok()?)
        };
        let told = own
            .iter()
            .filter_map(|fault| Some(FieldError::duplicate(&fault.field, key_of(again(fault)?))));
        return faults.extend(told);
    }
    let keys: Vec<Value> = list.iter().map(key_of).collect();
    unique(&keys, path, |key| key, faults);
}

fn key_id(key: &Value) -> String {
    if key.is_object() || key.is_array() { go::json(key) } else { format!("scalar {key}") }
}

/// Objects inside of the object say what they are.
pub(in super::super) fn embedded(schema: &Value, found: &Value, path: &str, faults: &mut Faults) {
    match found {
        Value::Array(list) => {
            let Some(inner) = schema.get("items") else { return };
            for (index, item) in list.iter().enumerate() {
                embedded(inner, item, &format!("{path}[{index}]"), faults);
            }
        }
        Value::Object(map) => {
            if flag(schema, "/x-kubernetes-embedded-resource") {
                resource(map, path, faults);
            }
            for (key, inner) in map {
                if let Some(own) = below(schema, key) {
                    embedded(own, inner, &at(schema, path, key), faults);
                }
            }
        }
        _ => {}
    }
}

/// `validateEmbeddedResource`.
fn resource(map: &Map<String, Value>, path: &str, faults: &mut Faults) {
    for field in ["apiVersion", "kind"] {
        let path = format!("{path}.{field}");
        match map.get(field) {
            None => faults.push(FieldError::required(&path, "")),
            Some(Value::String(text)) if text.is_empty() => {
                faults.push(FieldError::invalid(&path, "", "must not be empty"));
            }
            Some(Value::String(text)) => {
                if let Some(why) = wrong_name(field, text) {
                    faults.push(FieldError::invalid(&path, text.as_str(), why));
                }
            }
            Some(other) => {
                faults.push(FieldError::invalid(&path, other.clone(), "must be a string"));
            }
        }
    }
    if let Some(given) = map.get("metadata") {
        let path = format!("{path}.metadata");
        match decode_metadata(given.clone()) {
            Ok(decoded) => metadata(decoded.value, &path, faults),
            Err(why) => faults.push(FieldError::invalid(&path, given.clone(), why)),
        }
    }
}

fn metadata(metadata: Value, path: &str, faults: &mut Faults) {
    let namespaced = !text(&metadata, "/namespace").is_empty();
    let named = !text(&metadata, "/name").is_empty();
    let mut object = json!({ "metadata": metadata });
    if !named {
        // Something must stand there.
        put(&mut object, "/metadata/name", json!("fakename"));
    }
    let mut own = Vec::new();
    kinds::metadata(&object, names::path_segment, namespaced, &mut own);
    faults.extend(own.into_iter().map(|fault| {
        let field = fault.field.strip_prefix("metadata").unwrap_or(&fault.field);
        FieldError { field: format!("{path}{field}"), ..fault }
    }));
}

fn wrong_name(field: &str, text: &str) -> Option<String> {
    if field == "apiVersion" {
        let many = text.matches('/').count() > 1;
        return many.then(|| format!("unexpected GroupVersion string: {text}"));
    }
    let wrong = names::dns1035_label(&text.to_lowercase());
    let joined = wrong.join(",");
    let why = format!("may have mixed case, but should otherwise match: {joined}");
    (!wrong.is_empty()).then_some(why)
}
