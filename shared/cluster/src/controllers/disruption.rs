//! What PodDisruptionBudgets allow (`pkg/controller/disruption`).
//!
//! A key is a budget, or `pod/<name>` for what is said about a pod: that several budgets select it, and that
//! it was to be disrupted and was not.

mod expected;

use std::sync::Arc;
use std::time::Duration;

use apimachinery::selector::LabelSelector;
use jiff::Timestamp;
use serde_json::{Map, Value, json};

use crate::event_loop::{Component, Controller, EventNote, Key, Plan, Write, reference};
use crate::fields;
use crate::store::{Change, Store};

const RESOURCE: &str = "poddisruptionbudgets.policy";
/// How long a pod that was evicted may take to be deleted (`DeletionTimeout`).
const DELETION: Duration = Duration::from_mins(2);
/// How long a disruption may be announced without coming (`stalePodDisruptionTimeout`).
const STALE: Duration = Duration::from_mins(2);
const ABOUT_POD: &str = "pod/";

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
            "pods" => {
                let Some(pod) = change.new.as_ref().or(change.old.as_ref()) else {
                    return Vec::new();
                };
                let budgets = budgets_of(store, pod);
                let mut keys: Vec<Key> = budgets.iter().take(1).map(|one| Key::of(one)).collect();
                let announced = fields::condition_true(pod, "DisruptionTarget");
                if change.new.is_some() && (announced || budgets.len() > 1) {
                    let name = format!("{ABOUT_POD}{}", change.name);
                    keys.push(Key::new(&change.namespace, &name));
                }
                keys
            }
            _ => Vec::new(),
        }
    }

    fn reconcile(&self, store: &Store, key: &Key, now: Timestamp) -> Plan {
        if let Some(name) = key.name.strip_prefix(ABOUT_POD) {
            let pod = store.get("pods", &key.namespace, name);
            return pod.map_or_else(Plan::nothing, |pod| about_pod(store, &pod, now));
        }
        let budget = store.get(RESOURCE, &key.namespace, &key.name);
        budget.map_or_else(Plan::nothing, |budget| about_budget(store, &budget, now))
    }
}

/// The budgets that select a pod; one without a selector selects none.
fn budgets_of(store: &Store, pod: &Value) -> Vec<Arc<Value>> {
    let labels = fields::labels(pod);
    let mut budgets = store.list(RESOURCE, Some(fields::namespace(pod)));
    budgets.retain(|budget| selector(budget).is_some_and(|selector| selector.matches(&labels)));
    budgets
}

fn selector(budget: &Value) -> Option<LabelSelector> {
    LabelSelector::from_object(budget.pointer("/spec/selector")?).ok()
}

/// `trySync`, and `failSafe` when it fails.
fn about_budget(store: &Store, budget: &Value, now: Timestamp) -> Plan {
    let mut plan = Plan::nothing();
    let about = || reference(budget, "policy/v1", "PodDisruptionBudget");
    let pods: Vec<Arc<Value>> = match selector(budget) {
        None => Vec::new(),
        Some(selector) => {
            let mut pods = store.list("pods", Some(fields::namespace(budget)));
            pods.retain(|pod| selector.matches(&fields::labels(pod)));
            pods
        }
    };
    if pods.is_empty() {
        let text = "No matching pods found".to_owned();
        plan.events.push(EventNote::normal(about(), "NoPods", text));
    }
    let counted = match expected::count(store, budget, &pods) {
        Ok(counted) => counted,
        Err(why) => {
            let text = format!("Failed to calculate the number of expected pods: {why}");
            let reason = "CalculateExpectedPodCountFailed";
            plan.events.push(EventNote::warning(about(), reason, text));
            write(&mut plan, budget, fail_safe(budget, &why, now));
            return plan;
        }
    };
    if counted.unmanaged {
        let shown = expected::shown(budget.pointer("/spec/selector").unwrap_or(&Value::Null));
        let text = format!(
            "Pods selected by this PodDisruptionBudget (selector: {shown}) were found to be unmanaged. As a result, the status of the PDB cannot be calculated correctly, which may result in undefined behavior. To account for these pods please set \".spec.minAvailable\" field of the PDB to an integer value."
        );
        plan.events.push(EventNote::warning(about(), "UnmanagedPods", text));
    }
    let disrupted = disrupted(budget, &pods, now, &mut plan);
    let healthy = pods
        .iter()
        .filter(|pod| fields::condition_true(pod, "Ready") && !fields::deleting(pod))
        .filter(|pod| !disrupted.contains_key(fields::name(pod)))
        .count();
    let healthy = i64::try_from(healthy).unwrap_or_default();
    let left = (healthy - counted.desired).max(0);
    let allowed = if counted.expected <= 0 { 0 } else { left };
    let generation = fields::number(budget, "/metadata/generation");
    let (status, reason) =
        if allowed > 0 { ("True", "SufficientPods") } else { ("False", "InsufficientPods") };
    let condition = condition(budget, (status, reason, ""), generation, now);
    let mut shown = json!({
        "conditions": [condition], "currentHealthy": healthy, "desiredHealthy": counted.desired,
        "disruptionsAllowed": allowed, "expectedPods": counted.expected,
        "observedGeneration": generation,
    });
    if !disrupted.is_empty() {
        fields::put(&mut shown, "/disruptedPods", Value::Object(disrupted));
    }
    write(&mut plan, budget, shown);
    plan
}

fn write(plan: &mut Plan, budget: &Value, status: Value) {
    if budget.get("status") != Some(&status) {
        let mut changed = budget.clone();
        fields::put(&mut changed, "/status", status);
        plan.writes.push(Write::update_subresource(RESOURCE, changed, "status"));
    }
}

/// Evictions that have not become deletions yet (`buildDisruptedPodMap`).
fn disrupted(
    budget: &Value,
    pods: &[Arc<Value>],
    now: Timestamp,
    plan: &mut Plan,
) -> Map<String, Value> {
    let known = fields::texts(budget, "/status/disruptedPods");
    let mut kept = Map::new();
    for pod in pods.iter().filter(|pod| !fields::deleting(pod)) {
        let Some(since) = known.get(fields::name(pod)) else { continue };
        let until = since.parse::<Timestamp>().ok().and_then(|at| at.checked_add(DELETION).ok());
        match until {
            Some(until) if until >= now => {
                // At the second itself it still counts.
                let left = Duration::try_from(until.duration_since(now)).unwrap_or_default();
                plan.again(left + Duration::from_millis(1));
                kept.insert(fields::name(pod).to_owned(), json!(since));
            }
            _ => {
                // Upstream names the namespace twice.
                let namespace = fields::namespace(budget);
                let text = format!(
                    "Pod was expected by PDB {namespace}/{namespace} to be deleted but it wasn't"
                );
                let about = reference(pod, "v1", "Pod");
                plan.events.push(EventNote::warning(about, "NotDeleted", text));
            }
        }
    }
    kept
}

/// Nothing is allowed while nobody knows how many there should be.
fn fail_safe(budget: &Value, why: &str, now: Timestamp) -> Value {
    let observed = fields::number(budget, "/status/observedGeneration");
    let mut status = budget.get("status").cloned().unwrap_or_else(|| json!({}));
    let condition = condition(budget, ("False", "SyncFailed", why), observed, now);
    fields::put(&mut status, "/conditions", json!([condition]));
    for field in ["currentHealthy", "desiredHealthy", "expectedPods"] {
        if status.get(field).is_none() {
            fields::put(&mut status, &format!("/{field}"), json!(0));
        }
    }
    fields::put(&mut status, "/disruptionsAllowed", json!(0));
    status
}

fn condition(
    budget: &Value,
    (status, reason, message): (&str, &str, &str),
    observed: Option<i64>,
    now: Timestamp,
) -> Value {
    let since = fields::condition(budget, "DisruptionAllowed")
        .filter(|known| fields::text(known, "/status") == status)
        .map_or_else(
            || fields::seconds(now),
            |known| fields::text(known, "/lastTransitionTime").to_owned(),
        );
    let mut condition = json!({
        "type": "DisruptionAllowed", "status": status, "reason": reason, "message": message,
        "lastTransitionTime": since,
    });
    if let Some(observed) = observed {
        fields::put(&mut condition, "/observedGeneration", json!(observed));
    }
    condition
}

/// `getPdbForPod` and `syncStalePodDisruption`.
fn about_pod(store: &Store, pod: &Value, now: Timestamp) -> Plan {
    let mut plan = Plan::nothing();
    let budgets = budgets_of(store, pod);
    if let [first, _, ..] = budgets.as_slice() {
        let text = format!(
            "Pod {:?}/{:?} matches multiple PodDisruptionBudgets.  Chose {:?} arbitrarily.",
            fields::namespace(pod),
            fields::name(pod),
            fields::name(first)
        );
        let about = reference(pod, "v1", "Pod");
        plan.events.push(EventNote::warning(about, "MultiplePodDisruptionBudgets", text));
    }
    let Some(announced) = fields::condition(pod, "DisruptionTarget") else { return plan };
    let ended = matches!(fields::text(pod, "/status/phase"), "Succeeded" | "Failed");
    if fields::deleting(pod)
        || ended
        || fields::text(announced, "/status") != "True"
        || fields::text(announced, "/reason") == "TerminationByKubelet"
    {
        return plan;
    }
    let until = fields::time(announced, "/lastTransitionTime")
        .and_then(|since| since.checked_add(STALE).ok());
    match until.map(|until| until.duration_since(now)) {
        Some(left) if left.is_positive() => {
            plan.again(Duration::try_from(left).unwrap_or_default());
        }
        _ => plan.writes.push(Write::patch(
            "pods",
            fields::namespace(pod),
            fields::name(pod),
            "status",
            json!({"status": {"conditions": [{
                "type": "DisruptionTarget", "status": "False", "reason": null, "message": null,
                "lastTransitionTime": fields::seconds(now),
            }]}}),
        )),
    }
    plan
}
