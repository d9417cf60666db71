//! Jobs and CronJobs, as far as the API server goes (`pkg/apis/batch/validation/validation.go`,
//! `pkg/registry/batch`); `controllers/job.rs` runs them.

use serde_json::{Value, json};

use super::at::At;
use super::pod_defaults::{fill, fill_text, map_at, maps_in};
use super::{Faults, job_policy, labels, workload};
use crate::cron::{self, Schedule};
use crate::fields::{put, text};

/// Beyond this, the names of completed indexes do not fit a status.
const MOST_INDEXES: i64 = 100_000;
const MOST_AT_HIGH_COMPLETIONS: i64 = 10_000;

fn default_spec(value: &mut Value, pointer: &str) {
    workload::default_template(value, &format!("{pointer}/template"));
    let Some(spec) = map_at(value, pointer) else { return };
    let counted = spec.contains_key("completions") || spec.contains_key("parallelism");
    if !counted {
        fill(spec, "completions", || json!(1));
    }
    fill(spec, "parallelism", || json!(1));
    let per_index = spec.get("backoffLimitPerIndex").is_some_and(|limit| !limit.is_null());
    fill(spec, "backoffLimit", || json!(if per_index { 2_147_483_647 } else { 6 }));
    fill_text(spec, "completionMode", "NonIndexed");
    fill(spec, "suspend", || json!(false));
    let policy =
        if spec.contains_key("podFailurePolicy") { "Failed" } else { "TerminatingOrFailed" };
    fill_text(spec, "podReplacementPolicy", policy);
    fill(spec, "manualSelector", || json!(false));
    default_patterns(value, &format!("{pointer}/podFailurePolicy/rules"));
}

fn default_patterns(value: &mut Value, rules: &str) {
    for rule in maps_in(value, rules) {
        let patterns = rule.get_mut("onPodConditions").and_then(Value::as_array_mut);
        for pattern in patterns.into_iter().flatten().filter_map(Value::as_object_mut) {
            fill_text(pattern, "status", "True");
        }
    }
}

pub(super) fn default_job(value: &mut Value) {
    default_spec(value, "/spec");
    let labels = value.pointer("/spec/template/metadata/labels").cloned();
    let own = value.pointer("/metadata/labels").and_then(Value::as_object);
    if let Some(labels) = labels.filter(|_| own.is_none_or(serde_json::Map::is_empty)) {
        put(value, "/metadata/labels", labels);
    }
}

pub(super) fn default_cron_job(value: &mut Value) {
    workload::default_template(value, "/spec/jobTemplate/spec/template");
    default_patterns(value, "/spec/jobTemplate/spec/podFailurePolicy/rules");
    let Some(spec) = map_at(value, "/spec") else { return };
    fill_text(spec, "concurrencyPolicy", "Allow");
    fill(spec, "suspend", || json!(false));
    fill(spec, "successfulJobsHistoryLimit", || json!(3));
    fill(spec, "failedJobsHistoryLimit", || json!(1));
}

/// Labels and selector by uid (`generateSelector`); what the user has set stays, and validation refuses it.
pub(super) fn prepare_job(value: &mut Value) {
    let (uid, name) =
        (text(value, "/metadata/uid").to_owned(), text(value, "/metadata/name").to_owned());
    if uid.is_empty() || value.pointer("/spec/manualSelector") == Some(&json!(true)) {
        return;
    }
    let user = value.pointer("/spec/template/metadata/labels").cloned();
    for (key, label) in [
        ("batch.kubernetes.io~1controller-uid", &uid),
        ("batch.kubernetes.io~1job-name", &name),
        ("controller-uid", &uid),
        ("job-name", &name),
    ] {
        let pointer = format!("/spec/template/metadata/labels/{key}");
        if value.pointer(&pointer).is_none() {
            put(value, &pointer, json!(label));
        }
    }
    let selected = "/spec/selector/matchLabels/batch.kubernetes.io~1controller-uid";
    if value.pointer(selected).is_none() {
        put(value, selected, json!(uid));
    }
    // Without labels of its own, a Job shares those of its template.
    let own = value.pointer("/metadata/labels").and_then(Value::as_object);
    if own == user.as_ref().and_then(Value::as_object) || own.is_none() {
        let labels = value.pointer("/spec/template/metadata/labels").cloned().unwrap_or_default();
        put(value, "/metadata/labels", labels);
    }
}

pub(super) fn validate_job(value: &Value, faults: &mut Faults) {
    let spec = At::root(value).child("spec");
    generated_selector(value, faults);
    validate_spec(&spec, faults);
    let selector = spec.child("selector");
    if !selector.given() {
        selector.required("", faults);
    }
    labels::selector(Some(selector.value), &selector.path, faults);
    workload::selector_matches(value, "/spec", faults);
    let completions = spec.number_of("completions").unwrap_or(0);
    let indexed = spec.text_of("completionMode") == "Indexed";
    if indexed && completions > 0 {
        let name = text(value, "/metadata/name");
        let longest = format!("{name}-{}", completions - 1);
        if !apimachinery::names::dns1123_label(&longest).is_empty() {
            let why = format!("will not able to create pod with invalid DNS label: {longest}");
            At::root(value).at(&["metadata", "name"]).invalid(why, faults);
        }
    }
}

/// `validateGeneratedSelector`: what the server has filled in must be what stands there.
fn generated_selector(value: &Value, faults: &mut Faults) {
    if value.pointer("/spec/manualSelector") == Some(&json!(true)) {
        return;
    }
    let (uid, name) = (text(value, "/metadata/uid"), text(value, "/metadata/name"));
    let metadata = At::root(value).at(&["spec", "template", "metadata"]);
    let own = metadata.child("labels");
    let expected = [
        ("controller-uid", uid),
        ("job-name", name),
        ("batch.kubernetes.io/controller-uid", uid),
        ("batch.kubernetes.io/job-name", name),
    ];
    for (key, wanted) in expected {
        let at = At { value: own.value, path: format!("{}[{key}]", own.path) };
        match own.value.get(key).and_then(Value::as_str) {
            None => at.required(&format!("must be '{wanted}'"), faults),
            Some(found) if found != wanted => at.invalid(format!("must be '{wanted}'"), faults),
            Some(_) => {}
        }
    }
    let selector = At::root(value).at(&["spec", "selector"]);
    let labels = expected.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
    let parsed = apimachinery::selector::LabelSelector::from_object(selector.value);
    if parsed.is_ok_and(|parsed| !parsed.matches(&labels.collect())) {
        selector.invalid("`selector` not auto-generated", faults);
    }
}

/// `validateJobSpec`.
fn validate_spec(spec: &At<'_>, faults: &mut Faults) {
    spec.nonnegative_fields(
        &[
            "parallelism",
            "completions",
            "activeDeadlineSeconds",
            "backoffLimit",
            "ttlSecondsAfterFinished",
            "backoffLimitPerIndex",
            "maxFailedIndexes",
        ],
        faults,
    );
    if spec.has("maxFailedIndexes") && !spec.has("backoffLimitPerIndex") {
        let why = "when maxFailedIndexes is specified";
        spec.child("backoffLimitPerIndex").required(why, faults);
    }
    managed_by(&spec.child("managedBy"), faults);
    let mode = spec.child("completionMode");
    if mode.given() {
        mode.one_of(&["NonIndexed", "Indexed"], faults);
    }
    if mode.text() == "Indexed" {
        indexed(spec, faults);
    } else if matches!(mode.text(), "NonIndexed" | "") {
        for field in ["backoffLimitPerIndex", "maxFailedIndexes"] {
            if spec.has(field) {
                spec.child(field).invalid("requires indexed completion mode", faults);
            }
        }
    }
    job_policy::validate(spec, faults);
    workload::template_at(&spec.child("template"), faults);
    let policy = spec.at(&["template", "spec", "restartPolicy"]);
    match policy.text() {
        "Always" | "" => policy.required("valid values: \"OnFailure\", \"Never\"", faults),
        "OnFailure" | "Never" => {
            if spec.has("podFailurePolicy") && policy.text() != "Never" {
                let why = "only \"Never\" is supported when podFailurePolicy is specified";
                policy.invalid(why, faults);
            }
        }
        _ => policy.not_supported(&["OnFailure", "Never"], faults),
    }
}

fn managed_by(at: &At<'_>, faults: &mut Faults) {
    if !at.given() {
        return;
    }
    labels::domain_prefixed_path(at, faults);
    if at.text().len() > 63 {
        faults.push(apimachinery::field_error::FieldError::too_long(&at.path, 63));
    }
}

fn indexed(spec: &At<'_>, faults: &mut Faults) {
    let (completions, parallelism, failed) = (
        spec.number_of("completions"),
        spec.number_of("parallelism"),
        spec.number_of("maxFailedIndexes"),
    );
    if completions.is_none() {
        spec.child("completions").required("when completion mode is Indexed", faults);
    }
    if parallelism.is_some_and(|many| many > MOST_INDEXES) {
        let why =
            format!("must be less than or equal to {MOST_INDEXES} when completion mode is Indexed");
        spec.child("parallelism").invalid(why, faults);
    }
    if completions.zip(failed).is_some_and(|(completions, failed)| failed > completions) {
        let why = "must be less than or equal to completions";
        spec.child("maxFailedIndexes").invalid(why, faults);
    }
    if failed.is_some_and(|failed| failed > MOST_INDEXES) {
        let why = format!("must be less than or equal to {MOST_INDEXES}");
        spec.child("maxFailedIndexes").invalid(why, faults);
    }
    if completions.is_none_or(|many| many <= MOST_INDEXES) || !spec.has("backoffLimitPerIndex") {
        return;
    }
    if failed.is_none() {
        let why = format!("must be specified when completions is above {MOST_INDEXES}");
        spec.child("maxFailedIndexes").required(&why, faults);
    }
    for (field, number) in [("parallelism", parallelism), ("maxFailedIndexes", failed)] {
        if number.is_some_and(|number| number > MOST_AT_HIGH_COMPLETIONS) {
            let why = format!(
                "must be less than or equal to {MOST_AT_HIGH_COMPLETIONS} when completions are above {MOST_INDEXES} and used with backoff limit per index"
            );
            spec.child(field).invalid(why, faults);
        }
    }
}

/// `ValidateJobSpecUpdate`.
pub(super) fn validate_job_update(new: &Value, old: &Value, faults: &mut Faults) {
    let (spec, before) = (At::root(new).child("spec"), At::root(old).child("spec"));
    let (completions, were) = (spec.child("completions"), before.child("completions"));
    if spec.text_of("completionMode") != "Indexed" {
        completions.immutable(&were, faults);
    } else if completions.value != were.value
        && completions.given()
        && completions.number() != spec.number_of("parallelism")
    {
        completions.invalid("can only be modified in tandem with spec.parallelism", faults);
    }
    spec.child("selector").immutable_struct(&before.child("selector"), "*v1.LabelSelector", faults);
    super::job_template::validate_update(new, old, faults);
    for (field, kind) in [
        ("completionMode", "*string"),
        ("podFailurePolicy", "*batch.PodFailurePolicy"),
        ("backoffLimitPerIndex", "*int"),
        ("managedBy", "*string"),
        ("successPolicy", "*batch.SuccessPolicy"),
    ] {
        spec.child(field).immutable_struct(&before.child(field), kind, faults);
    }
}

/// `validateCronJobSpec`.
pub(super) fn validate_cron_job(value: &Value, faults: &mut Faults) {
    let spec = At::root(value).child("spec");
    let schedule = spec.child("schedule");
    if schedule.text().is_empty() {
        schedule.required("", faults);
    } else {
        if let Err(why) = Schedule::parse(without_zone(schedule.text())) {
            schedule.invalid(why, faults);
        }
        if schedule.text().contains("TZ") {
            let why = "cannot use TZ or CRON_TZ in schedule, use timeZone field instead";
            schedule.invalid(why, faults);
        }
    }
    spec.child("startingDeadlineSeconds").nonnegative(faults);
    time_zone(&spec.child("timeZone"), faults);
    let policy = spec.child("concurrencyPolicy");
    policy.one_of(&["Allow", "Forbid", "Replace"], faults);
    let template = spec.at(&["jobTemplate", "spec"]);
    validate_spec(&template, faults);
    if template.has("selector") {
        template.child("selector").invalid("`selector` will be auto-generated", faults);
    }
    if template.flag_of("manualSelector") {
        template.child("manualSelector").not_supported(&["nil", "false"], faults);
    }
    spec.nonnegative_fields(&["successfulJobsHistoryLimit", "failedJobsHistoryLimit"], faults);
}

/// The parser understands a zone in front, which is refused for its own sake.
fn without_zone(schedule: &str) -> &str {
    let zoned = schedule.starts_with("TZ=") || schedule.starts_with("CRON_TZ=");
    match schedule.split_once(' ') {
        Some((_, rest)) if zoned => rest,
        _ => schedule,
    }
}

/// A name must leave room for what the controller appends.
pub(super) fn validate_cron_job_create(value: &Value, faults: &mut Faults) {
    let name = At::root(value).at(&["metadata", "name"]);
    if name.text().len() > 52 {
        name.invalid("must be no more than 52 characters", faults);
    }
}

fn time_zone(at: &At<'_>, faults: &mut Faults) {
    if !at.given() {
        return;
    }
    let zone = at.text();
    if zone.is_empty() {
        at.invalid("timeZone must be nil or non-empty string", faults);
        return;
    }
    let fine = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | '+');
    let part = |part: &str| {
        !(part.is_empty()
            || part.len() > 14
            || part == "."
            || part == ".."
            || part.starts_with('-'))
            && part.chars().all(fine)
    };
    if !zone.split('/').all(part) {
        at.invalid(format!("unknown time zone {zone}"), faults);
        return;
    }
    if zone.eq_ignore_ascii_case("local") {
        let why =
            "timeZone must be an explicit time zone as defined in https://www.iana.org/time-zones";
        at.invalid(why, faults);
    }
    if cron::zone(zone).is_none() && zone != "Local" {
        at.invalid(format!("unknown time zone {zone}"), faults);
    }
}
