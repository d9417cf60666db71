//! What is true at every moment, whatever is done and whatever breaks.

use std::collections::BTreeMap;

use cluster::Cluster;
use cluster::fields;
use cluster::store::Store;
use serde_json::Value;

use super::operation::{HARD, HARD_CPU};

/// Looks at a cluster again and again, and at what happened in between.
pub(super) struct Watch {
    revision: u64,
}

impl Watch {
    pub(super) fn new(cluster: &Cluster) -> Self {
        Self { revision: cluster.apiserver().store().revision() }
    }

    /// What is wrong now, or has gone wrong since the last look.
    pub(super) fn look(&mut self, cluster: &Cluster) -> Vec<String> {
        let store = cluster.apiserver().store();
        let mut wrong = finalizers(store, self.revision);
        self.revision = store.revision();
        wrong.extend(addresses(store));
        wrong.extend(quota(store));
        wrong.extend(room(store));
        wrong.extend(claims(store));
        wrong.extend(generations(store));
        wrong
    }
}

/// Nothing is removed that somebody still holds.
fn finalizers(store: &Store, since: u64) -> Vec<String> {
    let held = |old: &Value| !fields::items(old, "/metadata/finalizers").is_empty();
    let mut wrong = Vec::new();
    for change in store.changes_since(since) {
        let Some(old) = change.old.as_deref() else { continue };
        // The write that takes the last finalizer away removes the object as well.
        let gone = change.new.is_none();
        if gone && held(old) && !fields::deleting(old) {
            wrong.push(format!(
                "{} {}/{} is gone with its finalizers",
                change.resource, change.namespace, change.name
            ));
        }
    }
    wrong
}

fn lives(pod: &Value) -> bool {
    !matches!(fields::text(pod, "/status/phase"), "Succeeded" | "Failed")
}

/// No address is given twice.
fn addresses(store: &Store) -> Vec<String> {
    let mut taken: BTreeMap<String, String> = BTreeMap::new();
    let mut wrong = Vec::new();
    let mut take = |what: &str, address: &str, who: String| {
        if matches!(address, "" | "None") {
            return;
        }
        if let Some(other) = taken.insert(format!("{what} {address}"), who.clone()) {
            wrong.push(format!("{what} {address} is of {other} and of {who}"));
        }
    };
    for pod in store.list("pods", None) {
        if lives(&pod) && !fields::flag(&pod, "/spec/hostNetwork") {
            let who = format!("{}/{}", fields::namespace(&pod), fields::name(&pod));
            take("address", fields::text(&pod, "/status/podIP"), who);
        }
    }
    for service in store.list("services", None) {
        let who = format!("{}/{}", fields::namespace(&service), fields::name(&service));
        take("address", fields::text(&service, "/spec/clusterIP"), who.clone());
        for port in fields::items(&service, "/spec/ports") {
            if let Some(number) = fields::number(port, "/nodePort") {
                take("node port", &number.to_string(), who.clone());
            }
        }
    }
    wrong
}

/// A quota is never exceeded, neither by what it says nor by what is there.
fn quota(store: &Store) -> Vec<String> {
    let mut wrong = Vec::new();
    for (name, resource, most) in HARD {
        let counted = store.list(resource, Some("tight"));
        let counted = counted
            .iter()
            .filter(|one| resource != "pods" || (lives(one) && !fields::deleting(one)));
        let there = i64::try_from(counted.count()).unwrap_or(i64::MAX);
        if there > most {
            wrong.push(format!("{there} {name} where a quota allows {most}"));
        }
    }
    let pods = store.list("pods", Some("tight"));
    let living = pods.iter().filter(|pod| lives(pod) && !fields::deleting(pod));
    let asked: i64 = living.map(|pod| asked(pod)).sum();
    if asked > HARD_CPU {
        wrong.push(format!("{asked}m of CPU where a quota allows {HARD_CPU}m"));
    }
    wrong
}

/// What the containers of a pod ask for.
fn asked(pod: &Value) -> i64 {
    let containers = fields::items(pod, "/spec/containers").iter();
    containers.map(|one| milli(fields::text(one, "/resources/requests/cpu"))).sum()
}

fn milli(text: &str) -> i64 {
    match text.strip_suffix('m') {
        Some(milli) => milli.parse().unwrap_or_default(),
        None => text.parse::<i64>().unwrap_or_default() * 1000,
    }
}

/// No node has more pods than it has CPU for.
fn room(store: &Store) -> Vec<String> {
    let mut sums: BTreeMap<String, i64> = BTreeMap::new();
    for pod in store.list("pods", None) {
        let node = fields::text(&pod, "/spec/nodeName");
        if lives(&pod) && !node.is_empty() {
            *sums.entry(node.to_owned()).or_default() += asked(&pod);
        }
    }
    let nodes = store.list("nodes", None);
    let over = nodes.iter().filter_map(|node| {
        let has = milli(fields::text(node, "/status/allocatable/cpu"));
        let asked = sums.get(fields::name(node)).copied().unwrap_or_default();
        (asked > has)
            .then(|| format!("{} has {has}m of CPU and pods for {asked}m", fields::name(node)))
    });
    over.collect()
}

/// A bound claim and its volume name each other, and nobody else does.
fn claims(store: &Store) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut volumes: BTreeMap<String, String> = BTreeMap::new();
    for claim in store.list("persistentvolumeclaims", None) {
        if fields::text(&claim, "/status/phase") != "Bound" {
            continue;
        }
        let who = format!("{}/{}", fields::namespace(&claim), fields::name(&claim));
        let volume = fields::text(&claim, "/spec/volumeName").to_owned();
        let found = store.get("persistentvolumes", "", &volume);
        let back = found.map(|one| fields::text(&one, "/spec/claimRef/uid").to_owned());
        if back.as_deref() != Some(fields::uid(&claim)) {
            wrong.push(format!("{who} is bound to {volume}, which names {back:?}"));
        }
        if let Some(other) = volumes.insert(volume.clone(), who.clone()) {
            wrong.push(format!("{volume} is of {other} and of {who}"));
        }
    }
    wrong
}

/// Nobody has seen a generation that is not there yet.
fn generations(store: &Store) -> Vec<String> {
    let mut wrong = Vec::new();
    for resource in store.resources() {
        for object in store.list(resource, None) {
            let is = fields::number(&object, "/metadata/generation").unwrap_or(i64::MAX);
            let seen = fields::number(&object, "/status/observedGeneration").unwrap_or_default();
            if seen > is {
                let name = fields::name(&object);
                wrong.push(format!("{resource} {name}: generation {seen} of {is} was seen"));
            }
        }
    }
    wrong
}
