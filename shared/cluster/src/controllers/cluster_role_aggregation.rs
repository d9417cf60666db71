//! Aggregated ClusterRoles: their rules are those of the roles that their selectors match
//! (`pkg/controller/clusterroleaggregation`).

use apimachinery::selector::LabelSelector;
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::event_loop::{Component, Controller, Key, Plan, Write};
use crate::fields;
use crate::store::{Change, Store};

const RESOURCE: &str = "clusterroles.rbac.authorization.k8s.io";
const SELECTORS: &str = "/aggregationRule/clusterRoleSelectors";

/// The control loop.
pub(crate) struct Aggregation;

impl Controller for Aggregation {
    fn name(&self) -> &'static str {
        "clusterrole-aggregation-controller"
    }

    fn component(&self) -> Component {
        Component::controller(
            "clusterrole-aggregation-controller",
            "clusterrole-aggregation-controller",
        )
    }

    fn triggers(&self, store: &Store, change: &Change) -> Vec<Key> {
        if change.resource != RESOURCE {
            return Vec::new();
        }
        let roles = store.list(RESOURCE, None);
        let aggregated = roles.iter().filter(|role| !fields::items(role, SELECTORS).is_empty());
        aggregated.map(|role| Key::of(role)).collect()
    }

    fn reconcile(&self, store: &Store, key: &Key, _now: Timestamp) -> Plan {
        let mut plan = Plan::nothing();
        let Some(role) = store.get(RESOURCE, "", &key.name) else { return plan };
        let selectors = fields::items(&role, SELECTORS);
        if selectors.is_empty() {
            return plan;
        }
        let mut rules: Vec<Value> = Vec::new();
        for selector in selectors {
            let Ok(selector) = LabelSelector::from_object(selector) else { continue };
            // The store lists in the order of names, which is the order of the rules.
            for other in store.list(RESOURCE, None) {
                if fields::name(&other) == key.name || !selector.matches(&fields::labels(&other)) {
                    continue;
                }
                for rule in fields::items(&other, "/rules") {
                    if !rules.contains(rule) {
                        rules.push(rule.clone());
                    }
                }
            }
        }
        if fields::items(&role, "/rules") != rules.as_slice() {
            plan.writes.push(Write::merge(RESOURCE, "", &key.name, json!({ "rules": rules })));
        }
        plan
    }
}
