//! ReplicaSets and their forerunner, ReplicationControllers: as many pods as asked for
//! (`pkg/controller/replicaset`, `pkg/controller/replication`).

use std::collections::BTreeMap;
use std::sync::Arc;

use apimachinery::selector::LabelSelector;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::active_pods::{self, Ranks};
use super::claim;
use super::pod_template::owner_reference;
use crate::event_loop::{Component, Controller, EventNote, Failure, Key, Plan, Write, reference};
use crate::fields;
use crate::store::{Change, Store};

const FAILURE: &str = "ReplicaFailure";

/// What differs between the two kinds.
#[derive(Debug)]
pub(crate) struct Flavour {
    resource: &'static str,
    api_version: &'static str,
    kind: &'static str,
    name: &'static str,
    /// Service account and name in events.
    account: &'static str,
    /// Whether the status counts pods that are on their way out.
    counts_terminating: bool,
}

/// `apps/v1`.
pub(crate) static REPLICA_SETS: Flavour = Flavour {
    resource: "replicasets.apps",
    api_version: "apps/v1",
    kind: "ReplicaSet",
    name: "replicaset-controller",
    account: "replicaset-controller",
    counts_terminating: true,
};

/// `v1`.
pub(crate) static REPLICATION_CONTROLLERS: Flavour = Flavour {
    resource: "replicationcontrollers",
    api_version: "v1",
    kind: "ReplicationController",
    name: "replicationcontroller-controller",
    account: "replication-controller",
    counts_terminating: false,
};

/// The control loop.
pub(crate) struct ReplicaSets(pub(crate) &'static Flavour);

impl ReplicaSets {
    fn about(&self, set: &Value) -> Value {
        reference(set, self.0.api_version, self.0.kind)
    }

    fn of(&self, store: &Store, key: &Key) -> Option<Arc<Value>> {
        store.get(self.0.resource, &key.namespace, &key.name)
    }

    /// Creates or deletes as many pods as there are too few or too many (`manageReplicas`).
    fn scale(
        &self,
        store: &Store,
        set: &Value,
        (pods, wanted): (&[Arc<Value>], usize),
        now: Timestamp,
        plan: &mut Plan,
    ) {
        if pods.len() < wanted {
            plan.slow_start = true;
            for _ in pods.len()..wanted {
                let pod = pod_of(set, self.0);
                plan.writes.push(Write::create("pods", pod).then(EventNote::normal(
                    self.about(set),
                    "SuccessfulCreate",
                    "Created pod: {name}".to_owned(),
                )));
            }
            return;
        }
        for pod in victims(store, set, self.0, (pods, pods.len() - wanted), now) {
            plan.writes.push(Write::delete("pods", &pod, "Background").then(EventNote::normal(
                self.about(set),
                "SuccessfulDelete",
                format!("Deleted pod: {}", fields::name(&pod)),
            )));
        }
    }
}

impl Controller for ReplicaSets {
    fn name(&self) -> &'static str {
        self.0.name
    }

    fn component(&self) -> Component {
        Component::controller(self.0.account, self.0.account)
    }

    fn triggers(&self, store: &Store, change: &Change) -> Vec<Key> {
        match change.resource.as_str() {
            resource if resource == self.0.resource => {
                vec![Key::new(&change.namespace, &change.name)]
            }
            "pods" => [&change.old, &change.new]
                .into_iter()
                .flatten()
                .filter_map(|pod| {
                    let owner = fields::controller_of(pod)?;
                    (fields::text(owner, "/kind") == self.0.kind)
                        .then(|| Key::new(&change.namespace, fields::text(owner, "/name")))
                })
                .chain(claim::adopters(store, self.0.resource, change))
                .collect(),
            _ => Vec::new(),
        }
    }

    fn reconcile(&self, store: &Store, key: &Key, now: Timestamp) -> Plan {
        let mut plan = Plan::nothing();
        let Some(set) = self.of(store, key) else { return plan };
        // What has ended is not taken in.
        let fits = |pod: &Value| !over(pod) || fields::controlled_by(pod, &set);
        let owner = (set.as_ref(), self.0.kind);
        let mut pods = claim::claimed(store, owner, "pods", fits, &mut plan);
        pods.retain(|pod| !over(pod));
        let (leaving, pods): (Vec<_>, Vec<_>) =
            pods.into_iter().partition(|pod| fields::deleting(pod));
        let wanted =
            usize::try_from(fields::number(&set, "/spec/replicas").unwrap_or(1)).unwrap_or(0);
        if !fields::deleting(&set) {
            self.scale(store, &set, (&pods, wanted), now, &mut plan);
        }
        status(&set, self.0, (&pods, leaving.len(), wanted), now, &mut plan);
        plan
    }

    fn refused(&self, store: &Store, key: &Key, now: Timestamp, failures: &[Failure]) -> Plan {
        let mut plan = Plan::nothing();
        let Some(set) = self.of(store, key) else { return plan };
        for failure in failures.iter().filter(|failure| failure.write.method() == "POST") {
            let text = format!("Error creating: {}", failure.message());
            plan.events.push(EventNote::warning(self.about(&set), "FailedCreate", text));
        }
        fail(&set, self.0, failures, now, &mut plan);
        plan
    }
}

/// The pod of a set's template.
fn pod_of(set: &Value, flavour: &Flavour) -> Value {
    let template = set.pointer("/spec/template").cloned().unwrap_or_default();
    let mut pod = json!({
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "generateName": format!("{}-", fields::name(set)),
            "namespace": fields::namespace(set),
            "ownerReferences": [owner_reference(set, flavour.api_version, flavour.kind)],
        },
        "spec": template.get("spec"),
    });
    for key in ["labels", "annotations"] {
        if let Some(value) = template.pointer(&format!("/metadata/{key}")) {
            fields::put(&mut pod, &format!("/metadata/{key}"), value.clone());
        }
    }
    pod
}

/// Which pods go first. Those of all sets of the same Deployment count for how crowded a node is
/// (`getIndirectlyRelatedPods`).
fn victims(
    store: &Store,
    set: &Value,
    flavour: &Flavour,
    (pods, count): (&[Arc<Value>], usize),
    now: Timestamp,
) -> Vec<Arc<Value>> {
    let mut order = pods.to_vec();
    if count < order.len() {
        let mut on_node = BTreeMap::new();
        for pod in related(store, set, flavour) {
            *on_node.entry(fields::text(&pod, "/spec/nodeName").to_owned()).or_default() += 1;
        }
        active_pods::sort(&mut order, Some(&Ranks { on_node, now }));
    }
    order.truncate(count);
    order
}

/// The active pods that the sets of a set's controller select.
fn related(store: &Store, set: &Value, flavour: &Flavour) -> Vec<Arc<Value>> {
    let Some(controller) = fields::controller_of(set) else { return Vec::new() };
    let of_controller = |one: &Arc<Value>| {
        fields::controller_of(one).is_some_and(|owner| owner.get("uid") == controller.get("uid"))
    };
    let sets = store.list(flavour.resource, Some(fields::namespace(set)));
    let selectors: Vec<LabelSelector> = sets
        .iter()
        .filter(|one| of_controller(one))
        .filter_map(|one| claim::selector(one))
        .collect();
    let mut pods = store.list("pods", Some(fields::namespace(set)));
    pods.retain(|pod| {
        !over(pod)
            && !fields::deleting(pod)
            && selectors.iter().any(|selector| selector.matches(&fields::labels(pod)))
    });
    pods
}

fn over(pod: &Value) -> bool {
    matches!(fields::text(pod, "/status/phase"), "Succeeded" | "Failed")
}

/// The condition `ReplicaFailure`, with the first refusal; it stays until the set has its pods.
fn fail(set: &Value, flavour: &Flavour, failures: &[Failure], now: Timestamp, plan: &mut Plan) {
    let refused = |failure: &&Failure| matches!(failure.write.method(), "POST" | "DELETE");
    let Some(first) = failures.iter().find(refused) else { return };
    if fields::condition(set, FAILURE).is_some() {
        return;
    }
    let reason = if first.write.method() == "POST" { "FailedCreate" } else { "FailedDelete" };
    let mut conditions = fields::items(set, "/status/conditions").to_vec();
    conditions.push(json!({
        "type": FAILURE, "status": "True", "reason": reason, "message": first.message(),
        "lastTransitionTime": fields::seconds(now),
    }));
    let mut changed = set.clone();
    fields::put(&mut changed, "/status/conditions", json!(conditions));
    plan.writes.push(Write::update_subresource(flavour.resource, changed, "status"));
}

fn status(
    set: &Value,
    flavour: &Flavour,
    (pods, leaving, wanted): (&[Arc<Value>], usize, usize),
    now: Timestamp,
    plan: &mut Plan,
) {
    let ready: Vec<_> = pods.iter().filter(|pod| fields::condition_true(pod, "Ready")).collect();
    let min_ready = fields::number(set, "/spec/minReadySeconds").unwrap_or_default();
    let available = ready
        .iter()
        .filter(|pod| {
            let since = fields::condition(pod, "Ready")
                .and_then(|one| fields::time(one, "/lastTransitionTime"));
            min_ready == 0
                || since.is_some_and(|since| now.as_second() - since.as_second() >= min_ready)
        })
        .count();
    if available < ready.len() {
        plan.again(std::time::Duration::from_secs(1));
    }
    let labels = fields::texts(set, "/spec/template/metadata/labels");
    let selector = LabelSelector::from_map(&labels);
    let labelled = pods.iter().filter(|pod| selector.matches(&fields::labels(pod))).count();
    let mut status = json!({
        "replicas": pods.len(),
        "fullyLabeledReplicas": labelled,
        "readyReplicas": ready.len(),
        "availableReplicas": available,
        "terminatingReplicas": leaving,
        "observedGeneration": fields::number(set, "/metadata/generation"),
    });
    if let Some(map) = status.as_object_mut() {
        map.retain(|key, value| match key.as_str() {
            "replicas" => true,
            "terminatingReplicas" => flavour.counts_terminating,
            _ => value.as_i64() != Some(0),
        });
    }
    let conditions: Vec<&Value> = fields::items(set, "/status/conditions")
        .iter()
        .filter(|one| pods.len() != wanted || fields::text(one, "/type") != FAILURE)
        .collect();
    if !conditions.is_empty() {
        fields::put(&mut status, "/conditions", json!(conditions));
    }
    if set.get("status") != Some(&status) {
        let mut updated = set.clone();
        fields::put(&mut updated, "/status", status);
        plan.writes.push(Write::update_subresource(flavour.resource, updated, "status"));
    }
}
