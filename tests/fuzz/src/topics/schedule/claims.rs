//! Volumes: claims that are bound, wait for their first pod, or have nothing; and what pods mount without one.

use cluster::rng::Stream;
use serde_json::{Value, json};

use super::{HOSTNAME, ZONE, ZONES, pick};
use crate::pick::Pick as _;

/// The classes of the claims.
pub(super) fn classes(objects: &mut Vec<Value>) {
    let class = |name: &str, provisioner: &str, mode: &str| {
        json!({
            "apiVersion": "storage.k8s.io/v1", "kind": "StorageClass", "metadata": { "name": name },
            "provisioner": provisioner, "volumeBindingMode": mode, "reclaimPolicy": "Delete",
        })
    };
    objects.push(class("local", "kubernetes.io/no-provisioner", "WaitForFirstConsumer"));
    objects.push(class("later", "csi.example.com", "WaitForFirstConsumer"));
    objects.push(class("now", "csi.example.com", "Immediate"));
    let mut zonal = class("zonal", "csi.example.com", "WaitForFirstConsumer");
    zonal["allowedTopologies"] = json!([{ "matchLabelExpressions": [
        { "key": ZONE, "values": ["north", "west"] },
    ] }]);
    objects.push(zonal);
}

/// Has some pods mount something.
pub(super) fn mount(
    chance: &mut Stream,
    namespace: &str,
    spec: &mut Value,
    nodes: &[String],
    objects: &mut Vec<Value>,
) {
    if !chance.once_in(4) {
        return;
    }
    let number = objects.len();
    let mut volumes = vec![volume(chance, namespace, nodes, number, objects)];
    if chance.once_in(4) {
        let number = number + 100;
        volumes.push(volume(chance, namespace, nodes, number, objects));
    }
    spec["volumes"] = json!(volumes);
}

fn volume(
    chance: &mut Stream,
    namespace: &str,
    nodes: &[String],
    number: usize,
    objects: &mut Vec<Value>,
) -> Value {
    let name = format!("v{number}");
    if chance.once_in(6) {
        return conflicting(chance, &name);
    }
    if chance.once_in(6) {
        // One that there may be already.
        let claims: Vec<&Value> = objects
            .iter()
            .filter(|one| {
                one["kind"] == "PersistentVolumeClaim" && one["metadata"]["namespace"] == namespace
            })
            .collect();
        if let Some(known) = claims.get(chance.upto(claims.len().max(1))) {
            let claim = known["metadata"]["name"].clone();
            return json!({ "name": name, "persistentVolumeClaim": { "claimName": claim } });
        }
    }
    let claim = format!("claim-{number}");
    match chance.upto(10) {
        0 => {}
        1 => objects.push(unbound(chance, namespace, &claim, "now")),
        2 | 3 => {
            objects.push(unbound(chance, namespace, &claim, "local"));
            for free in 0..chance.upto(3) {
                objects.push(free_volume(chance, nodes, &format!("free-{number}-{free}")));
            }
        }
        4 => objects.push(unbound(chance, namespace, &claim, "later")),
        5 => objects.push(unbound(chance, namespace, &claim, "zonal")),
        _ => bound(chance, namespace, &claim, nodes, objects),
    }
    json!({ "name": name, "persistentVolumeClaim": { "claimName": claim } })
}

/// What two pods cannot both have on a node, without any claim.
fn conflicting(chance: &mut Stream, name: &str) -> Value {
    let read_only = chance.once_in(2);
    match chance.upto(2) {
        0 => json!({ "name": name, "iscsi": {
            "targetPortal": "10.0.0.9:3260", "iqn": chance.one(&["iqn.2026-01.com.example:a", "iqn.2026-01.com.example:b"]),
            "lun": 0, "readOnly": read_only,
        } }),
        _ => json!({ "name": name, "rbd": {
            "monitors": ["10.0.0.8:6789"], "pool": "rbd", "image": chance.one(&["one", "two"]), "readOnly": read_only,
        } }),
    }
}

fn unbound(chance: &mut Stream, namespace: &str, name: &str, class: &str) -> Value {
    let mut claim = json!({
        "apiVersion": "v1", "kind": "PersistentVolumeClaim",
        "metadata": { "name": name, "namespace": namespace },
        "spec": {
            "accessModes": [chance.one(&["ReadWriteOnce", "ReadWriteOnce", "ReadWriteMany"])],
            "storageClassName": class,
            "volumeMode": "Filesystem",
            "resources": { "requests": { "storage": chance.one(&["1Gi", "5Gi"]) } },
        },
        "status": { "phase": "Pending" },
    });
    if chance.once_in(6) {
        claim["spec"]["selector"] =
            json!({ "matchLabels": { "kind": chance.one(&["fast", "slow"]) } });
    }
    if class != "local" && chance.once_in(8) {
        claim["metadata"]["annotations"] =
            json!({ "volume.kubernetes.io/selected-node": chance.one(&["n0", "n1"]) });
    }
    claim
}

fn reach(chance: &mut Stream, volume: &mut Value, nodes: &[String]) {
    let term = match chance.upto(3) {
        0 => return,
        1 => json!({ "key": HOSTNAME, "operator": "In", "values": [pick(chance, nodes)] }),
        _ => json!({ "key": ZONE, "operator": "In", "values": [chance.one(&ZONES)] }),
    };
    volume["spec"]["nodeAffinity"] =
        json!({ "required": { "nodeSelectorTerms": [{ "matchExpressions": [term] }] } });
}

fn free_volume(chance: &mut Stream, nodes: &[String], name: &str) -> Value {
    let mut volume = json!({
        "apiVersion": "v1", "kind": "PersistentVolume",
        "metadata": { "name": name, "labels": { "kind": chance.one(&["fast", "slow"]) } },
        "spec": {
            "accessModes": ["ReadWriteOnce"], "storageClassName": "local", "volumeMode": "Filesystem",
            "persistentVolumeReclaimPolicy": "Retain",
            "capacity": { "storage": chance.one(&["1Gi", "5Gi", "9Gi"]) },
            "hostPath": { "path": "/data" },
        },
        "status": { "phase": "Available" },
    });
    reach(chance, &mut volume, nodes);
    volume
}

/// A claim with its volume; now and then the volume is not there.
fn bound(
    chance: &mut Stream,
    namespace: &str,
    name: &str,
    nodes: &[String],
    objects: &mut Vec<Value>,
) {
    let mode = chance.one(&["ReadWriteOnce", "ReadWriteOnce", "ReadWriteOncePod"]).to_owned();
    let volume_name = format!("of-{name}");
    let phase = if chance.once_in(10) { "Lost" } else { "Bound" };
    objects.push(json!({
        "apiVersion": "v1", "kind": "PersistentVolumeClaim",
        "metadata": {
            "name": name, "namespace": namespace,
            "annotations": { "pv.kubernetes.io/bind-completed": "yes" },
        },
        "spec": {
            "accessModes": [mode], "storageClassName": "now", "volumeMode": "Filesystem", "volumeName": volume_name,
            "resources": { "requests": { "storage": "1Gi" } },
        },
        "status": { "phase": phase },
    }));
    if phase == "Lost" || chance.once_in(12) {
        return;
    }
    let mut labels = json!({});
    if chance.once_in(2) {
        labels[ZONE] = json!(chance.one(&["north", "south", "north__west"]));
    }
    let mut volume = json!({
        "apiVersion": "v1", "kind": "PersistentVolume",
        "metadata": { "name": volume_name, "labels": labels },
        "spec": {
            "accessModes": [mode], "storageClassName": "now", "volumeMode": "Filesystem",
            "persistentVolumeReclaimPolicy": "Delete", "capacity": { "storage": "1Gi" },
            "claimRef": { "kind": "PersistentVolumeClaim", "apiVersion": "v1", "name": name, "namespace": namespace },
        },
        "status": { "phase": "Bound" },
    });
    if chance.once_in(2) {
        volume["spec"]["csi"] = json!({ "driver": "csi.example.com", "volumeHandle": volume_name });
    } else {
        volume["spec"]["hostPath"] = json!({ "path": "/data" });
    }
    reach(chance, &mut volume, nodes);
    objects.push(volume);
}
