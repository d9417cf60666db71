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
        if let Some((resource, owner)) =
            owner.as_ref().filter(|(_, owner)| leaves_by(owner, "orphan"))
        {
            orphan(store, resource, owner, &mut plan);
            return plan;
        }
        let foreground =
            owner.as_ref().is_some_and(|(_, owner)| leaves_by(owner, "foregroundDeletion"));
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
            plan.writes.push(without_finalizer(&resource, &owner, "foregroundDeletion"));
        }
        plan
    }
}

/// Whether an object is being deleted and a finalizer says what is done with its dependents.
fn leaves_by(owner: &Value, finalizer: &str) -> bool {
    fields::deleting(owner)
        && fields::items(owner, "/metadata/finalizers")
            .iter()
            .any(|one| one.as_str() == Some(finalizer))
}

fn without_finalizer(resource: &str, owner: &Value, finalizer: &str) -> Write {
    let left: Vec<&Value> = fields::items(owner, "/metadata/finalizers")
        .iter()
        .filter(|one| one.as_str() != Some(finalizer))
        .collect();
    let patch = json!({ "metadata": { "finalizers": left } });
    Write::merge_into(resource, owner, patch)
}

/// Dependents forget their owner before it goes (`garbagecollector.go orphanDependents`).
fn orphan(store: &Store, resource: &str, owner: &Value, plan: &mut Plan) {
    for kind in store.resources() {
        for object in store.list(kind, None) {
            let owners = fields::items(&object, "/metadata/ownerReferences");
            let left: Vec<&Value> = owners
                .iter()
                .filter(|one| fields::text(one, "/uid") != fields::uid(owner))
                .collect();
            if left.len() == owners.len() {
                continue;
            }
            let left = if left.is_empty() { Value::Null } else { json!(left) };
            let patch = json!({ "metadata": { "ownerReferences": left } });
            plan.writes.push(Write::merge_into(kind, &object, patch));
        }
    }
    plan.writes.push(without_finalizer(resource, owner, "orphan"));
}

fn find(store: &Store, uid: &str) -> Option<(String, std::sync::Arc<Value>)> {
    store.resources().find_map(|resource| {
        let found =
            store.list(resource, None).into_iter().find(|object| fields::uid(object) == uid)?;
        Some((resource.to_owned(), found))
    })
}
