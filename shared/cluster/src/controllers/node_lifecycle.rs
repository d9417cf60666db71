//! Nodes of which nothing is heard are not ready, and taints tell so (`pkg/controller/nodelifecycle`).

use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::addon::Aggregation;
use crate::event_loop::{Component, Controller, EventNote, Key, Plan, Write, reference};
use crate::fields;
use crate::store::{Change, Store};

const NOT_READY: &str = "node.kubernetes.io/not-ready";
const UNREACHABLE: &str = "node.kubernetes.io/unreachable";
const UNSCHEDULABLE: &str = "node.kubernetes.io/unschedulable";
const READY: [&str; 2] = [NOT_READY, UNREACHABLE];
const PRESSURES: [(&str, &str); 4] = [
    ("MemoryPressure", "node.kubernetes.io/memory-pressure"),
    ("DiskPressure", "node.kubernetes.io/disk-pressure"),
    ("NetworkUnavailable", "node.kubernetes.io/network-unavailable"),
    ("PIDPressure", "node.kubernetes.io/pid-pressure"),
];
const OURS: [&str; 7] = [
    NOT_READY,
    UNREACHABLE,
    UNSCHEDULABLE,
    "node.kubernetes.io/memory-pressure",
    "node.kubernetes.io/disk-pressure",
    "node.kubernetes.io/network-unavailable",
    "node.kubernetes.io/pid-pressure",
];
const LEASES: &str = "leases.coordination.k8s.io";
/// `--node-monitor-grace-period`, `--node-startup-grace-period`.
const GRACE: Duration = Duration::from_secs(50);
const STARTUP_GRACE: Duration = Duration::from_mins(1);

/// The control loop.
pub(crate) struct Nodes;

impl Controller for Nodes {
    fn name(&self) -> &'static str {
        "node-lifecycle-controller"
    }

    fn component(&self) -> Component {
        Component::controller("node-controller", "node-controller")
    }

    fn triggers(&self, _store: &Store, change: &Change) -> Vec<Key> {
        if change.resource == "nodes" { vec![Key::new("", &change.name)] } else { Vec::new() }
    }

    fn reconcile(&self, _store: &Store, _key: &Key, _now: Timestamp) -> Plan {
        Plan::nothing()
    }

    fn reconcile_with(&self, aggregation: &Aggregation<'_>, key: &Key) -> Plan {
        let (store, now) = (aggregation.store, aggregation.now);
        let mut plan = Plan::nothing();
        let Some(node) = store.get("nodes", "", &key.name) else {
            plan.remember = Some(Value::Null);
            return plan;
        };
        // A kubelet renews its lease; a Node that somebody made has nobody who speaks for it.
        let lease = store.get(LEASES, "kube-node-lease", &key.name);
        let silent = aggregation.silent.contains_key(&key.name);
        if lease.is_none() || silent {
            let renewed = lease.and_then(|lease| fields::time(&lease, "/spec/renewTime"));
            miss(&node, renewed, aggregation, &mut plan);
        }
        taint(&node, now, &mut plan);
        plan
    }
}

/// Waits for a word of the node's kubelet, and says in the end that there was none (`monitorNodeHealth`).
fn miss(node: &Value, renewed: Option<Timestamp>, aggregation: &Aggregation<'_>, plan: &mut Plan) {
    let now = aggregation.now;
    let ready = fields::condition(node, "Ready");
    if ready.is_some_and(|ready| fields::text(ready, "/status") == "Unknown") {
        return;
    }
    // The word that was heard last, and when.
    let word = ready.map_or(Value::Null, |ready| json!(ready));
    let heard = fields::time(aggregation.memory, "/at")
        .filter(|_| aggregation.memory.get("word") == Some(&word))
        .or(renewed)
        .unwrap_or(now);
    plan.remember = Some(json!({ "at": heard.to_string(), "word": word }));
    let grace = if ready.is_some() { GRACE } else { STARTUP_GRACE };
    let end = heard.checked_add(grace).unwrap_or(Timestamp::MAX);
    if now < end {
        plan.again(Duration::try_from(end.duration_since(now)).unwrap_or_default());
        return;
    }
    let (reason, message) = if ready.is_some() {
        ("NodeStatusUnknown", "Kubelet stopped posting node status.")
    } else {
        ("NodeStatusNeverUpdated", "Kubelet never posted node status.")
    };
    let conditions: Vec<Value> = ["Ready", "MemoryPressure", "DiskPressure", "PIDPressure"]
        .into_iter()
        .map(|kind| {
            let beat = fields::condition(node, kind).map_or_else(
                || fields::text(node, "/metadata/creationTimestamp"),
                |known| fields::text(known, "/lastHeartbeatTime"),
            );
            json!({
                "type": kind, "status": "Unknown", "reason": reason, "message": message,
                "lastHeartbeatTime": beat, "lastTransitionTime": fields::seconds(now),
            })
        })
        .collect();
    let patch = json!({ "status": { "conditions": conditions } });
    plan.writes.push(Write::patch("nodes", "", fields::name(node), "status", patch));
    if ready.is_some() {
        let name = fields::name(node);
        let about = json!({ "kind": "Node", "name": name, "uid": fields::uid(node) });
        let text = format!("Node {name} status is now: NodeNotReady");
        plan.events.push(EventNote::normal(about, "NodeNotReady", text));
        not_ready(aggregation.store, name, now, plan);
    }
}

/// Nobody can say that its pods are ready (`pkg/controller/util/node MarkPodsNotReady`).
fn not_ready(store: &Store, node: &str, now: Timestamp, plan: &mut Plan) {
    let mut pods = store.list("pods", None);
    pods.retain(|pod| fields::text(pod, "/spec/nodeName") == node);
    for pod in pods.iter().filter(|pod| fields::condition(pod, "Ready").is_some()) {
        let text = "Node is not ready".to_owned();
        let note = EventNote::warning(reference(pod, "v1", "Pod"), "NodeNotReady", text);
        if !fields::condition_true(pod, "Ready") {
            continue;
        }
        let patch = json!({ "status": { "conditions": [{
            "type": "Ready", "status": "False", "lastTransitionTime": fields::seconds(now),
        }] } });
        let (namespace, name) = (fields::namespace(pod), fields::name(pod));
        plan.writes.push(Write::patch("pods", namespace, name, "status", patch).then(note));
    }
}

/// The taints follow the conditions and `spec.unschedulable` (`doNoScheduleTaintingPass`,
/// `processTaintBaseEviction`).
fn taint(node: &Value, now: Timestamp, plan: &mut Plan) {
    let taints = fields::items(node, "/spec/taints");
    let wanted = wanted(node);
    let ours = |taint: &Value| {
        let (key, effect) = (fields::text(taint, "/key"), fields::text(taint, "/effect"));
        OURS.contains(&key)
            && (effect == "NoSchedule" || (effect == "NoExecute" && READY.contains(&key)))
    };
    let mut left: Vec<Value> = taints.iter().filter(|taint| !ours(taint)).cloned().collect();
    for (key, effect) in wanted {
        let same = |taint: &&Value| {
            fields::text(taint, "/key") == key && fields::text(taint, "/effect") == effect
        };
        left.push(taints.iter().find(same).cloned().unwrap_or_else(
            || json!({ "key": key, "effect": effect, "timeAdded": fields::seconds(now) }),
        ));
    }
    let known = |taint: &Value| left.contains(taint);
    if left.len() != taints.len() || !taints.iter().all(known) {
        let patch = json!({ "spec": { "taints": left } });
        plan.writes.push(Write::merge("nodes", "", fields::name(node), patch));
    }
}

/// `nodeConditionToTaintKeyStatusMap`, and the taint of a cordon.
fn wanted(node: &Value) -> Vec<(&'static str, &'static str)> {
    let status = |kind: &str| {
        fields::condition(node, kind).map_or("", |one| fields::text(one, "/status")).to_owned()
    };
    let mut wanted = Vec::new();
    let ready = status("Ready");
    match ready.as_str() {
        "False" => wanted.push((NOT_READY, "NoSchedule")),
        "Unknown" => wanted.push((UNREACHABLE, "NoSchedule")),
        _ => {}
    }
    for (kind, key) in PRESSURES {
        if status(kind) == "True" {
            wanted.push((key, "NoSchedule"));
        }
    }
    if fields::flag(node, "/spec/unschedulable") {
        wanted.push((UNSCHEDULABLE, "NoSchedule"));
    }
    match ready.as_str() {
        "False" => wanted.push((NOT_READY, "NoExecute")),
        "Unknown" => wanted.push((UNREACHABLE, "NoExecute")),
        // Admission marks a node that has said nothing yet; that stays until it has.
        "" if taints_of(node, NOT_READY) => wanted.push((NOT_READY, "NoSchedule")),
        _ => {}
    }
    wanted
}

fn taints_of(node: &Value, key: &str) -> bool {
    fields::items(node, "/spec/taints").iter().any(|taint| fields::text(taint, "/key") == key)
}
