//! Whose an object is: controllers take in what their selector matches and nobody controls, and let go what it no
//! longer matches (`pkg/controller/controller_ref_manager.go`).

use std::sync::Arc;

use apimachinery::selector::LabelSelector;
use serde_json::{Value, json};

use super::pod_template::owner_reference;
use crate::event_loop::{Key, Plan, Write};
use crate::fields;
use crate::store::{Change, Store};

/// The objects of an owner (of a kind of `apps/v1`, or a ReplicationController) among those of a resource in its namespace that `fits` lets pass.
pub(super) fn claimed(
    store: &Store,
    (owner, kind): (&Value, &str),
    resource: &str,
    fits: impl Fn(&Value) -> bool,
    plan: &mut Plan,
) -> Vec<Arc<Value>> {
    let selector = selector(owner);
    let matches = |one: &Value| {
        fits(one) && selector.as_ref().is_none_or(|all| all.matches(&fields::labels(one)))
    };
    let leaving = fields::deleting(owner);
    let mut all = store.list(resource, Some(fields::namespace(owner)));
    all.retain(|one| match fields::controller_of(one) {
        Some(_) if !fields::controlled_by(one, owner) => false,
        Some(_) if leaving || matches(one) => true,
        Some(_) => {
            plan.writes.push(let_go(resource, one, owner));
            false
        }
        None if leaving || fields::deleting(one) || selector.is_none() || !matches(one) => false,
        None => {
            plan.writes.push(take_in(resource, one, (owner, kind)));
            true
        }
    });
    all
}

/// The owners of a resource that might take in an object that nobody controls.
pub(super) fn adopters(store: &Store, owners: &str, change: &Change) -> Vec<Key> {
    let Some(one) = change.new.as_deref() else { return Vec::new() };
    if fields::controller_of(one).is_some() || fields::deleting(one) {
        return Vec::new();
    }
    let labels = fields::labels(one);
    if labels.is_empty() {
        return Vec::new();
    }
    let mut all = store.list(owners, Some(&change.namespace));
    all.retain(|owner| selector(owner).is_some_and(|selector| selector.matches(&labels)));
    all.iter().map(|owner| Key::of(owner)).collect()
}

/// What an owner selects. The selector of a ReplicationController is a plain map.
pub(super) fn selector(owner: &Value) -> Option<LabelSelector> {
    let selector = owner.pointer("/spec/selector")?;
    if fields::text(owner, "/kind") == "ReplicationController" {
        return Some(LabelSelector::from_map(&fields::texts(owner, "/spec/selector")));
    }
    LabelSelector::from_object(selector).ok()
}

/// Makes an object the owner's.
pub(super) fn take_in(resource: &str, one: &Value, (owner, kind): (&Value, &str)) -> Write {
    let version = if kind == "ReplicationController" { "v1" } else { "apps/v1" };
    let patch = json!({ "metadata": {
        "uid": fields::uid(one),
        "ownerReferences": [owner_reference(owner, version, kind)],
    } });
    Write::patch(resource, fields::namespace(one), fields::name(one), "", patch)
}

fn let_go(resource: &str, one: &Value, owner: &Value) -> Write {
    let patch = json!({ "metadata": {
        "uid": fields::uid(one),
        "ownerReferences": [{ "$patch": "delete", "uid": fields::uid(owner) }],
    } });
    Write::patch(resource, fields::namespace(one), fields::name(one), "", patch)
}
