//! Admission policies and their bindings (`pkg/printers/internalversion/printers.go`).

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{Cells, age, name};
use crate::fields::{items, text};

fn policy(value: &Value, count: usize, now: Timestamp) -> Cells {
    let kind = value.pointer("/spec/paramKind").filter(|kind| kind.is_object());
    let kind = kind.map_or_else(
        || "<unset>".to_owned(),
        |kind| format!("{}/{}", text(kind, "/apiVersion"), text(kind, "/kind")),
    );
    vec![name(value), json!(count), json!(kind), age(value, now)]
}

pub(super) fn validating(value: &Value, now: Timestamp) -> Cells {
    policy(value, items(value, "/spec/validations").len(), now)
}

pub(super) fn mutating(value: &Value, now: Timestamp) -> Cells {
    policy(value, items(value, "/spec/mutations").len(), now)
}

pub(super) fn binding(value: &Value, now: Timestamp) -> Cells {
    let (space, param) =
        (text(value, "/spec/paramRef/namespace"), text(value, "/spec/paramRef/name"));
    let shown = match (param.is_empty(), space.is_empty()) {
        (true, _) => "<unset>".to_owned(),
        (false, true) => format!("*/{param}"),
        (false, false) => format!("{space}/{param}"),
    };
    vec![name(value), json!(text(value, "/spec/policyName")), json!(shown), age(value, now)]
}
