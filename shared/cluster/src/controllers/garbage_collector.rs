//! Dependents without an owner (`pkg/controller/garbagecollector`).

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::event_loop::{Component, Controller, Key, Plan, Write};
use crate::fields;
use crate::store::{Change, Store};

/// The control loop. Its keys are UIDs of owners.
pub(crate) struct GarbageCollector;

impl Controller for GarbageCollector {
    fn name(&self) -> &'static str {
        "garbage-collector-controller"
    }

    fn component(&self) -> Component {
        Component::controller("generic-garbage-collector", "garbage-collector-controller")
    }

    fn triggers(&self, _store: &Store, change: &Change) -> Vec<Key> {
        let gone = change.new.is_none() || change.new.as_deref().is_some_and(fields::deleting);
        let owner =
            change.old.as_deref().filter(|_| gone).map(|old| Key::new("", fields::uid(old)));
        // A dependent that is written after its owner is gone, or that an owner waited for.
        let came = change.new.as_deref().filter(|_| change.old.is_none());
        let left = change.old.as_deref().filter(|_| change.new.is_none());
        let owners = came
            .into_iter()
            .chain(left)
            .flat_map(|new| fields::items(new, "/metadata/ownerReferences"));
        owner.into_iter().chain(owners.map(|one| Key::new("", fields::text(one, "/uid")))).collect()
    }

    fn reconcile(&self, store: &Store, key: &Key, _now: Timestamp) -> Plan {
        let mut plan = Plan::nothing();
        let owner = find(store, &key.name);
        let foreground = owner.as_ref().is_some_and(|(_, owner)| waits_for_dependents(owner));
        if owner.is_some() && !foreground {
            return plan;
        }
        let mut blocked = false;
        for resource in store.resources() {
            for object in store.list(resource, None) {
                let owners = fields::items(&object, "/metadata/ownerReferences");
                if !owners.iter().any(|one| fields::text(one, "/uid") == key.name) {
                    continue;
                }
                let another = owners.iter().any(|one| {
                    let uid = fields::text(one, "/uid");
                    uid != key.name && find(store, uid).is_some()
                });
                if another {
                    continue;
                }
                blocked = true;
                if !fields::deleting(&object) {
                    plan.writes.push(Write::delete(
                        resource,
                        &object,
                        if foreground { "Foreground" } else { "Background" },
                    ));
                }
            }
        }
        if let (Some((resource, owner)), true, false) = (owner, foreground, blocked) {
            let left: Vec<&Value> = fields::items(&owner, "/metadata/finalizers")
                .iter()
                .filter(|one| one.as_str() != Some("foregroundDeletion"))
                .collect();
            let patch = json!({ "metadata": { "finalizers": left } });
            plan.writes.push(Write::merge(
                &resource,
                fields::namespace(&owner),
                fields::name(&owner),
                patch,
            ));
        }
        plan
    }
}

fn waits_for_dependents(owner: &Value) -> bool {
    fields::deleting(owner)
        && fields::items(owner, "/metadata/finalizers")
            .iter()
            .any(|one| one.as_str() == Some("foregroundDeletion"))
}

fn find(store: &Store, uid: &str) -> Option<(String, std::sync::Arc<Value>)> {
    store.resources().find_map(|resource| {
        let found =
            store.list(resource, None).into_iter().find(|object| fields::uid(object) == uid)?;
        Some((resource.to_owned(), found))
    })
}
