//! Claims find volumes (`pkg/controller/volume/persistentvolume/pv_controller.go`). Each step is one write; the
//! change that it makes brings the next.

pub(crate) mod matching;
pub(crate) mod provisioner;

use jiff::Timestamp;
use serde_json::{Value, json};

use self::matching::{Class, best, class_of, refers_to, reserved};
use crate::event_loop::{Component, Controller, EventNote, Key, Plan, Write, reference};
use crate::fields;
use crate::store::{Change, Store};

pub(crate) const CLAIMS: &str = "persistentvolumeclaims";
pub(crate) const VOLUMES: &str = "persistentvolumes";
/// Which provisioner a claim waits for.
pub(crate) const PROVISIONER: &str = "volume.kubernetes.io/storage-provisioner";
/// The node that the scheduler has chosen for the first pod of a claim.
pub(crate) const SELECTED_NODE: &str = "volume.kubernetes.io/selected-node";

/// Binds claims to volumes, and gives volumes their phases.
pub(crate) struct Binder;

impl Controller for Binder {
    fn name(&self) -> &'static str {
        "persistentvolume-binder-controller"
    }

    fn component(&self) -> Component {
        Component::controller("persistent-volume-binder", "persistentvolume-controller")
    }

    fn triggers(&self, store: &Store, change: &Change) -> Vec<Key> {
        let waiting = || {
            let claims = store.list(CLAIMS, None);
            let open = claims.iter().filter(|one| fields::text(one, "/status/phase") != "Bound");
            open.map(|one| Key::of(one)).collect::<Vec<_>>()
        };
        match change.resource.as_str() {
            CLAIMS => {
                let volumes = store.list(VOLUMES, None);
                let own = volumes.iter().filter(|volume| {
                    fields::text(volume, "/spec/claimRef/namespace") == change.namespace
                        && fields::text(volume, "/spec/claimRef/name") == change.name
                });
                let mut keys: Vec<Key> = own.map(|volume| Key::of(volume)).collect();
                keys.push(Key::new(&change.namespace, &change.name));
                keys
            }
            VOLUMES => {
                let mut keys = waiting();
                keys.push(Key::new("", &change.name));
                let claim = change.new.as_ref().or(change.old.as_ref());
                keys.extend(claim.map(|volume| {
                    Key::new(
                        fields::text(volume, "/spec/claimRef/namespace"),
                        fields::text(volume, "/spec/claimRef/name"),
                    )
                }));
                keys
            }
            "storageclasses.storage.k8s.io" => waiting(),
            _ => Vec::new(),
        }
    }

    fn reconcile(&self, store: &Store, key: &Key, _now: Timestamp) -> Plan {
        let mut plan = Plan::nothing();
        if key.namespace.is_empty() {
            if let Some(volume) = store.get(VOLUMES, "", &key.name) {
                sync_volume(store, &volume, &mut plan);
            }
        } else if let Some(claim) = store.get(CLAIMS, &key.namespace, &key.name) {
            sync_claim(store, &claim, &mut plan);
        }
        plan
    }
}

fn about(claim: &Value, warning: bool, reason: &str, message: String, plan: &mut Plan) {
    let regarding = reference(claim, "v1", "PersistentVolumeClaim");
    plan.events.push(if warning {
        EventNote::warning(regarding, reason, message)
    } else {
        EventNote::normal(regarding, reason, message)
    });
}

fn annotate(object: &mut Value, key: &str, value: &str) {
    let key = key.replace('~', "~0").replace('/', "~1");
    fields::put(object, &format!("/metadata/annotations/{key}"), json!(value));
}

fn phase(resource: &str, object: &Value, status: &Value, plan: &mut Plan) {
    let mut changed = object.clone();
    let mut whole = object.get("status").cloned().unwrap_or_else(|| json!({}));
    for (field, value) in status.as_object().into_iter().flatten() {
        fields::put(&mut whole, &format!("/{field}"), value.clone());
    }
    if object.get("status") != Some(&whole) {
        fields::put(&mut changed, "/status", whole);
        plan.writes.push(Write::update_subresource(resource, changed, "status"));
    }
}

/// `syncClaim`.
fn sync_claim(store: &Store, claim: &Value, plan: &mut Plan) {
    let name = fields::text(claim, "/spec/volumeName");
    if name.is_empty() {
        unbound(store, claim, plan);
        return;
    }
    let bound = fields::text(claim, "/status/phase") == "Bound";
    let Some(volume) = store.get(VOLUMES, "", name) else {
        if bound {
            let text = "Bound claim has lost its PersistentVolume. Data on the volume is lost!";
            about(claim, true, "ClaimLost", text.to_owned(), plan);
            phase(CLAIMS, claim, &json!({ "phase": "Lost" }), plan);
        }
        return;
    };
    if fields::text(&volume, "/spec/claimRef/name").is_empty() {
        take(&volume, claim, plan);
        return;
    }
    if !refers_to(&volume, claim) {
        if bound {
            let text =
                "Bound claim has lost reference to PersistentVolume. Data on the volume is lost!";
            about(claim, true, "ClaimMisbound", text.to_owned(), plan);
            phase(CLAIMS, claim, &json!({ "phase": "Lost" }), plan);
        }
        return;
    }
    if fields::text(&volume, "/spec/claimRef/uid").is_empty() {
        take(&volume, claim, plan);
        return;
    }
    if fields::annotation(claim, "pv.kubernetes.io/bind-completed").is_empty() {
        let mut changed = claim.clone();
        annotate(&mut changed, "pv.kubernetes.io/bind-completed", "yes");
        plan.writes.push(Write::update(CLAIMS, changed));
        return;
    }
    if !bound {
        let status = json!({
            "phase": "Bound",
            "accessModes": volume.pointer("/spec/accessModes"),
            "capacity": volume.pointer("/spec/capacity"),
        });
        phase(CLAIMS, claim, &status, plan);
    }
}

/// Writes into a volume whose it is.
fn take(volume: &Value, claim: &Value, plan: &mut Plan) {
    let mut changed = volume.clone();
    let prebound = !fields::text(volume, "/spec/claimRef/name").is_empty();
    fields::put(&mut changed, "/spec/claimRef", claim_reference(claim));
    if !prebound {
        annotate(&mut changed, "pv.kubernetes.io/bound-by-controller", "yes");
    }
    plan.writes.push(Write::update(VOLUMES, changed));
}

/// `claimRef`.
pub(crate) fn claim_reference(claim: &Value) -> Value {
    json!({
        "apiVersion": "v1", "kind": "PersistentVolumeClaim",
        "namespace": fields::namespace(claim), "name": fields::name(claim), "uid": fields::uid(claim),
        "resourceVersion": fields::text(claim, "/metadata/resourceVersion"),
    })
}

/// `syncUnboundClaim` of a claim that names no volume.
fn unbound(store: &Store, claim: &Value, plan: &mut Plan) {
    let class = class_of(store, claim);
    let delayed = matches!(&class, Class::Known(class) if fields::text(class, "/volumeBindingMode") == "WaitForFirstConsumer")
        && fields::annotation(claim, SELECTED_NODE).is_empty();
    let found = if delayed { reserved(store, claim) } else { best(store, claim, None, &[]) };
    if let Some(volume) = found {
        if fields::text(&volume, "/spec/claimRef/uid").is_empty() {
            take(&volume, claim, plan);
            return;
        }
        let mut changed = claim.clone();
        fields::put(&mut changed, "/spec/volumeName", json!(fields::name(&volume)));
        annotate(&mut changed, "pv.kubernetes.io/bind-completed", "yes");
        annotate(&mut changed, "pv.kubernetes.io/bound-by-controller", "yes");
        plan.writes.push(Write::update(CLAIMS, changed));
        return;
    }
    let class = match class {
        _ if delayed => {
            waiting(store, claim, plan);
            return;
        }
        Class::None => {
            let text = "no persistent volumes available for this claim and no storage class is set";
            about(claim, false, "FailedBinding", text.to_owned(), plan);
            return;
        }
        Class::Missing(name) => {
            let text = format!("storageclass.storage.k8s.io \"{name}\" not found");
            about(claim, true, "ProvisioningFailed", text, plan);
            return;
        }
        Class::Known(class) => class,
    };
    let provisioner = fields::text(&class, "/provisioner");
    if provisioner.starts_with("kubernetes.io/") {
        let text = "no volume plugin matched name: ".to_owned() + provisioner;
        about(claim, true, "ProvisioningFailed", text, plan);
        return;
    }
    if fields::annotation(claim, PROVISIONER) != provisioner {
        let mut changed = claim.clone();
        annotate(&mut changed, PROVISIONER, provisioner);
        annotate(&mut changed, "volume.beta.kubernetes.io/storage-provisioner", provisioner);
        plan.writes.push(Write::update(CLAIMS, changed));
    }
    let text = format!(
        "Waiting for a volume to be created either by the external provisioner '{provisioner}' or manually by the system administrator. If volume creation is delayed, please verify that the provisioner is running and correctly registered."
    );
    about(claim, false, "ExternalProvisioning", text, plan);
}

/// `emitEventForUnboundDelayBindingClaim`.
fn waiting(store: &Store, claim: &Value, plan: &mut Plan) {
    let pods = store.list("pods", Some(fields::namespace(claim)));
    let users: Vec<&str> = pods
        .iter()
        .filter(|pod| fields::text(pod, "/spec/nodeName").is_empty())
        .filter(|pod| matching::claims_of(pod).iter().any(|one| one == fields::name(claim)))
        .map(|pod| fields::name(pod))
        .collect();
    if users.is_empty() {
        let text = "waiting for first consumer to be created before binding";
        about(claim, false, "WaitForFirstConsumer", text.to_owned(), plan);
    } else {
        let text = format!("waiting for pod {} to be scheduled", users.join(","));
        about(claim, false, "WaitForPodScheduled", text, plan);
    }
}

/// `syncVolume`.
fn sync_volume(store: &Store, volume: &Value, plan: &mut Plan) {
    let uid = fields::text(volume, "/spec/claimRef/uid");
    if uid.is_empty() {
        phase(VOLUMES, volume, &json!({ "phase": "Available" }), plan);
        return;
    }
    let claim = store.get(
        CLAIMS,
        fields::text(volume, "/spec/claimRef/namespace"),
        fields::text(volume, "/spec/claimRef/name"),
    );
    if let Some(claim) = claim.filter(|claim| fields::uid(claim) == uid) {
        if fields::text(&claim, "/spec/volumeName") == fields::name(volume) {
            phase(VOLUMES, volume, &json!({ "phase": "Bound" }), plan);
        }
        return;
    }
    let provisioned = !fields::annotation(volume, "pv.kubernetes.io/provisioned-by").is_empty();
    let deletes = fields::text(volume, "/spec/persistentVolumeReclaimPolicy") == "Delete";
    if deletes && !provisioned {
        let text = format!(
            "error getting deleter volume plugin for volume \"{}\": no deletable volume plugin matched",
            fields::name(volume)
        );
        if fields::text(volume, "/status/phase") != "Failed" {
            let regarding = reference(volume, "v1", "PersistentVolume");
            plan.events.push(EventNote::warning(regarding, "VolumeFailedDelete", text.clone()));
        }
        phase(VOLUMES, volume, &json!({ "phase": "Failed", "message": text }), plan);
        return;
    }
    phase(VOLUMES, volume, &json!({ "phase": "Released" }), plan);
}
