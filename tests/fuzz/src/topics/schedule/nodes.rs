//! Nodes: labels, taints, what they have, and which images.

use cluster::rng::Stream;
use serde_json::{Value, json};

use super::{HOSTNAME, REGION, ZONE, ZONES};
use crate::pick::Pick as _;

/// Images with their sizes in MiB.
pub(super) const IMAGES: [(&str, u64); 4] = [
    ("docker.io/library/nginx:latest", 60),
    ("docker.io/library/tomcat:11", 480),
    ("registry.example.com/big:v1", 1900),
    ("docker.io/library/busybox:1.36", 4),
];

/// Adds some nodes and says their names.
pub(super) fn several(chance: &mut Stream, objects: &mut Vec<Value>) -> Vec<String> {
    let count = if chance.once_in(60) { 0 } else { 1 + chance.upto(6) };
    let names: Vec<String> = (0..count).map(|number| format!("n{number}")).collect();
    for name in &names {
        objects.push(node(chance, name));
        if chance.once_in(3) {
            objects.push(json!({
                "apiVersion": "storage.k8s.io/v1", "kind": "CSINode", "metadata": { "name": name },
                "spec": { "drivers": [{
                    "name": "csi.example.com", "nodeID": name, "allocatable": { "count": chance.upto(3) },
                }] },
            }));
        }
    }
    names
}

fn node(chance: &mut Stream, name: &str) -> Value {
    let mut spec = json!({});
    if chance.once_in(8) {
        spec["unschedulable"] = json!(true);
    }
    let taints = taints(chance);
    if !taints.is_empty() {
        spec["taints"] = json!(taints);
    }
    let images = IMAGES
        .iter()
        .filter(|_| chance.once_in(3))
        .map(|(image, size)| json!({ "names": [image], "sizeBytes": size * 1024 * 1024 }));
    let images: Vec<Value> = images.collect();
    let amounts = amounts(chance);
    json!({
        "apiVersion": "v1", "kind": "Node",
        "metadata": { "name": name, "labels": labels(chance, name) },
        "spec": spec,
        "status": { "capacity": amounts, "allocatable": amounts, "images": images },
    })
}

fn labels(chance: &mut Stream, name: &str) -> Value {
    let mut labels = json!({});
    if !chance.once_in(20) {
        labels[HOSTNAME] = json!(name);
    }
    if !chance.once_in(5) {
        labels[ZONE] = json!(chance.one(&ZONES));
    }
    if chance.once_in(3) {
        labels[REGION] = json!(chance.one(&["east", "far"]));
    }
    if !chance.once_in(3) {
        labels["disk"] = json!(chance.one(&["ssd", "hdd"]));
    }
    if chance.once_in(2) {
        labels["rank"] = json!(chance.one(&["1", "5", "9", "12", "x", "007", "4.5"]));
    }
    labels
}

fn taints(chance: &mut Stream) -> Vec<Value> {
    let all = [
        json!({ "key": "team", "value": "red", "effect": "NoSchedule" }),
        json!({ "key": "team", "value": "blue", "effect": "NoExecute" }),
        json!({ "key": "spot", "effect": "PreferNoSchedule" }),
        json!({ "key": "team", "value": "red", "effect": "PreferNoSchedule" }),
        json!({ "key": "node.kubernetes.io/unschedulable", "effect": "NoSchedule" }),
        json!({ "key": "node.kubernetes.io/not-ready", "effect": "NoExecute" }),
    ];
    all.into_iter().filter(|_| chance.once_in(9)).collect()
}

fn amounts(chance: &mut Stream) -> Value {
    let pods = if chance.once_in(4) { 1 + chance.upto(3) } else { 110 };
    let mut amounts = json!({
        "cpu": format!("{}m", 500 * (1 + chance.upto(8))),
        "memory": chance.one(&["512Mi", "1Gi", "2Gi", "3500M", "8Gi"]),
        "pods": pods.to_string(),
    });
    if chance.once_in(2) {
        amounts["ephemeral-storage"] = json!(chance.one(&["1Gi", "10Gi"]));
    }
    if chance.once_in(3) {
        amounts["example.com/gpu"] = json!(chance.upto(4).to_string());
    }
    if chance.once_in(4) {
        amounts["hugepages-2Mi"] = json!(chance.one(&["0", "4Mi", "16Mi"]));
    }
    amounts
}
