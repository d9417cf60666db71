//! Jobs: pods until enough of them have succeeded (`pkg/controller/job/job_controller.go`).
//!
//! The real controller counts a finished pod in two writes (`uncountedTerminatedPods`, then the counter).
//! Here a plan is carried out as one, so the list in between is always empty.

mod indexes;
mod per_index;
mod pods;
mod policy;
mod status;

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};

use self::indexes::Indexes;
use crate::event_loop::{Component, Controller, EventNote, Failure, Key, Plan, reference};
use crate::fields;
use crate::store::{Change, Store};

const RESOURCE: &str = "jobs.batch";
const TRACKING: &str = "batch.kubernetes.io/job-tracking";
/// `DefaultJobPodFailureBackOff` and `MaxJobPodFailureBackOff`.
const FIRST_BACKOFF: i64 = 10;
const MAX_BACKOFF: i64 = 600;

/// The control loop.
pub(crate) struct Jobs;

/// A job with its pods, sorted by what they are to it.
struct Sync<'a> {
    job: &'a Value,
    now: Timestamp,
    pods: Vec<Arc<Value>>,
    active: Vec<Arc<Value>>,
    newly_succeeded: Vec<Arc<Value>>,
    newly_failed: Vec<Arc<Value>>,
    succeeded_indexes: Indexes,
    failed_indexes: Indexes,
}

/// How a job ends: the type of the condition that announces it, reason and message.
struct Verdict {
    kind: &'static str,
    reason: String,
    message: String,
}

impl Verdict {
    fn failure(reason: &str, message: &str) -> Self {
        Self { kind: "FailureTarget", reason: reason.to_owned(), message: message.to_owned() }
    }

    fn success(reason: &str, message: String) -> Self {
        Self { kind: "SuccessCriteriaMet", reason: reason.to_owned(), message }
    }
}

impl Controller for Jobs {
    fn name(&self) -> &'static str {
        "job-controller"
    }

    fn component(&self) -> Component {
        Component::controller("job-controller", "job-controller")
    }

    fn triggers(&self, _store: &Store, change: &Change) -> Vec<Key> {
        match change.resource.as_str() {
            RESOURCE => vec![Key::new(&change.namespace, &change.name)],
            "pods" => [&change.old, &change.new]
                .into_iter()
                .flatten()
                .filter_map(|pod| fields::controller_of(pod))
                .filter(|owner| fields::text(owner, "/kind") == "Job")
                .map(|owner| Key::new(&change.namespace, fields::text(owner, "/name")))
                .collect(),
            _ => Vec::new(),
        }
    }

    fn reconcile(&self, store: &Store, key: &Key, now: Timestamp) -> Plan {
        let mut plan = Plan::nothing();
        let job = store.get(RESOURCE, &key.namespace, &key.name);
        release_orphans(store, key, job.as_deref(), &mut plan);
        let Some(job) = job else { return plan };
        let elsewhere =
            !matches!(fields::text(&job, "/spec/managedBy"), "" | "kubernetes.io/job-controller");
        if elsewhere || status::finished(&job) {
            return plan;
        }
        let mut sync = Sync::of(store, &job, now, &mut plan);
        sync.run(&mut plan);
        plan
    }

    fn refused(&self, store: &Store, key: &Key, _now: Timestamp, failures: &[Failure]) -> Plan {
        let mut plan = Plan::nothing();
        let Some(job) = store.get(RESOURCE, &key.namespace, &key.name) else { return plan };
        for failure in failures.iter().filter(|failure| failure.write.method() == "POST") {
            let text = format!("Error creating: {}", failure.message());
            plan.events.push(EventNote::warning(about(&job), "FailedCreate", text));
        }
        plan
    }
}

fn about(job: &Value) -> Value {
    reference(job, "batch/v1", "Job")
}

/// Pods of a job that is gone or finished need no tracking any more (`syncOrphanPod`).
fn release_orphans(store: &Store, key: &Key, job: Option<&Value>, plan: &mut Plan) {
    for pod in store.list("pods", Some(&key.namespace)) {
        let Some(owner) = fields::controller_of(&pod) else { continue };
        let of_this = fields::text(owner, "/kind") == "Job"
            && fields::text(owner, "/name") == key.name
            && pods::tracked(&pod);
        let needed = job.is_some_and(|job| {
            fields::uid(job) == fields::text(owner, "/uid") && !status::finished(job)
        });
        if of_this && !needed {
            plan.writes.push(pods::release(&pod));
        }
    }
}

impl<'a> Sync<'a> {
    fn of(store: &Store, job: &'a Value, now: Timestamp, plan: &mut Plan) -> Self {
        let pods: Vec<Arc<Value>> = store
            .list("pods", Some(fields::namespace(job)))
            .into_iter()
            .filter(|pod| fields::controlled_by(pod, job))
            .collect();
        let mut active: Vec<_> = pods.iter().filter(|pod| pods::active(pod)).cloned().collect();
        let finished: Vec<_> = pods
            .iter()
            .filter(|pod| pods::tracked(pod))
            .filter(|pod| pods::succeeded(pod) || pods::failed(job, pod))
            .cloned()
            .collect();
        // Changes of pods are taken notice of after a second (`SyncJobBatchPeriod`).
        let noticed = |pod: &Arc<Value>| match pods::finished_at(pod) {
            Some(at) if !fields::deleting(pod) => (at.as_second() + 1) * 1000,
            _ => 0,
        };
        let wait = finished.iter().map(noticed).min().unwrap_or(0) - now.as_millisecond();
        let new = match u64::try_from(wait) {
            Ok(wait) if wait > 0 => {
                plan.again(Duration::from_millis(wait));
                active.extend(finished);
                Vec::new()
            }
            _ => finished,
        };
        let (newly_succeeded, failed): (Vec<_>, Vec<_>) =
            new.into_iter().partition(|pod| pods::succeeded(pod));
        let (ignored, newly_failed): (Vec<_>, Vec<_>) =
            failed.into_iter().partition(|pod| policy::ignores(job, pod));
        for pod in newly_succeeded.iter().chain(&newly_failed).chain(&ignored) {
            plan.writes.push(pods::release(pod));
        }
        let mut succeeded_indexes = Indexes::parse(fields::text(job, "/status/completedIndexes"));
        succeeded_indexes.extend(newly_succeeded.iter().filter_map(|pod| pods::index(pod)));
        let mut failed_indexes = Indexes::parse(fields::text(job, "/status/failedIndexes"));
        let lost = newly_failed.iter().filter(|pod| per_index::is_lost(job, pod));
        failed_indexes.extend(lost.filter_map(|pod| pods::index(pod)));
        Self {
            job,
            now,
            pods,
            active,
            newly_succeeded,
            newly_failed,
            succeeded_indexes,
            failed_indexes,
        }
    }

    fn indexed(&self) -> bool {
        fields::text(self.job, "/spec/completionMode") == "Indexed"
    }

    fn succeeded(&self) -> i64 {
        if self.indexed() {
            return self.succeeded_indexes.count();
        }
        fields::number(self.job, "/status/succeeded").unwrap_or_default()
            + count(self.newly_succeeded.len())
    }

    fn failed(&self) -> i64 {
        fields::number(self.job, "/status/failed").unwrap_or_default()
            + count(self.newly_failed.len())
    }

    fn run(&mut self, plan: &mut Plan) {
        let mut job = self.job.clone();
        let suspended = fields::flag(self.job, "/spec/suspend");
        if fields::text(&job, "/status/startTime").is_empty() && !suspended {
            fields::put(&mut job, "/status/startTime", json!(fields::seconds(self.now)));
        }
        let verdict = self.verdict(&job, plan);
        let mut deleted = 0;
        match &verdict {
            Some(_) => {
                for pod in self.active.iter().filter(|pod| pods::active(pod)) {
                    plan.writes.push(pods::delete(self.job, pod));
                    deleted += 1;
                }
                self.active.clear();
            }
            None if fields::deleting(self.job) => {}
            None => {
                self.scale(plan, &mut deleted);
                status::suspension(self.job, &mut job, self.now, plan);
            }
        }
        status::write(self, job, verdict, deleted, plan);
    }

    /// Whether the job is decided, in the order in which `syncJob` asks.
    fn verdict(&self, started: &Value, plan: &mut Plan) -> Option<Verdict> {
        for kind in ["FailureTarget", "SuccessCriteriaMet"] {
            if let Some(known) = fields::condition(self.job, kind) {
                let text = |field| fields::text(known, field).to_owned();
                return Some(Verdict { kind, reason: text("/reason"), message: text("/message") });
            }
        }
        let usual = if per_index::limit(self.job).is_some() { i64::from(i32::MAX) } else { 6 };
        let limit = fields::number(self.job, "/spec/backoffLimit").unwrap_or(usual);
        if let Some(message) = self.newly_failed.iter().find_map(|pod| policy::fails(self.job, pod))
        {
            return Some(Verdict::failure("PodFailurePolicy", &message));
        }
        if let Some(verdict) = per_index::verdict(self) {
            return Some(verdict);
        }
        if self.failed() > limit || self.restarts_exceed(limit) {
            return Some(Verdict::failure(
                "BackoffLimitExceeded",
                "Job has reached the specified backoff limit",
            ));
        }
        let suspended = fields::flag(self.job, "/spec/suspend");
        let deadline = fields::number(self.job, "/spec/activeDeadlineSeconds");
        let start = fields::time(started, "/status/startTime");
        if let (Some(deadline), Some(start), false) = (deadline, start, suspended) {
            let left = start.as_second() + deadline - self.now.as_second();
            if left <= 0 {
                return Some(Verdict::failure(
                    "DeadlineExceeded",
                    "Job was active longer than specified deadline",
                ));
            }
            let millis = (start.as_second() + deadline) * 1000 - self.now.as_millisecond();
            plan.again(Duration::from_millis(u64::try_from(millis).unwrap_or(1)));
        }
        policy::succeeds(self.job, &self.succeeded_indexes).or_else(|| self.completed())
    }

    fn completed(&self) -> Option<Verdict> {
        let done = match fields::number(self.job, "/spec/completions") {
            Some(wanted) => self.succeeded() >= wanted,
            // A work queue: one success says that the queue is empty, the others finish by themselves.
            None => self.succeeded() > 0 && self.active.is_empty(),
        };
        let text = "Reached expected number of succeeded pods".to_owned();
        done.then(|| Verdict::success("CompletionsReached", text))
    }

    /// `pastBackoffLimitOnFailure`.
    fn restarts_exceed(&self, limit: i64) -> bool {
        if fields::text(self.job, "/spec/template/spec/restartPolicy") != "OnFailure" {
            return false;
        }
        let restarts: i64 = self
            .pods
            .iter()
            .filter(|pod| matches!(fields::text(pod, "/status/phase"), "Running" | "Pending"))
            .flat_map(|pod| {
                fields::items(pod, "/status/initContainerStatuses")
                    .iter()
                    .chain(fields::items(pod, "/status/containerStatuses"))
            })
            .filter_map(|one| fields::number(one, "/restartCount"))
            .sum();
        if limit == 0 { restarts > 0 } else { restarts >= limit }
    }

    /// Brings the number of active pods to what is wanted (`manageJob`).
    fn scale(&mut self, plan: &mut Plan, deleted: &mut usize) {
        let wanted = usize::try_from(self.wanted_active()).unwrap_or_default();
        if self.active.len() > wanted {
            let excess = self.active.len() - wanted;
            for pod in pods::take_victims(&mut self.active, excess) {
                // A pod that the controller takes away itself has not failed.
                plan.writes.push(pods::release(&pod));
                plan.writes.push(pods::delete(self.job, &pod));
                *deleted += 1;
            }
            return;
        }
        let mut present = self.active.len();
        if fields::text(self.job, "/spec/podReplacementPolicy") == "Failed" {
            present += self.pods.iter().filter(|pod| pods::terminating(pod)).count();
        }
        if present >= wanted {
            return;
        }
        if let Some(wait) = self.back_off() {
            plan.again(wait);
            return;
        }
        let free = self.free_indexes(wanted - present);
        for number in 0..wanted - present {
            let index = free.get(number).copied();
            if self.indexed() && index.is_none() {
                break;
            }
            let failures = index.map_or(0, |index| per_index::failures(self, index));
            plan.writes.push(pods::create(self.job, index, failures));
            self.active.push(Arc::new(Value::Null));
        }
    }

    fn wanted_active(&self) -> i64 {
        if fields::flag(self.job, "/spec/suspend") {
            return 0;
        }
        let parallelism = fields::number(self.job, "/spec/parallelism").unwrap_or(1);
        match fields::number(self.job, "/spec/completions") {
            Some(wanted) => {
                (wanted - self.succeeded() - self.failed_indexes.count()).clamp(0, parallelism)
            }
            None if self.succeeded() > 0 => count(self.active.len()).min(parallelism),
            None => parallelism,
        }
    }

    /// How long to wait before the next pod: 10 s after a failure, twice as long after each further one.
    fn back_off(&self) -> Option<Duration> {
        let mut ends: Vec<(Timestamp, bool)> = self
            .pods
            .iter()
            .filter(|pod| pods::succeeded(pod) || pods::failed(self.job, pod))
            .filter(|pod| !policy::ignores(self.job, pod))
            .filter_map(|pod| Some((pods::finished_at(pod)?, pods::succeeded(pod))))
            .collect();
        ends.sort();
        let failures = ends.iter().rev().take_while(|(_, success)| !success).count();
        let (last, _) = ends.last().filter(|_| failures > 0)?;
        let shift = u32::try_from(failures - 1).unwrap_or(u32::MAX).min(16);
        let delay = (FIRST_BACKOFF << shift).min(MAX_BACKOFF);
        let left = (last.as_second() + delay) * 1000 - self.now.as_millisecond();
        u64::try_from(left).ok().filter(|left| *left > 0).map(Duration::from_millis)
    }

    fn free_indexes(&self, wanted: usize) -> Vec<i64> {
        if !self.indexed() {
            return Vec::new();
        }
        let used: Vec<i64> = self.active.iter().filter_map(|pod| pods::index(pod)).collect();
        let end = fields::number(self.job, "/spec/completions").unwrap_or_default();
        (0..end)
            .filter(|index| !self.succeeded_indexes.contains(*index))
            .filter(|index| !self.failed_indexes.contains(*index) && !used.contains(index))
            .take(wanted)
            .collect()
    }
}

fn count(length: usize) -> i64 {
    i64::try_from(length).unwrap_or(i64::MAX)
}
