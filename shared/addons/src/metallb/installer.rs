//! The pool and its advertisement, made as soon as their kinds are served.

use cluster::addon::Aggregation;
use cluster::event_loop::{Component, Controller, Key, Plan, Write};
use cluster::fields;
use cluster::store::{Change, Store};
use jiff::Timestamp;
use serde_json::json;

use super::{ADVERTISEMENTS, NAMESPACE, POOLS};

const DEFINITIONS: &str = "customresourcedefinitions.apiextensions.k8s.io";
/// Addresses beside those of the nodes, as kind's network has them to spare.
const SPARE: &str = "172.18.255.200-172.18.255.250";

/// The control loop: it acts once for each kind.
pub(super) struct Installer;

impl Controller for Installer {
    fn name(&self) -> &'static str {
        "metallb-installer"
    }

    fn component(&self) -> Component {
        Component::installer()
    }

    fn triggers(&self, _store: &Store, change: &Change) -> Vec<Key> {
        let ours = change.resource == DEFINITIONS
            && [POOLS, ADVERTISEMENTS].contains(&change.name.as_str());
        if ours { vec![Key::new("", &change.name)] } else { Vec::new() }
    }

    fn reconcile(&self, _store: &Store, _key: &Key, _now: Timestamp) -> Plan {
        Plan::nothing()
    }

    fn reconcile_with(&self, seen: &Aggregation<'_>, key: &Key) -> Plan {
        let mut plan = Plan::nothing();
        let definition = seen.store.get(DEFINITIONS, "", &key.name);
        let served = definition.is_some_and(|one| fields::condition_true(&one, "Established"));
        if !served || !seen.memory.is_null() {
            return plan;
        }
        let (kind, spec) = if key.name == POOLS {
            ("IPAddressPool", json!({ "addresses": [SPARE] }))
        } else {
            // Of every pool.
            ("L2Advertisement", json!({}))
        };
        let object = json!({
            "apiVersion": "metallb.io/v1beta1", "kind": kind,
            "metadata": { "name": "default", "namespace": NAMESPACE }, "spec": spec,
        });
        plan.writes.push(Write::create(&key.name, object));
        plan.remember = Some(json!(true));
        plan
    }
}
