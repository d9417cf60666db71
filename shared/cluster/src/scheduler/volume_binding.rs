//! What a pod's claims say about nodes (`pkg/scheduler/framework/plugins/volumebinding`).

use std::sync::Arc;

use apimachinery::order::Order as _;
use apimachinery::quantity::Quantity;
use apimachinery::selector::LabelSelector;
use serde_json::{Value, json};

use super::plugins::{Cycle, Refusal};
use super::view::{NodeView, View};
use crate::controllers::persistent_volume::matching::{Class, best, class_of, reaches};
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
    let reasons = cycle.claims.refusals(cycle.view.store, &node.node);
    if reasons.is_empty() { Ok(()) } else { Err(Refusal { reasons, for_good: true }) }
}

/// Looks at a pod's claims; an error is why no node at all can take the pod (`podHasPVCs`, then
/// `GetPodVolumeClaims`).
pub(super) fn claims(store: &Store, pod: &Value) -> Result<Claims, String> {
    let mut all = Vec::new();
    for volume in fields::items(pod, "/spec/volumes") {
        all.extend(claim(store, pod, volume)?);
    }
    let mut found = Claims::default();
    let mut unbound = false;
    for claim in all {
        let volume = fields::text(&claim, "/spec/volumeName");
        if !volume.is_empty()
            && !fields::annotation(&claim, "pv.kubernetes.io/bind-completed").is_empty()
        {
            found.bound.extend(store.get(VOLUMES, "", volume));
        } else if volume.is_empty() && is_delayed(store, &claim) {
            found.waiting.push(claim);
        } else {
            unbound = true;
        }
    }
    if unbound {
        return Err("pod has unbound immediate PersistentVolumeClaims".to_owned());
    }
    Ok(found)
}

/// The claim of one of a pod's volumes, if it has one.
fn claim(store: &Store, pod: &Value, volume: &Value) -> Result<Option<Arc<Value>>, String> {
    let (namespace, own) = (fields::namespace(pod), volume.get("ephemeral").is_some());
    let named = fields::text(volume, "/persistentVolumeClaim/claimName");
    let name = match own {
        true => format!("{}-{}", fields::name(pod), fields::text(volume, "/name")),
        false if named.is_empty() => return Ok(None),
        false => named.to_owned(),
    };
    let Some(claim) = store.get(CLAIMS, namespace, &name) else {
        return Err(if own {
            format!(
                "waiting for ephemeral volume controller to create the persistentvolumeclaim \"{name}\""
            )
        } else {
            format!("persistentvolumeclaim \"{name}\" not found")
        });
    };
    if fields::text(&claim, "/status/phase") == "Lost" {
        return Err(format!(
            "persistentvolumeclaim \"{name}\" bound to non-existent persistentvolume \"{}\"",
            fields::text(&claim, "/spec/volumeName")
        ));
    }
    if fields::deleting(&claim) {
        return Err(format!("persistentvolumeclaim \"{name}\" is being deleted"));
    }
    if own && !fields::controlled_by(&claim, pod) {
        let pod = fields::name(pod);
        return Err(format!(
            "PVC {namespace}/{name} was not created for pod {namespace}/{pod} (pod is not owner)"
        ));
    }
    Ok(Some(claim))
}

fn is_delayed(store: &Store, claim: &Value) -> bool {
    match class_of(store, claim) {
        Class::Known(class) => fields::text(&class, "/volumeBindingMode") == "WaitForFirstConsumer",
        Class::None | Class::Missing(_) => false,
    }
}

/// A claim that waits, with the volume that it gets; without one, its volume is made.
type Binding = (Arc<Value>, Option<Arc<Value>>);

impl Claims {
    /// The volumes of the claims that are bound.
    pub(super) fn bound(&self) -> &[Arc<Value>] {
        &self.bound
    }

    /// Why a node cannot take the pod (`FindPodVolumes`).
    fn refusals(&self, store: &Store, node: &Value) -> Vec<String> {
        let mut reasons = Vec::new();
        if self.bound.iter().any(|volume| !reaches(node, volume)) {
            reasons.push("node(s) didn't match PersistentVolume's node affinity".to_owned());
        }
        reasons.extend(self.bindings(store, node).err().map(str::to_owned));
        reasons
    }

    /// What the waiting claims get on a node.
    fn bindings(&self, store: &Store, node: &Value) -> Result<Vec<Binding>, &'static str> {
        const NOTHING: &str = "node(s) didn't find available persistent volumes to bind";
        let (mut found, mut made, mut free) = (Vec::new(), Vec::new(), Vec::new());
        for claim in &self.waiting {
            match fields::annotation(claim, SELECTED_NODE) {
                "" => free.push(Arc::clone(claim)),
                chosen if chosen == fields::name(node) => made.push(Arc::clone(claim)),
                _ => return Err(NOTHING),
            }
        }
        free.order_by(|one, other| size(one).cmp(&size(other)));
        let mut taken = Vec::new();
        for claim in free {
            match best(store, &claim, Some(node), &taken) {
                Some(volume) => {
                    taken.push(fields::name(&volume).to_owned());
                    found.push((claim, Some(volume)));
                }
                None => made.push(claim),
            }
        }
        for claim in made {
            let Class::Known(class) = class_of(store, &claim) else { return Err(NOTHING) };
            let provisioner = fields::text(&class, "/provisioner");
            if provisioner == "kubernetes.io/no-provisioner" || !is_allowed(&class, node) {
                return Err(NOTHING);
            }
            if !has_room(store, &claim, &class, node) {
                return Err("node(s) did not have enough free storage");
            }
            found.push((claim, None));
        }
        Ok(found)
    }

    /// Has the waiting claims bound for a node; true when the pod can go there at once.
    pub(super) fn bind(&self, store: &Store, node: &Value, plan: &mut Plan) -> bool {
        for (claim, volume) in self.bindings(store, node).unwrap_or_default() {
            if let Some(volume) = volume {
                if fields::text(&volume, "/spec/claimRef/name").is_empty() {
                    let mut changed = volume.as_ref().clone();
                    fields::put(&mut changed, "/spec/claimRef", claim_reference(&claim));
                    plan.writes.push(Write::update(VOLUMES, changed));
                }
            } else if fields::annotation(&claim, SELECTED_NODE).is_empty() {
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

/// Whether volumes of a class can be made for a node (`MatchTopologySelectorTerms`).
fn is_allowed(class: &Value, node: &Value) -> bool {
    let (terms, labels) = (fields::items(class, "/allowedTopologies"), fields::labels(node));
    let meets = |wanted: &Value| {
        let values = fields::items(wanted, "/values").iter().filter_map(Value::as_str);
        let label = labels.get(fields::text(wanted, "/key"));
        label.is_some_and(|label| values.into_iter().any(|value| value == label))
    };
    let matches = |term: &Value| {
        let wanted = fields::items(term, "/matchLabelExpressions");
        !wanted.is_empty() && wanted.iter().all(meets)
    };
    terms.is_empty() || terms.iter().any(matches)
}

/// Whether the driver has told of enough room for a volume near a node; only drivers that say that they tell are
/// asked (`hasEnoughCapacity`).
fn has_room(store: &Store, claim: &Value, class: &Value, node: &Value) -> bool {
    let driver = store.get("csidrivers.storage.k8s.io", "", fields::text(class, "/provisioner"));
    if !driver.is_some_and(|driver| fields::flag(&driver, "/spec/storageCapacity")) {
        return true;
    }
    let labels = fields::labels(node);
    let bytes = |one: &Value, pointer: &str| {
        Some(Quantity::parse(one.pointer(pointer)?.as_str()?).ok()?.value())
    };
    let wanted = bytes(claim, "/spec/resources/requests/storage").unwrap_or_default();
    store.list("csistoragecapacities.storage.k8s.io", None).iter().any(|one| {
        let limit = bytes(one, "/maximumVolumeSize").or_else(|| bytes(one, "/capacity"));
        let near = one.get("nodeTopology").is_some_and(|near| {
            LabelSelector::from_object(near).is_ok_and(|near| near.matches(&labels))
        });
        fields::text(one, "/storageClassName") == fields::name(class)
            && limit.is_some_and(|limit| limit >= wanted)
            && near
    })
}

fn size(claim: &Value) -> i128 {
    Quantity::parse(fields::text(claim, "/spec/resources/requests/storage"))
        .map(|size| size.value())
        .unwrap_or_default()
}
