//! Jobs and CronJobs, as far as the API server goes; `controllers/job.rs` runs them.

use apimachinery::field_error::FieldError;
use serde_json::{Value, json};

use super::pod_defaults::{fill, fill_text, map_at};
use super::workload;
use super::{Faults, labels};
use crate::cron::{self, Schedule};
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
        faults.push(FieldError::required(path, "valid values: \"OnFailure\", \"Never\""));
    }
}

/// `pkg/apis/batch/validation/validation.go validateCronJobSpec`.
pub(super) fn validate_cron_job(value: &Value, faults: &mut Faults) {
    let schedule = text(value, "/spec/schedule");
    if schedule.is_empty() {
        faults.push(FieldError::required("spec.schedule", ""));
    } else if let Err(why) = Schedule::parse(schedule) {
        faults.push(FieldError::invalid("spec.schedule", schedule, &why));
    }
    let zone = text(value, "/spec/timeZone");
    if cron::zone(zone).is_none() {
        let why = format!("unknown time zone {zone}");
        faults.push(FieldError::invalid("spec.timeZone", zone, &why));
    }
    for field in ["successfulJobsHistoryLimit", "failedJobsHistoryLimit", "startingDeadlineSeconds"]
    {
        let path = format!("spec.{field}");
        labels::nonnegative(number(value, &format!("/spec/{field}")), &path, faults);
    }
    let policy = text(value, "/spec/jobTemplate/spec/template/spec/restartPolicy");
    if policy == "Always" {
        let path = "spec.jobTemplate.spec.template.spec.restartPolicy";
        faults.push(FieldError::required(path, "valid values: \"OnFailure\", \"Never\""));
    }
}
