//! What is true when nothing is broken any more and enough time has passed.

mod counted;
mod network;
mod workloads;

use std::collections::BTreeSet;
use std::time::Duration;

use apimachinery::engine::Engine as _;
use cluster::Cluster;
use cluster::fields;
use cluster::store::Store;
use serde_json::Value;

use super::operation::mended;

/// Longer than any back-off, deadline or resynchronisation.
const LONG: Duration = Duration::from_mins(40);
/// What is written again and again, whatever happens: heartbeats, measurements, and tries of what cannot succeed.
const PULSE: [&str; 4] =
    ["leases.coordination.k8s.io", "nodes", "events", "horizontalpodautoscalers.autoscaling"];

/// Mends everything and waits.
pub(super) fn come_to(cluster: &mut Cluster) {
    for step in mended() {
        drop(step.carry_out(cluster));
    }
    cluster.advance(LONG);
}

/// What is wrong with a cluster that should be at rest.
pub(super) fn wrong(cluster: &mut Cluster) -> Vec<String> {
    let store = cluster.apiserver().store();
    let mut wrong = orphans(store);
    wrong.extend(workloads::wrong(store));
    wrong.extend(counted::wrong(store));
    wrong.extend(going(store));
    wrong.extend(network::wrong(cluster));
    let store = cluster.apiserver().store();
    let before = store.revision();
    cluster.advance(Duration::from_mins(5));
    wrong.extend(restless(cluster.apiserver().store(), before));
    wrong
}

/// Every owner is there, except of what is being deleted.
fn orphans(store: &Store) -> Vec<String> {
    let resources: Vec<&str> = store.resources().collect();
    let all: Vec<_> = resources
        .iter()
        .flat_map(|resource| {
            store.list(resource, None).into_iter().map(move |one| (*resource, one))
        })
        .collect();
    let known: BTreeSet<&str> = all.iter().map(|(_, one)| fields::uid(one)).collect();
    let lonely = all.iter().filter(|(_, one)| {
        let owners = fields::items(one, "/metadata/ownerReferences");
        !owners.is_empty()
            && !owners.iter().any(|owner| known.contains(fields::text(owner, "/uid")))
    });
    lonely
        .map(|(resource, one)| {
            format!("{resource} {}/{} is an orphan", fields::namespace(one), fields::name(one))
        })
        .collect()
}

/// What is being deleted is held by somebody, and a namespace by what is in it.
fn going(store: &Store) -> Vec<String> {
    let mut wrong = Vec::new();
    let holds = |one: &Value| !fields::items(one, "/metadata/finalizers").is_empty();
    for resource in store.resources() {
        for one in store.list(resource, None) {
            let name = fields::name(&one);
            let held = holds(&one)
                || resource == "namespaces"
                    && store
                        .resources()
                        .any(|inner| store.list(inner, Some(name)).iter().any(|one| holds(one)));
            if fields::deleting(&one) && !held {
                wrong.push(format!("{resource} {name} is being deleted for ever"));
            }
        }
    }
    wrong
}

/// Nothing is written any more but heartbeats and the tries of what cannot succeed.
fn restless(store: &Store, since: u64) -> Vec<String> {
    let hopeless = |change: &cluster::store::Change| {
        let new = change.new.as_deref();
        new.is_some_and(|one| {
            let text = one.to_string();
            text.contains("nginx:0.1") || change.resource == "replicasets.apps" || crashes(one)
        })
    };
    let changes = store.changes_since(since);
    let mut names: Vec<String> = changes
        .iter()
        .filter(|change| !PULSE.contains(&change.resource.as_str()) && !hopeless(change))
        .map(|change| {
            format!("{} {}/{} changes at rest", change.resource, change.namespace, change.name)
        })
        .collect();
    names.sort();
    names.dedup();
    names
}

/// Whether nobody ends a pod that fails and starts again: its Job went without it.
fn crashes(pod: &Value) -> bool {
    fields::text(pod, "/kind") == "Pod"
        && fields::controller_of(pod).is_none()
        && fields::text(pod, "/spec/restartPolicy") == "OnFailure"
        && fields::number(pod, "/status/containerStatuses/0/restartCount")
            .is_some_and(|many| many > 0)
}
