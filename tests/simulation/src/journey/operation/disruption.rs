//! What disturbs: pods that are taken away, nodes that are emptied, things that break.

use cluster::Cluster;
use cluster::fields;
use cluster::rng::Stream;
use cluster::store::Store;
use serde_json::{Value, json};

use super::{IMAGES, NODES, Operation, Removal, pick};
use crate::send;

const BUDGETS: &str = "poddisruptionbudgets.policy";

pub(super) fn pod(chance: &mut Stream, namespace: &'static str) -> Operation {
    let how = pick(chance, &[Removal::Delete, Removal::Force, Removal::Evict]);
    let at = usize::try_from(chance.below(16)).unwrap_or_default();
    Operation::Pod(how.unwrap_or(Removal::Delete), namespace, at)
}

pub(super) fn budget(chance: &mut Stream, namespace: &str, number: u64) -> Operation {
    let path = format!("/apis/policy/v1/namespaces/{namespace}/poddisruptionbudgets");
    if chance.below(4) == 0 {
        return Operation::Delete(format!("{path}/budget-{number}"), Value::Null);
    }
    let kind = pick(chance, &["deployment", "deployment", "statefulset"]).unwrap_or_default();
    let bound = pick(chance, &["maxUnavailable", "minAvailable"]).unwrap_or_default();
    let object = json!({
        "apiVersion": "policy/v1", "kind": "PodDisruptionBudget",
        "metadata": { "name": format!("budget-{number}") },
        "spec": {
            bound: chance.below(3),
            "selector": { "matchLabels": { "app": format!("{kind}-{number}") } },
        },
    });
    Operation::Create(path, object)
}

pub(super) fn node(chance: &mut Stream) -> Operation {
    let name = pick(chance, &NODES).unwrap_or("worker-1");
    match chance.below(4) {
        0 => Operation::Drain(name),
        at => {
            let patch = json!({ "spec": { "unschedulable": at == 1 } });
            Operation::Patch(format!("/api/v1/nodes/{name}"), patch)
        }
    }
}

pub(super) fn fault(chance: &mut Stream) -> Operation {
    let name = pick(chance, &NODES).unwrap_or("worker-1");
    let image = pick(chance, &IMAGES).unwrap_or("nginx:1.27");
    match chance.below(12) {
        0 => Operation::Fault("stop", "node", name),
        1 => Operation::Fault("cut", "node", name),
        2..=4 => Operation::Fault("start", "node", name),
        5 => Operation::Fault("slow", "disk", name),
        6 => Operation::Fault("mend", "disk", name),
        7 => Operation::Fault("break", "image", image),
        8 => Operation::Fault("mend", "image", image),
        _ => Operation::Fault("kill", "pod", "?"),
    }
}

pub(super) fn remove(
    cluster: &mut Cluster,
    how: Removal,
    namespace: &str,
    at: usize,
) -> Vec<String> {
    let pods = cluster.apiserver().store().list("pods", Some(namespace));
    let Some(pod) = pods.get(at % pods.len().max(1)) else { return Vec::new() };
    let path = format!("/api/v1/namespaces/{namespace}/pods/{}", fields::name(pod));
    match how {
        Removal::Delete => drop(send(cluster, "DELETE", &path, &Value::Null)),
        Removal::Force => {
            let options =
                json!({ "kind": "DeleteOptions", "apiVersion": "v1", "gracePeriodSeconds": 0 });
            drop(send(cluster, "DELETE", &path, &options));
        }
        Removal::Evict => return evict(cluster, pod),
    }
    Vec::new()
}

/// Empties a node as `kubectl drain` does, but waits for nobody.
pub(super) fn drain(cluster: &mut Cluster, node: &str) -> Vec<String> {
    let patch = json!({ "spec": { "unschedulable": true } });
    drop(Operation::Patch(format!("/api/v1/nodes/{node}"), patch).carry_out(cluster));
    let pods = cluster.apiserver().store().list("pods", None);
    let own = pods.iter().filter(|pod| {
        let owner = fields::controller_of(pod).map_or("", |owner| fields::text(owner, "/kind"));
        fields::text(pod, "/spec/nodeName") == node && !matches!(owner, "DaemonSet" | "Node")
    });
    own.flat_map(|pod| evict(cluster, pod)).collect()
}

/// The budgets over a pod, as they stand: their names with how many more may go.
fn budgets(store: &Store, pod: &Value) -> Vec<(String, i64)> {
    let app = fields::labels(pod).remove("app").unwrap_or_default();
    let all = store.list(BUDGETS, Some(fields::namespace(pod)));
    let over = all.iter().filter(|one| {
        !app.is_empty() && fields::text(one, "/spec/selector/matchLabels/app") == app
    });
    let number = |one: &Value, field: &str| fields::number(one, field).unwrap_or_default();
    over.map(|one| (fields::name(one).to_owned(), number(one, "/status/disruptionsAllowed")))
        .collect()
}

/// Evicts a pod. One that is ready and that its budgets hold must not go, and each that goes counts.
fn evict(cluster: &mut Cluster, pod: &Value) -> Vec<String> {
    let (namespace, name) = (fields::namespace(pod), fields::name(pod));
    let before = budgets(cluster.apiserver().store(), pod);
    let counts = fields::condition_true(pod, "Ready") && !fields::deleting(pod);
    let body = json!({
        "apiVersion": "policy/v1", "kind": "Eviction", "metadata": { "name": name },
    });
    let path = format!("/api/v1/namespaces/{namespace}/pods/{name}/eviction");
    let answer = send(cluster, "POST", &path, &body);
    let answer: Value = serde_json::from_slice(&answer).unwrap_or_default();
    if fields::text(&answer, "/status") != "Success" || !counts {
        return Vec::new();
    }
    let after = budgets(cluster.apiserver().store(), pod);
    let pairs = before.iter().zip(&after);
    let wrong = pairs.filter(|((_, before), (_, after))| *before < 1 || *after != *before - 1);
    wrong
        .map(|((budget, before), (_, after))| {
            format!("{name} was evicted, and {budget} allowed {before} and allows {after} now")
        })
        .collect()
}
