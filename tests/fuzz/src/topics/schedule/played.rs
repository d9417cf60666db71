//! Our answer: the case's objects go through the embedded API server, and its scheduler is asked.

use std::cell::RefCell;
use std::collections::BTreeMap;

use apimachinery::engine::{Engine as _, EngineAnswer};
use apimachinery::identity::Identity;
use cluster::scheduler::{self, Decision};
use cluster::{Cluster, ClusterConfig, ClusterSnapshot, Controllers};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::CLASSES;

/// Kinds with the paths of their lists.
const PATHS: [(&str, &str); 10] = [
    ("Namespace", "/api/v1/namespaces"),
    ("Node", "/api/v1/nodes"),
    ("CSINode", "/apis/storage.k8s.io/v1/csinodes"),
    ("StorageClass", "/apis/storage.k8s.io/v1/storageclasses"),
    ("PersistentVolume", "/api/v1/persistentvolumes"),
    ("PersistentVolumeClaim", "/api/v1/namespaces/{}/persistentvolumeclaims"),
    ("Pod", "/api/v1/namespaces/{}/pods"),
    ("Service", "/api/v1/namespaces/{}/services"),
    ("ReplicaSet", "/apis/apps/v1/namespaces/{}/replicasets"),
    ("PodDisruptionBudget", "/apis/policy/v1/namespaces/{}/poddisruptionbudgets"),
];

thread_local! {
    /// An API server with what all cases have, and its state before the first one.
    static BASE: RefCell<(Cluster, ClusterSnapshot)> = RefCell::new(base());
}

fn base() -> (Cluster, ClusterSnapshot) {
    let mut cluster = Cluster::new(ClusterConfig {
        seed: 1,
        epoch: Timestamp::UNIX_EPOCH,
        nodes: 0,
        controllers: Controllers::None,
        admin_token: "token".to_owned(),
        extra_tokens: Vec::new(),
    });
    let account = json!({ "metadata": { "name": "default" } });
    let accounts = "/api/v1/namespaces/default/serviceaccounts";
    drop(send(&mut cluster, "POST", accounts, &account));
    for (name, value) in CLASSES {
        let mut class = json!({ "metadata": { "name": name }, "value": value });
        if name == "meek" {
            class["preemptionPolicy"] = json!("Never");
        }
        drop(send(&mut cluster, "POST", "/apis/scheduling.k8s.io/v1/priorityclasses", &class));
    }
    let heavy = json!({
        "metadata": { "name": "heavy" }, "handler": "heavy",
        "overhead": { "podFixed": { "cpu": "250m", "memory": "64Mi" } },
    });
    drop(send(&mut cluster, "POST", "/apis/node.k8s.io/v1/runtimeclasses", &heavy));
    let state = cluster.snapshot();
    (cluster, state)
}

fn send(cluster: &mut Cluster, method: &str, path: &str, body: &Value) -> Result<Value, Value> {
    let kind = match method {
        "PATCH" => "application/merge-patch+json",
        _ => "application/json",
    };
    let request = http::Request::builder().method(method).uri(path).header("content-type", kind);
    let request = request.extension(Identity::admin()).body(body.to_string().into_bytes());
    let request = request.map_err(|error| json!(error.to_string()))?;
    let EngineAnswer::Full(response) = cluster.handle(request) else {
        return Err(json!("a stream"));
    };
    let answer: Value = serde_json::from_slice(response.body()).unwrap_or_default();
    if response.status().is_success() { Ok(answer) } else { Err(answer["message"].clone()) }
}

/// Creates an object as it stands there, with what only other requests can set.
fn create(cluster: &mut Cluster, object: &Value) -> Result<(), Value> {
    let kind = object["kind"].as_str().unwrap_or_default();
    let known = PATHS.iter().find(|(name, _)| *name == kind);
    let (_, path) = known.ok_or_else(|| json!(format!("the kind {kind}")))?;
    let text = |key: &str| object["metadata"][key].as_str().unwrap_or_default().to_owned();
    let (name, path) = (text("name"), path.replace("{}", &text("namespace")));
    let mut first = object.clone();
    if let Some(metadata) = first["metadata"].as_object_mut() {
        metadata.remove("deletionTimestamp");
        metadata.remove("deletionGracePeriodSeconds");
    }
    let one = format!("{path}/{name}");
    if kind == "Namespace" {
        if name == "default" {
            send(cluster, "PATCH", &one, &json!({ "metadata": first["metadata"] }))?;
            return Ok(());
        }
        send(cluster, "POST", &path, &first)?;
        let account = json!({ "metadata": { "name": "default" } });
        send(cluster, "POST", &format!("{one}/serviceaccounts"), &account)?;
        return Ok(());
    }
    send(cluster, "POST", &path, &first)?;
    match kind {
        // The taint of a node that is new.
        "Node" => {
            let spec = json!({ "spec": { "taints": object["spec"]["taints"] } });
            send(cluster, "PATCH", &one, &spec)?;
        }
        "PersistentVolume" | "PersistentVolumeClaim" | "Pod" | "PodDisruptionBudget"
            if object.get("status").is_some() =>
        {
            let status = json!({ "status": object["status"] });
            send(cluster, "PATCH", &format!("{one}/status"), &status)?;
        }
        _ => {}
    }
    if object["metadata"].get("deletionTimestamp").is_some() {
        send(cluster, "DELETE", &one, &json!({ "gracePeriodSeconds": 30 }))?;
    }
    Ok(())
}

/// Fills the cluster of this thread with a case.
fn with<T>(case: &Value, asked: impl FnOnce(&Cluster) -> T) -> Result<T, Value> {
    BASE.with_borrow_mut(|(cluster, state)| {
        cluster.restore(state);
        let objects = case["objects"].as_array().into_iter().flatten();
        for object in objects.chain(case.get("pod")) {
            create(cluster, object)?;
        }
        Ok(asked(cluster))
    })
}

/// Whether the API server takes all of a case.
pub(super) fn accepted(case: &Value) -> bool {
    with(case, |_| ()).is_ok()
}

/// What our scheduler finds.
pub(in crate::topics) fn ours(case: &Value) -> Value {
    let pod = |key: &str| case["pod"]["metadata"][key].as_str().unwrap_or_default();
    let objects = case["objects"].as_array().into_iter().flatten();
    let nodes: Vec<&str> = objects
        .filter(|one| one["kind"] == "Node")
        .filter_map(|one| one["metadata"]["name"].as_str())
        .collect();
    let answer = with(case, |cluster| {
        let (store, now) = (cluster.apiserver().store(), cluster.now());
        let decision = scheduler::explain(store, pod("namespace"), pod("name"))?;
        let failure = decision
            .chosen
            .is_none()
            .then(|| scheduler::failure(store, pod("namespace"), pod("name"), now))
            .flatten();
        Some(told(&nodes, &decision, failure))
    });
    match answer {
        Ok(Some(answer)) => answer,
        Ok(None) => json!({ "refused": "no such pod" }),
        Err(why) => json!({ "refused": why }),
    }
}

fn told(nodes: &[&str], decision: &Decision, failure: Option<scheduler::Failure>) -> Value {
    // The plugin, and its reasons in order: that of resources is up to chance on the other side.
    let words = |plugin: &str, reasons: &[String]| {
        let mut all: Vec<&str> = reasons.iter().map(String::as_str).collect();
        all.sort_unstable();
        all.insert(0, plugin);
        json!(all)
    };
    let mut refused: serde_json::Map<String, Value> = decision
        .nodes
        .iter()
        .filter_map(|node| Some((node.node.clone(), words(node.refused_by?, &node.reasons))))
        .collect();
    if let Some(plugin) = decision.refused_by {
        let all = |node: &&str| ((*node).to_owned(), words(plugin, &decision.reasons));
        refused.extend(nodes.iter().map(all));
    }
    let feasible: Vec<&scheduler::NodeVerdict> =
        decision.nodes.iter().filter(|node| !refused.contains_key(&node.node)).collect();
    let most = feasible.iter().map(|node| node.total()).max();
    let names = |nodes: &mut dyn Iterator<Item = &&scheduler::NodeVerdict>| -> Vec<String> {
        nodes.map(|node| node.node.clone()).collect()
    };
    let failure = failure.unwrap_or_default();
    json!({
        "feasible": names(&mut feasible.iter()),
        "best": names(&mut feasible.iter().filter(|node| Some(node.total()) == most)),
        "scores": (feasible.len() > 1).then(|| scores(&feasible)),
        "refused": refused,
        "text": failure.text,
        "nominated": failure.nominated,
        "victims": failure.victims,
    })
}

/// The weighted scores of plugins that do not say the same of all nodes.
fn scores(nodes: &[&scheduler::NodeVerdict]) -> BTreeMap<&'static str, BTreeMap<String, i64>> {
    let mut all: BTreeMap<&'static str, BTreeMap<String, i64>> = BTreeMap::new();
    for node in nodes {
        for one in &node.scores {
            all.entry(one.plugin).or_default().insert(node.node.clone(), one.score * one.weight);
        }
    }
    all.retain(|_, of| of.values().collect::<std::collections::BTreeSet<_>>().len() > 1);
    all
}
