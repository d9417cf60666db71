//! DaemonSets: one pod on every node that takes it (`pkg/controller/daemon`).

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::claim;
use super::pod_template::{History, REVISION_LABEL, available, pod_of};
use crate::event_loop::{Component, Controller, EventNote, Failure, Key, Plan, Write, reference};
use crate::fields;
use crate::placement;
use crate::store::{Change, Object, Store};

const RESOURCE: &str = "daemonsets.apps";
const GENERATION: &str = "deprecated.daemonset.template.generation";

/// What every pod of a DaemonSet tolerates (`pkg/controller/daemon/util/daemonset_util.go`).
const TOLERATED: [(&str, &str); 6] = [
    ("node.kubernetes.io/not-ready", "NoExecute"),
    ("node.kubernetes.io/unreachable", "NoExecute"),
    ("node.kubernetes.io/disk-pressure", "NoSchedule"),
    ("node.kubernetes.io/memory-pressure", "NoSchedule"),
    ("node.kubernetes.io/pid-pressure", "NoSchedule"),
    ("node.kubernetes.io/unschedulable", "NoSchedule"),
];

/// The control loop.
pub(crate) struct DaemonSets;

/// Pods of a set by the node that they are on or meant for.
type ByNode = BTreeMap<String, Vec<Arc<Value>>>;

impl Controller for DaemonSets {
    fn name(&self) -> &'static str {
        "daemonset-controller"
    }

    fn component(&self) -> Component {
        Component::controller("daemon-set-controller", "daemonset-controller")
    }

    fn triggers(&self, store: &Store, change: &Change) -> Vec<Key> {
        let owner = |pod: &Object| {
            let owner = fields::controller_of(pod)?;
            (fields::text(owner, "/kind") == "DaemonSet")
                .then(|| Key::new(&change.namespace, fields::text(owner, "/name")))
        };
        match change.resource.as_str() {
            RESOURCE => vec![Key::new(&change.namespace, &change.name)],
            "pods" => [&change.old, &change.new]
                .into_iter()
                .flatten()
                .filter_map(owner)
                .chain(claim::adopters(store, RESOURCE, change))
                .collect(),
            "nodes" => store.list(RESOURCE, None).iter().map(|set| Key::of(set)).collect(),
            _ => Vec::new(),
        }
    }

    fn reconcile(&self, store: &Store, key: &Key, now: Timestamp) -> Plan {
        let mut plan = Plan::nothing();
        let Some(set) = store.get(RESOURCE, &key.namespace, &key.name) else { return plan };
        if fields::deleting(&set) {
            return plan;
        }
        let history = History::of(store, &set, "DaemonSet", &mut plan);
        let nodes = store.list("nodes", None);
        let pods = by_node(store, &set, &mut plan);
        for node in &nodes {
            manage(&set, node, pods.get(fields::name(node)), &history.hash, &mut plan);
        }
        for (node, lost) in &pods {
            if !nodes.iter().any(|one| fields::name(one) == node) {
                for pod in lost {
                    delete(&set, pod, &mut plan);
                }
            }
        }
        if fields::text(&set, "/spec/updateStrategy/type") == "RollingUpdate" {
            match max_surge(&set, nodes.iter().filter(|node| should_run(&set, node).0).count()) {
                0 => roll(&set, &nodes, &pods, &history.hash, now, &mut plan),
                most => surge(&set, &nodes, &pods, (&history.hash, most), now, &mut plan),
            }
        }
        let used = pods.values().flatten().map(|pod| revision_of(pod).to_owned());
        history.truncate(&set, &used.collect::<Vec<_>>(), &mut plan);
        status(&set, &nodes, &pods, &history.hash, now, &mut plan);
        plan
    }

    fn refused(&self, store: &Store, key: &Key, _now: Timestamp, failures: &[Failure]) -> Plan {
        let mut plan = Plan::nothing();
        let Some(set) = store.get(RESOURCE, &key.namespace, &key.name) else { return plan };
        for failure in failures.iter().filter(|one| one.write.path().ends_with("/pods")) {
            plan.events.push(EventNote::warning(
                reference(&set, "apps/v1", "DaemonSet"),
                "FailedCreate",
                format!("Error creating: {}", failure.message()),
            ));
        }
        plan
    }
}

fn by_node(store: &Store, set: &Value, plan: &mut Plan) -> ByNode {
    let mut found = ByNode::new();
    for pod in claim::claimed(store, (set, "DaemonSet"), "pods", |_| true, plan) {
        found.entry(placement::node_of(&pod).to_owned()).or_default().push(pod);
    }
    found
}

fn revision_of(pod: &Value) -> &str {
    pod.pointer("/metadata/labels")
        .and_then(|labels| labels.get(REVISION_LABEL))
        .and_then(Value::as_str)
        .unwrap_or_default()
}

/// Whether a node should get a pod, and whether it may keep one (`NodeShouldRunDaemonPod`).
fn should_run(set: &Value, node: &Value) -> (bool, bool) {
    let pod = pod_for(set, fields::name(node), "");
    if !placement::node_matches(&pod, node) {
        return (false, false);
    }
    match placement::untolerated(&pod, node) {
        None => (true, true),
        Some(_) => (false, placement::untolerated_effect(&pod, node, "NoExecute").is_none()),
    }
}

/// `podsShouldBeOnNode`.
fn manage(set: &Value, node: &Value, pods: Option<&Vec<Arc<Value>>>, hash: &str, plan: &mut Plan) {
    let (run, keep) = should_run(set, node);
    let pods = pods.map(Vec::as_slice).unwrap_or_default();
    let mut living = Vec::new();
    for pod in pods.iter().filter(|pod| !fields::deleting(pod)) {
        match fields::text(pod, "/status/phase") {
            "Failed" => {
                let text = format!(
                    "Found failed daemon pod {}/{} on node {}, will try to kill it",
                    fields::namespace(pod),
                    fields::name(pod),
                    fields::name(node)
                );
                let about = reference(set, "apps/v1", "DaemonSet");
                plan.events.push(EventNote::warning(about, "FailedDaemonPod", text));
                delete(set, pod, plan);
            }
            "Succeeded" => delete(set, pod, plan),
            _ => living.push(pod),
        }
    }
    if run && pods.is_empty() {
        create(set, node, hash, plan);
    } else if !keep {
        for pod in living {
            delete(set, pod, plan);
        }
    }
}

fn create(set: &Value, node: &Value, hash: &str, plan: &mut Plan) {
    let pod = pod_for(set, fields::name(node), hash);
    plan.writes.push(Write::create("pods", pod).then(EventNote::normal(
        reference(set, "apps/v1", "DaemonSet"),
        "SuccessfulCreate",
        "Created pod: {name}".to_owned(),
    )));
}

fn delete(set: &Value, pod: &Value, plan: &mut Plan) {
    if fields::deleting(pod) {
        return;
    }
    plan.writes.push(Write::delete("pods", pod, "Background").then(EventNote::normal(
        reference(set, "apps/v1", "DaemonSet"),
        "SuccessfulDelete",
        format!("Deleted pod: {}", fields::name(pod)),
    )));
}

/// The pod for a node: its affinity names the node, and the scheduler does the rest.
fn pod_for(set: &Value, node: &str, hash: &str) -> Value {
    let template = set.pointer("/spec/template").cloned().unwrap_or_default();
    let mut pod = pod_of(&template, set, "apps/v1", "DaemonSet");
    fields::put(&mut pod, "/metadata/generateName", json!(format!("{}-", fields::name(set))));
    if !hash.is_empty() {
        fields::put(&mut pod, &format!("/metadata/labels/{REVISION_LABEL}"), json!(hash));
        let generation = match fields::annotation(set, GENERATION) {
            "" => "1",
            generation => generation,
        };
        fields::put(&mut pod, "/metadata/labels/pod-template-generation", json!(generation));
    }
    let mut tolerations = fields::items(&pod, "/spec/tolerations").to_vec();
    let host = fields::flag(&pod, "/spec/hostNetwork")
        .then_some(("node.kubernetes.io/network-unavailable", "NoSchedule"));
    for (key, effect) in TOLERATED.into_iter().chain(host) {
        let toleration = json!({ "key": key, "operator": "Exists", "effect": effect });
        if !tolerations.contains(&toleration) {
            tolerations.push(toleration);
        }
    }
    fields::put(&mut pod, "/spec/tolerations", json!(tolerations));
    let on_node = json!([{ "key": "metadata.name", "operator": "In", "values": [node] }]);
    let terms = "/spec/affinity/nodeAffinity/requiredDuringSchedulingIgnoredDuringExecution/nodeSelectorTerms";
    let mut wanted = fields::items(&pod, terms).to_vec();
    if wanted.is_empty() {
        wanted.push(json!({}));
    }
    for term in &mut wanted {
        fields::put(term, "/matchFields", on_node.clone());
    }
    fields::put(&mut pod, terms, json!(wanted));
    pod
}

/// How many nodes may be without an available pod while rolling.
fn max_unavailable(set: &Value, desired: usize) -> usize {
    part_of(set, "maxUnavailable", desired).unwrap_or(1)
}

/// On how many nodes a new pod may run beside an old one.
fn max_surge(set: &Value, desired: usize) -> usize {
    part_of(set, "maxSurge", desired).unwrap_or_default()
}

fn part_of(set: &Value, field: &str, desired: usize) -> Option<usize> {
    match set.pointer(&format!("/spec/updateStrategy/rollingUpdate/{field}"))? {
        Value::String(percent) => {
            let percent: usize = percent.trim_end_matches('%').parse().unwrap_or_default();
            Some((desired * percent).div_ceil(100))
        }
        value => usize::try_from(value.as_i64()?).ok(),
    }
}

/// New pods beside old ones, which go when the new ones are available (`rollingUpdate` with surge).
fn surge(
    set: &Value,
    nodes: &[Arc<Value>],
    pods: &ByNode,
    (hash, most): (&str, usize),
    now: Timestamp,
    plan: &mut Plan,
) {
    let min_ready = fields::number(set, "/spec/minReadySeconds").unwrap_or_default();
    let (mut surging, mut candidates) = (0, Vec::new());
    for node in nodes.iter().filter(|node| should_run(set, node).0) {
        let on_node = pods.get(fields::name(node)).map(Vec::as_slice).unwrap_or_default();
        let living = || on_node.iter().filter(|pod| !fields::deleting(pod));
        let newest = living().find(|pod| revision_of(pod) == hash);
        let Some(old) = living().find(|pod| revision_of(pod) != hash) else { continue };
        match newest {
            Some(pod) if available(pod, min_ready, now) => delete(set, old, plan),
            Some(pod) => {
                surging += usize::from(available(old, min_ready, now));
                if fields::condition_true(pod, "Ready") {
                    plan.again(Duration::from_secs(1));
                }
            }
            None if available(old, min_ready, now) => candidates.push(node),
            // An old pod that serves nobody may be replaced at once.
            None => create(set, node, hash, plan),
        }
    }
    for node in candidates.into_iter().take(most.saturating_sub(surging)) {
        create(set, node, hash, plan);
    }
}

/// Replaces old pods, unavailable ones first (`rollingUpdate` without surge).
fn roll(
    set: &Value,
    nodes: &[Arc<Value>],
    pods: &ByNode,
    hash: &str,
    now: Timestamp,
    plan: &mut Plan,
) {
    let min_ready = fields::number(set, "/spec/minReadySeconds").unwrap_or_default();
    let running: Vec<_> = nodes.iter().filter(|node| should_run(set, node).0).collect();
    let (mut missing, mut useless, mut candidates) = (0, Vec::new(), Vec::new());
    for node in &running {
        let on_node = pods.get(fields::name(node)).map(Vec::as_slice).unwrap_or_default();
        let newest = on_node.iter().find(|pod| revision_of(pod) == hash);
        let old = on_node.iter().find(|pod| revision_of(pod) != hash);
        match (newest, old) {
            (None, None) => missing += 1,
            (Some(pod), _) => missing += usize::from(!available(pod, min_ready, now)),
            (None, Some(pod)) if fields::deleting(pod) => missing += 1,
            (None, Some(pod)) if !available(pod, min_ready, now) => {
                missing += 1;
                useless.push(pod);
            }
            (None, Some(pod)) => candidates.push(pod),
        }
    }
    let allowed = max_unavailable(set, running.len()).saturating_sub(missing);
    for pod in useless.into_iter().chain(candidates.into_iter().take(allowed)) {
        delete(set, pod, plan);
    }
}

fn status(
    set: &Value,
    nodes: &[Arc<Value>],
    pods: &ByNode,
    hash: &str,
    now: Timestamp,
    plan: &mut Plan,
) {
    let min_ready = fields::number(set, "/spec/minReadySeconds").unwrap_or_default();
    let (mut desired, mut current, mut stray) = (0, 0, 0);
    let (mut ready, mut usable, mut updated) = (0, 0, 0);
    for node in nodes {
        let (run, _) = should_run(set, node);
        let on_node = pods.get(fields::name(node)).map(Vec::as_slice).unwrap_or_default();
        if !run {
            stray += usize::from(!on_node.is_empty());
            continue;
        }
        desired += 1;
        let Some(pod) =
            on_node.iter().max_by_key(|pod| fields::time(pod, "/metadata/creationTimestamp"))
        else {
            continue;
        };
        current += 1;
        updated += usize::from(revision_of(pod) == hash);
        if fields::condition_true(pod, "Ready") {
            ready += 1;
            if available(pod, min_ready, now) {
                usable += 1;
            } else {
                plan.again(Duration::from_secs(1));
            }
        }
    }
    let mut status = json!({
        "currentNumberScheduled": current, "desiredNumberScheduled": desired,
        "numberMisscheduled": stray, "numberReady": ready,
        "observedGeneration": fields::number(set, "/metadata/generation"),
    });
    for (key, value) in [
        ("updatedNumberScheduled", updated),
        ("numberAvailable", usable),
        ("numberUnavailable", desired - usable),
    ] {
        if value > 0 {
            fields::put(&mut status, &format!("/{key}"), json!(value));
        }
    }
    if set.get("status") != Some(&status) {
        let mut changed = set.clone();
        fields::put(&mut changed, "/status", status);
        plan.writes.push(Write::update_subresource(RESOURCE, changed, "status"));
    }
}
