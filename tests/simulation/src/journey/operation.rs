//! The steps of journeys. None depends on what is there, so that any can be left out.

mod disruption;
mod surroundings;
mod workloads;

use std::time::Duration;

use apimachinery::engine::Engine as _;
use cluster::Cluster;
use cluster::rng::Stream;
use serde_json::{Value, json};

use crate::send;

/// The namespaces; the second has a quota, the third comes and goes.
pub(super) const NAMESPACES: [&str; 3] = ["free", "tight", "brief"];
/// What the quota of the second allows: the name that it is counted by, the resource, and how many.
pub(super) const HARD: [(&str, &str, i64); 5] = [
    ("pods", "pods", 5),
    ("services", "services", 2),
    ("configmaps", "configmaps", 5),
    ("persistentvolumeclaims", "persistentvolumeclaims", 2),
    ("count/jobs.batch", "jobs.batch", 2),
];
/// How much CPU the pods there may ask for together, in thousandths.
pub(super) const HARD_CPU: i64 = 4_000;
const NODES: [&str; 3] = ["worker-1", "worker-2", "worker-3"];
const IMAGES: [&str; 2] = ["nginx:1.27", "busybox:1.36"];

/// One step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Operation {
    /// Time passes.
    Wait(Duration),
    /// An object is made: path of its collection and the object.
    Create(String, Value),
    /// A merge patch.
    Patch(String, Value),
    /// An object is deleted, with these options.
    Delete(String, Value),
    /// Something is evicted or deleted that only its place in the list names.
    Pod(Removal, &'static str, usize),
    /// A node is emptied.
    Drain(&'static str),
    /// A fault: verb, kind, name.
    Fault(&'static str, &'static str, &'static str),
}

/// How a pod goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Removal {
    /// Deleted.
    Delete,
    /// Deleted at once.
    Force,
    /// Evicted.
    Evict,
}

impl Operation {
    /// Does it, and says what it should not have been able to do.
    pub(super) fn carry_out(&self, cluster: &mut Cluster) -> Vec<String> {
        match self {
            Self::Wait(by) => cluster.advance(*by),
            Self::Create(path, object) => drop(send(cluster, "POST", path, object)),
            Self::Patch(path, patch) => {
                drop(crate::send_as(cluster, "PATCH", path, patch, "application/merge-patch+json"));
            }
            Self::Delete(path, options) => drop(send(cluster, "DELETE", path, options)),
            Self::Pod(how, namespace, at) => {
                return disruption::remove(cluster, *how, namespace, *at);
            }
            Self::Drain(node) => return disruption::drain(cluster, node),
            Self::Fault(verb, kind, name) => {
                let body = json!({ "verb": verb, "kind": kind, "name": name, "more": "" });
                drop(send(cluster, "POST", "/podium/v1/faults", &body));
            }
        }
        Vec::new()
    }
}

fn namespace(name: &str) -> Operation {
    let object = json!({ "apiVersion": "v1", "kind": "Namespace", "metadata": { "name": name } });
    Operation::Create("/api/v1/namespaces".to_owned(), object)
}

/// Makes what every journey begins with.
pub(super) fn furnish(cluster: &mut Cluster) {
    for name in NAMESPACES {
        namespace(name).carry_out(cluster);
    }
    let mut hard: serde_json::Map<String, Value> =
        HARD.iter().map(|(name, _, most)| ((*name).to_owned(), json!(most.to_string()))).collect();
    hard.insert("requests.cpu".to_owned(), json!(format!("{HARD_CPU}m")));
    let quota = json!({
        "apiVersion": "v1", "kind": "ResourceQuota", "metadata": { "name": "quota" },
        "spec": { "hard": hard },
    });
    send(cluster, "POST", "/api/v1/namespaces/tight/resourcequotas", &quota);
    let limits = json!({
        "apiVersion": "v1", "kind": "LimitRange", "metadata": { "name": "limits" },
        "spec": { "limits": [{ "type": "Container", "defaultRequest": { "cpu": "100m" } }] },
    });
    send(cluster, "POST", "/api/v1/namespaces/tight/limitranges", &limits);
    cluster.advance(Duration::from_secs(5));
}

/// The steps of a seed.
pub(super) fn all(seed: u64, many: usize) -> Vec<Operation> {
    let mut chance = Stream::new(seed, "journey");
    (0..many).map(|_| one(&mut chance)).collect()
}

fn pick<T: Copy>(chance: &mut Stream, of: &[T]) -> Option<T> {
    let at = chance.below(u64::try_from(of.len()).unwrap_or_default());
    of.get(usize::try_from(at).unwrap_or_default()).copied()
}

fn one(chance: &mut Stream) -> Operation {
    let place = pick(chance, &["free", "free", "tight", "brief"]).unwrap_or("free");
    let number = chance.below(2);
    match chance.below(32) {
        0..=7 => Operation::Wait(Duration::from_millis(1 + chance.below(60_000))),
        8 | 9 => Operation::Wait(Duration::from_secs(60 + chance.below(600))),
        10 | 11 => workloads::workload(chance, place, "Deployment", number),
        12 => workloads::workload(chance, place, "StatefulSet", number),
        13 => workloads::workload(chance, place, "DaemonSet", number),
        14 => workloads::job(chance, place, number),
        15 => workloads::cron_job(chance, place, number),
        16 => workloads::autoscaler(chance, place, number),
        17 | 18 => workloads::change(chance, place, number),
        19 | 20 => surroundings::removal(chance, place, number),
        21 => disruption::pod(chance, place),
        22 => surroundings::service(chance, place, number),
        23 => surroundings::configuration(chance, place, number),
        24 => surroundings::policy(chance, place, number),
        25 | 26 => disruption::budget(chance, place, number),
        27 => disruption::node(chance),
        28 if chance.below(2) == 0 => namespace("brief"),
        28 => Operation::Delete("/api/v1/namespaces/brief".to_owned(), Value::Null),
        _ => disruption::fault(chance),
    }
}

/// The steps after which nothing is broken or held up any more, and nothing begins by itself.
pub(super) fn mended() -> Vec<Operation> {
    let mut steps = Vec::new();
    for node in NODES {
        steps.push(Operation::Fault("start", "node", node));
        steps.push(Operation::Fault("mend", "disk", node));
        let patch = json!({ "spec": { "unschedulable": null } });
        steps.push(Operation::Patch(format!("/api/v1/nodes/{node}"), patch));
    }
    steps.extend(IMAGES.map(|image| Operation::Fault("mend", "image", image)));
    for namespace in NAMESPACES {
        for number in 0..2 {
            let path = workloads::cron_jobs(namespace);
            let patch = json!({ "spec": { "suspend": true } });
            steps.push(Operation::Patch(format!("{path}/cron-{number}"), patch));
        }
    }
    steps
}
