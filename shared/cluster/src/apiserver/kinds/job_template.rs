//! What may change in the template of a Job, and in its status.

use serde_json::{Value, json};

use super::at::At;
use super::{Faults, job_policy};
use crate::fields::{condition, condition_true, flag, number, put, text, time};

/// `validatePodTemplateUpdate`: nothing, but for where and with what a suspended Job is to run.
pub(super) fn validate_update(new: &Value, old: &Value, faults: &mut Faults) {
    let at = At::root(new).at(&["spec", "template"]);
    let mut before = old.pointer("/spec/template").cloned().unwrap_or(Value::Null);
    if !mutable(old) {
        at.immutable_struct(&At::new(Some(&before), ""), "core.PodTemplateSpec", faults);
        return;
    }
    scheduling_of(&mut before, at.value);
    for list in ["containers", "initContainers"] {
        let pointer = format!("/spec/{list}");
        let now = crate::fields::items(at.value, &pointer);
        if now.len() != crate::fields::items(&before, &pointer).len() {
            continue;
        }
        for (index, container) in now.iter().enumerate() {
            let Some(was) = before.pointer_mut(&format!("{pointer}/{index}")) else { continue };
            if text(was, "/name") == text(container, "/name") {
                take(was, container, "resources");
            }
        }
    }
    let spec = At::new(at.value.get("spec"), "spec.template.spec");
    spec.immutable_struct(&At::new(before.get("spec"), ""), "core.PodSpec", faults);
}

/// `shouldAllowMutablePodTemplate`.
fn mutable(old: &Value) -> bool {
    flag(old, "/spec/suspend")
        && (time(old, "/status/startTime").is_none() || condition_true(old, "Suspended"))
        && number(old, "/status/active").unwrap_or(0) == 0
}

fn take(into: &mut Value, from: &Value, field: &str) {
    let Some(map) = into.as_object_mut() else { return };
    match from.get(field) {
        Some(value) => map.insert(field.to_owned(), value.clone()),
        None => map.remove(field),
    };
}

/// Where the pods may run is taken from the new template.
fn scheduling_of(before: &mut Value, now: &Value) {
    let affinity = now.pointer("/spec/affinity/nodeAffinity").cloned();
    if let Some(affinity) = affinity {
        put(before, "/spec/affinity/nodeAffinity", affinity);
    } else if let Some(all) = before.pointer_mut("/spec/affinity").and_then(Value::as_object_mut) {
        all.remove("nodeAffinity");
        if all.is_empty() && now.pointer("/spec/affinity").is_none() {
            before
                .pointer_mut("/spec")
                .and_then(Value::as_object_mut)
                .map(|spec| spec.remove("affinity"));
        }
    }
    let empty = json!({});
    if let Some(spec) = before.get_mut("spec") {
        let now = now.get("spec").unwrap_or(&empty);
        for field in ["nodeSelector", "tolerations", "schedulingGates"] {
            take(spec, now, field);
        }
    }
    if let Some(metadata) = before.get_mut("metadata") {
        let now = now.get("metadata").unwrap_or(&empty);
        for field in ["labels", "annotations"] {
            take(metadata, now, field);
        }
    }
}

/// `ValidateJobUpdateStatus` with `getStatusValidationOptions`: what has changed must be right.
pub(super) fn validate_status(new: &Value, old: &Value, faults: &mut Faults) {
    let status = At::root(new).child("status");
    let before = At::root(old).child("status");
    status.nonnegative_fields(&["active", "succeeded", "failed", "ready", "terminating"], faults);
    uncounted(&status.child("uncountedTerminatedPods"), faults);
    conditions(new, old, &status, faults);
    numbers(new, &status, &before, faults);
    indexes(new, &status, &before, faults);
    let condition = |value: &Value, kind: &str| condition_true(value, kind);
    let at = status.child("conditions");
    if condition(new, "SuccessCriteriaMet") {
        for other in ["Failed", "FailureTarget"] {
            if condition(new, other) {
                let shown = if other == "Failed" { "Failed=true" } else { "FailureTarget=true" };
                let why = format!("cannot set SuccessCriteriaMet=True and {shown} conditions");
                at.invalid_omitted(why, faults);
            }
        }
    } else if new.pointer("/spec/successPolicy").is_some() && condition(new, "Complete") {
        let why =
            "cannot set Complete=True for Job with SuccessPolicy unless SuccessCriteriaMet=True";
        at.invalid_omitted(why, faults);
    }
    transitions(new, old, faults);
}

fn uncounted(pods: &At<'_>, faults: &mut Faults) {
    let mut seen: Vec<&str> = Vec::new();
    for at in pods.list("succeeded").into_iter().chain(pods.list("failed")) {
        let uid = at.text();
        if uid.is_empty() {
            at.invalid("must not be empty", faults);
        } else if seen.contains(&uid) {
            at.duplicate(faults);
        }
        seen.push(uid);
    }
}

fn finished(value: &Value) -> bool {
    condition_true(value, "Complete") || condition_true(value, "Failed")
}

fn differs(new: &Value, old: &Value, kind: &str) -> bool {
    condition_true(new, kind) != condition_true(old, kind)
}

fn conditions(new: &Value, old: &Value, status: &At<'_>, faults: &mut Faults) {
    let before = At::root(old).child("status");
    let at = status.child("conditions");
    let is = |kind: &str| condition_true(new, kind);
    let changed = |kind: &str| differs(new, old, kind);
    let moved = |field: &str| status.value.get(field) != before.value.get(field);
    if (changed("Complete") || changed("Failed")) && is("Complete") && is("Failed") {
        at.invalid_omitted("cannot set Complete=True and Failed=true conditions", faults);
    }
    if (changed("Complete") || changed("FailureTarget")) && is("Complete") && is("FailureTarget") {
        at.invalid_omitted("cannot set Complete=True and FailureTarget=true conditions", faults);
    }
    let completed = status.child("completionTime");
    if changed("Complete") || moved("completionTime") {
        if completed.given() && !is("Complete") {
            let why = "cannot set completionTime when there is no Complete=True condition";
            completed.invalid(why, faults);
        }
        if !completed.given() && is("Complete") {
            completed.required("completionTime is required for Complete jobs", faults);
        }
    }
    if moved("startTime") || moved("completionTime") {
        let ends = time(new, "/status/startTime").zip(time(new, "/status/completionTime"));
        if ends.is_some_and(|(start, end)| end < start) {
            completed.invalid("must be equal to or after `startTime`", faults);
        }
    }
    if (changed("Failed") || moved("failedIndexes")) && is("Failed") && !is("FailureTarget") {
        let why = "cannot set Failed=True condition without the FailureTarget=true condition";
        at.invalid_omitted(why, faults);
    }
    let success = changed("Complete") || changed("SuccessCriteriaMet");
    if success && is("Complete") && !is("SuccessCriteriaMet") {
        let why =
            "cannot set Complete=True condition without the SuccessCriteriaMet=true condition";
        at.invalid_omitted(why, faults);
    }
}

/// What a finished Job has no more.
fn numbers(new: &Value, status: &At<'_>, before: &At<'_>, faults: &mut Faults) {
    let done = finished(new);
    let was = At { value: before.value, path: String::new() };
    let wrapped = json!({"status": was.value});
    let turned = done != finished(&wrapped);
    let moved = |field: &str| status.value.get(field) != before.value.get(field);
    let many = |field: &str| status.number_of(field).unwrap_or(0);
    if done && (turned || moved("active")) && many("active") > 0 {
        status.child("active").invalid("active>0 is invalid for finished job", faults);
    }
    let nothing = flag(new, "/spec/suspend") && number(new, "/spec/completions") == Some(0);
    if done && (turned || moved("startTime")) && !nothing && !status.has("startTime") {
        status.child("startTime").required("startTime is required for finished job", faults);
    }
    let uncounted = status.child("uncountedTerminatedPods");
    let some = uncounted.child("failed").len() + uncounted.child("succeeded").len() > 0;
    if done && (turned || moved("uncountedTerminatedPods")) && some {
        uncounted.invalid_struct(
            "batch.UncountedTerminatedPods",
            "must be empty for finished job",
            faults,
        );
    }
    if done && (turned || moved("terminating")) && many("terminating") > 0 {
        status.child("terminating").invalid("terminating>0 is invalid for finished job", faults);
    }
    if (moved("ready") || moved("active")) && many("ready") > many("active") {
        status.child("ready").invalid("cannot set more ready pods than active", faults);
    }
}

fn indexes(new: &Value, status: &At<'_>, before: &At<'_>, faults: &mut Faults) {
    let completions = number(new, "/spec/completions");
    let per_index = new.pointer("/spec/backoffLimitPerIndex").is_some();
    let moved = |field: &str| status.value.get(field) != before.value.get(field);
    let (completed, failed) = (status.child("completedIndexes"), status.child("failedIndexes"));
    for (at, name, checked) in
        [(&completed, "completedIndexes", true), (&failed, "failedIndexes", per_index)]
    {
        let wrong = completions.and_then(|many| job_policy::indexes_in(at.text(), many).err());
        if let Some(why) = wrong.filter(|_| checked && moved(name) && at.given()) {
            at.invalid(format!("error parsing {name}: {why}"), faults);
        }
    }
    let indexed = text(new, "/spec/completionMode") == "Indexed";
    if moved("completedIndexes") && !completed.text().is_empty() && !indexed {
        let why = "cannot set non-empty completedIndexes when non-indexed completion mode";
        completed.invalid(why, faults);
    }
    if moved("failedIndexes") && failed.given() && !per_index {
        let why = "cannot set non-null failedIndexes when backoffLimitPerIndex is null";
        failed.invalid(why, faults);
    }
    if moved("failedIndexes") || moved("completedIndexes") {
        let found = completions.and_then(|many| overlap(completed.text(), failed.text(), many));
        if let Some(index) = found {
            let why = format!("failedIndexes and completedIndexes overlap at index: {index}");
            failed.invalid(why, faults);
        }
    }
}

/// The first index that stands in both.
fn overlap(completed: &str, failed: &str, completions: i64) -> Option<i64> {
    let intervals = |text: &str| -> Vec<(i64, i64)> {
        text.split(',').filter_map(|one| job_policy::interval_of(one, completions).ok()).collect()
    };
    let failed = intervals(failed);
    let pairs = intervals(completed)
        .into_iter()
        .flat_map(|one| failed.iter().map(move |other| (one, *other)).collect::<Vec<_>>());
    pairs
        .filter(|(one, other)| one.0 <= other.1 && other.0 <= one.1)
        .map(|(one, other)| one.0.max(other.0))
        .min()
}

/// `ValidateJobStatusUpdate`: what cannot be taken back.
fn transitions(new: &Value, old: &Value, faults: &mut Faults) {
    let status = At::root(new).child("status");
    let at = status.child("conditions");
    for kind in ["Failed", "Complete", "FailureTarget"] {
        if condition_true(old, kind) && !condition_true(new, kind) {
            let why = format!("cannot disable the terminal {kind}=True condition");
            at.invalid_omitted(why, faults);
        }
    }
    let fewer = |field: &str| {
        let count = |value: &Value| number(value, &format!("/status/{field}")).unwrap_or(0);
        count(new) < count(old)
    };
    if fewer("failed") {
        let shown = status.number_of("failed").unwrap_or(0);
        status.child("failed").invalid_as(shown, "cannot decrease the failed counter", faults);
    }
    let elastic = text(new, "/spec/completionMode") == "Indexed"
        && number(new, "/spec/completions") == number(new, "/spec/parallelism");
    if fewer("succeeded") && !elastic {
        let shown = status.number_of("succeeded").unwrap_or(0);
        let why = "cannot decrease the succeeded counter";
        status.child("succeeded").invalid_as(shown, why, faults);
    }
    let moved = |field: &str| {
        let (now, was) = (new.pointer(field), old.pointer(field));
        was.is_some() && now != was
    };
    let completed = status.child("completionTime");
    if completed.given() && moved("/status/completionTime") {
        completed.invalid("field is immutable", faults);
    }
    let resumes = condition_true(old, "Suspended")
        && condition(new, "Suspended").is_some_and(|one| text(one, "/status") == "False");
    if moved("/status/startTime") && !flag(new, "/spec/suspend") && !resumes {
        let why = "field is immutable for unsuspended job once set";
        status.child("startTime").invalid(why, faults);
    }
    let met = |value: &Value| condition_true(value, "SuccessCriteriaMet");
    if met(old) && !met(new) {
        at.invalid_omitted("cannot disable the SuccessCriteriaMet=True condition", faults);
    }
    if condition_true(old, "Complete") && !met(old) && met(new) {
        let why = "cannot set SuccessCriteriaMet=True for Job already has Complete=true conditions";
        at.invalid_omitted(why, faults);
    }
}
