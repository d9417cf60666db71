//! What PodDisruptionBudgets allow (`pkg/controller/disruption`).

use std::collections::BTreeMap;
use std::sync::Arc;

use apimachinery::selector::LabelSelector;
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::event_loop::{Component, Controller, EventNote, Key, Plan, Write, reference};
use crate::fields;
use crate::store::{Change, Store};

const RESOURCE: &str = "poddisruptionbudgets.policy";

/// The control loop.
pub(crate) struct Budgets;

impl Controller for Budgets {
    fn name(&self) -> &'static str {
        "disruption-controller"
    }

    fn component(&self) -> Component {
        Component::controller("disruption-controller", "controllermanager")
    }

    fn triggers(&self, store: &Store, change: &Change) -> Vec<Key> {
        match change.resource.as_str() {
            RESOURCE => vec![Key::new(&change.namespace, &change.name)],
            "pods" | "deployments.apps" | "replicasets.apps" | "statefulsets.apps" => store
                .list(RESOURCE, Some(&change.namespace))
                .iter()
                .map(|budget| Key::of(budget))
                .collect(),
            _ => Vec::new(),
        }
    }

    fn reconcile(&self, store: &Store, key: &Key, now: Timestamp) -> Plan {
        let mut plan = Plan::nothing();
        let Some(budget) = store.get(RESOURCE, &key.namespace, &key.name) else { return plan };
        let empty = json!({});
        let selector = budget.pointer("/spec/selector").unwrap_or(&empty);
        let selector = LabelSelector::from_object(selector).unwrap_or_default();
        let pods: Vec<Arc<Value>> = store
            .list("pods", Some(&key.namespace))
            .into_iter()
            .filter(|pod| selector.matches(&fields::labels(pod)))
            .collect();
        if pods.is_empty() {
            let about = reference(&budget, "policy/v1", "PodDisruptionBudget");
            let text = "No matching pods found".to_owned();
            if budget.pointer("/status/observedGeneration").is_none() {
                plan.events.push(EventNote::normal(about, "NoPods", text));
            }
        }
        let (expected, desired) = expected(store, &budget, &pods);
        let healthy = pods
            .iter()
            .filter(|pod| fields::condition_true(pod, "Ready") && !fields::deleting(pod))
            .count();
        let healthy = i64::try_from(healthy).unwrap_or_default();
        let allowed = if expected <= 0 { 0 } else { (healthy - desired).max(0) };
        let (status, reason) =
            if allowed > 0 { ("True", "SufficientPods") } else { ("False", "InsufficientPods") };
        let generation = fields::number(&budget, "/metadata/generation");
        let since = fields::condition(&budget, "DisruptionAllowed")
            .filter(|known| fields::text(known, "/status") == status)
            .map_or_else(
                || fields::seconds(now),
                |known| fields::text(known, "/lastTransitionTime").to_owned(),
            );
        let shown = json!({
            "conditions": [{
                "type": "DisruptionAllowed", "status": status, "reason": reason, "message": "",
                "lastTransitionTime": since, "observedGeneration": generation,
            }],
            "currentHealthy": healthy, "desiredHealthy": desired, "disruptionsAllowed": allowed,
            "expectedPods": expected, "observedGeneration": generation,
        });
        if budget.get("status") != Some(&shown) {
            let mut changed = (*budget).clone();
            fields::put(&mut changed, "/status", shown);
            plan.writes.push(Write::update_subresource(RESOURCE, changed, "status"));
        }
        plan
    }
}

/// A number or a percentage of a whole, rounded up.
fn scaled(value: &Value, whole: i64) -> i64 {
    match value {
        Value::String(text) => {
            let percent: i64 = text.trim_end_matches('%').parse().unwrap_or_default();
            (whole * percent + 99) / 100
        }
        value => value.as_i64().unwrap_or_default(),
    }
}

/// How many pods there should be, and how many of them must be healthy (`getExpectedPodCount`).
fn expected(store: &Store, budget: &Value, pods: &[Arc<Value>]) -> (i64, i64) {
    let count = i64::try_from(pods.len()).unwrap_or_default();
    if let Some(most) = budget.pointer("/spec/maxUnavailable") {
        let whole = scale(store, pods);
        return (whole, (whole - scaled(most, whole)).max(0));
    }
    match budget.pointer("/spec/minAvailable") {
        Some(least @ Value::String(_)) => {
            let whole = scale(store, pods);
            (whole, scaled(least, whole))
        }
        Some(least) => (count, least.as_i64().unwrap_or_default()),
        None => (count, 0),
    }
}

/// What the controllers of the pods are asked for, each counted once (`getExpectedScale`).
fn scale(store: &Store, pods: &[Arc<Value>]) -> i64 {
    let mut sizes: BTreeMap<String, i64> = BTreeMap::new();
    for pod in pods {
        let Some((resource, mut owner)) = owner(store, pod) else { continue };
        if resource == "replicasets.apps"
            && let Some((_, above)) = self::owner(store, &owner)
        {
            owner = above;
        }
        let size = fields::number(&owner, "/spec/replicas").unwrap_or(1);
        sizes.insert(fields::uid(&owner).to_owned(), size);
    }
    sizes.values().sum()
}

fn owner(store: &Store, object: &Value) -> Option<(&'static str, Arc<Value>)> {
    let reference = fields::controller_of(object)?;
    let resource = match fields::text(reference, "/kind") {
        "ReplicaSet" => "replicasets.apps",
        "Deployment" => "deployments.apps",
        "StatefulSet" => "statefulsets.apps",
        _ => return None,
    };
    let name = fields::text(reference, "/name");
    Some((resource, store.get(resource, fields::namespace(object), name)?))
}
