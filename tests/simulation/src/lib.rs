//! The same journal gives the same bytes: twice, with snapshots in between, natively and as wasm; and whatever is
//! done, what must be true is.
//!
//! A journal is a seed and what a client did, with the times at which it did it. [`digest`] plays one and
//! says what the cluster holds afterwards.
//!
//! *Invariant:* uses the embedded cluster only through its engine, as a host does.

pub mod journey;

use std::time::Duration;

use apimachinery::engine::{Engine as _, EngineAnswer};
use apimachinery::identity::Identity;
use cluster::{Cluster, ClusterConfig, Controllers};
use jiff::Timestamp;
use serde_json::{Value, json};

/// Seeds that are played natively and as wasm.
pub const SEEDS: [u64; 8] = [0, 1, 2, 3, 42, 1_000, 65_537, u64::MAX];

/// A fresh cluster of a seed.
pub fn fresh(seed: u64) -> Cluster {
    Cluster::new(config(seed))
}

fn config(seed: u64) -> ClusterConfig {
    ClusterConfig {
        seed,
        epoch: Timestamp::from_second(1_790_000_000).unwrap_or_default(),
        nodes: 3,
        controllers: Controllers::All,
        admin_token: "token".to_owned(),
        extra_tokens: Vec::new(),
    }
}

/// Sends a request as the administrator and returns the body.
pub fn send(cluster: &mut Cluster, method: &str, path: &str, body: &Value) -> Vec<u8> {
    send_as(cluster, method, path, body, "application/json")
}

/// The same with a content type.
pub fn send_as(
    cluster: &mut Cluster,
    method: &str,
    path: &str,
    body: &Value,
    kind: &str,
) -> Vec<u8> {
    let bytes = if body.is_null() { Vec::new() } else { body.to_string().into_bytes() };
    let request = http::Request::builder()
        .method(method)
        .uri(path)
        .header("content-type", kind)
        .header("user-agent", "simulation/1")
        .body(bytes);
    let Ok(mut request) = request else { return Vec::new() };
    request.extensions_mut().insert(Identity::admin());
    match cluster.handle(request) {
        EngineAnswer::Full(response) => response.into_body(),
        EngineAnswer::Stream(_) => Vec::new(),
    }
}

/// What a client does: namespaces, a Deployment that is scaled and rolled, a policy, a deletion. How it is
/// spread over time depends on the seed.
pub fn play(cluster: &mut Cluster, seed: u64) {
    let pause = Duration::from_millis(500 + seed % 7 * 900);
    let namespaces = "/api/v1/namespaces";
    let deployments = "/apis/apps/v1/namespaces/dev/deployments";
    let policies = "/apis/networking.k8s.io/v1/namespaces/dev/networkpolicies";
    let web = json!({
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": { "name": "web" },
        "spec": {
            "replicas": 1 + seed % 4, "selector": { "matchLabels": { "app": "web" } },
            "template": {
                "metadata": { "labels": { "app": "web" } },
                "spec": { "containers": [{ "name": "web", "image": "nginx:1.27" }] },
            },
        },
    });
    let policy = json!({
        "apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": { "name": "deny" },
        "spec": { "podSelector": {}, "policyTypes": ["Ingress"] },
    });
    let namespace =
        json!({ "apiVersion": "v1", "kind": "Namespace", "metadata": { "name": "dev" } });
    send(cluster, "POST", namespaces, &namespace);
    cluster.advance(pause);
    send(cluster, "POST", deployments, &web);
    cluster.advance(Duration::from_secs(20));
    send(cluster, "POST", policies, &policy);
    let mut rolled = web;
    if let Some(image) = rolled.pointer_mut("/spec/template/spec/containers/0/image") {
        *image = json!("nginx:1.28");
    }
    send(cluster, "PUT", &format!("{deployments}/web"), &rolled);
    cluster.advance(pause);
    let pods = send(cluster, "GET", "/api/v1/namespaces/dev/pods", &Value::Null);
    let pods: Value = serde_json::from_slice(&pods).unwrap_or_default();
    if let Some(name) = pods.pointer("/items/0/metadata/name").and_then(Value::as_str) {
        send(cluster, "DELETE", &format!("/api/v1/namespaces/dev/pods/{name}"), &Value::Null);
    }
    cluster.advance(Duration::from_mins(2));
}

/// A digest of everything that the cluster holds, events included, in the store's order.
pub fn digest(cluster: &Cluster) -> String {
    let store = cluster.apiserver().store();
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    let mut count = 0_u32;
    for resource in store.resources() {
        for object in store.list(resource, None) {
            count += 1;
            for byte in object.to_string().bytes() {
                hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
            }
        }
    }
    format!("{hash:016x} of {count} objects at revision {}", store.revision())
}

/// A digest of everything that a cluster holds but its numbers of versions: those go on after going back, so that
/// no client mistakes the new for the old.
pub fn portrait(cluster: &Cluster) -> String {
    let store = cluster.apiserver().store();
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    let mut count = 0_u32;
    for resource in store.resources() {
        for object in store.list(resource, None) {
            count += 1;
            let mut object = object.as_ref().clone();
            unnumbered(&mut object);
            for byte in object.to_string().bytes() {
                hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
            }
        }
    }
    format!("{hash:016x} of {count} objects")
}

fn unnumbered(value: &mut Value) {
    match value {
        Value::Object(map) => {
            map.remove("resourceVersion");
            map.values_mut().for_each(unnumbered);
        }
        Value::Array(list) => list.iter_mut().for_each(unnumbered),
        _ => {}
    }
}

/// The digest after the journal of a seed.
pub fn played(seed: u64) -> String {
    let mut cluster = fresh(seed);
    play(&mut cluster, seed);
    digest(&cluster)
}

/// A line for each seed.
pub fn all() -> String {
    SEEDS.map(|seed| format!("{seed}: {}\n", played(seed))).concat()
}
