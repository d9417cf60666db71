//! Whether a schema is structural (`apiextensions-apiserver/pkg/apiserver/schema/validation.go`), and the
//! few words of OpenAPI that definitions may not use (`pkg/apis/apiextensions/validation`).

use apimachinery::field_error::FieldError;
use apimachinery::order::Order as _;
use serde_json::{Map, Value};

use super::super::custom;
use super::Faults;
use crate::fields::{flag, items, text};

/// Where in a schema a part of it stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Level {
    Root,
    Item,
    Field,
}

const TYPES: [&str; 6] = ["array", "boolean", "integer", "number", "object", "string"];

/// Words that only stand outside of `allOf`, `anyOf`, `oneOf` and `not`, with what is said of them there.
const NESTED: [(&str, &str); 10] = [
    ("additionalProperties", "must be undefined to be structural"),
    ("default", "must be undefined to be structural"),
    ("title", "must be empty to be structural"),
    ("description", "must be empty to be structural"),
    ("nullable", "must be false to be structural"),
    ("x-kubernetes-preserve-unknown-fields", "must be false to be structural"),
    ("x-kubernetes-embedded-resource", "must be false to be structural"),
    ("x-kubernetes-int-or-string", "must be false to be structural"),
    ("x-kubernetes-list-map-keys", "must be empty to be structural"),
    ("x-kubernetes-list-type", "must be undefined to be structural"),
];

/// Everything that is wrong with a schema.
pub(super) fn validate(schema: &Value, path: &str, faults: &mut Faults) {
    let mut own = Vec::new();
    invariants(schema, Level::Root, path, &mut own);
    own.order_by_key(ToString::to_string);
    faults.extend(own);
    openapi(schema, path, faults);
}

fn children(schema: &Value) -> impl Iterator<Item = (&String, &Value)> {
    schema.get("properties").and_then(Value::as_object).into_iter().flat_map(Map::iter)
}

/// `ValidateCustomResourceDefinitionOpenAPISchema`.
fn openapi(schema: &Value, path: &str, faults: &mut Faults) {
    let kind = text(schema, "/type");
    if !kind.is_empty() && !TYPES.contains(&kind) {
        faults.push(FieldError::not_supported(&format!("{path}.type"), kind, &TYPES));
    }
    if flag(schema, "/uniqueItems") {
        let why =
            "uniqueItems cannot be set to true since the runtime complexity becomes quadratic";
        faults.push(FieldError::forbidden(&format!("{path}.uniqueItems"), why));
    }
    if let Some(more) = schema.get("additionalProperties").filter(|more| !more.is_null()) {
        if children(schema).next().is_some() && *more != Value::Bool(true) {
            let why = "additionalProperties and properties are mutual exclusive";
            faults.push(FieldError::forbidden(&format!("{path}.additionalProperties"), why));
        }
        openapi(more, &format!("{path}.additionalProperties"), faults);
    }
    for (name, one) in children(schema) {
        openapi(one, &format!("{path}.properties[{name}]"), faults);
    }
    if let Some(one) = schema.get("items").filter(|one| one.is_object()) {
        openapi(one, &format!("{path}.items"), faults);
    }
    list_type(schema, path, faults);
    super::definition_rules::words(schema, path, faults);
}

/// `x-kubernetes-list-type` and its keys.
fn list_type(schema: &Value, path: &str, faults: &mut Faults) {
    let list = text(schema, "/x-kubernetes-list-type");
    let keys = items(schema, "/x-kubernetes-list-map-keys");
    if !list.is_empty() && text(schema, "/type") != "array" {
        let why = "must be array if x-kubernetes-list-type is specified";
        let path = format!("{path}.type");
        faults.push(match text(schema, "/type") {
            "" => FieldError::required(&path, why),
            other => FieldError::invalid(&path, other, why),
        });
    }
    if !matches!(list, "" | "atomic" | "set" | "map") {
        let known = ["atomic", "set", "map"];
        faults.push(FieldError::not_supported(
            &format!("{path}.x-kubernetes-list-type"),
            list,
            &known,
        ));
    }
    unique_items(schema, list, path, faults);
    if list == "map" && keys.is_empty() {
        let why = "must not be empty if x-kubernetes-list-type is map";
        faults.push(FieldError::required(&format!("{path}.x-kubernetes-list-map-keys"), why));
    }
    if list != "map" && !keys.is_empty() {
        let path = format!("{path}.x-kubernetes-list-type");
        let why = "must be map if x-kubernetes-list-map-keys is non-empty";
        faults.push(if list.is_empty() {
            FieldError::required(&path, why)
        } else {
            FieldError::invalid(&path, list, why)
        });
    }
}

/// What makes items comparable.
fn unique_items(schema: &Value, list: &str, path: &str, faults: &mut Faults) {
    let Some(item) = schema.get("items") else { return };
    let atomic = text(item, "/x-kubernetes-map-type") == "atomic";
    if list == "set" && text(item, "/type") == "object" && !atomic {
        let given = item.get("x-kubernetes-map-type").cloned().unwrap_or_default();
        let why = "must be atomic as item of a list with x-kubernetes-list-type=set";
        faults.push(FieldError::invalid(
            &format!("{path}.items.x-kubernetes-map-type"),
            given,
            why,
        ));
    }
    let keys = items(schema, "/x-kubernetes-list-map-keys").iter().filter_map(Value::as_str);
    for key in keys.filter(|_| list == "map") {
        let path = format!("{path}.items.properties[{key}]");
        let Some(own) = item.get("properties").and_then(|all| all.get(key)) else {
            let why = "entries must all be names of item properties";
            faults.push(FieldError::invalid(&path, key, why));
            continue;
        };
        let required = items(item, "/required").iter().any(|one| one.as_str() == Some(key));
        if !required && own.get("default").is_none_or(Value::is_null) {
            let why = "this property is in x-kubernetes-list-map-keys, so it must have a default or be a required property";
            faults.push(FieldError::required(&format!("{path}.default"), why));
        }
    }
}

fn invariants(schema: &Value, level: Level, path: &str, faults: &mut Faults) {
    let kind = text(schema, "/type");
    let item = schema.get("items").filter(|item| !item.is_null());
    if kind == "array" && item.is_none() {
        faults.push(FieldError::required(&format!("{path}.items"), "must be specified"));
    }
    if let Some(item) = item {
        invariants(item, Level::Item, &format!("{path}.items"), faults);
    }
    for (name, one) in children(schema) {
        invariants(one, Level::Field, &format!("{path}.properties[{name}]"), faults);
    }
    if let Some(more) = schema.get("additionalProperties").filter(|more| !more.is_null()) {
        let path = format!("{path}.additionalProperties");
        if level == Level::Root {
            faults.push(FieldError::forbidden(&path, "must not be used at the root"));
        }
        if more.is_object() {
            invariants(more, Level::Field, &path, faults);
        }
    }
    if let Some(given) = schema.get("default").filter(|given| !given.is_null()) {
        faults.extend(custom::default_faults(schema, given, &format!("{path}.default")));
    }
    junctors(schema, path, faults);
    types(schema, level, path, faults);
    metadata(schema, level, path, faults);
}

/// The type that must be there, unless something else says what is meant.
fn types(schema: &Value, level: Level, path: &str, faults: &mut Faults) {
    let (kind, own) = (text(schema, "/type"), format!("{path}.type"));
    let either = flag(schema, "/x-kubernetes-int-or-string");
    let open = flag(schema, "/x-kubernetes-preserve-unknown-fields");
    let embedded = flag(schema, "/x-kubernetes-embedded-resource");
    if either && open {
        let path = format!("{path}.x-kubernetes-preserve-unknown-fields");
        let why = "must be false if x-kubernetes-int-or-string is true";
        faults.push(FieldError::invalid(&path, true, why));
    }
    if embedded && kind != "object" {
        let why = "must be object if x-kubernetes-embedded-resource is true";
        faults.push(if kind.is_empty() {
            FieldError::required(&own, why)
        } else {
            FieldError::invalid(&own, kind, why)
        });
    } else if kind.is_empty() && !either && !open {
        let why = match level {
            Level::Root => "must not be empty at the root",
            Level::Item => "must not be empty for specified array items",
            Level::Field => "must not be empty for specified object fields",
        };
        faults.push(FieldError::required(&own, why));
    }
    if level == Level::Root && !kind.is_empty() && kind != "object" {
        faults.push(FieldError::invalid(&own, kind, "must be object at the root"));
    }
    if embedded && !open && children(schema).next().is_none() {
        let why = "must not be empty if x-kubernetes-embedded-resource is true without x-kubernetes-preserve-unknown-fields";
        faults.push(FieldError::required(&format!("{path}.properties"), why));
    }
}

fn metadata(schema: &Value, level: Level, path: &str, faults: &mut Faults) {
    if level != Level::Root {
        return;
    }
    let Some(own) = schema.pointer("/properties/metadata") else { return };
    let path = format!("{path}.properties[metadata]");
    let only_names =
        children(own).all(|(name, _)| matches!(name.as_str(), "name" | "generateName"));
    if text(own, "/type") != "object" {
        let kind = text(own, "/type");
        faults.push(FieldError::invalid(&format!("{path}.type"), kind, "must be object"));
    }
    if !only_names {
        let why = "must not specify anything other than name and generateName, but metadata is implicitly specified";
        faults.push(FieldError::forbidden(&path, why));
    }
}

/// `allOf`, `anyOf`, `oneOf`, `not` only restrict what is said outside of them.
fn junctors(schema: &Value, path: &str, faults: &mut Faults) {
    let either = flag(schema, "/x-kubernetes-int-or-string");
    for junctor in ["anyOf", "allOf", "oneOf"] {
        for (index, one) in items(schema, &format!("/{junctor}")).iter().enumerate() {
            // The pattern with which controller-gen describes numbers or texts.
            let type_too = !(either && junctor != "oneOf");
            nested(one, type_too, &format!("{path}.{junctor}[{index}]"), faults);
        }
    }
    if let Some(not) = schema.get("not").filter(|not| not.is_object()) {
        nested(not, true, &format!("{path}.not"), faults);
    }
    let pattern = text(schema, "/pattern");
    if let Err(error) = regex_lite::Regex::new(pattern) {
        let why = format!("must be a valid regular expression, but isn't: {error}");
        faults.push(FieldError::invalid(&format!("{path}.pattern"), pattern, why));
    }
}

fn nested(schema: &Value, type_too: bool, path: &str, faults: &mut Faults) {
    if type_too && !text(schema, "/type").is_empty() {
        faults
            .push(FieldError::forbidden(&format!("{path}.type"), "must be empty to be structural"));
    }
    for (word, why) in NESTED {
        let found = schema.get(word);
        if found.is_some_and(|found| !found.is_null() && *found != Value::Bool(false)) {
            faults.push(FieldError::forbidden(&format!("{path}.{word}"), why));
        }
    }
    for (name, one) in children(schema) {
        nested(one, true, &format!("{path}.properties[{name}]"), faults);
    }
    if let Some(item) = schema.get("items").filter(|item| item.is_object()) {
        nested(item, true, &format!("{path}.items"), faults);
    }
    for junctor in ["anyOf", "allOf", "oneOf"] {
        for (index, one) in items(schema, &format!("/{junctor}")).iter().enumerate() {
            nested(one, type_too, &format!("{path}.{junctor}[{index}]"), faults);
        }
    }
}
