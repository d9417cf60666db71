//! Claims for another quota (`ResourceQuotaClaimController.java`).

use cluster::event_loop::{Component, Controller, Failure, Key, Plan, Write};
use cluster::fields;
use cluster::store::{Change, Store};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::{claim, operator};

const RESOURCE: &str = "resourcequotaclaims.tmax.io";
const QUOTAS: &str = "resourcequotas";

/// The control loop.
pub(super) struct QuotaClaims;

impl Controller for QuotaClaims {
    fn name(&self) -> &'static str {
        "hypercloud-resource-quota-claim"
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
        let spec = found.get("spec").cloned().unwrap_or_default();
        let reason = if let Some(known) = store.get(QUOTAS, &key.namespace, name) {
            let mut changed: Value = (*known).clone();
            fields::put(&mut changed, "/spec", spec);
            plan.writes.push(Write::update(QUOTAS, changed));
            "resource quota update success."
        } else {
            let quota = json!({
                "apiVersion": "v1", "kind": "ResourceQuota",
                "metadata": { "name": name, "namespace": key.namespace, "labels": { "fromClaim": key.name } },
                "spec": spec,
            });
            plan.writes.push(Write::create(QUOTAS, quota));
            "resource quota create success."
        };
        plan.writes.push(claim::say(RESOURCE, &found, "Success", reason));
        plan.writes.push(claim::close(RESOURCE, &found));
        plan
    }

    fn refused(&self, store: &Store, key: &Key, _now: Timestamp, failures: &[Failure]) -> Plan {
        claim::refused(store, RESOURCE, key, failures)
    }
}
