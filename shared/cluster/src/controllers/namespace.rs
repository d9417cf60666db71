//! Namespaces on their way out: everything in them first (`pkg/controller/namespace/deletion`).

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use apimachinery::schema::Schema;
use jiff::Timestamp;
use serde_json::{Value, json};

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

    fn reconcile(&self, store: &Store, key: &Key, now: Timestamp) -> Plan {
        let mut plan = Plan::nothing();
        let Some(namespace) = store.get("namespaces", "", &key.name) else { return plan };
        if !fields::deleting(&namespace) {
            return plan;
        }
        let namespaced: Vec<String> = Schema::builtin()
            .resources()
            .iter()
            .filter(|resource| resource.namespaced)
            .map(|resource| resource.group_resource().to_string())
            .collect();
        let mut left = Vec::new();
        let custom = |resource: &str| {
            store.get("customresourcedefinitions.apiextensions.k8s.io", "", resource).is_some()
        };
        let known = |one: &&str| namespaced.iter().any(|known| known == one) || custom(one);
        for resource in store.resources().filter(known) {
            for object in store.list(resource, Some(&key.name)) {
                if !fields::deleting(&object) {
                    plan.writes.push(Write::delete(resource, &object, "Background"));
                }
                left.push((resource.to_owned(), object));
            }
        }
        if left.is_empty() {
            let mut done = (*namespace).clone();
            fields::put(&mut done, "/spec/finalizers", json!([]));
            plan.writes.push(Write::update_subresource("namespaces", done, "finalize"));
        } else if plan.writes.is_empty() {
            remain(&namespace, &left, now, &mut plan);
            plan.again(Duration::from_secs(5));
        } else {
            // What is left after the deletions is told in the next step.
            plan.again(Duration::from_millis(50));
        }
        plan
    }
}

/// Says what holds the namespace (`status_condition_utils.go`).
fn remain(namespace: &Value, left: &[(String, Arc<Value>)], now: Timestamp, plan: &mut Plan) {
    let conditions: Vec<Value> = said(left)
        .into_iter()
        .map(|(kind, reason, (status, message))| {
            let since = fields::condition(namespace, kind)
                .filter(|known| fields::text(known, "/status") == status)
                .map_or_else(
                    || fields::seconds(now),
                    |known| fields::text(known, "/lastTransitionTime").to_owned(),
                );
            json!({
                "type": kind, "status": status, "reason": reason, "message": message,
                "lastTransitionTime": since,
            })
        })
        .collect();
    if fields::items(namespace, "/status/conditions") != conditions {
        let mut changed = namespace.clone();
        fields::put(&mut changed, "/status/conditions", json!(conditions));
        plan.writes.push(Write::update_subresource("namespaces", changed, "status"));
    }
}

/// Type, reason, status and message of each condition.
type Said = (&'static str, &'static str, (&'static str, String));

fn said(left: &[(String, Arc<Value>)]) -> [Said; 5] {
    let ok = |text: &str| ("False", text.to_owned());
    [
        (
            "NamespaceDeletionDiscoveryFailure",
            "ResourcesDiscovered",
            ok("All resources successfully discovered"),
        ),
        (
            "NamespaceDeletionGroupVersionParsingFailure",
            "ParsedGroupVersions",
            ok("All legacy kube types successfully parsed"),
        ),
        (
            "NamespaceDeletionContentFailure",
            "ContentDeleted",
            ok("All content successfully deleted, may be waiting on finalization"),
        ),
        resources_remain(left),
        finalizers_remain(left),
    ]
}

fn resources_remain(left: &[(String, Arc<Value>)]) -> Said {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for (resource, _) in left {
        let dotted = if resource.contains('.') { resource.clone() } else { format!("{resource}.") };
        *counts.entry(dotted).or_default() += 1;
    }
    let counts: Vec<String> = counts
        .iter()
        .map(|(resource, count)| format!("{resource} has {count} resource instances"))
        .collect();
    let message = format!("Some resources are remaining: {}", counts.join(", "));
    ("NamespaceContentRemaining", "SomeResourcesRemain", ("True", message))
}

fn finalizers_remain(left: &[(String, Arc<Value>)]) -> Said {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for (_, object) in left {
        for finalizer in fields::items(object, "/metadata/finalizers") {
            *counts.entry(finalizer.as_str().unwrap_or_default()).or_default() += 1;
        }
    }
    let kind = "NamespaceFinalizersRemaining";
    if counts.is_empty() {
        let message = "All content successfully removed".to_owned();
        return (kind, "ContentRemoved", ("False", message));
    }
    let counts: Vec<String> = counts
        .iter()
        .map(|(finalizer, count)| format!("{finalizer} in {count} resource instances"))
        .collect();
    let message =
        format!("Some content in the namespace has finalizers remaining: {}", counts.join(", "));
    (kind, "SomeFinalizersRemain", ("True", message))
}
