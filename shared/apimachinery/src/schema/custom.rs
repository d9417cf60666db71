//! The schema of a custom resource as definitions, so that server-side apply walks over it as it does over
//! the built-in kinds (`apiextensions-apiserver/pkg/apiserver/schema/objectmeta`, `managedfields`).

use std::collections::BTreeMap;

use serde_json::Value;

use super::{Definition, Field, ListKind, Schema, Type, Word};
use crate::gvk::GroupVersionKind;

const META: &str = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta";

impl Schema {
    /// The definitions of one version of a custom resource; `schema` is its `openAPIV3Schema`.
    pub fn of_custom(gvk: &GroupVersionKind, schema: &Value) -> Self {
        let mut found = Self::default();
        let name = name_of(gvk);
        carry(Self::builtin(), META, &mut found.definitions);
        if flag(schema, "x-kubernetes-preserve-unknown-fields") && properties(schema).is_none() {
            return found;
        }
        define(schema, &name, true, &mut found.definitions);
        if let Some(root) = found.definitions.get_mut(&name) {
            root.kinds.push(gvk.clone());
        }
        found.kinds.insert(gvk.clone(), name);
        found
    }
}

/// The name under which OpenAPI publishes a custom resource: the group is turned round.
pub fn name_of(gvk: &GroupVersionKind) -> String {
    let mut parts: Vec<&str> = gvk.group.split('.').rev().collect();
    parts.extend([gvk.version.as_str(), gvk.kind.as_str()]);
    parts.join(".")
}

fn carry(from: &Schema, name: &str, to: &mut BTreeMap<String, Definition>) {
    let Some(definition) = from.definition(name) else { return };
    if to.insert(name.to_owned(), definition.clone()).is_some() {
        return;
    }
    for field in definition.fields.values() {
        let mut ty = &field.ty;
        while let Type::List(inner) | Type::Map(inner) = ty {
            ty = inner;
        }
        if let Type::Ref(name) = ty {
            carry(from, name, to);
        }
    }
}

fn flag(schema: &Value, key: &str) -> bool {
    schema.get(key).and_then(Value::as_bool).unwrap_or(false)
}

fn text<'a>(schema: &'a Value, key: &str) -> &'a str {
    schema.get(key).and_then(Value::as_str).unwrap_or("")
}

fn properties(schema: &Value) -> Option<&serde_json::Map<String, Value>> {
    schema.get("properties").and_then(Value::as_object).filter(|map| !map.is_empty())
}

fn define(schema: &Value, name: &str, root: bool, to: &mut BTreeMap<String, Definition>) {
    let atomic = text(schema, "x-kubernetes-map-type") == "atomic";
    let mut found = Definition { name: name.to_owned(), atomic, ..Definition::default() };
    for (key, one) in properties(schema).into_iter().flatten() {
        found.fields.insert(key.clone(), field(one, &format!("{name}.{key}"), to));
    }
    if root {
        for (key, ty) in [
            ("apiVersion", Type::Word(Word::String)),
            ("kind", Type::Word(Word::String)),
            ("metadata", Type::Ref(META.to_owned())),
        ] {
            found.fields.insert(key.to_owned(), plain(ty));
        }
    }
    to.insert(name.to_owned(), found);
}

fn plain(ty: Type) -> Field {
    Field {
        ty,
        required: false,
        list: ListKind::Unset,
        keys: Vec::new(),
        patch_merge: false,
        patch_retain_keys: false,
        patch_replace: false,
        merge_key: None,
        atomic: false,
        values: Vec::new(),
        default: None,
        items_default: None,
    }
}

fn field(schema: &Value, name: &str, to: &mut BTreeMap<String, Definition>) -> Field {
    let mut found = plain(type_of(schema, name, to));
    found.list = match text(schema, "x-kubernetes-list-type") {
        "map" => ListKind::Map,
        "set" => ListKind::Set,
        "atomic" => ListKind::Atomic,
        _ => ListKind::Unset,
    };
    let keys = schema.get("x-kubernetes-list-map-keys").and_then(Value::as_array);
    found.keys = keys.into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect();
    found.atomic = text(schema, "x-kubernetes-map-type") == "atomic";
    found.default = schema.get("default").cloned();
    found
}

fn type_of(schema: &Value, name: &str, to: &mut BTreeMap<String, Definition>) -> Type {
    if flag(schema, "x-kubernetes-int-or-string") {
        return Type::Word(Word::IntOrString);
    }
    match text(schema, "type") {
        "string" => Type::Word(Word::String),
        "boolean" => Type::Word(Word::Bool),
        "integer" => Type::Word(Word::Int64),
        "number" => Type::Word(Word::Number),
        "array" => {
            let items = schema.get("items").unwrap_or(&Value::Null);
            Type::List(Box::new(type_of(items, &format!("{name}.items"), to)))
        }
        _ if properties(schema).is_some() => {
            define(schema, name, false, to);
            Type::Ref(name.to_owned())
        }
        "object" => match schema.get("additionalProperties").filter(|more| more.is_object()) {
            Some(more) => Type::Map(Box::new(type_of(more, &format!("{name}.values"), to))),
            // Nothing is known of it: maps are merged, lists are replaced.
            None => Type::Ref(String::new()),
        },
        _ => Type::Ref(String::new()),
    }
}
