//! Claims stay while pods use them, volumes while they are bound (`pkg/controller/volume/{pvcprotection,pvprotection}`).

use jiff::Timestamp;
use serde_json::{Value, json};

use super::persistent_volume::matching::claims_of;
use super::persistent_volume::{CLAIMS, VOLUMES};
use crate::event_loop::{Component, Controller, Key, Plan, Write};
use crate::fields;
use crate::store::{Change, Store};

/// Protects claims.
pub(crate) struct Claims;

/// Protects volumes.
pub(crate) struct Volumes;

/// Takes the finalizer off.
fn let_go(resource: &str, object: &Value, finalizer: &str, plan: &mut Plan) {
    let all = fields::items(object, "/metadata/finalizers");
    let left: Vec<&Value> = all.iter().filter(|one| one.as_str() != Some(finalizer)).collect();
    if left.len() < all.len() {
        let mut changed = object.clone();
        fields::put(&mut changed, "/metadata/finalizers", json!(left));
        plan.writes.push(Write::update(resource, changed));
    }
}

impl Controller for Claims {
    fn name(&self) -> &'static str {
        "persistentvolumeclaim-protection-controller"
    }

    fn component(&self) -> Component {
        Component::controller("pvc-protection-controller", "pvc-protection-controller")
    }

    fn triggers(&self, _store: &Store, change: &Change) -> Vec<Key> {
        match change.resource.as_str() {
            CLAIMS => vec![Key::new(&change.namespace, &change.name)],
            "pods" => {
                let pod = change.new.as_ref().or(change.old.as_ref());
                let claims = pod.map(|pod| claims_of(pod)).unwrap_or_default();
                claims.iter().map(|claim| Key::new(&change.namespace, claim)).collect()
            }
            _ => Vec::new(),
        }
    }

    fn reconcile(&self, store: &Store, key: &Key, _now: Timestamp) -> Plan {
        let mut plan = Plan::nothing();
        let claim = store.get(CLAIMS, &key.namespace, &key.name);
        let Some(claim) = claim.filter(|claim| fields::deleting(claim)) else { return plan };
        let used = store.list("pods", Some(&key.namespace)).iter().any(|pod| {
            !fields::text(pod, "/spec/nodeName").is_empty()
                && !matches!(fields::text(pod, "/status/phase"), "Succeeded" | "Failed")
                && claims_of(pod).contains(&key.name)
        });
        if !used {
            let_go(CLAIMS, &claim, "kubernetes.io/pvc-protection", &mut plan);
        }
        plan
    }
}

impl Controller for Volumes {
    fn name(&self) -> &'static str {
        "persistentvolume-protection-controller"
    }

    fn component(&self) -> Component {
        Component::controller("pv-protection-controller", "pv-protection-controller")
    }

    fn triggers(&self, _store: &Store, change: &Change) -> Vec<Key> {
        if change.resource == VOLUMES { vec![Key::new("", &change.name)] } else { Vec::new() }
    }

    fn reconcile(&self, store: &Store, key: &Key, _now: Timestamp) -> Plan {
        let mut plan = Plan::nothing();
        let volume = store.get(VOLUMES, "", &key.name);
        if let Some(volume) = volume.filter(|volume| fields::deleting(volume))
            && fields::text(&volume, "/status/phase") != "Bound"
        {
            let_go(VOLUMES, &volume, "kubernetes.io/pv-protection", &mut plan);
        }
        plan
    }
}
