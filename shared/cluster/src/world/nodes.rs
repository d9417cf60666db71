//! The machines of the embedded cluster.

use std::net::{IpAddr, Ipv4Addr};

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::apiserver::Apiserver;
use crate::config::Machine;
use crate::event_loop::{Component, Write};
use crate::fields;
use crate::kubelet::container::hex;

/// The label and taint of machines that run the control plane.
pub(super) const CONTROL_PLANE: &str = "node-role.kubernetes.io/control-plane";

/// A control plane and `count` workers; no machines at all without workers.
pub(super) fn plain(count: u32) -> Vec<Machine> {
    let machine = |index: u32| match index {
        0 => Machine::plain("control-plane", true),
        index => Machine::plain(&format!("worker-{index}"), false),
    };
    if count == 0 { Vec::new() } else { (0..=count).map(machine).collect() }
}

/// Has each machine join as upstream's do: its kubelet registers it, kubeadm marks it, and controllers give it its
/// range of addresses and what `pkg/controller/ttl` writes.
pub(super) fn install(machines: &[Machine], now: Timestamp) -> Vec<(Write, Component)> {
    let mut writes = Vec::new();
    for (index, machine) in (0_u32..).zip(machines) {
        let name = machine.name.as_str();
        let kubelet = || Component::kubelet(name);
        let mut send = |write: Write, by: Component| writes.push((write, by));
        send(Write::create("nodes", node(machine)), kubelet());
        let status = json!({ "status": status(machine, index, now) });
        send(Write::patch("nodes", "", name, "status", status), kubelet());
        if let Some(marks) = marks(machine) {
            send(Write::patch("nodes", "", name, "", marks), Component::installer());
        }
        let range = format!("10.244.{index}.0/24");
        let range = json!({ "spec": { "podCIDR": range, "podCIDRs": [range] } });
        let by = || Component::controller("node-controller", "node-controller");
        send(Write::patch("nodes", "", name, "", range), by());
        let ttl = json!({ "metadata": { "annotations": { "node.alpha.kubernetes.io/ttl": "0" } } });
        let by = Component::controller("ttl-controller", "ttl-controller");
        send(Write::patch("nodes", "", name, "", ttl), by);
    }
    writes
}

/// What a kubelet tells of the storage drivers of its node: that there are none beside those which moved out of
/// Kubernetes (`pkg/volume/csi/nodeinfomanager/nodeinfomanager.go`).
pub(super) fn storage(node: &Value) -> Write {
    const MIGRATED: [&str; 7] = [
        "aws-ebs",
        "azure-disk",
        "azure-file",
        "cinder",
        "gce-pd",
        "portworx-volume",
        "vsphere-volume",
    ];
    let migrated: Vec<String> = MIGRATED.iter().map(|one| format!("kubernetes.io/{one}")).collect();
    let object = json!({
        "apiVersion": "storage.k8s.io/v1", "kind": "CSINode",
        "metadata": {
            "name": fields::name(node),
            "annotations": { "storage.alpha.kubernetes.io/migrated-plugins": migrated.join(",") },
            "ownerReferences": [{
                "apiVersion": "v1", "kind": "Node", "name": fields::name(node), "uid": fields::uid(node),
            }],
        },
        "spec": { "drivers": null },
    });
    Write::create("csinodes.storage.k8s.io", object)
}

/// From where a component asks: its host, or the (first) control plane.
pub(super) fn address(api: &Apiserver, host: &str) -> IpAddr {
    let store = api.store();
    let master = |node: &std::sync::Arc<Value>| fields::labels(node).contains_key(CONTROL_PLANE);
    let node = match host {
        "" => store.list("nodes", None).into_iter().find(master),
        host => store.get("nodes", "", host),
    };
    let internal = node.as_deref().and_then(|node| {
        let mut all = fields::items(node, "/status/addresses").iter();
        let found = all.find(|one| fields::text(one, "/type") == "InternalIP")?;
        fields::text(found, "/address").parse().ok()
    });
    internal.unwrap_or(IpAddr::V4(Ipv4Addr::LOCALHOST))
}

/// The storage class of a cluster whose machines bring none.
pub(super) fn default_class() -> Write {
    let class = crate::controllers::persistent_volume::provisioner::default_class();
    Write::create("storageclasses.storage.k8s.io", class)
}

/// An identifier of a machine, the same in every cluster.
fn uuid(name: &str, what: &str) -> String {
    let digits = hex(&format!("{name}/{what}"));
    let part = |from: usize, to: usize| digits.get(from..to).unwrap_or_default();
    [part(0, 8), part(8, 12), part(12, 16), part(16, 20), part(20, 32)].join("-")
}

/// As the kubelet registers it (`initialNode` in `pkg/kubelet/kubelet_node_status.go`).
fn node(machine: &Machine) -> Value {
    let name = machine.name.as_str();
    json!({
        "apiVersion": "v1", "kind": "Node",
        "metadata": {
            "name": name,
            "annotations": { "volumes.kubernetes.io/controller-managed-attach-detach": "true" },
            "labels": {
                "beta.kubernetes.io/arch": "amd64", "beta.kubernetes.io/os": "linux",
                "kubernetes.io/arch": "amd64", "kubernetes.io/os": "linux", "kubernetes.io/hostname": name,
            },
        },
    })
}

fn status(machine: &Machine, index: u32, now: Timestamp) -> Value {
    let name = machine.name.as_str();
    let id = hex(&format!("{name}/machine"));
    let id = id.get(..32).unwrap_or_default();
    let handler = |name: &str| {
        json!({
            "name": name, "features": { "recursiveReadOnlyMounts": true, "userNamespaces": false },
        })
    };
    json!({
        "addresses": [
            { "type": "InternalIP", "address": format!("172.18.0.{}", index + 2) },
            { "type": "Hostname", "address": name },
        ],
        "capacity": resources(machine), "allocatable": resources(machine),
        "conditions": conditions(now),
        "daemonEndpoints": { "kubeletEndpoint": { "Port": 10250 } },
        "features": { "supplementalGroupsPolicy": true },
        "runtimeHandlers": [handler(""), handler("runc")],
        "nodeInfo": {
            "architecture": "amd64", "operatingSystem": "linux", "osImage": machine.os_image,
            "kernelVersion": machine.kernel, "containerRuntimeVersion": machine.runtime,
            "kubeletVersion": "v1.36.3", "kubeProxyVersion": "", "machineID": id,
            "systemUUID": uuid(name, "system"), "bootID": uuid(name, "boot"),
        },
    })
}

/// The labels and taints that a machine is given by whoever installs it.
fn marks(machine: &Machine) -> Option<Value> {
    let mut marks = json!({});
    let mut taints: Vec<&str> = machine.taints.iter().map(String::as_str).collect();
    if machine.control_plane {
        label(&mut marks, CONTROL_PLANE, "");
        taints.insert(0, CONTROL_PLANE);
    }
    for (key, value) in &machine.labels {
        label(&mut marks, key, value);
    }
    if !taints.is_empty() {
        let taints: Vec<Value> =
            taints.iter().map(|key| json!({ "key": key, "effect": "NoSchedule" })).collect();
        fields::put(&mut marks, "/spec/taints", json!(taints));
    }
    (marks != json!({})).then_some(marks)
}

fn label(node: &mut Value, key: &str, value: &str) {
    let place = format!("/metadata/labels/{}", key.replace('~', "~0").replace('/', "~1"));
    fields::put(node, &place, json!(value));
}

fn resources(machine: &Machine) -> Value {
    let (cpu, memory) = &machine.size;
    let mut resources = json!({
        "cpu": cpu, "memory": memory, "ephemeral-storage": "100Gi", "pods": "110",
        "hugepages-1Gi": "0", "hugepages-2Mi": "0",
    });
    if let Some(resources) = resources.as_object_mut() {
        let devices = machine.devices.iter();
        resources.extend(devices.map(|(name, count)| (name.clone(), json!(count.to_string()))));
    }
    resources
}

pub(super) fn conditions(now: Timestamp) -> Vec<Value> {
    let at = fields::seconds(now);
    let one = |kind: &str, status: &str, reason: &str, message: &str| {
        json!({
            "type": kind, "status": status, "reason": reason, "message": message,
            "lastHeartbeatTime": at, "lastTransitionTime": at,
        })
    };
    vec![
        one(
            "MemoryPressure",
            "False",
            "KubeletHasSufficientMemory",
            "kubelet has sufficient memory available",
        ),
        one("DiskPressure", "False", "KubeletHasNoDiskPressure", "kubelet has no disk pressure"),
        one(
            "PIDPressure",
            "False",
            "KubeletHasSufficientPID",
            "kubelet has sufficient PID available",
        ),
        one("Ready", "True", "KubeletReady", "kubelet is posting ready status"),
    ]
}
