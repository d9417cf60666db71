//! The steps of journeys. None depends on what is there, so that any can be left out.

use std::time::Duration;

use apimachinery::engine::Engine as _;
use cluster::Cluster;
use cluster::rng::Stream;
use serde_json::{Value, json};

use crate::send;

/// The namespaces; the second has a quota.
pub(super) const NAMESPACES: [&str; 2] = ["free", "tight"];
/// What the quota of the second allows.
pub(super) const HARD: [(&str, i64); 3] = [("pods", 5), ("services", 2), ("configmaps", 5)];
const NODES: [&str; 3] = ["node-1", "node-2", "node-3"];

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
    /// Does it.
    pub(super) fn carry_out(&self, cluster: &mut Cluster) {
        match self {
            Self::Wait(by) => cluster.advance(*by),
            Self::Create(path, object) => drop(send(cluster, "POST", path, object)),
            Self::Patch(path, patch) => {
                drop(crate::send_as(cluster, "PATCH", path, patch, "application/merge-patch+json"));
            }
            Self::Delete(path, options) => drop(send(cluster, "DELETE", path, options)),
            Self::Pod(how, namespace, at) => remove(cluster, *how, namespace, *at),
            Self::Fault(verb, kind, name) => {
                let body = json!({ "verb": verb, "kind": kind, "name": name, "more": "" });
                drop(send(cluster, "POST", "/podium/v1/faults", &body));
            }
        }
    }
}

fn remove(cluster: &mut Cluster, how: Removal, namespace: &str, at: usize) {
    let pods = cluster.apiserver().store().list("pods", Some(namespace));
    let Some(pod) = pods.get(at % pods.len().max(1)) else { return };
    let name = cluster::fields::name(pod).to_owned();
    let path = format!("/api/v1/namespaces/{namespace}/pods/{name}");
    match how {
        Removal::Delete => drop(send(cluster, "DELETE", &path, &Value::Null)),
        Removal::Force => {
            let options =
                json!({ "kind": "DeleteOptions", "apiVersion": "v1", "gracePeriodSeconds": 0 });
            drop(send(cluster, "DELETE", &path, &options));
        }
        Removal::Evict => {
            let body = json!({
                "apiVersion": "policy/v1", "kind": "Eviction", "metadata": { "name": name },
            });
            drop(send(cluster, "POST", &format!("{path}/eviction"), &body));
        }
    }
}

/// Makes what every journey begins with.
pub(super) fn furnish(cluster: &mut Cluster) {
    for name in NAMESPACES {
        let namespace =
            json!({ "apiVersion": "v1", "kind": "Namespace", "metadata": { "name": name } });
        send(cluster, "POST", "/api/v1/namespaces", &namespace);
    }
    let hard: serde_json::Map<String, Value> =
        HARD.iter().map(|(name, most)| ((*name).to_owned(), json!(most.to_string()))).collect();
    let quota = json!({
        "apiVersion": "v1", "kind": "ResourceQuota", "metadata": { "name": "quota" },
        "spec": { "hard": hard },
    });
    send(cluster, "POST", "/api/v1/namespaces/tight/resourcequotas", &quota);
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
    let namespace = pick(chance, &NAMESPACES).unwrap_or("free");
    let number = chance.below(2);
    match chance.below(22) {
        0..=5 => Operation::Wait(Duration::from_millis(1 + chance.below(60_000))),
        6 => Operation::Wait(Duration::from_secs(60 + chance.below(600))),
        7 => workload(chance, namespace, "Deployment", number),
        8 => workload(chance, namespace, "StatefulSet", number),
        9 => workload(chance, namespace, "DaemonSet", number),
        10 => job(chance, namespace, number),
        11 | 12 => change(chance, namespace, number),
        13 | 14 => removal(chance, namespace, number),
        15 => {
            let how = pick(chance, &[Removal::Delete, Removal::Force, Removal::Evict]);
            let at = usize::try_from(chance.below(16)).unwrap_or_default();
            Operation::Pod(how.unwrap_or(Removal::Delete), namespace, at)
        }
        16 => service(chance, namespace, number),
        17 => configuration(chance, namespace, number),
        18 => budget(chance, namespace, number),
        19 => node(chance),
        _ => fault(chance),
    }
}

fn apps(namespace: &str, kind: &str) -> String {
    format!("/apis/apps/v1/namespaces/{namespace}/{}s", kind.to_lowercase())
}

fn template(chance: &mut Stream, app: &str) -> Value {
    let image = pick(chance, &["nginx:1.27", "nginx:1.28", "nginx:1.28", "nginx:0.1"]);
    let cpu = pick(chance, &["100m", "1", "3"]).unwrap_or("100m");
    json!({
        "metadata": { "labels": { "app": app } },
        "spec": {
            "terminationGracePeriodSeconds": chance.below(40),
            "containers": [{
                "name": "main", "image": image, "resources": { "requests": { "cpu": cpu } },
            }],
        },
    })
}

fn workload(chance: &mut Stream, namespace: &str, kind: &str, number: u64) -> Operation {
    let name = format!("{}-{number}", kind.to_lowercase());
    let mut spec = json!({
        "selector": { "matchLabels": { "app": name } }, "template": template(chance, &name),
    });
    if let Some(spec) = spec.as_object_mut() {
        if kind != "DaemonSet" {
            spec.insert("replicas".to_owned(), json!(chance.below(5)));
        }
        if kind == "Deployment" && chance.below(3) == 0 {
            spec.insert("strategy".to_owned(), json!({ "type": "Recreate" }));
        }
        if kind == "StatefulSet" {
            spec.insert("serviceName".to_owned(), json!(name));
            let policy = pick(chance, &["Parallel", "OrderedReady"]);
            spec.insert("podManagementPolicy".to_owned(), json!(policy));
            let claim = json!([{ "metadata": { "name": "data" }, "spec": {
                "accessModes": ["ReadWriteOnce"], "resources": { "requests": { "storage": "1Gi" } },
            } }]);
            if chance.below(2) == 0 {
                spec.insert("volumeClaimTemplates".to_owned(), claim);
            }
        }
    }
    let object = json!({ "apiVersion": "apps/v1", "kind": kind, "metadata": { "name": name }, "spec": spec });
    Operation::Create(apps(namespace, kind), object)
}

fn job(chance: &mut Stream, namespace: &str, number: u64) -> Operation {
    let script =
        pick(chance, &["exit 0", "exit 1", "sleep 20", "sleep 90; exit 3"]).unwrap_or("exit 0");
    let template = json!({ "spec": {
        "restartPolicy": pick(chance, &["Never", "OnFailure"]),
        "containers": [{ "name": "main", "image": "busybox:1.36", "command": ["sh", "-c", script] }],
    } });
    let spec = json!({
        "completions": 1 + chance.below(3), "parallelism": 1 + chance.below(3),
        "backoffLimit": chance.below(3), "template": template,
    });
    let object = json!({
        "apiVersion": "batch/v1", "kind": "Job", "metadata": { "name": format!("job-{number}") },
        "spec": spec,
    });
    Operation::Create(format!("/apis/batch/v1/namespaces/{namespace}/jobs"), object)
}

fn change(chance: &mut Stream, namespace: &str, number: u64) -> Operation {
    let kind = pick(chance, &["Deployment", "StatefulSet", "DaemonSet"]).unwrap_or("Deployment");
    let path = format!("{}/{}-{number}", apps(namespace, kind), kind.to_lowercase());
    let patch = if kind == "DaemonSet" || chance.below(2) == 0 {
        json!({ "spec": { "template": template(chance, &format!("{}-{number}", kind.to_lowercase())) } })
    } else {
        json!({ "spec": { "replicas": chance.below(6) } })
    };
    Operation::Patch(path, patch)
}

fn removal(chance: &mut Stream, namespace: &str, number: u64) -> Operation {
    let how = pick(chance, &["Background", "Foreground", "Orphan"]);
    let options = json!({ "kind": "DeleteOptions", "apiVersion": "v1", "propagationPolicy": how });
    let core = format!("/api/v1/namespaces/{namespace}");
    let path = match chance.below(8) {
        0 | 1 => format!("{}/deployment-{number}", apps(namespace, "Deployment")),
        2 => format!("{}/statefulset-{number}", apps(namespace, "StatefulSet")),
        3 => format!("{}/daemonset-{number}", apps(namespace, "DaemonSet")),
        4 => format!("/apis/batch/v1/namespaces/{namespace}/jobs/job-{number}"),
        5 => format!("{core}/services/service-{number}"),
        6 => format!("{core}/configmaps/config-{number}"),
        _ => format!("{core}/persistentvolumeclaims/data-statefulset-{number}-0"),
    };
    Operation::Delete(path, options)
}

fn service(chance: &mut Stream, namespace: &str, number: u64) -> Operation {
    let kind = pick(chance, &["ClusterIP", "NodePort", "LoadBalancer"]);
    let object = json!({
        "apiVersion": "v1", "kind": "Service", "metadata": { "name": format!("service-{number}") },
        "spec": { "type": kind, "selector": { "app": format!("deployment-{number}") }, "ports": [{ "port": 80 }] },
    });
    Operation::Create(format!("/api/v1/namespaces/{namespace}/services"), object)
}

fn configuration(chance: &mut Stream, namespace: &str, number: u64) -> Operation {
    let path = format!("/api/v1/namespaces/{namespace}/configmaps");
    let finalizers = ["example.com/hold"];
    match chance.below(3) {
        0 => {
            let patch = json!({ "metadata": { "finalizers": null } });
            Operation::Patch(format!("{path}/config-{number}"), patch)
        }
        1 => {
            let object = json!({
                "apiVersion": "v1", "kind": "ConfigMap",
                "metadata": { "name": format!("config-{number}"), "finalizers": finalizers },
            });
            Operation::Create(path, object)
        }
        _ => {
            let object = json!({
                "apiVersion": "v1", "kind": "ConfigMap",
                "metadata": { "name": format!("config-{number}") },
            });
            Operation::Create(path, object)
        }
    }
}

fn budget(chance: &mut Stream, namespace: &str, number: u64) -> Operation {
    let path = format!("/apis/policy/v1/namespaces/{namespace}/poddisruptionbudgets");
    if chance.below(2) == 0 {
        return Operation::Delete(format!("{path}/budget-{number}"), Value::Null);
    }
    let object = json!({
        "apiVersion": "policy/v1", "kind": "PodDisruptionBudget",
        "metadata": { "name": format!("budget-{number}") },
        "spec": {
            "maxUnavailable": chance.below(3),
            "selector": { "matchLabels": { "app": format!("deployment-{number}") } },
        },
    });
    Operation::Create(path, object)
}

fn node(chance: &mut Stream) -> Operation {
    let name = pick(chance, &NODES).unwrap_or("node-1");
    let patch = json!({ "spec": { "unschedulable": chance.below(2) == 0 } });
    Operation::Patch(format!("/api/v1/nodes/{name}"), patch)
}

fn fault(chance: &mut Stream) -> Operation {
    let name = pick(chance, &NODES).unwrap_or("node-1");
    match chance.below(6) {
        0 => Operation::Fault("stop", "node", name),
        1 => Operation::Fault("cut", "node", name),
        2 | 3 => Operation::Fault("start", "node", name),
        _ => Operation::Fault("kill", "pod", "?"),
    }
}

/// The steps after which nothing is broken or held up any more.
pub(super) fn mended() -> Vec<Operation> {
    let mut steps = Vec::new();
    for node in NODES {
        steps.push(Operation::Fault("start", "node", node));
        steps.push(Operation::Fault("mend", "node", node));
        let patch = json!({ "spec": { "unschedulable": null } });
        steps.push(Operation::Patch(format!("/api/v1/nodes/{node}"), patch));
    }
    steps
}
