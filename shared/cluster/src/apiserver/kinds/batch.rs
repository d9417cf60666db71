//! Jobs and CronJobs, as far as the API server goes; `controllers/job.rs` runs them.

use serde_json::{Value, json};

use super::pod_defaults::{fill, fill_text, map_at};
use super::workload;
use super::{Faults, labels};
use crate::fields::{number, put, text};

fn default_spec(value: &mut Value, pointer: &str) {
    workload::default_template(value, &format!("{pointer}/template"));
    let Some(spec) = map_at(value, pointer) else { return };
    let counted = spec.contains_key("completions") || spec.contains_key("parallelism");
    if !counted {
        fill(spec, "completions", || json!(1));
    }
    fill(spec, "parallelism", || json!(1));
    fill(spec, "backoffLimit", || json!(6));
    fill_text(spec, "completionMode", "NonIndexed");
    fill(spec, "suspend", || json!(false));
    fill_text(spec, "podReplacementPolicy", "TerminatingOrFailed");
    fill(spec, "manualSelector", || json!(false));
}

pub(super) fn default_job(value: &mut Value) {
    default_spec(value, "/spec");
}

pub(super) fn default_cron_job(value: &mut Value) {
    workload::default_template(value, "/spec/jobTemplate/spec/template");
    let Some(spec) = map_at(value, "/spec") else { return };
    fill_text(spec, "concurrencyPolicy", "Allow");
    fill(spec, "suspend", || json!(false));
    fill(spec, "successfulJobsHistoryLimit", || json!(3));
    fill(spec, "failedJobsHistoryLimit", || json!(1));
}

/// Labels and selector by uid (`generateSelector`).
pub(super) fn prepare_job(value: &mut Value) {
    put(value, "/status", json!({}));
    let (uid, name) =
        (text(value, "/metadata/uid").to_owned(), text(value, "/metadata/name").to_owned());
    if uid.is_empty() || value.pointer("/spec/manualSelector") == Some(&json!(true)) {
        return;
    }
    for (key, label) in [
        ("batch.kubernetes.io~1controller-uid", &uid),
        ("batch.kubernetes.io~1job-name", &name),
        ("controller-uid", &uid),
        ("job-name", &name),
    ] {
        put(value, &format!("/spec/template/metadata/labels/{key}"), json!(label));
    }
    put(
        value,
        "/spec/selector",
        json!({"matchLabels": {"batch.kubernetes.io/controller-uid": uid}}),
    );
}

pub(super) fn validate_job(value: &Value, faults: &mut Faults) {
    for field in ["parallelism", "completions", "backoffLimit"] {
        labels::nonnegative(
            number(value, &format!("/spec/{field}")),
            &format!("spec.{field}"),
            faults,
        );
    }
    workload::template(value, "spec.template", faults);
    let policy = text(value, "/spec/template/spec/restartPolicy");
    if policy == "Always" {
        let path = "spec.template.spec.restartPolicy";
        faults.push(apimachinery::field_error::FieldError::required(
            path,
            "valid values: \"OnFailure\", \"Never\"",
        ));
    }
}
