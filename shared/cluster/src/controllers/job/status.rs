//! The status of a job and the events of its turns (`trackJobStatusAndRemoveFinalizers`).

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{RESOURCE, Sync, Verdict, about, count, per_index, pods};
use crate::event_loop::{EventNote, Plan, Write};
use crate::fields;

/// Whether a job has its last condition.
pub(super) fn finished(job: &Value) -> bool {
    fields::condition_true(job, "Complete") || fields::condition_true(job, "Failed")
}

fn condition(kind: &str, is: bool, reason: &str, message: &str, now: Timestamp) -> Value {
    json!({
        "type": kind, "status": if is { "True" } else { "False" },
        "lastProbeTime": fields::seconds(now), "lastTransitionTime": fields::seconds(now),
        "reason": reason, "message": message,
    })
}

/// Sets a condition, in the place of an older one of its type.
fn set(job: &mut Value, condition: Value) {
    let mut list = fields::items(job, "/status/conditions").to_vec();
    let kind = fields::text(&condition, "/type").to_owned();
    match list.iter_mut().find(|one| fields::text(one, "/type") == kind) {
        Some(place) => *place = condition,
        None => list.push(condition),
    }
    fields::put(job, "/status/conditions", json!(list));
}

/// Tells when a job is suspended and when it goes on.
pub(super) fn suspension(before: &Value, job: &mut Value, now: Timestamp, plan: &mut Plan) {
    let suspended = fields::flag(before, "/spec/suspend");
    let known = fields::condition(before, "Suspended");
    if suspended && let Some(status) = job.get_mut("status").and_then(Value::as_object_mut) {
        status.remove("startTime");
    }
    if suspended == known.is_some_and(|one| fields::text(one, "/status") == "True") {
        return;
    }
    let (event, reason, message) = if suspended {
        ("Suspended", "JobSuspended", "Job suspended")
    } else {
        fields::put(job, "/status/startTime", json!(fields::seconds(now)));
        ("Resumed", "JobResumed", "Job resumed")
    };
    set(job, condition("Suspended", suspended, reason, message, now));
    plan.events.push(EventNote::normal(about(before), event, message.to_owned()));
}

/// Plans the new status; `job` has the start time and the conditions so far.
pub(super) fn write(
    sync: &Sync<'_>,
    mut job: Value,
    verdict: Option<Verdict>,
    deleted: usize,
    plan: &mut Plan,
) {
    let terminating = sync.pods.iter().filter(|pod| pods::terminating(pod)).count() + deleted;
    let ready = sync.active.iter().filter(|pod| fields::condition_true(pod, "Ready")).count();
    let numbers = [
        ("active", count(sync.active.len())),
        ("succeeded", sync.succeeded()),
        ("failed", sync.failed()),
    ];
    for (field, number) in numbers {
        let status = job.get_mut("status").and_then(Value::as_object_mut);
        if let Some(status) = status {
            status.remove(field);
        }
        if number > 0 {
            fields::put(&mut job, &format!("/status/{field}"), json!(number));
        }
    }
    fields::put(&mut job, "/status/ready", json!(ready));
    fields::put(&mut job, "/status/terminating", json!(terminating));
    fields::put(&mut job, "/status/uncountedTerminatedPods", json!({}));
    let indexes = sync.succeeded_indexes.to_string();
    if sync.indexed() && !indexes.is_empty() {
        fields::put(&mut job, "/status/completedIndexes", json!(indexes));
    }
    let failed = sync.failed_indexes.to_string();
    if per_index::limit(sync.job).is_some() {
        fields::put(&mut job, "/status/failedIndexes", json!(failed));
    }
    if let Some(verdict) = verdict {
        conclude(sync, &mut job, &verdict, terminating == 0, plan);
    }
    if job.get("status") != sync.job.get("status") {
        plan.writes.push(Write::update_subresource(RESOURCE, job, "status"));
    }
}

/// First what will be, then, when no pod is left, what is (`enactJobFinished`).
fn conclude(sync: &Sync<'_>, job: &mut Value, verdict: &Verdict, last: bool, plan: &mut Plan) {
    let Verdict { kind, reason, message } = verdict;
    if fields::condition(sync.job, kind).is_none() {
        set(job, condition(kind, true, reason, message, sync.now));
    }
    if !last {
        return;
    }
    let success = *kind == "SuccessCriteriaMet";
    let kind = if success { "Complete" } else { "Failed" };
    set(job, condition(kind, true, reason, message, sync.now));
    if !success {
        plan.events.push(EventNote::warning(about(sync.job), reason, message.clone()));
        return;
    }
    fields::put(job, "/status/completionTime", json!(fields::seconds(sync.now)));
    let wanted = fields::number(sync.job, "/spec/completions");
    if wanted.is_some_and(|wanted| sync.succeeded() > wanted) {
        let text = "Too many succeeded pods running after completion count reached".to_owned();
        plan.events.push(EventNote::warning(about(sync.job), "TooManySucceededPods", text));
    }
    plan.events.push(EventNote::normal(about(sync.job), "Completed", "Job completed".to_owned()));
}
