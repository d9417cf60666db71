//! What a pod's claims say about nodes (`pkg/scheduler/framework/plugins/volumebinding`).

use std::sync::Arc;

use serde_json::{Value, json};

use super::plugins::{Cycle, Refusal};
use super::view::{NodeView, View};
use crate::controllers::persistent_volume::matching::{Class, best, claims_of, class_of, reaches};
use crate::controllers::persistent_volume::{CLAIMS, SELECTED_NODE, VOLUMES, claim_reference};
use crate::event_loop::{Plan, Write};
use crate::fields;
use crate::store::Store;

/// The claims of a pod: those that are bound, and those whose binding waits for the pod.
#[derive(Default)]
pub(super) struct Claims {
    bound: Vec<Arc<Value>>,
    waiting: Vec<Arc<Value>>,
}

/// A pod whose claims cannot be bound goes nowhere.
pub(super) fn pre_filter(view: &View<'_>, pod: &Value) -> Result<(), Refusal> {
    claims(view.store, pod).map(drop).map_err(|why| Refusal::for_good(&why))
}

pub(super) fn filter(cycle: &Cycle<'_>, node: &NodeView) -> Result<(), Refusal> {
    match cycle.claims.refusal(cycle.view.store, &node.node) {
        None => Ok(()),
        Some(why) => Err(Refusal::for_good(&why)),
    }
}

/// Looks at a pod's claims; an error is why no node at all can take the pod.
pub(super) fn claims(store: &Store, pod: &Value) -> Result<Claims, String> {
    let mut found = Claims::default();
    for name in claims_of(pod) {
        let Some(claim) = store.get(CLAIMS, fields::namespace(pod), &name) else {
            return Err(format!("persistentvolumeclaim \"{name}\" not found"));
        };
        if fields::deleting(&claim) {
            return Err(format!("persistentvolumeclaim \"{name}\" is being deleted"));
        }
        if fields::text(&claim, "/status/phase") == "Lost" {
            return Err(format!(
                "persistentvolumeclaim \"{name}\" bound to non-existent persistentvolume \"{}\"",
                fields::text(&claim, "/spec/volumeName")
            ));
        }
        let bound = !fields::annotation(&claim, "pv.kubernetes.io/bind-completed").is_empty();
        if bound && fields::text(&claim, "/status/phase") == "Bound" {
            let volume = fields::text(&claim, "/spec/volumeName");
            found.bound.extend(store.get(VOLUMES, "", volume));
            continue;
        }
        match class_of(store, &claim) {
            Class::Known(class)
                if fields::text(&class, "/volumeBindingMode") == "WaitForFirstConsumer" =>
            {
                found.waiting.push(claim);
            }
            _ => return Err("pod has unbound immediate PersistentVolumeClaims".to_owned()),
        }
    }
    Ok(found)
}

impl Claims {
    /// The volumes of the claims that are bound.
    pub(super) fn bound(&self) -> &[Arc<Value>] {
        &self.bound
    }

    /// Why a node cannot take the pod.
    fn refusal(&self, store: &Store, node: &Value) -> Option<String> {
        if self.bound.iter().any(|volume| !reaches(node, volume)) {
            return Some("node(s) didn't match PersistentVolume's node affinity".to_owned());
        }
        self.waiting.iter().find_map(|claim| {
            let chosen = fields::annotation(claim, SELECTED_NODE);
            if !chosen.is_empty() {
                let other = chosen != fields::name(node);
                return other
                    .then(|| "node(s) didn't match PersistentVolume's node affinity".to_owned());
            }
            let Class::Known(class) = class_of(store, claim) else { return None };
            let provisions = !fields::text(&class, "/provisioner").starts_with("kubernetes.io/");
            (!provisions && best(store, claim, Some(node), false).is_none())
                .then(|| "node(s) didn't find available persistent volumes to bind".to_owned())
        })
    }

    /// Has the waiting claims bound for a node; true when the pod can go there at once.
    pub(super) fn bind(&self, store: &Store, node: &Value, plan: &mut Plan) -> bool {
        for claim in &self.waiting {
            if let Some(volume) = best(store, claim, Some(node), false) {
                if fields::text(&volume, "/spec/claimRef/name").is_empty() {
                    let mut changed = volume.as_ref().clone();
                    fields::put(&mut changed, "/spec/claimRef", claim_reference(claim));
                    plan.writes.push(Write::update(VOLUMES, changed));
                }
            } else if fields::annotation(claim, SELECTED_NODE).is_empty() {
                let mut changed = claim.as_ref().clone();
                let key = SELECTED_NODE.replace('/', "~1");
                let node = json!(fields::name(node));
                fields::put(&mut changed, &format!("/metadata/annotations/{key}"), node);
                plan.writes.push(Write::update(CLAIMS, changed));
            }
        }
        self.waiting.is_empty()
    }
}
