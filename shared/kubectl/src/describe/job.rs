//! `kubectl describe job`.

use jiff::Timestamp;
use serde_json::Value;

use super::containers::pod_template;
use super::network::format_selector;
use super::page::{Page, clock_text};
use super::pod::controller;
use crate::value::{Reading as _, plain};

/// Writes the text of a job.
pub(super) fn write(page: &mut Page, job: &Value) {
    page.field(0, "Name", job.text("metadata.name"));
    page.field(0, "Namespace", job.text("metadata.namespace"));
    page.field(0, "Selector", &job.at("spec.selector").map(format_selector).unwrap_or_default());
    page.meta(job);
    controller(page, job);
    let text = |path: &str| job.at(path).filter(|value| !value.is_null()).map(plain);
    if let Some(parallelism) = text("spec.parallelism") {
        page.field(0, "Parallelism", &parallelism);
    }
    page.field(0, "Completions", &text("spec.completions").unwrap_or_else(|| "<unset>".to_owned()));
    for (title, path) in [
        ("Completion Mode", "spec.completionMode"),
        ("Suspend", "spec.suspend"),
        ("Backoff Limit", "spec.backoffLimit"),
        ("TTL Seconds After Finished", "spec.ttlSecondsAfterFinished"),
    ] {
        if let Some(value) = text(path) {
            page.field(0, title, &value);
        }
    }
    times(page, job);
    if let Some(seconds) = text("spec.activeDeadlineSeconds") {
        page.field(0, "Active Deadline Seconds", &format!("{seconds}s"));
    }
    let number = |path: &str| job.int(path).unwrap_or(0);
    let ready =
        job.int("status.ready").map(|ready| format!(" ({ready} Ready)")).unwrap_or_default();
    let said = format!(
        "{} Active{ready} / {} Succeeded / {} Failed",
        number("status.active"),
        number("status.succeeded"),
        number("status.failed")
    );
    page.field(0, "Pods Statuses", &said);
    if job.text("spec.completionMode") == "Indexed" {
        let indexes = match job.text("status.completedIndexes") {
            "" => "<none>",
            indexes => indexes,
        };
        page.field(0, "Completed Indexes", indexes);
    }
    pod_template(page, job.at("spec.template").unwrap_or(&Value::Null));
}

fn times(page: &mut Page, job: &Value) {
    let (start, end) = (job.text("status.startTime"), job.text("status.completionTime"));
    if !start.is_empty() {
        page.field(0, "Start Time", &clock_text(start));
    }
    if !end.is_empty() {
        page.field(0, "Completed At", &clock_text(end));
    }
    if let (Ok(start), Ok(end)) = (start.parse::<Timestamp>(), end.parse::<Timestamp>()) {
        let seconds = end.as_second() - start.as_second();
        page.field(0, "Duration", &apimachinery::time::human_duration(seconds));
    }
}

/// Writes the text of a cron job.
pub(super) fn cron_job(page: &mut Page, job: &Value) {
    let or_unset = |path: &str, suffix: &str| match job.at(path).filter(|value| !value.is_null()) {
        Some(value) => format!("{}{suffix}", plain(value)),
        None => "<unset>".to_owned(),
    };
    page.heading(job, true);
    page.field(0, "Schedule", job.text("spec.schedule"));
    page.field(0, "Concurrency Policy", job.text("spec.concurrencyPolicy"));
    let suspend = job.at("spec.suspend").and_then(Value::as_bool);
    page.field(
        0,
        "Suspend",
        suspend.map_or("<unset>", |suspend| if suspend { "True" } else { "False" }),
    );
    page.field(0, "Time Zone", &or_unset("spec.timeZone", ""));
    for (title, path, suffix) in [
        ("Successful Job History Limit", "spec.successfulJobsHistoryLimit", ""),
        ("Failed Job History Limit", "spec.failedJobsHistoryLimit", ""),
        ("Starting Deadline Seconds", "spec.startingDeadlineSeconds", "s"),
    ] {
        page.field(0, title, &or_unset(path, suffix));
    }
    let selector = job.at("spec.jobTemplate.spec.selector").map(format_selector);
    page.field(0, "Selector", &selector.unwrap_or_else(|| "<unset>".to_owned()));
    page.field(0, "Parallelism", &or_unset("spec.jobTemplate.spec.parallelism", ""));
    page.field(0, "Completions", &or_unset("spec.jobTemplate.spec.completions", ""));
    if job.has("spec.jobTemplate.spec.activeDeadlineSeconds") {
        let deadline = or_unset("spec.jobTemplate.spec.activeDeadlineSeconds", "s");
        page.field(0, "Active Deadline Seconds", &deadline);
    }
    pod_template(page, job.at("spec.jobTemplate.spec.template").unwrap_or(&Value::Null));
    let last = job.text("status.lastScheduleTime");
    page.field(
        0,
        "Last Schedule Time",
        &if last.is_empty() { "<unset>".to_owned() } else { clock_text(last) },
    );
    let active: Vec<&str> = job.list("status.active").iter().map(|job| job.text("name")).collect();
    page.field(
        0,
        "Active Jobs",
        &if active.is_empty() { "<none>".to_owned() } else { active.join(", ") },
    );
}
