//! The scheduler: which node a pod goes to, and why it goes nowhere
//! (`pkg/scheduler`, the texts of `framework/types.go FitError`).

mod volume_binding;

use std::collections::BTreeMap;
use std::time::Duration;

use apimachinery::quantity::Quantity;
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::event_loop::{Component, Controller, EventNote, Key, Plan, Write, reference};
use crate::fields;
use crate::placement;
use crate::store::{Change, Store};

/// Binds pods to nodes.
pub(crate) struct Scheduler;

impl Controller for Scheduler {
    fn name(&self) -> &'static str {
        "scheduler"
    }

    fn component(&self) -> Component {
        Component::scheduler()
    }

    fn triggers(&self, store: &Store, change: &Change) -> Vec<Key> {
        match change.resource.as_str() {
            "pods" => {
                change.new.as_deref().filter(|pod| waits(pod)).map(Key::of).into_iter().collect()
            }
            "nodes" | "persistentvolumes" | "persistentvolumeclaims" => store
                .list("pods", None)
                .iter()
                .filter(|pod| waits(pod))
                .map(|pod| Key::of(pod))
                .collect(),
            _ => Vec::new(),
        }
    }

    fn reconcile(&self, store: &Store, key: &Key, now: Timestamp) -> Plan {
        let mut plan = Plan::nothing();
        let Some(pod) = store.get("pods", &key.namespace, &key.name).filter(|pod| waits(pod))
        else {
            return plan;
        };
        let nodes = store.list("nodes", None);
        let claims = match volume_binding::claims(store, &pod) {
            Ok(claims) => claims,
            Err(why) => {
                let helpless = BTreeMap::from([(HELPLESS, nodes.len())]);
                unschedulable(&pod, nodes.len(), &why, (&helpless, now), &mut plan);
                return plan;
            }
        };
        let mut refusals: BTreeMap<String, usize> = BTreeMap::new();
        let mut preemption: BTreeMap<&str, usize> = BTreeMap::new();
        let mut feasible = Vec::new();
        for node in &nodes {
            let Some(refusal) = refusal(store, &pod, node)
                .or_else(|| claims.refusal(store, node).map(Refusal::for_good))
            else {
                feasible.push(node);
                continue;
            };
            let why = if refusal.for_good {
                HELPLESS
            } else {
                "No preemption victims found for incoming pod"
            };
            *preemption.entry(why).or_default() += 1;
            for reason in refusal.reasons {
                *refusals.entry(reason).or_default() += 1;
            }
        }
        let pods = store.list("pods", None);
        let load = |node: &Value| {
            pods.iter()
                .filter(|one| fields::text(one, "/spec/nodeName") == fields::name(node))
                .count()
        };
        match feasible.into_iter().min_by_key(|node| (load(node), fields::name(node).to_owned())) {
            Some(node) => {
                if claims.bind(store, node, &mut plan) {
                    bind(&pod, fields::name(node), &mut plan);
                }
            }
            None => {
                unschedulable(&pod, nodes.len(), &listed(&refusals), (&preemption, now), &mut plan);
            }
        }
        plan
    }
}

fn waits(pod: &Value) -> bool {
    fields::text(pod, "/spec/nodeName").is_empty()
        && !fields::deleting(pod)
        && fields::text(pod, "/spec/schedulerName") == "default-scheduler"
}

fn bind(pod: &Value, node: &str, plan: &mut Plan) {
    let binding = json!({
        "apiVersion": "v1", "kind": "Binding",
        "metadata": { "name": fields::name(pod), "namespace": fields::namespace(pod), "uid": fields::uid(pod) },
        "target": { "apiVersion": "v1", "kind": "Node", "name": node },
    });
    plan.writes.push(Write::create_subresource("pods", pod, "binding", binding));
    let message =
        format!("Successfully assigned {}/{} to {node}", fields::namespace(pod), fields::name(pod));
    let mut note = EventNote::normal(reference(pod, "v1", "Pod"), "Scheduled", message);
    note.action = Some("Binding");
    plan.events.push(note);
}

/// How many nodes say what.
fn listed<K: std::fmt::Display>(refusals: &BTreeMap<K, usize>) -> String {
    let mut reasons: Vec<String> =
        refusals.iter().map(|(why, count)| format!("{count} {why}")).collect();
    reasons.sort();
    reasons.join(", ")
}

fn unschedulable(
    pod: &Value,
    nodes: usize,
    why: &str,
    (preemption, now): (&BTreeMap<&str, usize>, Timestamp),
    plan: &mut Plan,
) {
    let message = if nodes == 0 {
        "no nodes available to schedule pods".to_owned()
    } else {
        format!(
            "0/{nodes} nodes are available: {why}. no new claims to deallocate, preemption: 0/{nodes} nodes are available: {}.",
            listed(preemption)
        )
    };
    let same = fields::condition(pod, "PodScheduled")
        .is_some_and(|condition| fields::text(condition, "/message") == message);
    plan.again(Duration::from_mins(5));
    if same {
        return;
    }
    let since = fields::condition(pod, "PodScheduled")
        .filter(|known| fields::text(known, "/status") == "False")
        .map_or_else(
            || fields::seconds(now),
            |known| fields::text(known, "/lastTransitionTime").to_owned(),
        );
    let condition = json!({
        "type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": message,
        "lastProbeTime": null, "lastTransitionTime": since,
        "observedGeneration": fields::number(pod, "/metadata/generation"),
    });
    let patch = json!({ "status": { "conditions": [condition] } });
    plan.writes.push(Write::patch(
        "pods",
        fields::namespace(pod),
        fields::name(pod),
        "status",
        patch,
    ));
    let mut note = EventNote::warning(reference(pod, "v1", "Pod"), "FailedScheduling", message);
    note.action = Some("Scheduling");
    plan.events.push(note);
}

/// What preemption says where no pod that is taken away would help.
const HELPLESS: &str = "Preemption is not helpful for scheduling";

/// Why a node does not take a pod.
struct Refusal {
    reasons: Vec<String>,
    /// Whether it does not take the pod even without its other pods (`UnschedulableAndUnresolvable`).
    for_good: bool,
}

impl Refusal {
    fn for_good(reason: String) -> Self {
        Self { reasons: vec![reason], for_good: true }
    }
}

/// Why a node does not take a pod; the plugins in their order.
fn refusal(store: &Store, pod: &Value, node: &Value) -> Option<Refusal> {
    let cordon = json!({ "key": "node.kubernetes.io/unschedulable", "effect": "NoSchedule" });
    let bears = |one: &Value| placement::tolerates(one, &cordon);
    if fields::flag(node, "/spec/unschedulable")
        && !fields::items(pod, "/spec/tolerations").iter().any(bears)
    {
        return Some(Refusal::for_good("node(s) were unschedulable".to_owned()));
    }
    if placement::untolerated(pod, node).is_some() {
        return Some(Refusal::for_good("node(s) had untolerated taint(s)".to_owned()));
    }
    if !placement::node_matches(pod, node) {
        let why = "node(s) didn't match Pod's node affinity/selector";
        return Some(Refusal::for_good(why.to_owned()));
    }
    unfit(store, pod, node)
}

/// Resources that a node lacks (`plugins/noderesources/fit.go fitsRequest`).
fn unfit(store: &Store, pod: &Value, node: &Value) -> Option<Refusal> {
    let pods: Vec<_> = store
        .list("pods", None)
        .into_iter()
        .filter(|one| fields::text(one, "/spec/nodeName") == fields::name(node) && !ended(one))
        .collect();
    let mut refusal = Refusal { reasons: Vec::new(), for_good: false };
    let most = quantity(node, "/status/allocatable/pods") / 1000;
    if i128::try_from(pods.len()).unwrap_or(i128::MAX) + 1 > most {
        refusal.reasons.push("Too many pods".to_owned());
    }
    for (resource, text) in [("cpu", "Insufficient cpu"), ("memory", "Insufficient memory")] {
        let free = quantity(node, &format!("/status/allocatable/{resource}"));
        let used: i128 = pods.iter().map(|one| requested(one, resource)).sum();
        let wanted = requested(pod, resource);
        if wanted > 0 && used + wanted > free {
            refusal.reasons.push(text.to_owned());
            refusal.for_good |= wanted > free;
        }
    }
    (!refusal.reasons.is_empty()).then_some(refusal)
}

fn ended(pod: &Value) -> bool {
    matches!(fields::text(pod, "/status/phase"), "Succeeded" | "Failed")
}

fn quantity(document: &Value, pointer: &str) -> i128 {
    Quantity::parse(fields::text(document, pointer))
        .map(|found| found.milli_value())
        .unwrap_or_default()
}

fn requested(pod: &Value, resource: &str) -> i128 {
    fields::items(pod, "/spec/containers")
        .iter()
        .map(|container| quantity(container, &format!("/resources/requests/{resource}")))
        .sum()
}
