//! What is true when nothing is broken any more and enough time has passed.

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
/// What is written again and again, whatever happens: heartbeats, and tries of what cannot succeed.
const PULSE: [&str; 3] = ["leases.coordination.k8s.io", "nodes", "events"];

/// Mends everything and waits.
pub(super) fn come_to(cluster: &mut Cluster) {
    for step in mended() {
        step.carry_out(cluster);
    }
    cluster.advance(LONG);
}

/// What is wrong with a cluster that should be at rest.
pub(super) fn wrong(cluster: &mut Cluster) -> Vec<String> {
    let store = cluster.apiserver().store();
    let mut wrong = orphans(store);
    wrong.extend(deployments(store));
    wrong.extend(stateful_sets(store));
    wrong.extend(going(store));
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

/// Whether a template can run at all here.
fn can_run(object: &Value) -> bool {
    fields::namespace(object) == "free"
        && fields::text(object, "/spec/template/spec/containers/0/image") != "nginx:0.1"
        // Several of these may not fit on the nodes at the same time.
        && fields::text(object, "/spec/template/spec/containers/0/resources/requests/cpu") != "3"
}

fn short(object: &Value, field: &str) -> Option<String> {
    let wanted = fields::number(object, "/spec/replicas").unwrap_or(1);
    let has = fields::number(object, &format!("/status/{field}")).unwrap_or_default();
    (has != wanted).then(|| {
        format!(
            "{} {} has {has} of {wanted} {field}",
            fields::text(object, "/kind"),
            fields::name(object)
        )
    })
}

fn seen(object: &Value) -> Option<String> {
    let is = fields::number(object, "/metadata/generation");
    let seen = fields::number(object, "/status/observedGeneration");
    (is != seen).then(|| {
        format!(
            "{} {}: {seen:?} of {is:?} seen",
            fields::text(object, "/kind"),
            fields::name(object)
        )
    })
}

/// Nobody asks for so much that others have no room.
fn roomy(store: &Store) -> bool {
    let waiting = store.list("pods", None);
    !waiting.iter().any(|pod| {
        fields::condition(pod, "PodScheduled")
            .is_some_and(|one| fields::text(one, "/reason") == "Unschedulable")
    })
}

fn deployments(store: &Store) -> Vec<String> {
    let all = store.list("deployments.apps", None);
    let mut wrong: Vec<String> = all.iter().filter_map(|one| seen(one)).collect();
    if roomy(store) {
        let able = all.iter().filter(|one| can_run(one) && !fields::deleting(one));
        wrong.extend(able.clone().filter_map(|one| short(one, "availableReplicas")));
        wrong.extend(able.filter_map(|one| short(one, "updatedReplicas")));
    }
    wrong
}

fn stateful_sets(store: &Store) -> Vec<String> {
    let all = store.list("statefulsets.apps", None);
    let mut wrong: Vec<String> = all.iter().filter_map(|one| seen(one)).collect();
    // A set in order stands still behind a pod of an older template that never gets ready (a known issue upstream).
    let stuck = |set: &Value| {
        let pods = store.list("pods", Some(fields::namespace(set)));
        pods.iter().any(|pod| {
            fields::controlled_by(pod, set)
                && fields::text(pod, "/spec/containers/0/image") == "nginx:0.1"
        })
    };
    if roomy(store) {
        let able = all.iter().filter(|one| can_run(one) && !fields::deleting(one) && !stuck(one));
        wrong.extend(able.filter_map(|one| short(one, "readyReplicas")));
    }
    wrong
}

/// What is being deleted is held by somebody.
fn going(store: &Store) -> Vec<String> {
    let mut wrong = Vec::new();
    for resource in store.resources() {
        for one in store.list(resource, None) {
            let held = !fields::items(&one, "/metadata/finalizers").is_empty()
                || !fields::items(&one, "/spec/finalizers").is_empty();
            if fields::deleting(&one) && !held {
                let name = fields::name(&one);
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
            text.contains("nginx:0.1") || change.resource == "replicasets.apps"
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
