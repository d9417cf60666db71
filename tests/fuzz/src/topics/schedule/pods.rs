//! Pods: what they ask for, and what they wish.

use cluster::rng::Stream;
use serde_json::{Value, json};

use super::nodes::IMAGES;
use super::{APPS, CLASSES, NAMESPACES, claims, pick, wishes};
use crate::pick::Pick as _;

/// A pod that waits. What it mounts is added to the objects.
pub(super) fn pod(
    chance: &mut Stream,
    name: &str,
    nodes: &[String],
    objects: &mut Vec<Value>,
) -> Value {
    let namespace = chance.one(&NAMESPACES).to_owned();
    let mut metadata = json!({ "name": name, "namespace": namespace, "labels": labels(chance) });
    if chance.once_in(4) {
        metadata["ownerReferences"] = json!([{
            "apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "set", "uid": "of-the-set", "controller": true,
        }]);
    }
    let mut spec = json!({
        "containers": containers(chance),
        "automountServiceAccountToken": false,
        "tolerations": tolerations(chance),
    });
    if chance.once_in(6) {
        spec["initContainers"] = json!([first(chance)]);
    }
    match chance.upto(12) {
        0 => {
            spec["runtimeClassName"] = json!("heavy");
            spec["overhead"] = json!({ "cpu": "250m", "memory": "64Mi" });
        }
        1 => whole(&mut spec, json!({ "cpu": "1500m", "memory": "1Gi" })),
        2 => whole(&mut spec, json!({ "cpu": "900m" })),
        _ => {}
    }
    if chance.once_in(2) {
        let (class, value) = CLASSES.get(chance.upto(CLASSES.len())).copied().unwrap_or_default();
        spec["priorityClassName"] = json!(class);
        spec["priority"] = json!(value);
        if class == "meek" {
            spec["preemptionPolicy"] = json!("Never");
        }
    }
    wishes::wish(chance, &mut spec, nodes);
    claims::mount(chance, &namespace, &mut spec, nodes, objects);
    json!({ "apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec })
}

/// What a pod asks for as a whole, which is at least what its containers do.
fn whole(spec: &mut Value, requests: Value) {
    let containers = spec["containers"].as_array_mut();
    for (number, container) in containers.into_iter().flatten().enumerate() {
        // One says something, the other nothing.
        let own = if number == 0 { json!({ "cpu": "300m" }) } else { json!({}) };
        container["resources"] = json!({ "requests": own });
    }
    spec["initContainers"] = json!([]);
    spec["resources"] = json!({ "requests": requests });
}

/// Puts a pod on a node, where it runs, ends, or has ended.
pub(super) fn place(chance: &mut Stream, pod: &mut Value, nodes: &[String], number: usize) {
    pod["spec"]["nodeName"] = match chance.upto(20) {
        0 => json!("gone"),
        _ if nodes.is_empty() => json!("gone"),
        _ => json!(pick(chance, nodes)),
    };
    let started = format!("2026-01-01T00:{:02}:{:02}Z", number, chance.upto(60));
    pod["status"] = json!({ "phase": "Running", "startTime": started });
    match chance.upto(14) {
        0 => pod["status"]["phase"] = json!(chance.one(&["Succeeded", "Failed"])),
        1 => {
            pod["metadata"]["deletionTimestamp"] = json!("2030-01-01T00:00:00Z");
            pod["metadata"]["deletionGracePeriodSeconds"] = json!(30);
        }
        _ => {}
    }
}

fn labels(chance: &mut Stream) -> Value {
    let mut labels = json!({});
    if !chance.once_in(8) {
        labels["app"] = json!(chance.one(&APPS));
    }
    if chance.once_in(2) {
        labels["tier"] = json!(chance.one(&["front", "back"]));
    }
    if chance.once_in(3) {
        labels["version"] = json!(chance.one(&["1", "2"]));
    }
    labels
}

fn containers(chance: &mut Stream) -> Vec<Value> {
    let count = 1 + usize::from(chance.once_in(4));
    let mut ports = Vec::new();
    (0..count).map(|number| container(chance, &format!("c{number}"), &mut ports)).collect()
}

fn container(chance: &mut Stream, name: &str, taken: &mut Vec<(usize, String, String)>) -> Value {
    let (image, _) = IMAGES.get(chance.upto(IMAGES.len())).copied().unwrap_or_default();
    let short = [image, "nginx", "tomcat:11"];
    let mut container =
        json!({ "name": name, "image": chance.one(&short), "resources": resources(chance) });
    if chance.once_in(6) {
        let protocol = chance.one(&["TCP", "UDP"]);
        let ip = chance.one(&["", "0.0.0.0", "127.0.0.1", "10.0.0.1"]);
        let port = (8080 + chance.upto(2), protocol.to_owned(), ip.to_owned());
        if !taken.contains(&port) {
            let mut said = json!({ "containerPort": 80, "hostPort": port.0, "protocol": protocol });
            if !ip.is_empty() {
                said["hostIP"] = json!(ip);
            }
            container["ports"] = json!([said]);
            taken.push(port);
        }
    }
    container
}

fn resources(chance: &mut Stream) -> Value {
    let mut requests = json!({});
    if !chance.once_in(4) {
        requests["cpu"] = json!(chance.one(&["0", "50m", "100m", "333m", "500m", "1", "1500m"]));
    }
    if !chance.once_in(3) {
        requests["memory"] = json!(chance.one(&["0", "64Mi", "100M", "300Mi", "1Gi", "1500Mi"]));
    }
    if chance.once_in(10) {
        requests["ephemeral-storage"] = json!(chance.one(&["100Mi", "2Gi"]));
    }
    let mut limits = json!({});
    if chance.once_in(10) {
        limits["example.com/gpu"] = json!(chance.one(&["0", "1", "2"]));
    }
    if chance.once_in(16) {
        requests["cpu"] = json!("100m");
        limits["hugepages-2Mi"] = json!(chance.one(&["2Mi", "8Mi"]));
    }
    json!({ "requests": requests, "limits": limits })
}

fn first(chance: &mut Stream) -> Value {
    let mut container = container(chance, "first", &mut Vec::new());
    if chance.once_in(3) {
        container["restartPolicy"] = json!("Always");
    } else {
        // The ports of what ends before the others start are nobody's.
        container["resources"]["requests"]["cpu"] = json!(chance.one(&["1", "2"]));
    }
    container
}

/// Those for nodes that fall silent are always there: the API server would add them.
fn tolerations(chance: &mut Stream) -> Vec<Value> {
    let silent = |what: &str| {
        json!({
            "key": format!("node.kubernetes.io/{what}"), "operator": "Exists", "effect": "NoExecute",
            "tolerationSeconds": 300,
        })
    };
    let mut all = vec![silent("not-ready"), silent("unreachable")];
    let others = [
        json!({ "key": "team", "operator": "Exists" }),
        json!({ "key": "team", "operator": "Equal", "value": "red", "effect": "NoSchedule" }),
        json!({ "key": "team", "value": "blue" }),
        json!({ "key": "spot", "operator": "Exists", "effect": "PreferNoSchedule" }),
        json!({ "key": "node.kubernetes.io/unschedulable", "operator": "Exists" }),
        json!({ "operator": "Exists", "effect": "NoSchedule" }),
        json!({ "operator": "Exists" }),
    ];
    all.extend(others.into_iter().filter(|_| chance.once_in(10)));
    all
}
