//! The machines of the embedded cluster.

use std::net::{IpAddr, Ipv4Addr};

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::apiserver::Apiserver;
use crate::event_loop::Write;
use crate::fields;
use crate::kubelet::container::hex;

/// The names of the control plane and `count` workers; no nodes at all without workers.
pub(super) fn names(count: u32) -> Vec<String> {
    let name = |index: u32| match index {
        0 => "control-plane".to_owned(),
        index => format!("worker-{index}"),
    };
    if count == 0 { Vec::new() } else { (0..=count).map(name).collect() }
}

/// Creates the control plane and `count` workers, with status.
pub(super) fn install(count: u32, now: Timestamp) -> Vec<Write> {
    let mut writes = Vec::new();
    if count == 0 {
        return writes;
    }
    for (index, name) in (0_u32..).zip(names(count)) {
        let node = node(&name, index, now);
        writes.push(Write::create("nodes", node.clone()));
        let status = json!({ "status": node.get("status") });
        writes.push(Write::patch("nodes", "", &name, "status", status));
    }
    let class = crate::controllers::persistent_volume::provisioner::default_class();
    writes.push(Write::create("storageclasses.storage.k8s.io", class));
    writes
}

/// From where a component asks: its host, or the control plane.
pub(super) fn address(api: &Apiserver, host: &str) -> IpAddr {
    let host = if host.is_empty() { "control-plane" } else { host };
    let node = api.store().get("nodes", "", host);
    let internal = node.as_deref().and_then(|node| {
        let mut all = fields::items(node, "/status/addresses").iter();
        let found = all.find(|one| fields::text(one, "/type") == "InternalIP")?;
        fields::text(found, "/address").parse().ok()
    });
    internal.unwrap_or(IpAddr::V4(Ipv4Addr::LOCALHOST))
}

/// An identifier of a machine, the same in every cluster.
fn uuid(name: &str, what: &str) -> String {
    let digits = hex(&format!("{name}/{what}"));
    let part = |from: usize, to: usize| digits.get(from..to).unwrap_or_default();
    [part(0, 8), part(8, 12), part(12, 16), part(16, 20), part(20, 32)].join("-")
}

fn node(name: &str, index: u32, now: Timestamp) -> Value {
    let machine = hex(&format!("{name}/machine"));
    let machine = machine.get(..32).unwrap_or_default();
    let range = format!("10.244.{index}.0/24");
    let mut node = json!({
        "apiVersion": "v1", "kind": "Node",
        "metadata": {
            "name": name,
            "labels": {
                "beta.kubernetes.io/arch": "amd64", "beta.kubernetes.io/os": "linux",
                "kubernetes.io/arch": "amd64", "kubernetes.io/os": "linux", "kubernetes.io/hostname": name,
            },
        },
        "spec": { "podCIDR": range, "podCIDRs": [range] },
        "status": {
            "addresses": [
                { "type": "InternalIP", "address": format!("172.18.0.{}", index + 2) },
                { "type": "Hostname", "address": name },
            ],
            "capacity": resources("8", "32Gi"), "allocatable": resources("8", "32Gi"),
            "conditions": conditions(now),
            "daemonEndpoints": { "kubeletEndpoint": { "Port": 10250 } },
            "nodeInfo": {
                "architecture": "amd64", "operatingSystem": "linux", "osImage": "Debian GNU/Linux 12 (bookworm)",
                "kernelVersion": "6.12.0", "containerRuntimeVersion": "containerd://2.2.0",
                "kubeletVersion": "v1.36.3", "kubeProxyVersion": "", "machineID": machine, "systemUUID": uuid(name, "system"), "bootID": uuid(name, "boot"),
            },
        },
    });
    if index == 0 {
        fields::put(
            &mut node,
            "/metadata/labels/node-role.kubernetes.io~1control-plane",
            json!(""),
        );
        let taint =
            json!([{ "key": "node-role.kubernetes.io/control-plane", "effect": "NoSchedule" }]);
        fields::put(&mut node, "/spec/taints", taint);
    }
    node
}

fn resources(cpu: &str, memory: &str) -> Value {
    json!({ "cpu": cpu, "memory": memory, "ephemeral-storage": "100Gi", "pods": "110" })
}

fn conditions(now: Timestamp) -> Vec<Value> {
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
