//! The provisioner of the embedded cluster: makes a disk for each claim that waits for it, lets it grow, and
//! removes it with its claim (`sigs.k8s.io/sig-storage-lib-external-provisioner`, `external-resizer`).

use apimachinery::quantity::Quantity;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::matching::{Class, class_of};
use super::{CLAIMS, PROVISIONER, SELECTED_NODE, VOLUMES, about, claim_reference};
use crate::event_loop::{Component, Controller, Key, Plan, Write};
use crate::fields;
use crate::store::{Change, Store};

/// Its name in storage classes.
pub(crate) const NAME: &str = "disk.podium.local";

/// The provisioner of a storage driver: it makes a disk of the embedded cluster for each claim of the storage classes
/// that name the driver.
#[derive(Debug)]
pub struct Provisioner(pub &'static str);

/// The storage class that a fresh cluster has.
pub(crate) fn default_class() -> Value {
    json!({
        "apiVersion": "storage.k8s.io/v1", "kind": "StorageClass",
        "metadata": {
            "name": "standard",
            "annotations": { "storageclass.kubernetes.io/is-default-class": "true" },
        },
        "provisioner": NAME, "reclaimPolicy": "Delete", "volumeBindingMode": "WaitForFirstConsumer",
        "allowVolumeExpansion": true,
    })
}

impl Controller for Provisioner {
    fn name(&self) -> &'static str {
        if self.0 == NAME { "disk-provisioner" } else { self.0 }
    }

    fn component(&self) -> Component {
        Component {
            field_manager: "disk-provisioner",
            source: self.0.to_owned(),
            ..Component::installer()
        }
    }

    fn triggers(&self, _store: &Store, change: &Change) -> Vec<Key> {
        match change.resource.as_str() {
            CLAIMS | VOLUMES => vec![Key::new(&change.namespace, &change.name)],
            _ => Vec::new(),
        }
    }

    fn reconcile(&self, store: &Store, key: &Key, _now: Timestamp) -> Plan {
        let mut plan = Plan::nothing();
        if key.namespace.is_empty() {
            let volume = store.get(VOLUMES, "", &key.name).filter(|volume| self.made(volume));
            if let Some(volume) = volume.filter(|volume| !fields::deleting(volume)) {
                let released = fields::text(&volume, "/status/phase") == "Released";
                if released
                    && fields::text(&volume, "/spec/persistentVolumeReclaimPolicy") == "Delete"
                {
                    plan.writes.push(Write::delete(VOLUMES, &volume, "Background"));
                }
            }
            return plan;
        }
        let Some(claim) = store.get(CLAIMS, &key.namespace, &key.name) else { return plan };
        if fields::text(&claim, "/spec/volumeName").is_empty() {
            self.provision(store, &claim, &mut plan);
        } else {
            self.grow(store, &claim, &mut plan);
        }
        plan
    }
}

impl Provisioner {
    fn made(&self, volume: &Value) -> bool {
        fields::annotation(volume, "pv.kubernetes.io/provisioned-by") == self.0
    }

    fn provision(&self, store: &Store, claim: &Value, plan: &mut Plan) {
        let Class::Known(class) = class_of(store, claim) else { return };
        let waits = fields::text(&class, "/volumeBindingMode") == "WaitForFirstConsumer"
            && fields::annotation(claim, SELECTED_NODE).is_empty();
        let name = format!("pvc-{}", fields::uid(claim));
        if fields::annotation(claim, PROVISIONER) != self.0
            || waits
            || fields::deleting(claim)
            || store.get(VOLUMES, "", &name).is_some()
        {
            return;
        }
        let volume = json!({
            "apiVersion": "v1", "kind": "PersistentVolume",
            "metadata": { "name": name, "annotations": { "pv.kubernetes.io/provisioned-by": self.0 } },
            "spec": {
                "accessModes": claim.pointer("/spec/accessModes"),
                "capacity": { "storage": claim.pointer("/spec/resources/requests/storage") },
                "claimRef": claim_reference(claim),
                "csi": { "driver": self.0, "volumeHandle": name },
                "persistentVolumeReclaimPolicy": fields::text(&class, "/reclaimPolicy"),
                "storageClassName": fields::name(&class),
                "volumeMode": claim.pointer("/spec/volumeMode"),
            },
        });
        let text = format!(
            "External provisioner is provisioning volume for claim \"{}/{}\"",
            fields::namespace(claim),
            fields::name(claim)
        );
        about(claim, false, "Provisioning", text, plan);
        plan.writes.push(Write::create(VOLUMES, volume));
        let text = format!("Successfully provisioned volume {name}");
        about(claim, false, "ProvisioningSucceeded", text, plan);
    }

    /// A claim that asks for more gets it: first the disk, then the file system on it, which the claim reports.
    fn grow(&self, store: &Store, claim: &Value, plan: &mut Plan) {
        let name = fields::text(claim, "/spec/volumeName");
        let Some(volume) = store.get(VOLUMES, "", name).filter(|volume| self.made(volume)) else {
            return;
        };
        let amount = |object: &Value, pointer: &str| {
            Quantity::parse(fields::text(object, pointer)).map(|one| one.milli_value()).ok()
        };
        let wanted = amount(claim, "/spec/resources/requests/storage");
        if wanted > amount(&volume, "/spec/capacity/storage") {
            let text = format!("External resizer is resizing volume {name}");
            about(claim, false, "Resizing", text, plan);
            let mut changed = volume.as_ref().clone();
            let size = fields::text(claim, "/spec/resources/requests/storage");
            fields::put(&mut changed, "/spec/capacity/storage", json!(size));
            plan.writes.push(Write::update(VOLUMES, changed));
            plan.again(std::time::Duration::from_secs(1));
            return;
        }
        let phase = fields::text(claim, "/status/phase");
        let shown = amount(claim, "/status/capacity/storage");
        if phase == "Bound" && shown.is_some() && shown < wanted {
            let mut changed = claim.clone();
            let capacity = volume.pointer("/spec/capacity").cloned().unwrap_or_default();
            fields::put(&mut changed, "/status/capacity", capacity);
            plan.writes.push(Write::update_subresource(CLAIMS, changed, "status"));
            let text = "Resize volume succeeded".to_owned();
            about(claim, false, "VolumeResizeSuccessful", text, plan);
        }
    }
}
