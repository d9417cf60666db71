//! The scheduler: which node a pod goes to, and why it goes nowhere (`pkg/scheduler`).
//!
//! One file for each plugin; [`decision`] asks them in their order, [`preemption`] looks for room where
//! there is none, and [`waiting`] is the queue.

mod balanced_allocation;
mod decision;
mod hints;
mod image_locality;
mod inter_pod_affinity;
mod node_affinity;
mod node_name;
mod node_ports;
mod node_resources_fit;
mod node_unschedulable;
mod plugins;
mod pod_topology_spread;
mod preemption;
mod resources;
mod snapshot;
mod taint_toleration;
mod view;
mod volume_binding;
mod volume_limits;
mod volume_restrictions;
mod volume_zone;
mod waiting;

use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Value, json};

pub use self::decision::{Decision, NodeVerdict, Score};
pub(crate) use self::node_ports::ports_clash;
pub(crate) use self::node_resources_fit::counts;
use self::preemption::{Candidate, Outcome};
pub(crate) use self::resources::{Resources, requests};
use self::snapshot::Snapshot;
use self::view::{View, priority};
use self::waiting::{Place, Waiting};
use crate::addon::Aggregation;
use crate::event_loop::{Component, Controller, EventNote, Kept, Key, Plan, Write, reference};
use crate::fields;
use crate::store::{Change, Store};

/// What would be decided now about a pod, and why; none when there is no such pod.
pub fn explain(store: &Store, namespace: &str, name: &str) -> Option<Decision> {
    let pod = store.get("pods", namespace, name)?;
    Some(decision::decide(&Snapshot::of(store).view(store), &pod))
}

/// What the scheduler says when a pod finds no node, and what it does about it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Failure {
    /// The note of the event.
    pub text: String,
    /// The node that the pod is nominated for from then on; empty when there is none.
    pub nominated: String,
    /// Who has to leave it and does not yet, as `namespace/name`.
    pub victims: Vec<String>,
}

/// What would be said now of a pod that no node can take; none when there is no such pod.
pub fn failure(store: &Store, namespace: &str, name: &str, now: Timestamp) -> Option<Failure> {
    let pod = store.get("pods", namespace, name)?;
    let cluster = Snapshot::of(store);
    let view = cluster.view(store);
    let consequence = Consequence::of(&view, &pod, &decision::decide(&view, &pod), now);
    let victims = consequence.clears.iter().flat_map(|candidate| &candidate.victims);
    let victims = victims
        .filter(|one| !fields::deleting(one))
        .map(|one| format!("{}/{}", fields::namespace(one), fields::name(one)));
    let mut victims: Vec<String> = victims.collect();
    victims.sort();
    Some(Failure {
        text: truncated(&consequence.text),
        nominated: consequence
            .nominated
            .unwrap_or_else(|| fields::text(&pod, "/status/nominatedNodeName").to_owned()),
        victims,
    })
}

/// Binds pods to nodes. It works on its queue as a whole: its only key is the empty one.
pub(crate) struct Scheduler;

impl Controller for Scheduler {
    fn name(&self) -> &'static str {
        "scheduler"
    }

    fn component(&self) -> Component {
        Component::scheduler()
    }

    fn triggers(&self, _store: &Store, change: &Change) -> Vec<Key> {
        let waits = change.resource == "pods"
            && change.old.iter().chain(&change.new).any(|pod| waiting::waits(pod));
        if waits || hints::concerns(change) { vec![Key::default()] } else { Vec::new() }
    }

    fn reconcile(&self, store: &Store, _key: &Key, now: Timestamp) -> Plan {
        step(store, None, now)
    }

    fn reconcile_with(&self, aggregation: &Aggregation<'_>, _key: &Key) -> Plan {
        step(aggregation.store, aggregation.kept, aggregation.now)
    }
}

/// What the scheduler knows from one turn to the next.
#[derive(Clone, Default)]
struct Known {
    /// Up to where the changes are known.
    revision: u64,
    waiting: Waiting,
    cluster: Snapshot,
}

/// One pod's turn.
fn step(store: &Store, kept: Option<&Kept>, now: Timestamp) -> Plan {
    let mut plan = Plan::nothing();
    let known = kept.and_then(|kept| kept.downcast_ref::<Known>());
    let Known { revision, mut waiting, mut cluster } = known.cloned().unwrap_or_default();
    // The changes are forgotten, or it is the first time: everything may have happened.
    let changes = store.changes_after(revision).ok().filter(|_| known.is_some());
    waiting.learn(store, changes.as_deref(), now);
    cluster.learn(store, changes.as_deref());
    if let Some((key, pod)) = waiting.next(store) {
        let view = cluster.view(store);
        let decision = decision::decide(&view, &pod);
        if let Some(node) = &decision.chosen {
            take(&view, &pod, node, (&mut waiting, &key, now), &mut plan);
        } else {
            waiting.put(&key, Place::Unschedulable, decision.rejectors().into_iter(), now);
            fail(&view, &pod, &decision, now, &mut plan);
        }
    }
    if let Some(rest) = waiting.rest(now) {
        plan.again(rest);
    }
    plan.kept = Some(Arc::new(Known { revision: store.revision(), waiting, cluster }));
    plan
}

/// A node is found. The pod goes there when its volumes are ready.
fn take(
    view: &View<'_>,
    pod: &Value,
    node: &str,
    (waiting, key, now): (&mut Waiting, &Key, Timestamp),
    plan: &mut Plan,
) {
    let claims = volume_binding::claims(view.store, pod).unwrap_or_default();
    let ready = view.node(node).is_some_and(|node| claims.bind(view.store, &node.node, plan));
    if ready {
        waiting.put(key, Place::Bound, std::iter::empty(), now);
        bind(pod, node, plan);
    } else {
        waiting.put(key, Place::Unschedulable, std::iter::once("VolumeBinding"), now);
    }
}

fn bind(pod: &Value, node: &str, plan: &mut Plan) {
    let binding = json!({
        "apiVersion": "v1", "kind": "Binding",
        "metadata": { "name": fields::name(pod), "namespace": fields::namespace(pod), "uid": fields::uid(pod) },
        "target": { "apiVersion": "v1", "kind": "Node", "name": node },
    });
    let message =
        format!("Successfully assigned {}/{} to {node}", fields::namespace(pod), fields::name(pod));
    let mut note = EventNote::normal(reference(pod, "v1", "Pod"), "Scheduled", message);
    note.action = Some("Binding");
    plan.writes.push(Write::create_subresource("pods", pod, "binding", binding).then(note));
}

/// No node is found (`handleSchedulingFailure`).
fn fail(view: &View<'_>, pod: &Value, decision: &Decision, now: Timestamp, plan: &mut Plan) {
    let consequence = Consequence::of(view, pod, decision, now);
    if let Some(candidate) = &consequence.clears {
        clear(view, pod, candidate, now, plan);
    }
    tell(pod, &consequence.text, consequence.nominated.as_deref(), now, plan);
}

/// What comes of it that no node can take a pod.
struct Consequence {
    text: String,
    /// The node that the pod is nominated for from now on, none of them (empty), or as before.
    nominated: Option<String>,
    clears: Option<Candidate>,
}

impl Consequence {
    fn of(view: &View<'_>, pod: &Value, decision: &Decision, now: Timestamp) -> Self {
        let nodes = view.nodes.len();
        let nowhere = Some(String::new());
        if nodes == 0 {
            let text = "no nodes available to schedule pods".to_owned();
            return Self { text, nominated: nowhere, clears: None };
        }
        let why = decision.message(nodes);
        if decision.refused_by.is_some() {
            // The plugin DynamicResources looks for what it would have prepared, and that ends the search for
            // room: `RunPostFilterPlugins` stops at an error.
            return Self { text: format!("{why} not found"), nominated: None, clears: None };
        }
        match preemption::preempt(view, pod, decision, now) {
            Outcome::Helpless { why: helpless, keeps_nomination } => {
                let text = format!("{why} no new claims to deallocate, preemption: {helpless}");
                Self { text, nominated: nowhere.filter(|_| !keeps_nomination), clears: None }
            }
            Outcome::Clears(candidate) => {
                Self { text: why, nominated: Some(candidate.node.clone()), clears: Some(candidate) }
            }
        }
    }
}

/// Has the victims leave their node (`prepareCandidateAsync`).
fn clear(view: &View<'_>, pod: &Value, candidate: &Candidate, now: Timestamp, plan: &mut Plan) {
    let node = candidate.node.as_str();
    if candidate.victims.iter().all(|victim| fields::deleting(victim)) {
        return;
    }
    for one in &view.nominated {
        let nominated = fields::text(one, "/status/nominatedNodeName") == node;
        if nominated && priority(one) < priority(pod) {
            let patch = json!({ "status": { "nominatedNodeName": null } });
            plan.writes.push(Write::patch(
                "pods",
                fields::namespace(one),
                fields::name(one),
                "status",
                patch,
            ));
        }
    }
    for victim in candidate.victims.iter().filter(|victim| !fields::deleting(victim)) {
        let condition = json!({
            "type": "DisruptionTarget", "status": "True", "reason": "PreemptionByScheduler",
            "message": format!(
                "{}: preempting to accommodate a higher priority pod",
                fields::text(pod, "/spec/schedulerName")
            ),
            "lastProbeTime": null, "lastTransitionTime": fields::seconds(now),
            "observedGeneration": fields::number(victim, "/metadata/generation"),
        });
        let patch = json!({ "status": { "conditions": [condition] } });
        let (namespace, name) = (fields::namespace(victim), fields::name(victim));
        plan.writes.push(Write::patch("pods", namespace, name, "status", patch));
        let message = format!("Preempted by pod {} on node {node}", fields::uid(pod));
        let mut note = EventNote::normal(reference(victim, "v1", "Pod"), "Preempted", message);
        note.action = Some("Preempting");
        plan.writes.push(Write::delete("pods", victim, "Background").then(note));
    }
}

/// Says in an event and in the status why a pod waits, and which node is cleared for it.
fn tell(pod: &Value, message: &str, nominated: Option<&str>, now: Timestamp, plan: &mut Plan) {
    let mut note =
        EventNote::warning(reference(pod, "v1", "Pod"), "FailedScheduling", truncated(message));
    note.action = Some("Scheduling");
    plan.events.push(note);
    let known = fields::condition(pod, "PodScheduled");
    let of_known = |pointer| known.map_or("", |known| fields::text(known, pointer));
    let was_false = of_known("/status") == "False";
    let same =
        was_false && of_known("/message") == message && of_known("/reason") == "Unschedulable";
    let before = fields::text(pod, "/status/nominatedNodeName");
    let nominated = nominated.filter(|node| *node != before);
    if same && nominated.is_none() {
        return;
    }
    let since =
        if was_false { of_known("/lastTransitionTime").to_owned() } else { fields::seconds(now) };
    let mut patch = json!({ "status": { "conditions": [{
        "type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": message,
        "lastProbeTime": null, "lastTransitionTime": since,
        "observedGeneration": fields::number(pod, "/metadata/generation"),
    }] } });
    if let Some(node) = nominated {
        let node = if node.is_empty() { Value::Null } else { json!(node) };
        fields::put(&mut patch, "/status/nominatedNodeName", node);
    }
    let (namespace, name) = (fields::namespace(pod), fields::name(pod));
    plan.writes.push(Write::patch("pods", namespace, name, "status", patch));
}

/// The note of an event has at most 1024 bytes (`truncateMessage`).
fn truncated(message: &str) -> String {
    const MOST: usize = 1024;
    if message.len() <= MOST {
        return message.to_owned();
    }
    let end = (0..=MOST - 4).rev().find(|at| message.is_char_boundary(*at)).unwrap_or(0);
    format!("{} ...", message.get(..end).unwrap_or_default())
}
