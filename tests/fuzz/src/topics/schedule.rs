//! Scheduling: small clusters and a pod that waits in them. Which nodes can take it, what each of the others says,
//! how the scheduler ranks them, and what the event says when there is none (`pkg/scheduler`).
#![expect(clippy::indexing_slicing, reason = "a member of a document that is not there is null")]

mod claims;
mod nodes;
mod played;
mod pods;
mod wishes;

use cluster::rng::Stream;
use serde_json::{Value, json};

pub(super) use self::played::ours;
use crate::pick::Pick as _;

const ZONE: &str = "topology.kubernetes.io/zone";
const REGION: &str = "topology.kubernetes.io/region";
const HOSTNAME: &str = "kubernetes.io/hostname";
const ZONES: [&str; 3] = ["north", "south", "west"];
const NAMESPACES: [&str; 3] = ["default", "blue", "red"];
const APPS: [&str; 3] = ["web", "db", "cache"];
/// Classes that both sides know; a case says their values too.
const CLASSES: [(&str, i64); 4] = [("low", 10), ("middle", 100), ("meek", 500), ("high", 1000)];

pub(super) fn case(chance: &mut Stream) -> Value {
    let mut objects = namespaces(chance);
    let nodes = nodes::several(chance, &mut objects);
    claims::classes(&mut objects);
    surroundings(chance, &mut objects);
    let there = chance.upto(11);
    for number in 0..there {
        let mut pod = pods::pod(chance, &format!("there-{number}"), &nodes, &mut objects);
        pods::place(chance, &mut pod, &nodes, number);
        objects.push(pod);
    }
    if chance.once_in(4) {
        let mut rival = pods::pod(chance, "rival", &nodes, &mut objects);
        rival["status"] = json!({ "nominatedNodeName": pick(chance, &nodes) });
        match chance.upto(6) {
            0 => rival["spec"]["schedulingGates"] = json!([{ "name": "example.com/later" }]),
            1 => rival["spec"]["schedulerName"] = json!("other"),
            _ => {}
        }
        objects.push(rival);
    }
    let mut pod = pods::pod(chance, "pod", &nodes, &mut objects);
    if chance.once_in(10) {
        pod["status"] = json!({ "nominatedNodeName": pick(chance, &nodes) });
    }
    json!({ "objects": objects, "pod": pod })
}

fn pick(chance: &mut Stream, from: &[String]) -> String {
    let at = chance.upto(from.len());
    from.get(at).cloned().unwrap_or_default()
}

fn namespaces(chance: &mut Stream) -> Vec<Value> {
    let of = |name: &str| {
        let mut labels = json!({ "kubernetes.io/metadata.name": name });
        if chance.once_in(2) {
            labels["team"] = json!(chance.one(&["one", "two"]));
        }
        json!({ "apiVersion": "v1", "kind": "Namespace", "metadata": { "name": name, "labels": labels } })
    };
    NAMESPACES.map(of).to_vec()
}

/// Services and sets, whose pods are spread when nothing else is said, and budgets.
fn surroundings(chance: &mut Stream, objects: &mut Vec<Value>) {
    if chance.once_in(3) {
        objects.push(json!({
            "apiVersion": "v1", "kind": "Service",
            "metadata": { "name": "service", "namespace": chance.one(&NAMESPACES) },
            "spec": { "selector": { "app": chance.one(&APPS) }, "ports": [{ "port": 80 }] },
        }));
    }
    if chance.once_in(3) {
        let app = chance.one(&APPS);
        objects.push(json!({
            "apiVersion": "apps/v1", "kind": "ReplicaSet",
            "metadata": { "name": "set", "namespace": chance.one(&NAMESPACES) },
            "spec": {
                "selector": { "matchLabels": { "app": app } },
                "template": {
                    "metadata": { "labels": { "app": app } },
                    "spec": { "containers": [{ "name": "c", "image": "nginx" }] },
                },
            },
        }));
    }
    for number in 0..chance.upto(3) {
        objects.push(json!({
            "apiVersion": "policy/v1", "kind": "PodDisruptionBudget",
            "metadata": { "name": format!("budget-{number}"), "namespace": chance.one(&NAMESPACES) },
            "spec": { "minAvailable": 1, "selector": { "matchLabels": { "app": chance.one(&APPS) } } },
            "status": {
                "disruptionsAllowed": chance.upto(2), "currentHealthy": 1, "desiredHealthy": 1, "expectedPods": 1,
            },
        }));
    }
}

/// Classes of priority, which only one side looks up, and what both sides would say otherwise when they are gone.
pub(super) fn fits(case: &Value) -> bool {
    let pods = case["objects"].as_array().into_iter().flatten().chain(case.get("pod"));
    let whole = |pod: &Value| {
        let spec = &pod["spec"];
        spec["priorityClassName"].is_null() == spec["priority"].is_null()
            && spec["runtimeClassName"].is_null() == spec["overhead"].is_null()
    };
    let whole = pods.filter(|one| one["kind"] == "Pod").all(whole);
    whole && case.get("pod").is_some() && played::accepted(case)
}
