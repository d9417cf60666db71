//! The scale of a custom resource (`apiextensions-apiserver/pkg/registry/customresource/etcd.go`).

use apimachinery::field_error::FieldError;
use apimachinery::object;
use serde_json::{Value, json};

use super::super::kinds::Faults;
use super::Version;
use crate::fields::{put, text};

fn path<'a>(version: &'a Version, field: &str) -> Vec<&'a str> {
    let path = text(&version.spec, &format!("/subresources/scale/{field}"));
    path.split('.').filter(|part| !part.is_empty()).collect()
}

fn at(version: &Version, value: &Value, field: &str) -> Option<Value> {
    let path = path(version, field);
    if path.is_empty() { None } else { object::at(value, &path).cloned() }
}

/// The scale of an object.
pub(crate) fn of(version: &Version, value: &Value) -> Value {
    let mut metadata = json!({});
    for field in ["name", "namespace", "uid", "resourceVersion", "creationTimestamp"] {
        if let Some(one) = value.pointer(&format!("/metadata/{field}")) {
            put(&mut metadata, &format!("/{field}"), one.clone());
        }
    }
    let replicas =
        |field: &str| at(version, value, field).and_then(|one| one.as_i64()).unwrap_or(0);
    let mut spec = json!({});
    if replicas("specReplicasPath") != 0 {
        put(&mut spec, "/replicas", json!(replicas("specReplicasPath")));
    }
    let mut status = json!({"replicas": replicas("statusReplicasPath")});
    if let Some(selector) = at(version, value, "labelSelectorPath") {
        put(&mut status, "/selector", selector);
    }
    json!({
        "kind": "Scale", "apiVersion": "autoscaling/v1", "metadata": metadata, "spec": spec,
        "status": status,
    })
}

/// Writes the number of replicas.
pub(crate) fn set(version: &Version, value: &mut Value, replicas: i64) {
    object::set(value, &path(version, "specReplicasPath"), json!(replicas));
}

/// `validation.go ValidateScaleSpec`.
pub(super) fn validate(version: &Version, value: &Value, faults: &mut Faults) {
    for (field, pointer) in [
        ("specReplicasPath", "/subresources/scale/specReplicasPath"),
        ("statusReplicasPath", "/subresources/scale/statusReplicasPath"),
    ] {
        let found = at(version, value, field).unwrap_or_else(|| json!(0));
        let path = text(&version.spec, pointer);
        let Some(replicas) = found.as_i64() else {
            let why = format!(
                "{path} accessor error: {} is of the type {}, expected int64",
                found.as_str().map_or_else(|| found.to_string(), str::to_owned),
                go_type(&found)
            );
            faults.push(FieldError::invalid(path, 0, why));
            continue;
        };
        if replicas < 0 {
            let why = "should be a non-negative integer";
            faults.push(FieldError::invalid(path, replicas, why));
        }
    }
}

/// Go's name of what a document's value is decoded to.
fn go_type(value: &Value) -> &'static str {
    match value {
        Value::Null => "<nil>",
        Value::Bool(_) => "bool",
        Value::Number(_) => "float64",
        Value::String(_) => "string",
        Value::Array(_) => "[]interface {}",
        Value::Object(_) => "map[string]interface {}",
    }
}
