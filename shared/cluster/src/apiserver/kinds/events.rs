//! Events (`pkg/apis/core/validation/events.go`).

use apimachinery::field_error::FieldError;
use serde_json::Value;

use super::Faults;
use crate::fields::text;

/// Fields that a selector may name.
pub(super) const FIELDS: &[&str] = &[
    "involvedObject.kind",
    "involvedObject.namespace",
    "involvedObject.name",
    "involvedObject.uid",
    "involvedObject.apiVersion",
    "involvedObject.resourceVersion",
    "involvedObject.fieldPath",
    "reason",
    "reportingComponent",
    "source",
    "type",
];

pub(super) fn validate(value: &Value, faults: &mut Faults) {
    let about = text(value, "/involvedObject/namespace");
    let own = text(value, "/metadata/namespace");
    let fits = if about.is_empty() { own == "default" || own.is_empty() } else { own == about };
    if !fits {
        let why = "does not match event.namespace";
        faults.push(FieldError::invalid("involvedObject.namespace", about, why));
    }
}
