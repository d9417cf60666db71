//! ReplicaSets: as many pods as asked for (`pkg/controller/replicaset`).

use apimachinery::order::Order as _;
use apimachinery::selector::LabelSelector;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::claim;
use crate::event_loop::{Component, Controller, EventNote, Failure, Key, Plan, Write, reference};
use crate::fields;
use crate::store::{Change, Store};

const RESOURCE: &str = "replicasets.apps";
const FAILURE: &str = "ReplicaFailure";

/// The control loop.
pub(crate) struct ReplicaSets;

impl Controller for ReplicaSets {
    fn name(&self) -> &'static str {
        "replicaset-controller"
    }

    fn component(&self) -> Component {
        Component::controller("replicaset-controller", "replicaset-controller")
    }

    fn triggers(&self, store: &Store, change: &Change) -> Vec<Key> {
        match change.resource.as_str() {
            RESOURCE => vec![Key::new(&change.namespace, &change.name)],
            "pods" => [&change.old, &change.new]
                .into_iter()
                .flatten()
                .filter_map(|pod| {
                    let owner = fields::controller_of(pod)?;
                    (fields::text(owner, "/kind") == "ReplicaSet")
                        .then(|| Key::new(&change.namespace, fields::text(owner, "/name")))
                })
                .chain(claim::adopters(store, RESOURCE, change))
                .collect(),
            _ => Vec::new(),
        }
    }

    fn reconcile(&self, store: &Store, key: &Key, now: Timestamp) -> Plan {
        let mut plan = Plan::nothing();
        let Some(set) = store.get(RESOURCE, &key.namespace, &key.name) else { return plan };
        let over =
            |pod: &Value| matches!(fields::text(pod, "/status/phase"), "Succeeded" | "Failed");
        // What has ended is not taken in.
        let fits = |pod: &Value| !over(pod) || fields::controlled_by(pod, &set);
        let owner = (set.as_ref(), "ReplicaSet");
        let mut pods = claim::claimed(store, owner, "pods", fits, &mut plan);
        pods.retain(|pod| !over(pod));
        let (leaving, pods): (Vec<_>, Vec<_>) =
            pods.into_iter().partition(|pod| fields::deleting(pod));
        let wanted =
            usize::try_from(fields::number(&set, "/spec/replicas").unwrap_or(1)).unwrap_or(0);
        if !fields::deleting(&set) {
            if pods.len() < wanted {
                plan.slow_start = true;
                for _ in pods.len()..wanted {
                    plan.writes.push(Write::create("pods", pod_of(&set)).then(EventNote::normal(
                        reference(&set, "apps/v1", "ReplicaSet"),
                        "SuccessfulCreate",
                        "Created pod: {name}".to_owned(),
                    )));
                }
            } else {
                for pod in victims(&pods, pods.len() - wanted) {
                    plan.writes.push(Write::delete("pods", pod, "Background").then(
                        EventNote::normal(
                            reference(&set, "apps/v1", "ReplicaSet"),
                            "SuccessfulDelete",
                            format!("Deleted pod: {}", fields::name(pod)),
                        ),
                    ));
                }
            }
        }
        status(&set, (&pods, leaving.len(), wanted), now, &mut plan);
        plan
    }

    fn refused(&self, store: &Store, key: &Key, now: Timestamp, failures: &[Failure]) -> Plan {
        let mut plan = Plan::nothing();
        let Some(set) = store.get(RESOURCE, &key.namespace, &key.name) else { return plan };
        for failure in failures.iter().filter(|failure| failure.write.method() == "POST") {
            let text = format!("Error creating: {}", failure.message());
            plan.events.push(EventNote::warning(
                reference(&set, "apps/v1", "ReplicaSet"),
                "FailedCreate",
                text,
            ));
        }
        fail(&set, failures, now, &mut plan);
        plan
    }
}

/// The pod of a set's template.
fn pod_of(set: &Value) -> Value {
    let template = set.pointer("/spec/template").cloned().unwrap_or_default();
    let mut pod = json!({
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "generateName": format!("{}-", fields::name(set)),
            "namespace": fields::namespace(set),
            "ownerReferences": [{
                "apiVersion": "apps/v1", "kind": "ReplicaSet", "name": fields::name(set), "uid": fields::uid(set),
                "controller": true, "blockOwnerDeletion": true,
            }],
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

/// Which pods go first: not ready ones, then the youngest (`ActivePodsWithRanks`).
fn victims(pods: &[std::sync::Arc<Value>], count: usize) -> Vec<&std::sync::Arc<Value>> {
    let mut order: Vec<_> = pods.iter().collect();
    order.order_by_key(|pod| {
        let created = fields::time(pod, "/metadata/creationTimestamp").unwrap_or_default();
        (
            fields::condition_true(pod, "Ready"),
            std::cmp::Reverse(created),
            fields::name(pod).to_owned(),
        )
    });
    order.into_iter().take(count).collect()
}

/// The condition `ReplicaFailure`, with the first refusal; it stays until the set has its pods.
fn fail(set: &Value, failures: &[Failure], now: Timestamp, plan: &mut Plan) {
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
    plan.writes.push(Write::update_subresource(RESOURCE, changed, "status"));
}

fn status(
    set: &Value,
    (pods, leaving, wanted): (&[std::sync::Arc<Value>], usize, usize),
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
        map.retain(|key, value| {
            matches!(key.as_str(), "replicas" | "terminatingReplicas") || value.as_i64() != Some(0)
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
        plan.writes.push(Write::update_subresource(RESOURCE, updated, "status"));
    }
}
