//! What is made of HyperCloud's own kinds when it is installed: as soon as they are served.

use cluster::addon::Aggregation;
use cluster::event_loop::{Component, Controller, Key, Plan, Write};
use cluster::fields;
use cluster::store::{Change, Store};
use jiff::Timestamp;
use serde_json::json;

use super::{definitions, menus};

/// The control loop: it acts once.
pub(super) struct Installer;

impl Controller for Installer {
    fn name(&self) -> &'static str {
        "hypercloud-installer"
    }

    fn component(&self) -> Component {
        Component::installer()
    }

    fn triggers(&self, _store: &Store, change: &Change) -> Vec<Key> {
        let ours = change.resource == definitions::RESOURCE && change.name == menus::RESOURCE;
        if ours { vec![Key::new("", &change.name)] } else { Vec::new() }
    }

    fn reconcile(&self, _store: &Store, _key: &Key, _now: Timestamp) -> Plan {
        Plan::nothing()
    }

    fn reconcile_with(&self, seen: &Aggregation<'_>, key: &Key) -> Plan {
        let mut plan = Plan::nothing();
        let definition = seen.store.get(definitions::RESOURCE, "", &key.name);
        let served = definition.is_some_and(|one| fields::condition_true(&one, "Established"));
        if served && seen.memory.is_null() {
            plan.writes = menus::policies()
                .into_iter()
                .map(|policy| Write::create(menus::RESOURCE, policy))
                .collect();
            plan.remember = Some(json!(true));
        }
        plan
    }
}
