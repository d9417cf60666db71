//! The pods of a job: what state they are in, and the requests about them.

use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{TRACKING, about, per_index};
use crate::controllers::{active_pods, pod_template};
use crate::event_loop::{EventNote, Write};
use crate::fields;

const INDEX: &str = "batch.kubernetes.io/job-completion-index";

fn phase(pod: &Value) -> &str {
    fields::text(pod, "/status/phase")
}

pub(super) fn active(pod: &Value) -> bool {
    !matches!(phase(pod), "Succeeded" | "Failed") && !fields::deleting(pod)
}

pub(super) fn terminating(pod: &Value) -> bool {
    !matches!(phase(pod), "Succeeded" | "Failed") && fields::deleting(pod)
}

pub(super) fn succeeded(pod: &Value) -> bool {
    phase(pod) == "Succeeded"
}

/// Whether a pod counts as failed; one that is being deleted does unless the job waits for its end
/// (`isPodFailed`).
pub(super) fn failed(job: &Value, pod: &Value) -> bool {
    if phase(pod) == "Failed" {
        return true;
    }
    let waits = fields::text(job, "/spec/podReplacementPolicy") == "Failed";
    let ended = fields::number(pod, "/metadata/deletionGracePeriodSeconds") == Some(0);
    fields::deleting(pod) && !succeeded(pod) && (!waits || ended)
}

/// Whether the job still has to count this pod.
pub(super) fn tracked(pod: &Value) -> bool {
    fields::items(pod, "/metadata/finalizers").iter().any(|one| one.as_str() == Some(TRACKING))
}

/// When the last container ended (`getFinishedTime`).
pub(super) fn finished_at(pod: &Value) -> Option<Timestamp> {
    let ends = fields::items(pod, "/status/containerStatuses")
        .iter()
        .filter_map(|one| fields::time(one, "/state/terminated/finishedAt"));
    ends.max().or_else(|| {
        let ready = fields::condition(pod, "Ready")?;
        fields::time(ready, "/lastTransitionTime")
    })
}

pub(super) fn index(pod: &Value) -> Option<i64> {
    fields::annotation(pod, INDEX).parse().ok()
}

/// The request that ends the tracking of a pod.
pub(super) fn release(pod: &Value) -> Write {
    let left: Vec<&Value> = fields::items(pod, "/metadata/finalizers")
        .iter()
        .filter(|one| one.as_str() != Some(TRACKING))
        .collect();
    let left = if left.is_empty() { Value::Null } else { json!(left) };
    let patch = json!({ "metadata": { "uid": fields::uid(pod), "finalizers": left } });
    Write::merge("pods", fields::namespace(pod), fields::name(pod), patch)
}

pub(super) fn delete(job: &Value, pod: &Value) -> Write {
    let text = format!("Deleted pod: {}", fields::name(pod));
    Write::delete("pods", pod, "Background").then(EventNote::normal(
        about(job),
        "SuccessfulDelete",
        text,
    ))
}

/// Takes the pods out that go first.
pub(super) fn take_victims(active: &mut Vec<Arc<Value>>, many: usize) -> Vec<Arc<Value>> {
    active_pods::sort(active, None);
    active.drain(..many.min(active.len())).collect()
}

/// The request for one more pod; `index` is the one it works on.
pub(super) fn create(job: &Value, index: Option<i64>, failures: i64) -> Write {
    let template = job.pointer("/spec/template").cloned().unwrap_or_default();
    let mut pod = pod_template::pod_of(&template, job, "batch/v1", "Job");
    let mut prefix = format!("{}-", fields::name(job));
    let mut finalizers = fields::items(&template, "/metadata/finalizers").to_vec();
    finalizers.push(json!(TRACKING));
    fields::put(&mut pod, "/metadata/finalizers", json!(finalizers));
    if let Some(index) = index {
        prefix = format!("{}-{index}-", fields::name(job));
        let key = INDEX.replace('/', "~1");
        for list in ["labels", "annotations"] {
            fields::put(&mut pod, &format!("/metadata/{list}/{key}"), json!(index.to_string()));
        }
        if per_index::limit(job).is_some() {
            let key = per_index::FAILURES.replace('/', "~1");
            let path = format!("/metadata/annotations/{key}");
            fields::put(&mut pod, &path, json!(failures.to_string()));
        }
        if fields::text(&pod, "/spec/hostname").is_empty() {
            let host = format!("{}-{index}", fields::name(job));
            fields::put(&mut pod, "/spec/hostname", json!(host));
        }
        for list in ["containers", "initContainers"] {
            name_index(&mut pod, list);
        }
    }
    fields::put(&mut pod, "/metadata/generateName", json!(prefix));
    let text = "Created pod: {name}".to_owned();
    Write::create("pods", pod).then(EventNote::normal(about(job), "SuccessfulCreate", text))
}

/// `JOB_COMPLETION_INDEX` in every container that does not set it itself.
fn name_index(pod: &mut Value, list: &str) {
    let containers = pod.pointer_mut(&format!("/spec/{list}")).and_then(Value::as_array_mut);
    for container in containers.into_iter().flatten() {
        let mut environment = fields::items(container, "/env").to_vec();
        let named = |one: &Value| fields::text(one, "/name") == "JOB_COMPLETION_INDEX";
        if environment.iter().any(named) {
            continue;
        }
        environment.push(json!({
            "name": "JOB_COMPLETION_INDEX",
            "valueFrom": { "fieldRef": { "fieldPath": format!("metadata.labels['{INDEX}']") } },
        }));
        fields::put(container, "/env", json!(environment));
    }
}
