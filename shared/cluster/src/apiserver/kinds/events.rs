//! Events (`pkg/apis/core/validation/events.go`).

use apimachinery::field_error::FieldError;
use apimachinery::names;
use serde_json::Value;

use super::{Faults, labels};
use crate::fields::{number, text};

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

const LONGEST: usize = 128;
const LONGEST_NOTE: usize = 1024;

/// `legacyValidateEvent`: an event with a time of its own is one of the new API, whoever sends it.
pub(super) fn validate(value: &Value, faults: &mut Faults) {
    let about = text(value, "/involvedObject/namespace");
    let own = text(value, "/metadata/namespace");
    let modern = !text(value, "/eventTime").is_empty();
    let fits = if about.is_empty() {
        own == "default" || (modern && own == "kube-system") || (!modern && own.is_empty())
    } else {
        modern || own == about
    };
    if !fits {
        let why = "does not match event.namespace";
        faults.push(FieldError::invalid("involvedObject.namespace", about, why));
    }
    if modern {
        validate_reporter(value, faults);
    }
}

fn validate_reporter(value: &Value, faults: &mut Faults) {
    let reporter = text(value, "/reportingComponent");
    if reporter.is_empty() {
        faults.push(FieldError::required("reportingController", ""));
    }
    labels::each("reportingController", reporter, names::qualified_name(reporter), faults);
    for field in ["reportingInstance", "action", "reason"] {
        let given = value.get(field).and_then(Value::as_str).unwrap_or("");
        if given.is_empty() {
            faults.push(FieldError::required(field, ""));
        }
        at_most(field, given, LONGEST, faults);
    }
    at_most("message", text(value, "/message"), LONGEST_NOTE, faults);
}

fn at_most(field: &str, given: &str, most: usize, faults: &mut Faults) {
    if given.len() > most {
        let why = format!("can have at most {most} characters");
        faults.push(FieldError::invalid(field, "", why));
    }
}

/// `ValidateEventCreate` for what comes through events.k8s.io.
pub(super) fn validate_create(value: &Value, faults: &mut Faults) {
    validate_series(value, faults);
    if text(value, "/eventTime").is_empty() {
        faults.push(FieldError::required("eventTime", ""));
    }
    let kind = text(value, "/type");
    if kind != "Normal" && kind != "Warning" {
        faults.push(FieldError::invalid("type", "", format!("has invalid value: {kind}")));
    }
    let source = ["component", "host"].iter().all(|key| {
        value.get("source").and_then(|source| source.get(*key)).is_none_or(|it| it == "")
    });
    let unset = [
        ("firstTimestamp", text(value, "/firstTimestamp").is_empty()),
        ("lastTimestamp", text(value, "/lastTimestamp").is_empty()),
        ("count", number(value, "/count").is_none_or(|count| count == 0)),
        ("source", source),
    ];
    for (field, _) in unset.into_iter().filter(|(_, unset)| !unset) {
        faults.push(FieldError::invalid(field, "", "needs to be unset"));
    }
}

/// `ValidateEventUpdate` for what comes through events.k8s.io: only the series may go on.
pub(super) fn validate_update(value: &Value, live: &Value, faults: &mut Faults) {
    if value.get("series") != live.get("series") {
        validate_series(value, faults);
    }
    for field in [
        "involvedObject",
        "reason",
        "message",
        "source",
        "firstTimestamp",
        "lastTimestamp",
        "count",
        "reason",
        "type",
        "eventTime",
        "action",
        "related",
        "reportingController",
        "reportingInstance",
    ] {
        let stored = if field == "reportingController" { "reportingComponent" } else { field };
        labels::immutable(value, live, &format!("/{stored}"), field, faults);
    }
}

fn validate_series(value: &Value, faults: &mut Faults) {
    if value.get("series").is_none_or(Value::is_null) {
        return;
    }
    if number(value, "/series/count").is_none_or(|count| count < 2) {
        faults.push(FieldError::invalid("series.count", "", "should be at least 2"));
    }
    if text(value, "/series/lastObservedTime").is_empty() {
        faults.push(FieldError::required("series.lastObservedTime", ""));
    }
}
