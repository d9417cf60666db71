//! What runs is what was asked for.

use cluster::fields;
use cluster::store::Store;
use serde_json::Value;

use super::super::operation::NAMESPACES;

const SCALERS: &str = "horizontalpodautoscalers.autoscaling";

pub(super) fn wrong(store: &Store) -> Vec<String> {
    let mut wrong = Vec::new();
    for resource in ["deployments.apps", "statefulsets.apps", "daemonsets.apps"] {
        wrong.extend(store.list(resource, None).iter().filter_map(|one| seen(one)));
    }
    if roomy(store) {
        wrong.extend(deployments(store));
        wrong.extend(stateful_sets(store));
        wrong.extend(daemon_sets(store));
        wrong.extend(jobs(store));
    }
    wrong.extend(cron_jobs(store));
    wrong.extend(autoscalers(store));
    wrong
}

fn kind_and_name(object: &Value) -> String {
    let (namespace, name) = (fields::namespace(object), fields::name(object));
    format!("{} {namespace}/{name}", fields::text(object, "/kind"))
}

/// Whether a template can run at all here.
fn can_run(store: &Store, object: &Value) -> bool {
    let namespace = fields::namespace(object);
    let stays = store.get("namespaces", "", namespace).is_some_and(|one| !fields::deleting(&one));
    NAMESPACES.contains(&namespace)
        && namespace != "tight"
        && stays
        && !fields::deleting(object)
        && fields::text(object, "/spec/template/spec/containers/0/image") != "nginx:0.1"
        // Several of these may not fit on the nodes at the same time.
        && fields::text(object, "/spec/template/spec/containers/0/resources/requests/cpu") != "3"
}

fn has(object: &Value, field: &str, wanted: i64) -> Option<String> {
    let has = fields::number(object, &format!("/status/{field}")).unwrap_or_default();
    (has != wanted).then(|| format!("{} has {has} of {wanted} {field}", kind_and_name(object)))
}

fn replicas(object: &Value) -> i64 {
    fields::number(object, "/spec/replicas").unwrap_or(1)
}

fn seen(object: &Value) -> Option<String> {
    let is = fields::number(object, "/metadata/generation");
    let seen = fields::number(object, "/status/observedGeneration");
    (is != seen).then(|| format!("{}: {seen:?} of {is:?} seen", kind_and_name(object)))
}

/// Nobody asks for so much that others have no room.
fn roomy(store: &Store) -> bool {
    let waiting = store.list("pods", None);
    !waiting.iter().any(|pod| {
        fields::condition(pod, "PodScheduled")
            .is_some_and(|one| fields::text(one, "/reason") == "Unschedulable")
    })
}

fn deployments(store: &Store) -> Vec<String> {
    let all = store.list("deployments.apps", None);
    let able = all.iter().filter(|one| can_run(store, one));
    let fields = ["availableReplicas", "updatedReplicas", "readyReplicas", "replicas"];
    able.flat_map(|one| fields.into_iter().filter_map(|field| has(one, field, replicas(one))))
        .collect()
}

fn stateful_sets(store: &Store) -> Vec<String> {
    let all = store.list("statefulsets.apps", None);
    // A set in order stands still behind a pod of an older template that never gets ready (a known issue upstream).
    let stuck = |set: &Value| {
        let pods = store.list("pods", Some(fields::namespace(set)));
        pods.iter().any(|pod| {
            fields::controlled_by(pod, set)
                && fields::text(pod, "/spec/containers/0/image") == "nginx:0.1"
        })
    };
    let able = all.iter().filter(|one| can_run(store, one) && !stuck(one));
    able.filter_map(|one| has(one, "readyReplicas", replicas(one))).collect()
}

fn daemon_sets(store: &Store) -> Vec<String> {
    let all = store.list("daemonsets.apps", None);
    let able = all.iter().filter(|one| can_run(store, one));
    // Three nodes work; the fourth has a taint.
    able.filter_map(|one| has(one, "numberReady", 3)).collect()
}

fn ended(job: &Value) -> bool {
    fields::condition_true(job, "Complete") || fields::condition_true(job, "Failed")
}

/// None runs for longer than ten minutes, whatever becomes of it.
fn jobs(store: &Store) -> Vec<String> {
    let all = store.list("jobs.batch", None);
    let able = all.iter().filter(|one| can_run(store, one) && !ended(one));
    let mut wrong: Vec<String> =
        able.map(|one| format!("{} has not ended", kind_and_name(one))).collect();
    let both = all.iter().filter(|one| {
        fields::condition_true(one, "Complete") && fields::condition_true(one, "Failed")
    });
    wrong.extend(both.map(|one| format!("{} is complete and failed", kind_and_name(one))));
    wrong
}

/// Jobs that have ended are kept as far as the limits say, and none of them is told to be active.
fn cron_jobs(store: &Store) -> Vec<String> {
    let mut wrong = Vec::new();
    for cron in store.list("cronjobs.batch", None) {
        let jobs = store.list("jobs.batch", Some(fields::namespace(&cron)));
        let own: Vec<_> = jobs.iter().filter(|job| fields::controlled_by(job, &cron)).collect();
        for (kind, limit) in
            [("Complete", "successfulJobsHistoryLimit"), ("Failed", "failedJobsHistoryLimit")]
        {
            let most = fields::number(&cron, &format!("/spec/{limit}")).unwrap_or_default();
            let kept = own.iter().filter(|job| fields::condition_true(job, kind)).count();
            let kept = i64::try_from(kept).unwrap_or(i64::MAX);
            if kept > most && !fields::deleting(&cron) {
                wrong.push(format!("{} keeps {kept} of {most} {kind}", kind_and_name(&cron)));
            }
        }
        for active in fields::items(&cron, "/status/active") {
            let uid = fields::text(active, "/uid");
            let job = own.iter().find(|job| fields::uid(job) == uid);
            if job.is_none_or(|job| ended(job)) {
                let name = fields::text(active, "/name");
                wrong.push(format!("{} tells that {name} is active", kind_and_name(&cron)));
            }
        }
    }
    wrong
}

/// What is scaled by itself stays within its bounds, unless it was scaled to nothing.
fn autoscalers(store: &Store) -> Vec<String> {
    let mut wrong = Vec::new();
    for scaler in store.list(SCALERS, None) {
        let namespace = fields::namespace(&scaler);
        let kind = fields::text(&scaler, "/spec/scaleTargetRef/kind").to_lowercase();
        let name = fields::text(&scaler, "/spec/scaleTargetRef/name");
        let Some(target) = store.get(&format!("{kind}s.apps"), namespace, name) else { continue };
        let bound = |field: &str| fields::number(&scaler, &format!("/spec/{field}")).unwrap_or(1);
        let (least, most, is) = (bound("minReplicas"), bound("maxReplicas"), replicas(&target));
        if is != 0 && !(least..=most).contains(&is) && !two(store, &scaler) {
            let who = kind_and_name(&scaler);
            wrong.push(format!("{who}: {is} replicas instead of {least} to {most}"));
        }
    }
    wrong
}

/// Two that scale the same do nothing (`AmbiguousSelector`).
fn two(store: &Store, scaler: &Value) -> bool {
    let all = store.list(SCALERS, Some(fields::namespace(scaler)));
    let target = scaler.pointer("/spec/scaleTargetRef");
    all.iter().filter(|one| one.pointer("/spec/scaleTargetRef") == target).count() > 1
}
