//! Namespaces that were claimed: how they end (`NamespaceController.java`), and when a trial is over
//! (`Util.setTrialNSTimer`).

use std::time::Duration;

use cluster::event_loop::{Component, Controller, Key, Plan, Write};
use cluster::fields;
use cluster::store::{Change, Store};
use jiff::{Timestamp, ToSpan as _};
use serde_json::{Value, json};

use super::{claim, namespace_claim, operator};

const RESOURCE: &str = "namespaces";
const BINDINGS: &str = "clusterrolebindings.rbac.authorization.k8s.io";
/// How long a trial lasts, in days, for each `period`.
const DAYS: i64 = 30;

/// The control loop.
pub(super) struct Namespaces;

impl Controller for Namespaces {
    fn name(&self) -> &'static str {
        "hypercloud-namespace"
    }

    fn component(&self) -> Component {
        operator::component()
    }

    fn triggers(&self, store: &Store, change: &Change) -> Vec<Key> {
        operator::keys(store, change, RESOURCE)
    }

    fn reconcile(&self, store: &Store, key: &Key, now: Timestamp) -> Plan {
        let mut plan = Plan::nothing();
        if !operator::runs(store, operator::NAMESPACE, operator::OPERATOR) {
            return plan;
        }
        let Some(namespace) = store.get(RESOURCE, "", &key.name) else { return plan };
        let labels = fields::labels(&namespace);
        let Some(from) = labels.get("fromClaim") else { return plan };
        if fields::deleting(&namespace) {
            end(store, &namespace, from, &mut plan);
        } else if labels.get("trial").is_some_and(|trial| trial == "t") {
            let periods = labels.get("period").and_then(|period| period.parse().ok()).unwrap_or(1);
            expire(&namespace, periods, now, &mut plan);
        }
        plan
    }
}

/// Lets the namespace go, takes the owner's cluster-wide rights away, and tells the claim.
fn end(store: &Store, namespace: &Value, from: &str, plan: &mut Plan) {
    let name = fields::name(namespace);
    let kept: Vec<Value> = fields::items(namespace, "/metadata/finalizers")
        .iter()
        .filter(|one| *one != namespace_claim::FINALIZER)
        .cloned()
        .collect();
    if kept.len() < fields::items(namespace, "/metadata/finalizers").len() {
        let mut changed = namespace.clone();
        fields::put(&mut changed, "/metadata/finalizers", json!(kept));
        plan.writes.push(Write::update(RESOURCE, changed));
    }
    if let Some(binding) = store.get(BINDINGS, "", &format!("CRB-{name}")) {
        plan.writes.push(Write::delete(BINDINGS, &binding, "Background"));
    }
    if let Some(found) = store.get(namespace_claim::RESOURCE, "", from)
        && claim::status(&found) != "Deleted"
    {
        let reason = format!("Namespace {name} Deleted");
        plan.writes.push(claim::say(namespace_claim::RESOURCE, &found, "Deleted", &reason));
    }
}

/// Deletes the namespace of a trial when its time is over.
fn expire(namespace: &Value, periods: i64, now: Timestamp, plan: &mut Plan) {
    let end = fields::time(namespace, "/metadata/creationTimestamp")
        .and_then(|made| made.checked_add((periods.saturating_mul(DAYS * 24)).hours()).ok());
    let Some(end) = end else { return };
    if end <= now {
        plan.writes.push(Write::delete(RESOURCE, namespace, "Background"));
    } else {
        let left = end.duration_since(now);
        plan.again(Duration::try_from(left).unwrap_or_default());
    }
}
