//! The stages of a custom resource that is written: what `customresource_handler.go unstructuredSchemaCoercer` does to
//! it, its defaults, and what `customresource/strategy.go` finds wrong.

use apimachinery::decode::decode_metadata;
use apimachinery::field_error::FieldError;
use serde_json::{Value, json};

use super::super::kinds::Faults;
use super::{prune, validate};
use crate::fields::flag;

/// What became of an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Taken {
    /// With its defaults, and without what its schema does not know.
    pub object: Value,
    /// The paths of what it does not know.
    pub unknown: Vec<String>,
    /// What is wrong with it, its rules aside.
    pub faults: Vec<FieldError>,
}

/// Takes an object through all stages; `schema` is its `openAPIV3Schema`.
pub fn take(schema: &Value, object: Value) -> Result<Taken, String> {
    let (mut object, unknown) = shaped(schema, object)?;
    prune::default(schema, &mut object);
    let mut faults = Vec::new();
    self::faults(schema, &object, &mut faults);
    Ok(Taken { object, unknown, faults })
}

/// Brings an object into the shape that its schema says, and tells the paths of what that does not know.
pub(super) fn shaped(schema: &Value, mut object: Value) -> Result<(Value, Vec<String>), String> {
    let mut unknown = metadata(&mut object, "metadata")?;
    if let Some(map) = object.as_object_mut() {
        map.entry("metadata").or_insert_with(|| json!({}));
    }
    // Each stage tells them in order.
    let mut pruned = Vec::new();
    prune::prune(schema, &mut object, &mut pruned);
    pruned.sort();
    prune::nulls(schema, &mut object);
    let mut inner = Vec::new();
    embedded(schema, &mut object, "", &mut inner)?;
    inner.sort();
    unknown.extend(pruned);
    unknown.extend(inner);
    Ok((object, unknown))
}

/// Everything that is wrong with an object.
pub(super) fn faults(schema: &Value, object: &Value, faults: &mut Faults) {
    validate::value(schema, object, "", faults);
    validate::embedded(schema, object, "", faults);
    validate::lists(schema, object, "", faults);
}

/// Metadata is typed in every object.
fn metadata(object: &mut Value, path: &str) -> Result<Vec<String>, String> {
    let Some(given) = object.get_mut("metadata") else { return Ok(Vec::new()) };
    let decoded = decode_metadata(given.take())?;
    *given = decoded.value;
    if let Some(map) = given.as_object_mut() {
        map.retain(|_, one| !one.is_null());
    }
    let told = decoded.strict.iter().filter_map(|said| said.split('"').nth(1));
    Ok(told.map(|field| format!("{path}.{field}")).collect())
}

/// Objects inside of the object have metadata, too (`schema/objectmeta/coerce.go`).
fn embedded(
    schema: &Value,
    value: &mut Value,
    path: &str,
    unknown: &mut Vec<String>,
) -> Result<(), String> {
    if flag(schema, "/x-kubernetes-embedded-resource") && value.is_object() {
        for field in ["apiVersion", "kind"] {
            if let Some(other) = value.get(field).filter(|other| !other.is_string()) {
                let path = format!("{path}.{field}");
                let fault = FieldError::invalid(&path, other.clone(), "must be a string");
                return Err(fault.to_string());
            }
        }
        let given = value.get("metadata").cloned().unwrap_or_default();
        let path = format!("{path}.metadata");
        let told = metadata(value, &path)
            .map_err(|why| FieldError::invalid(&path, given, why).to_string())?;
        unknown.extend(told);
    }
    match value {
        Value::Array(list) => {
            let Some(items) = schema.get("items") else { return Ok(()) };
            let mut list = list.iter_mut().enumerate();
            list.try_for_each(|(at, item)| embedded(items, item, &format!("{path}[{at}]"), unknown))
        }
        Value::Object(map) => map.iter_mut().try_for_each(|(key, inner)| {
            let Some(own) = prune::below(schema, key) else { return Ok(()) };
            let path = validate::at(schema, path, key);
            embedded(own, inner, &path, unknown)
        }),
        _ => Ok(()),
    }
}
