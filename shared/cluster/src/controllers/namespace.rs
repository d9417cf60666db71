//! Namespaces on their way out: everything in them first (`pkg/controller/namespace/deletion`).

use std::time::Duration;

use apimachinery::schema::Schema;
use jiff::Timestamp;
use serde_json::json;

use crate::event_loop::{Component, Controller, Key, Plan, Write};
use crate::fields;
use crate::store::{Change, Store};

/// The control loop.
pub(crate) struct Namespaces;

impl Controller for Namespaces {
    fn name(&self) -> &'static str {
        "namespace-controller"
    }

    fn component(&self) -> Component {
        Component::controller("namespace-controller", "namespace-controller")
    }

    fn triggers(&self, store: &Store, change: &Change) -> Vec<Key> {
        if change.resource == "namespaces" {
            return vec![Key::new("", &change.name)];
        }
        let leaving = !change.namespace.is_empty()
            && change.new.is_none()
            && store
                .get("namespaces", "", &change.namespace)
                .is_some_and(|one| fields::deleting(&one));
        if leaving { vec![Key::new("", &change.namespace)] } else { Vec::new() }
    }

    fn reconcile(&self, store: &Store, key: &Key, _now: Timestamp) -> Plan {
        let mut plan = Plan::nothing();
        let Some(namespace) = store.get("namespaces", "", &key.name) else { return plan };
        if !fields::deleting(&namespace) {
            return plan;
        }
        let mut left = 0;
        let namespaced: Vec<String> = Schema::builtin()
            .resources()
            .iter()
            .filter(|resource| resource.namespaced)
            .map(|resource| resource.group_resource().to_string())
            .collect();
        for resource in store.resources().filter(|one| namespaced.iter().any(|known| known == one))
        {
            for object in store.list(resource, Some(&key.name)) {
                left += 1;
                if !fields::deleting(&object) {
                    plan.writes.push(Write::delete(resource, &object, "Background"));
                }
            }
        }
        if left == 0 {
            let mut done = (*namespace).clone();
            fields::put(&mut done, "/spec/finalizers", json!([]));
            plan.writes.push(Write::update_subresource("namespaces", done, "finalize"));
        } else {
            plan.again(Duration::from_secs(5));
        }
        plan
    }
}
