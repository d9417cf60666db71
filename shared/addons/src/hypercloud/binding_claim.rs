//! Claims for role bindings (`RoleBindingClaimController.java`).

use cluster::event_loop::{Component, Controller, Failure, Key, Plan, Write};
use cluster::fields;
use cluster::store::{Change, Store};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::{claim, operator};

const RESOURCE: &str = "rolebindingclaims.tmax.io";
const BINDINGS: &str = "rolebindings.rbac.authorization.k8s.io";

/// The control loop.
pub(super) struct BindingClaims;

impl Controller for BindingClaims {
    fn name(&self) -> &'static str {
        "hypercloud-role-binding-claim"
    }

    fn component(&self) -> Component {
        operator::component()
    }

    fn triggers(&self, store: &Store, change: &Change) -> Vec<Key> {
        operator::keys(store, change, RESOURCE)
    }

    fn reconcile(&self, store: &Store, key: &Key, _now: Timestamp) -> Plan {
        let mut plan = Plan::nothing();
        plan.stops_when_refused = true;
        let Some(found) = claim::open(store, RESOURCE, key) else { return plan };
        if claim::status(&found) != "Success" {
            claim::first_steps(RESOURCE, &found, &mut plan);
            return plan;
        }
        let name = fields::text(&found, "/resourceName");
        let part = |field: &str| found.get(field).cloned().unwrap_or_default();
        let reason = if let Some(known) = store.get(BINDINGS, &key.namespace, name) {
            let mut changed: Value = (*known).clone();
            fields::put(&mut changed, "/subjects", part("subjects"));
            // A role that differs is refused: `roleRef` cannot be changed.
            fields::put(&mut changed, "/roleRef", part("roleRef"));
            plan.writes.push(Write::update(BINDINGS, changed));
            "rolebinding update success."
        } else {
            let binding = json!({
                "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding",
                "metadata": { "name": name, "namespace": key.namespace, "labels": { "fromClaim": key.name } },
                "subjects": part("subjects"), "roleRef": part("roleRef"),
            });
            plan.writes.push(Write::create(BINDINGS, binding));
            "rolebinding create success."
        };
        plan.writes.push(claim::say(RESOURCE, &found, "Success", reason));
        plan.writes.push(claim::close(RESOURCE, &found));
        plan
    }

    fn refused(&self, store: &Store, key: &Key, _now: Timestamp, failures: &[Failure]) -> Plan {
        claim::refused(store, RESOURCE, key, failures)
    }
}
