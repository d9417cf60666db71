//! The schema as the API server serves it: `/openapi/v3` and a document per group and version.
//!
//! kubectl reads the documents for `explain`, and to find out that the server validates fields itself
//! (the parameter `fieldValidation` of PATCH). Go's client-side apply reads list types and merge keys.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use crate::gvk::GroupVersion;
use crate::schema::{ApiResource, Definition, Field, ListKind, Schema, Type, Word};

const PREFIX: &str = "#/components/schemas/";

/// Prose for a definition (empty field name) or one of its fields; empty when there is none.
pub type Describe<'a> = &'a dyn Fn(&str, &str) -> String;

/// The index: a path for each document. `hash` makes a URL change when its document does.
pub fn index(schema: &Schema, hash: &str) -> Value {
    let mut paths = Map::new();
    for group in schema.groups() {
        for version in &group.versions {
            let path = path_of(&group.name, version);
            let url = format!("/openapi/v3/{path}?hash={hash}");
            paths.insert(path, json!({ "serverRelativeURL": url }));
        }
    }
    json!({ "paths": paths })
}

fn path_of(group: &str, version: &str) -> String {
    if group.is_empty() { format!("api/{version}") } else { format!("apis/{group}/{version}") }
}

/// The document of a group and version; `None` when nothing is served there.
pub fn document(schema: &Schema, of: &GroupVersion, describe: Describe<'_>) -> Option<Value> {
    let served: Vec<&ApiResource> = schema
        .resources()
        .iter()
        .filter(|resource| resource.group == of.group && resource.version == of.version)
        .collect();
    if served.is_empty() {
        return None;
    }
    let mut paths = Map::new();
    let mut wanted = BTreeSet::new();
    for resource in &served {
        resource_paths(resource, &mut paths);
    }
    for definition in schema.definitions() {
        let here =
            definition.kinds.iter().any(|gvk| gvk.group == of.group && gvk.version == of.version);
        if here {
            reach(schema, &definition.name, &mut wanted);
        }
    }
    let mut schemas = Map::new();
    for name in wanted {
        if let Some(definition) = schema.definition(&name) {
            schemas.insert(name, definition_schema(definition, of, describe));
        }
    }
    Some(json!({
        "openapi": "3.0.0",
        "info": { "title": "Kubernetes", "version": "v1.36.3" },
        "paths": paths,
        "components": { "schemas": schemas },
    }))
}

fn reach(schema: &Schema, name: &str, found: &mut BTreeSet<String>) {
    if !found.insert(name.to_owned()) {
        return;
    }
    let Some(definition) = schema.definition(name) else { return };
    for field in definition.fields.values() {
        reach_type(schema, &field.ty, found);
    }
}

fn reach_type(schema: &Schema, ty: &Type, found: &mut BTreeSet<String>) {
    match ty {
        Type::Word(word) => {
            if let Some(name) = word_definition(*word) {
                found.insert(name.to_owned());
            }
        }
        Type::Ref(name) => reach(schema, name, found),
        Type::List(inner) | Type::Map(inner) => reach_type(schema, inner, found),
    }
}

fn word_definition(word: Word) -> Option<&'static str> {
    match word {
        Word::Quantity => Some("io.k8s.apimachinery.pkg.api.resource.Quantity"),
        Word::IntOrString => Some("io.k8s.apimachinery.pkg.util.intstr.IntOrString"),
        Word::Time => Some("io.k8s.apimachinery.pkg.apis.meta.v1.Time"),
        Word::MicroTime => Some("io.k8s.apimachinery.pkg.apis.meta.v1.MicroTime"),
        Word::Raw => Some("io.k8s.apimachinery.pkg.runtime.RawExtension"),
        Word::Fields => Some("io.k8s.apimachinery.pkg.apis.meta.v1.FieldsV1"),
        Word::String
        | Word::Bytes
        | Word::Bool
        | Word::Int32
        | Word::Int64
        | Word::Int
        | Word::Number
        | Word::Object
        | Word::Any => None,
    }
}

/// A scalar as a schema of its own.
fn scalar(word: Word) -> Value {
    match word {
        Word::String => json!({ "type": "string" }),
        Word::Bytes => json!({ "type": "string", "format": "byte" }),
        Word::Bool => json!({ "type": "boolean" }),
        Word::Int32 => json!({ "type": "integer", "format": "int32" }),
        Word::Int64 => json!({ "type": "integer", "format": "int64" }),
        Word::Int => json!({ "type": "integer" }),
        Word::Number => json!({ "type": "number", "format": "double" }),
        Word::Quantity => json!({ "oneOf": [{ "type": "string" }, { "type": "number" }] }),
        Word::IntOrString => {
            json!({ "oneOf": [{ "type": "integer" }, { "type": "string" }], "format": "int-or-string" })
        }
        Word::Time | Word::MicroTime => json!({ "type": "string", "format": "date-time" }),
        Word::Raw | Word::Fields | Word::Object => json!({ "type": "object" }),
        Word::Any => json!({}),
    }
}

fn type_schema(ty: &Type, default: Option<&Value>) -> Value {
    let reference = match ty {
        Type::Word(word) => {
            if let Some(name) = word_definition(*word) {
                name.to_owned()
            } else {
                let mut found = scalar(*word);
                if let (Some(default), Some(map)) = (default, found.as_object_mut()) {
                    map.insert("default".to_owned(), default.clone());
                }
                return found;
            }
        }
        Type::Ref(name) => name.clone(),
        Type::List(items) => {
            let default = zero(items);
            return json!({ "type": "array", "items": type_schema(items, default.as_ref()) });
        }
        Type::Map(values) => {
            let default = zero(values);
            return json!({ "type": "object", "additionalProperties": type_schema(values, default.as_ref()) });
        }
    };
    let reference = json!({ "$ref": format!("{PREFIX}{reference}") });
    match default {
        Some(default) => json!({ "allOf": [reference], "default": default }),
        None => reference,
    }
}

/// The default of items: the zero value.
fn zero(ty: &Type) -> Option<Value> {
    match ty {
        Type::Word(Word::String) => Some(json!("")),
        Type::Word(Word::Int32 | Word::Int64 | Word::Int | Word::Number) => Some(json!(0)),
        Type::Word(Word::Bool) => Some(json!(false)),
        Type::Ref(_) => Some(json!({})),
        Type::Word(_) | Type::List(_) | Type::Map(_) => None,
    }
}

fn definition_schema(definition: &Definition, of: &GroupVersion, describe: Describe<'_>) -> Value {
    let mut found = definition.scalar.map_or_else(|| json!({ "type": "object" }), scalar);
    let Some(map) = found.as_object_mut() else { return found };
    let text = describe(&definition.name, "");
    if !text.is_empty() {
        map.insert("description".to_owned(), Value::String(text));
    }
    if !definition.fields.is_empty() {
        let mut properties = Map::new();
        for (name, field) in &definition.fields {
            properties.insert(name.clone(), field_schema(field, &describe(&definition.name, name)));
        }
        map.insert("properties".to_owned(), Value::Object(properties));
        let required: Vec<&String> = definition
            .fields
            .iter()
            .filter(|(_, field)| field.required)
            .map(|(name, _)| name)
            .collect();
        if !required.is_empty() {
            map.insert("required".to_owned(), json!(required));
        }
    }
    if definition.atomic {
        map.insert("x-kubernetes-map-type".to_owned(), json!("atomic"));
    }
    let kinds: Vec<Value> = definition
        .kinds
        .iter()
        .filter(|gvk| gvk.group == of.group && gvk.version == of.version || gvk.group.is_empty())
        .map(|gvk| json!({ "group": gvk.group, "version": gvk.version, "kind": gvk.kind }))
        .collect();
    if !kinds.is_empty() {
        map.insert("x-kubernetes-group-version-kind".to_owned(), Value::Array(kinds));
    }
    found
}

/// `kube-openapi/pkg/generators/enum.go DescriptionLines`: the values stand at the end, here without theirs.
fn described(text: &str, field: &Field) -> String {
    if field.values.is_empty() || matches!(field.ty, Type::List(_)) {
        return text.to_owned();
    }
    let values: Vec<String> =
        field.values.iter().map(|value| format!(" - `\"{value}\"`")).collect();
    format!("{text}\n\nPossible enum values:\n{}", values.join("\n"))
}

fn field_schema(field: &Field, text: &str) -> Value {
    let mut found = type_schema(&field.ty, field.default.as_ref());
    if let (Some(reference), true) = (found.get("$ref").cloned(), !text.is_empty()) {
        found = json!({ "allOf": [{ "$ref": reference }] });
    }
    let Some(map) = found.as_object_mut() else { return found };
    let mut put = |key: &str, value: Value| map.insert(key.to_owned(), value);
    if !text.is_empty() {
        put("description", json!(described(text, field)));
    }
    if !field.values.is_empty() {
        match &field.ty {
            Type::List(items) => {
                let mut items = type_schema(items, zero(items).as_ref());
                if let Some(items) = items.as_object_mut() {
                    items.insert("enum".to_owned(), json!(field.values));
                }
                put("items", items)
            }
            _ => put("enum", json!(field.values)),
        };
    }
    let list = match field.list {
        ListKind::Unset => None,
        ListKind::Atomic => Some("atomic"),
        ListKind::Set => Some("set"),
        ListKind::Map => Some("map"),
    };
    if let Some(list) = list {
        put("x-kubernetes-list-type", json!(list));
    }
    if !field.keys.is_empty() {
        put("x-kubernetes-list-map-keys", json!(field.keys));
    }
    if field.atomic {
        put("x-kubernetes-map-type", json!("atomic"));
    }
    let strategy: Vec<&str> = [
        ("merge", field.patch_merge),
        ("retainKeys", field.patch_retain_keys),
        ("replace", field.patch_replace),
    ]
    .iter()
    .filter(|(_, set)| *set)
    .map(|(name, _)| *name)
    .collect();
    if !strategy.is_empty() {
        put("x-kubernetes-patch-strategy", json!(strategy.join(",")));
    }
    if let Some(key) = &field.merge_key {
        put("x-kubernetes-patch-merge-key", json!(key));
    }
    found
}

fn resource_paths(resource: &ApiResource, paths: &mut Map<String, Value>) {
    let base = format!("/{}", path_of(&resource.group, &resource.version));
    let place = if resource.namespaced { "/namespaces/{namespace}" } else { "" };
    let collection = format!("{base}{place}/{}", resource.plural);
    let kind =
        json!({ "group": resource.group, "version": resource.version, "kind": resource.kind });
    let can = |verb: &str| resource.verbs.iter().any(|one| one == verb);
    let mut on_collection = Map::new();
    let mut on_object = Map::new();
    for (verb, method, action) in [
        ("list", "get", "list"),
        ("create", "post", "post"),
        ("deletecollection", "delete", "deletecollection"),
    ] {
        if can(verb) {
            on_collection.insert(method.to_owned(), operation(action, &kind));
        }
    }
    for (verb, method, action) in [
        ("get", "get", "get"),
        ("update", "put", "put"),
        ("patch", "patch", "patch"),
        ("delete", "delete", "delete"),
    ] {
        if can(verb) {
            on_object.insert(method.to_owned(), operation(action, &kind));
        }
    }
    if !on_object.is_empty() {
        paths.insert(format!("{collection}/{{name}}"), Value::Object(on_object));
    }
    if !on_collection.is_empty() {
        paths.insert(collection, Value::Object(on_collection));
    }
}

fn operation(action: &str, kind: &Value) -> Value {
    let names: &[&str] = match action {
        "post" | "put" => &["dryRun", "fieldManager", "fieldValidation"],
        "patch" => &["dryRun", "fieldManager", "fieldValidation", "force"],
        "delete" | "deletecollection" => &["dryRun", "gracePeriodSeconds", "propagationPolicy"],
        _ => &["fieldSelector", "labelSelector", "limit", "resourceVersion"],
    };
    let parameters: Vec<Value> = names
        .iter()
        .map(|name| json!({ "name": name, "in": "query", "schema": { "type": "string", "uniqueItems": true } }))
        .collect();
    json!({
        "x-kubernetes-action": action,
        "x-kubernetes-group-version-kind": kind,
        "parameters": parameters,
        "responses": { "200": { "description": "OK" } },
    })
}

/// A custom resource, to be published.
#[derive(Debug, Clone)]
pub struct CustomSchema<'a> {
    /// Where it is served.
    pub resource: &'a ApiResource,
    /// Name of its definition.
    pub name: String,
    /// Kind of its lists.
    pub list_kind: &'a str,
    /// `openAPIV3Schema`.
    pub schema: &'a Value,
}

const META: &str = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta";
const LIST_META: &str = "io.k8s.apimachinery.pkg.apis.meta.v1.ListMeta";
/// A kind that has the words of every kind.
const ANY_KIND: &str = "io.k8s.api.core.v1.Pod";

/// The document of a group and version of custom resources
/// (`apiextensions-apiserver/pkg/controller/openapi/builder/builder.go`).
pub fn custom_document(
    all: &[CustomSchema<'_>],
    of: &GroupVersion,
    describe: Describe<'_>,
) -> Value {
    let builtin = Schema::builtin();
    let mut paths = Map::new();
    let mut wanted = BTreeSet::new();
    reach(builtin, META, &mut wanted);
    reach(builtin, LIST_META, &mut wanted);
    let mut schemas = Map::new();
    for name in wanted {
        if let Some(definition) = builtin.definition(&name) {
            schemas.insert(name, definition_schema(definition, of, describe));
        }
    }
    for one in all {
        resource_paths(one.resource, &mut paths);
        schemas.insert(one.name.clone(), custom_schema(one, describe));
        let list = format!("{}List", one.name);
        schemas.insert(list, custom_list(one, describe));
    }
    json!({
        "openapi": "3.0.0",
        "info": { "title": "Kubernetes CRD Swagger", "version": "v0.1.0" },
        "paths": paths,
        "components": { "schemas": schemas },
    })
}

fn described_kind(resource: &ApiResource, kind: &str) -> Value {
    json!([{ "group": resource.group, "version": resource.version, "kind": kind }])
}

fn insert_type(properties: &mut Map<String, Value>, meta: &str, describe: Describe<'_>) {
    for field in ["apiVersion", "kind"] {
        let text = describe(ANY_KIND, field);
        properties.insert(field.to_owned(), json!({ "type": "string", "description": text }));
    }
    let text = if meta == META {
        describe(ANY_KIND, "metadata")
    } else {
        describe("io.k8s.api.core.v1.PodList", "metadata")
    };
    let reference = json!({ "$ref": format!("{PREFIX}{meta}") });
    let metadata = json!({ "allOf": [reference], "description": text });
    properties.insert("metadata".to_owned(), metadata);
}

fn custom_schema(one: &CustomSchema<'_>, describe: Describe<'_>) -> Value {
    let mut found = match one.schema {
        Value::Object(_) => one.schema.clone(),
        _ => json!({ "type": "object" }),
    };
    let Some(map) = found.as_object_mut() else { return found };
    map.values_mut().for_each(|part| embed(part, describe));
    let properties = map.entry("properties").or_insert_with(|| json!({}));
    if let Some(properties) = properties.as_object_mut() {
        insert_type(properties, META, describe);
    }
    let kinds = described_kind(one.resource, &one.resource.kind);
    map.insert("x-kubernetes-group-version-kind".to_owned(), kinds);
    found
}

/// Objects inside of objects have the fields of every object.
fn embed(part: &mut Value, describe: Describe<'_>) {
    match part {
        Value::Object(map) => {
            map.values_mut().for_each(|part| embed(part, describe));
            if map.get("x-kubernetes-embedded-resource") != Some(&Value::Bool(true)) {
                return;
            }
            let properties = map.entry("properties").or_insert_with(|| json!({}));
            if let Some(properties) = properties.as_object_mut() {
                insert_type(properties, META, describe);
            }
            let required = map.entry("required").or_insert_with(|| json!([]));
            if let Some(required) = required.as_array_mut() {
                required.extend([json!("apiVersion"), json!("kind")]);
            }
        }
        Value::Array(list) => list.iter_mut().for_each(|part| embed(part, describe)),
        _ => {}
    }
}

fn custom_list(one: &CustomSchema<'_>, describe: Describe<'_>) -> Value {
    let mut properties = Map::new();
    insert_type(&mut properties, LIST_META, describe);
    let items = json!({ "$ref": format!("{PREFIX}{}", one.name) });
    let text = format!(
        "List of {}. More info: https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md",
        one.resource.plural
    );
    let items = json!({ "type": "array", "description": text, "items": items });
    properties.insert("items".to_owned(), items);
    json!({
        "type": "object", "required": ["items"], "properties": properties,
        "description": format!("{} is a list of {}", one.list_kind, one.resource.kind),
        "x-kubernetes-group-version-kind": described_kind(one.resource, one.list_kind),
    })
}
