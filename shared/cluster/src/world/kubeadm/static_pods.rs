//! The control plane as its kubelet runs it: pods of files, which the API shows as mirror pods
//! (`pkg/kubelet/pod/mirror_client.go`). A mirror that is deleted comes back.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::super::nodes::CONTROL_PLANE;
use super::{CRITICAL, NAMESPACE};
use crate::event_loop::{Component, Controller, Key, Plan, Write};
use crate::fields;
use crate::kubelet::container::hex;
use crate::store::{Change, Store};

/// Its name; it acts as the kubelet of each node.
pub(crate) const NAME: &str = "static-pods";
const MIRROR: &str = "kubernetes.io/config.mirror";

/// Name, image, requested CPU and memory, port and the path of its probes.
type Part = (&'static str, &'static str, &'static str, &'static str, u16, &'static str);

const PARTS: [Part; 4] = [
    ("etcd", "registry.k8s.io/etcd:3.6.6-0", "100m", "100Mi", 2381, "/livez"),
    ("kube-apiserver", "registry.k8s.io/kube-apiserver:v1.36.3", "250m", "", 6443, "/livez"),
    (
        "kube-controller-manager",
        "registry.k8s.io/kube-controller-manager:v1.36.3",
        "200m",
        "",
        10257,
        "/healthz",
    ),
    ("kube-scheduler", "registry.k8s.io/kube-scheduler:v1.36.3", "100m", "", 10259, "/livez"),
];

/// Keeps the mirrors.
pub(crate) struct StaticPods;

impl Controller for StaticPods {
    fn name(&self) -> &'static str {
        NAME
    }

    fn component(&self) -> Component {
        Component::kubelet("")
    }

    fn triggers(&self, _store: &Store, change: &Change) -> Vec<Key> {
        let gone = change.resource == "pods"
            && change.new.is_none()
            && change.old.as_deref().is_some_and(|old| !fields::annotation(old, MIRROR).is_empty());
        if gone {
            let owner = change.old.as_deref().and_then(fields::controller_of);
            return owner
                .map(|owner| Key::new("", fields::text(owner, "/name")))
                .into_iter()
                .collect();
        }
        let node = change.resource == "nodes" && change.old.is_none();
        let runs = node
            && change
                .new
                .as_deref()
                .is_some_and(|node| fields::labels(node).contains_key(CONTROL_PLANE));
        if runs { vec![Key::new("", &change.name)] } else { Vec::new() }
    }

    fn reconcile(&self, store: &Store, key: &Key, _now: Timestamp) -> Plan {
        let mut plan = Plan::nothing();
        let Some(node) = store.get("nodes", "", &key.name) else { return plan };
        let ready = store.get("namespaces", "", NAMESPACE).is_some();
        if !ready {
            plan.again(Duration::from_secs(1));
            return plan;
        }
        for part in PARTS {
            let name = format!("{}-{}", part.0, key.name);
            if store.get("pods", NAMESPACE, &name).is_none() {
                plan.writes.push(Write::create("pods", mirror(part, &name, &node)));
            }
        }
        plan
    }
}

fn mirror((part, image, cpu, memory, port, probed): Part, name: &str, node: &Value) -> Value {
    let hash = hex(name);
    let hash = hash.get(..32).unwrap_or_default();
    let mut requests = json!({ "cpu": cpu });
    if !memory.is_empty() {
        fields::put(&mut requests, "/memory", json!(memory));
    }
    let scheme = if part == "etcd" { "HTTP" } else { "HTTPS" };
    let address = fields::items(node, "/status/addresses")
        .iter()
        .find(|one| fields::text(one, "/type") == "InternalIP")
        .map_or("", |one| fields::text(one, "/address"));
    let host = if part == "kube-apiserver" { address } else { "127.0.0.1" };
    let get = json!({ "host": host, "path": probed, "port": port, "scheme": scheme });
    let probe = json!({
        "httpGet": get, "initialDelaySeconds": 10, "timeoutSeconds": 15, "periodSeconds": 10,
        "successThreshold": 1, "failureThreshold": 8,
    });
    let container = json!({
        "name": part, "image": image, "imagePullPolicy": "IfNotPresent", "command": [part],
        "resources": { "requests": requests },
        "ports": [{ "containerPort": port, "hostPort": port, "name": "probe-port", "protocol": "TCP" }],
        "livenessProbe": probe,
        "terminationMessagePath": "/dev/termination-log", "terminationMessagePolicy": "File",
    });
    json!({
        "apiVersion": "v1", "kind": "Pod",
        "metadata": {
            "name": name, "namespace": NAMESPACE,
            "labels": { "component": part, "tier": "control-plane" },
            "annotations": {
                "kubernetes.io/config.hash": hash, MIRROR: hash,
                "kubernetes.io/config.seen": fields::text(node, "/metadata/creationTimestamp"),
                "kubernetes.io/config.source": "file",
            },
            "ownerReferences": [{
                "apiVersion": "v1", "kind": "Node", "name": fields::name(node), "uid": fields::uid(node),
                "controller": true,
            }],
        },
        "spec": {
            "nodeName": fields::name(node), "hostNetwork": true, "priorityClassName": CRITICAL, "priority": 2_000_001_000,
            "containers": [container],
            "securityContext": { "seccompProfile": { "type": "RuntimeDefault" } },
            "tolerations": [{ "effect": "NoExecute", "operator": "Exists" }],
        },
    })
}
