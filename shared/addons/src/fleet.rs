//! The machines of the HyperCloud 4.1 proof of concept: three masters, sixteen workers, two with GPUs and six for
//! storage, with cri-o, Calico and Ceph. Their sizes, roles and taints are ours; the script only counts them.

use std::sync::Arc;

use cluster::addon::Addon;
use cluster::event_loop::Controller;
use cluster::{Machine, Provisioner};
use serde_json::{Value, json};

const ROLE: &str = "node-role.kubernetes.io";
/// The drivers of Rook-Ceph: block devices and a file system.
const BLOCK: &str = "rook-ceph.rbd.csi.ceph.com";
const FILES: &str = "rook-ceph.cephfs.csi.ceph.com";
const CEPH: &str = "rook-ceph";

/// All machines.
pub(crate) fn machines() -> Vec<Machine> {
    let many = |what: &'static str, count: u32| (1..=count).map(move |one| format!("{what}-{one}"));
    let machine = |name: String, size: (&str, &str)| Machine {
        size: (size.0.to_owned(), size.1.to_owned()),
        os_image: "ProLinux 7.7".to_owned(),
        kernel: "3.10.0-1062.el7.x86_64".to_owned(),
        runtime: "cri-o://1.36.0".to_owned(),
        ..Machine::plain(&name, false)
    };
    let role = |mut machine: Machine, role: &str| {
        machine.labels.push((format!("{ROLE}/{role}"), String::new()));
        machine
    };
    let masters = many("master", 3)
        .map(|name| Machine { control_plane: true, ..machine(name, ("8", "16Gi")) });
    let workers = many("worker", 16).map(|name| role(machine(name, ("16", "64Gi")), "worker"));
    let gpus = many("gpu", 2).map(|name| {
        let mut machine = role(machine(name, ("32", "128Gi")), "gpu");
        machine.labels.push(("nvidia.com/gpu.present".to_owned(), "true".to_owned()));
        machine.taints.push("nvidia.com/gpu".to_owned());
        machine.devices.push(("nvidia.com/gpu".to_owned(), 2));
        machine
    });
    let storage = many("storage", 6).map(|name| {
        let mut machine = role(machine(name, ("8", "32Gi")), "storage");
        machine.taints.push(format!("{ROLE}/storage"));
        machine
    });
    masters.chain(workers).chain(gpus).chain(storage).collect()
}

/// What runs on them for all: Calico on every machine, Ceph on those for storage.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Fleet;

impl Addon for Fleet {
    fn name(&self) -> &'static str {
        "hypercloud-4.1-fleet"
    }

    fn objects(&self) -> Vec<(&'static str, Value)> {
        let namespace =
            json!({ "apiVersion": "v1", "kind": "Namespace", "metadata": { "name": CEPH } });
        let mut objects = vec![("daemonsets.apps", everywhere()), ("namespaces", namespace)];
        objects.extend(classes().into_iter().map(|class| ("storageclasses.storage.k8s.io", class)));
        objects.extend(
            (0..6).map(|disk| ("deployments.apps", daemon("osd", &disk.to_string(), disk + 1))),
        );
        let monitors = ["a", "b", "c"].into_iter().zip(1..);
        objects.extend(monitors.map(|(name, at)| ("deployments.apps", daemon("mon", name, at))));
        objects
    }

    fn controllers(&self) -> Vec<Arc<dyn Controller>> {
        vec![Arc::new(Provisioner(BLOCK)), Arc::new(Provisioner(FILES))]
    }
}

/// `calico-node` of Calico's manifest.
fn everywhere() -> Value {
    let labels = json!({ "k8s-app": "calico-node" });
    json!({
        "apiVersion": "apps/v1", "kind": "DaemonSet",
        "metadata": { "name": "calico-node", "namespace": "kube-system", "labels": labels },
        "spec": {
            "selector": { "matchLabels": labels },
            "updateStrategy": { "type": "RollingUpdate" },
            "template": {
                "metadata": { "labels": labels },
                "spec": {
                    "hostNetwork": true, "priorityClassName": "system-node-critical",
                    "nodeSelector": { "kubernetes.io/os": "linux" },
                    "tolerations": [{ "operator": "Exists" }],
                    "containers": [{
                        "name": "calico-node", "image": "docker.io/calico/node:v3.13.4",
                        "imagePullPolicy": "IfNotPresent",
                        "resources": { "requests": { "cpu": "250m" } },
                    }],
                },
            },
        },
    })
}

/// A daemon of Ceph, on the machine that has its disk.
fn daemon(kind: &str, id: &str, machine: u32) -> Value {
    let name = format!("rook-ceph-{kind}-{id}");
    let labels = json!({ "app": format!("rook-ceph-{kind}"), "ceph_daemon_id": id });
    json!({
        "apiVersion": "apps/v1", "kind": "Deployment",
        "metadata": { "name": name, "namespace": CEPH, "labels": labels },
        "spec": {
            "replicas": 1, "strategy": { "type": "Recreate" },
            "selector": { "matchLabels": labels },
            "template": {
                "metadata": { "labels": labels },
                "spec": {
                    "nodeSelector": { "kubernetes.io/hostname": format!("storage-{machine}") },
                    "tolerations": [{ "key": format!("{ROLE}/storage"), "operator": "Exists" }],
                    "containers": [{
                        "name": kind, "image": "ceph/ceph:v14.2.9", "imagePullPolicy": "IfNotPresent",
                        "args": [format!("ceph-{kind}")],
                        "resources": { "requests": { "cpu": "500m", "memory": "2Gi" } },
                    }],
                },
            },
        },
    })
}

/// The storage classes that the course names; the first is the default.
fn classes() -> Vec<Value> {
    let named = [
        ("hdd-ceph-block", BLOCK),
        ("ssd-ceph-block", BLOCK),
        ("hdd-ceph-fs", FILES),
        ("ssd-ceph-fs", FILES),
        ("rook-ceph-block", BLOCK),
        ("csi-cephfs-sc", FILES),
    ];
    let class = |(name, driver): (&str, &str)| {
        let default = (name == "hdd-ceph-block").to_string();
        json!({
            "apiVersion": "storage.k8s.io/v1", "kind": "StorageClass",
            "metadata": {
                "name": name,
                "annotations": { "storageclass.kubernetes.io/is-default-class": default },
            },
            "provisioner": driver, "reclaimPolicy": "Delete", "volumeBindingMode": "Immediate",
            "allowVolumeExpansion": true,
        })
    };
    named.map(class).to_vec()
}
