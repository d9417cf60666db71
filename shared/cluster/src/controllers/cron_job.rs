//! CronJobs: a Job at each time of a schedule (`pkg/controller/cronjob/cronjob_controllerv2.go`).

use apimachinery::order::Order as _;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::{Value, json};

use super::pod_template::owner_reference;
use crate::cron::{self, Schedule};
use crate::event_loop::{Component, Controller, EventNote, Failure, Key, Plan, Write, reference};
use crate::fields;
use crate::store::{Change, Store};

const RESOURCE: &str = "cronjobs.batch";
const JOBS: &str = "jobs.batch";
const SCHEDULED: &str = "batch.kubernetes.io/cronjob-scheduled-timestamp";
/// `nextScheduleDelta`: a little later than the time itself.
const DELTA_MILLIS: i64 = 100;
/// More missed times than this are not caught up with one by one.
const TOO_MANY: usize = 100;

/// The control loop.
pub(crate) struct CronJobs;

impl Controller for CronJobs {
    fn name(&self) -> &'static str {
        "cronjob-controller"
    }

    fn component(&self) -> Component {
        Component::controller("cronjob-controller", "cronjob-controller")
    }

    fn triggers(&self, _store: &Store, change: &Change) -> Vec<Key> {
        match change.resource.as_str() {
            RESOURCE => vec![Key::new(&change.namespace, &change.name)],
            JOBS => [&change.old, &change.new]
                .into_iter()
                .flatten()
                .filter_map(|job| fields::controller_of(job))
                .filter(|owner| fields::text(owner, "/kind") == "CronJob")
                .map(|owner| Key::new(&change.namespace, fields::text(owner, "/name")))
                .collect(),
            _ => Vec::new(),
        }
    }

    fn reconcile(&self, store: &Store, key: &Key, now: Timestamp) -> Plan {
        let mut plan = Plan::nothing();
        let Some(cron) = store.get(RESOURCE, &key.namespace, &key.name) else { return plan };
        let mut jobs: Vec<Arc<Value>> = store
            .list(JOBS, Some(&key.namespace))
            .into_iter()
            .filter(|job| fields::controlled_by(job, &cron))
            .collect();
        let mut changed = (*cron).clone();
        take_stock(store, &jobs, &mut changed, &mut plan);
        if !fields::deleting(&cron) {
            start_due(&mut changed, &jobs, now, &mut plan);
        }
        clean_up(&cron, &mut jobs, &mut plan);
        if changed.get("status") != cron.get("status") {
            plan.writes.push(Write::update_subresource(RESOURCE, changed, "status"));
        }
        plan
    }

    fn refused(&self, store: &Store, key: &Key, _now: Timestamp, failures: &[Failure]) -> Plan {
        let mut plan = Plan::nothing();
        let Some(cron) = store.get(RESOURCE, &key.namespace, &key.name) else { return plan };
        for failure in failures.iter().filter(|failure| failure.write.method() == "POST") {
            let text = format!("Error creating job: {}", failure.message());
            plan.events.push(EventNote::warning(about(&cron), "FailedCreate", text));
        }
        plan
    }
}

fn about(cron: &Value) -> Value {
    reference(cron, "batch/v1", "CronJob")
}

/// `Complete` or `Failed`, once a job has ended.
fn ended(job: &Value) -> Option<&'static str> {
    ["Complete", "Failed"].into_iter().find(|kind| fields::condition_true(job, kind))
}

/// When the job was due, if this controller made it.
fn scheduled(job: &Value) -> Option<Timestamp> {
    fields::annotation(job, SCHEDULED).parse().ok()
}

/// Which jobs run, and which have ended since.
fn take_stock(store: &Store, jobs: &[Arc<Value>], cron: &mut Value, plan: &mut Plan) {
    let mut active = fields::items(cron, "/status/active").to_vec();
    for job in jobs {
        let listed = active.iter().position(|one| fields::text(one, "/uid") == fields::uid(job));
        match (ended(job), listed) {
            (None, None) => {
                let last = fields::time(cron, "/status/lastScheduleTime");
                match scheduled(job).filter(|at| last.is_none_or(|last| *at > last)) {
                    Some(at) => {
                        active.push(reference(job, "batch/v1", "Job"));
                        fields::put(cron, "/status/lastScheduleTime", json!(fields::seconds(at)));
                    }
                    None => plan.events.push(EventNote::warning(
                        about(cron),
                        "UnexpectedJob",
                        format!(
                            "Saw a job that the controller did not create or forgot: {}",
                            fields::name(job)
                        ),
                    )),
                }
            }
            (Some(kind), Some(at)) => {
                active.remove(at);
                let text = format!("Saw completed job: {}, condition: {kind}", fields::name(job));
                plan.events.push(EventNote::normal(about(cron), "SawCompletedJob", text));
            }
            _ => {}
        }
        let end = fields::time(job, "/status/completionTime");
        if let Some(end) = end.filter(|_| ended(job) == Some("Complete"))
            && fields::time(cron, "/status/lastSuccessfulTime").is_none_or(|last| end > last)
        {
            fields::put(cron, "/status/lastSuccessfulTime", json!(fields::seconds(end)));
        }
    }
    active.retain(|one| {
        let name = fields::text(one, "/name");
        let there = store.get(JOBS, fields::namespace(cron), name);
        let there = there.is_some_and(|job| fields::uid(&job) == fields::text(one, "/uid"));
        if !there {
            let text = format!("Active job went missing: {name}");
            plan.events.push(EventNote::normal(about(cron), "MissingJob", text));
        }
        there
    });
    set_active(cron, active);
}

fn set_active(cron: &mut Value, active: Vec<Value>) {
    if !active.is_empty() {
        fields::put(cron, "/status/active", json!(active));
    } else if let Some(status) = cron.get_mut("status").and_then(Value::as_object_mut) {
        status.remove("active");
    }
}

/// Makes the job of the last time that has passed, if there is one and it may run.
fn start_due(cron: &mut Value, jobs: &[Arc<Value>], now: Timestamp, plan: &mut Plan) {
    let mut warn = |reason: &str, text: String| {
        plan.events.push(EventNote::warning(about(cron), reason, text));
    };
    let zone_name = fields::text(cron, "/spec/timeZone");
    let Some(zone) = cron::zone(zone_name) else {
        let text = format!("invalid timeZone: {zone_name:?}: unknown time zone {zone_name}");
        warn("UnknownTimeZone", text);
        return;
    };
    if fields::flag(cron, "/spec/suspend") {
        return;
    }
    let written = fields::text(cron, "/spec/schedule");
    let schedule = match Schedule::parse(written) {
        Ok(schedule) => schedule,
        Err(error) => {
            warn("UnparseableSchedule", format!("unparseable schedule: {written:?} : {error}"));
            return;
        }
    };
    let deadline = fields::number(cron, "/spec/startingDeadlineSeconds");
    let missed = missed(cron, &schedule, &zone, now, deadline);
    if missed.len() > TOO_MANY {
        warn("TooManyMissedTimes", "too many missed start times. Set or decrease .spec.startingDeadlineSeconds or check clock skew".to_owned());
    }
    if let Some(next) = schedule.next(now, &zone) {
        let wait = next.as_millisecond() + DELTA_MILLIS - now.as_millisecond();
        plan.again(Duration::from_millis(u64::try_from(wait).unwrap_or(1)));
    }
    let Some(due) = missed.last().copied() else { return };
    if fields::time(cron, "/status/lastScheduleTime") == Some(due) {
        return;
    }
    if !may_start(cron, jobs, plan) {
        return;
    }
    let at = zone_time(due, &zone);
    let text = "Created job {name}".to_owned();
    plan.writes.push(Write::create(JOBS, job_of(cron, due, &at)).then(EventNote::normal(
        about(cron),
        "SuccessfulCreate",
        text,
    )));
}

/// The times since the last one that was acted on (`mostRecentScheduleTime`).
fn missed(
    cron: &Value,
    schedule: &Schedule,
    zone: &TimeZone,
    now: Timestamp,
    deadline: Option<i64>,
) -> Vec<Timestamp> {
    let since = fields::time(cron, "/status/lastScheduleTime")
        .or_else(|| fields::time(cron, "/metadata/creationTimestamp"))
        .unwrap_or(now);
    let earliest = deadline
        .and_then(|seconds| Timestamp::from_second(now.as_second() - seconds).ok())
        .map_or(since, |limit| limit.max(since));
    let mut times = Vec::new();
    let mut at = earliest;
    while let Some(next) = schedule.next(at, zone).filter(|next| *next <= now) {
        times.push(next);
        at = next;
    }
    times
}

/// What the concurrency policy says about the jobs that still run.
fn may_start(cron: &mut Value, jobs: &[Arc<Value>], plan: &mut Plan) -> bool {
    let active = fields::items(cron, "/status/active").to_vec();
    match fields::text(cron, "/spec/concurrencyPolicy") {
        "Forbid" if !active.is_empty() => {
            let text = "Not starting job because prior execution is running and concurrency policy is Forbid";
            plan.events.push(EventNote::normal(about(cron), "JobAlreadyActive", text.to_owned()));
            false
        }
        "Replace" => {
            let runs = |job: &&Arc<Value>| {
                active.iter().any(|one| fields::text(one, "/uid") == fields::uid(job))
            };
            for job in jobs.iter().filter(runs) {
                plan.writes.push(delete(cron, job));
            }
            set_active(cron, Vec::new());
            true
        }
        _ => true,
    }
}

fn delete(cron: &Value, job: &Value) -> Write {
    let text = format!("Deleted job {}", fields::name(job));
    Write::delete(JOBS, job, "Background").then(EventNote::normal(
        about(cron),
        "SuccessfulDelete",
        text,
    ))
}

/// RFC 3339 in the zone of the schedule, as the annotation has it.
fn zone_time(at: Timestamp, zone: &TimeZone) -> String {
    if *zone == TimeZone::UTC {
        return fields::seconds(at);
    }
    at.display_with_offset(zone.to_offset(at)).to_string()
}

/// `getJobFromTemplate2`.
fn job_of(cron: &Value, due: Timestamp, at: &str) -> Value {
    let template = cron.pointer("/spec/jobTemplate").cloned().unwrap_or_default();
    let mut annotations = fields::texts(&template, "/metadata/annotations");
    annotations.insert(SCHEDULED.to_owned(), at.to_owned());
    let mut job = json!({
        "apiVersion": "batch/v1", "kind": "Job",
        "metadata": {
            "name": format!("{}-{}", fields::name(cron), due.as_second() / 60),
            "namespace": fields::namespace(cron),
            "annotations": annotations,
            "ownerReferences": [owner_reference(cron, "batch/v1", "CronJob")],
        },
        "spec": template.get("spec"),
    });
    let labels = fields::labels(&template);
    if !labels.is_empty() {
        fields::put(&mut job, "/metadata/labels", json!(labels));
    }
    job
}

/// Keeps only so many ended jobs of each kind, the youngest (`cleanupFinishedJobs`).
fn clean_up(cron: &Value, jobs: &mut [Arc<Value>], plan: &mut Plan) {
    jobs.order_by_key(|job| {
        let start = fields::time(job, "/status/startTime").unwrap_or_default();
        (start, fields::name(job).to_owned())
    });
    for (kind, field) in
        [("Complete", "successfulJobsHistoryLimit"), ("Failed", "failedJobsHistoryLimit")]
    {
        let Some(limit) = fields::number(cron, &format!("/spec/{field}")) else { continue };
        let done: Vec<&Arc<Value>> =
            jobs.iter().filter(|job| ended(job) == Some(kind) && !fields::deleting(job)).collect();
        let excess = done.len().saturating_sub(usize::try_from(limit).unwrap_or_default());
        for job in done.into_iter().take(excess) {
            plan.writes.push(delete(cron, job));
        }
    }
}
