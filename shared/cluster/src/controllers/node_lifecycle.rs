//! Nodes that become ready lose the taint that they were born with (`pkg/controller/nodelifecycle`).

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::event_loop::{Component, Controller, Key, Plan, Write};
use crate::fields;
use crate::store::{Change, Store};

const NOT_READY: &str = "node.kubernetes.io/not-ready";

/// The control loop.
pub(crate) struct Nodes;

impl Controller for Nodes {
    fn name(&self) -> &'static str {
        "node-lifecycle-controller"
    }

    fn component(&self) -> Component {
        Component::controller("node-controller", "node-controller")
    }

    fn triggers(&self, _store: &Store, change: &Change) -> Vec<Key> {
        if change.resource == "nodes" { vec![Key::new("", &change.name)] } else { Vec::new() }
    }

    fn reconcile(&self, store: &Store, key: &Key, _now: Timestamp) -> Plan {
        let mut plan = Plan::nothing();
        let Some(node) = store.get("nodes", "", &key.name) else { return plan };
        let taints = fields::items(&node, "/spec/taints");
        let tainted = taints.iter().any(|taint| fields::text(taint, "/key") == NOT_READY);
        if tainted && fields::condition_true(&node, "Ready") {
            let left: Vec<&Value> =
                taints.iter().filter(|taint| fields::text(taint, "/key") != NOT_READY).collect();
            let patch = json!({ "spec": { "taints": left } });
            plan.writes.push(Write::merge("nodes", "", &key.name, patch));
        }
        plan
    }
}
