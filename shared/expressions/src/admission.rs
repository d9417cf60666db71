//! The types of admission (`admission/plugin/cel/compile.go`, `pkg/cel/mutation`).

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::schema::{Declared, Parts};
use crate::types::{Record, Type};
use crate::value::Value;

fn simple(ty: Type) -> Declared {
    Declared { ty, max: 0, min_size: 2, of: Parts::None }
}

fn string() -> Declared {
    simple(Type::String)
}

fn list(of: Declared) -> Declared {
    let ty = Type::list(of.ty.clone());
    Declared { ty, max: u64::MAX, min_size: 2, of: Parts::Items(Arc::new(of)) }
}

fn map(of: Declared) -> Declared {
    let ty = Type::map(Type::String, of.ty.clone());
    Declared { ty, max: u64::MAX, min_size: 2, of: Parts::Values(Arc::new(of)) }
}

fn record(name: &str, fields: &[(&str, Declared)]) -> Declared {
    let fields: BTreeMap<String, Declared> =
        fields.iter().map(|(name, one)| ((*name).to_owned(), one.clone())).collect();
    Declared::record(name, fields)
}

/// `BuildRequestType`.
pub(crate) fn request() -> Declared {
    let kind = record(
        "kubernetes.GroupVersionKind",
        &[("group", string()), ("version", string()), ("kind", string())],
    );
    let resource = record(
        "kubernetes.GroupVersionResource",
        &[("group", string()), ("version", string()), ("resource", string())],
    );
    let user = record(
        "kubernetes.UserInfo",
        &[
            ("username", string()),
            ("uid", string()),
            ("groups", list(string())),
            ("extra", map(list(string()))),
        ],
    );
    record(
        "kubernetes.AdmissionRequest",
        &[
            ("kind", kind.clone()),
            ("resource", resource.clone()),
            ("subResource", string()),
            ("requestKind", kind),
            ("requestResource", resource),
            ("requestSubResource", string()),
            ("name", string()),
            ("__namespace__", string()),
            ("namespace", string()),
            ("operation", string()),
            ("userInfo", user),
            ("dryRun", simple(Type::Bool)),
            ("options", simple(Type::Dyn)),
        ],
    )
}

/// `BuildNamespaceType`.
pub(crate) fn namespace() -> Declared {
    let condition = record(
        "kubernetes.NamespaceCondition",
        &[
            ("status", string()),
            ("type", string()),
            ("lastTransitionTime", simple(Type::Timestamp)),
            ("message", string()),
            ("reason", string()),
        ],
    );
    let metadata = record(
        "kubernetes.NamespaceMetadata",
        &[
            ("name", string()),
            ("generateName", string()),
            ("namespace", string()),
            ("labels", map(string())),
            ("annotations", map(string())),
            ("UID", string()),
            ("creationTimestamp", simple(Type::Timestamp)),
            ("deletionGracePeriodSeconds", simple(Type::Int)),
            ("deletionTimestamp", simple(Type::Timestamp)),
            ("generation", simple(Type::Int)),
            ("resourceVersion", string()),
            ("finalizers", list(string())),
        ],
    );
    let spec = record("kubernetes.NamespaceSpec", &[("finalizers", list(string()))]);
    let status = record(
        "kubernetes.NamespaceStatus",
        &[("conditions", list(condition)), ("phase", string())],
    );
    record("kubernetes.Namespace", &[("metadata", metadata), ("spec", spec), ("status", status)])
}

/// `DynamicTypeResolver`: what a mutation may make.
pub(crate) fn made(name: &str) -> Option<Type> {
    if name == "JSONPatch" {
        let fields = [
            ("op", Type::String),
            ("path", Type::String),
            ("from", Type::String),
            ("value", Type::Dyn),
        ];
        let fields = fields.into_iter().map(|(name, ty)| (name.to_owned(), ty)).collect();
        return Some(Type::record(name, fields));
    }
    let object = name == "Object" || name.starts_with("Object.");
    let open = || Record { name: name.to_owned(), fields: BTreeMap::new(), open: true };
    object.then(|| Type::Record(Arc::new(open())))
}

/// `CheckTypeNamesMatchFieldPathNames`: objects that a mutation made under other names than their places say.
pub(crate) fn misnamed(value: &Value) -> Vec<String> {
    let mut found = Vec::new();
    let patches = |value: &Value| matches!(value, Value::Made(made) if made.name == "JSONPatch");
    match value {
        Value::List(list) if list.items.iter().all(patches) => {
            for patch in &list.items {
                if let Value::Made(patch) = patch
                    && let Some(Value::Made(value)) = patch.fields.get("value")
                {
                    compare_names(&Value::Made(Arc::clone(value)), &value.name, &mut found);
                }
            }
        }
        Value::Made(made) => compare_names(value, &made.name, &mut found),
        _ => {}
    }
    found
}

fn compare_names(value: &Value, expected: &str, found: &mut Vec<String>) {
    match value {
        Value::Made(made) => {
            if made.name != expected {
                found.push(format!(
                    "unexpected type name {:?}, expected {expected:?}, which matches field name path from root Object type",
                    made.name
                ));
            }
            for (name, field) in &made.fields {
                compare_names(field, &format!("{expected}.{name}"), found);
            }
        }
        // Lists and maps have no names of their own.
        Value::List(list) => {
            for item in &list.items {
                compare_names(item, expected, found);
            }
        }
        Value::Map(map) => {
            for item in map.entries.values() {
                compare_names(item, expected, found);
            }
        }
        _ => {}
    }
}
