//! Quotas: what is limited and what is used (`pkg/controller/resourcequota`).

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::json;

use crate::apiserver::used;
use crate::event_loop::{Component, Controller, Key, Plan, Write};
use crate::fields;
use crate::store::{Change, Store};

const RESOURCE: &str = "resourcequotas";

/// The control loop.
pub(crate) struct Quotas;

impl Controller for Quotas {
    fn name(&self) -> &'static str {
        "resourcequota-controller"
    }

    fn component(&self) -> Component {
        Component::controller("resourcequota-controller", "resourcequota-controller")
    }

    fn triggers(&self, store: &Store, change: &Change) -> Vec<Key> {
        if change.resource == RESOURCE {
            return vec![Key::new(&change.namespace, &change.name)];
        }
        // What is created is booked by admission; what goes or ends is noticed here.
        let ended = change.resource == "pods";
        if change.new.is_some() && !ended {
            return Vec::new();
        }
        store.list(RESOURCE, Some(&change.namespace)).iter().map(|quota| Key::of(quota)).collect()
    }

    fn reconcile(&self, store: &Store, key: &Key, _now: Timestamp) -> Plan {
        let mut plan = Plan::nothing();
        let Some(quota) = store.get(RESOURCE, &key.namespace, &key.name) else { return plan };
        let amounts: BTreeMap<String, String> = used(store, &quota)
            .into_iter()
            .map(|(name, amount)| (name, amount.to_string()))
            .collect();
        let status = json!({ "hard": quota.pointer("/spec/hard"), "used": amounts });
        if quota.get("status") != Some(&status) {
            let mut changed = (*quota).clone();
            fields::put(&mut changed, "/status", status);
            plan.writes.push(Write::update_subresource(RESOURCE, changed, "status"));
        }
        plan
    }
}
