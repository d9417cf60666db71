//! Which volume suits a claim (`staging/src/k8s.io/component-helpers/storage/volume/pv_helpers.go FindMatchingVolume`).

use std::sync::Arc;

use apimachinery::quantity::Quantity;
use apimachinery::selector::LabelSelector;
use serde_json::{Value, json};

use super::VOLUMES;
use crate::fields;
use crate::placement;
use crate::store::Store;

/// The storage class of a claim.
pub(crate) enum Class {
    /// It wants none.
    None,
    /// It names one that does not exist.
    Missing(String),
    /// It names one.
    Known(Arc<Value>),
}

/// The class that a claim or volume names.
pub(crate) fn class_name(object: &Value) -> &str {
    match fields::annotation(object, "volume.beta.kubernetes.io/storage-class") {
        "" => fields::text(object, "/spec/storageClassName"),
        name => name,
    }
}

/// Looks a claim's class up.
pub(crate) fn class_of(store: &Store, claim: &Value) -> Class {
    match class_name(claim) {
        "" => Class::None,
        name => store
            .get("storageclasses.storage.k8s.io", "", name)
            .map_or_else(|| Class::Missing(name.to_owned()), Class::Known),
    }
}

/// The claims that a pod mounts.
pub(crate) fn claims_of(pod: &Value) -> Vec<String> {
    let name = |volume: &Value| {
        if volume.get("ephemeral").is_some() {
            return Some(format!("{}-{}", fields::name(pod), fields::text(volume, "/name")));
        }
        let claim = volume.pointer("/persistentVolumeClaim/claimName")?.as_str()?;
        Some(claim.to_owned())
    };
    fields::items(pod, "/spec/volumes").iter().filter_map(name).collect()
}

/// Whether a volume is reserved for this claim.
pub(crate) fn refers_to(volume: &Value, claim: &Value) -> bool {
    let uid = fields::text(volume, "/spec/claimRef/uid");
    fields::text(volume, "/spec/claimRef/name") == fields::name(claim)
        && fields::text(volume, "/spec/claimRef/namespace") == fields::namespace(claim)
        && (uid.is_empty() || uid == fields::uid(claim))
}

fn amount(object: &Value, pointer: &str) -> i128 {
    Quantity::parse(fields::text(object, pointer))
        .map(|found| found.milli_value())
        .unwrap_or_default()
}

/// Whether a node may use a volume.
pub(crate) fn reaches(node: &Value, volume: &Value) -> bool {
    volume.pointer("/spec/nodeAffinity/required").is_none_or(|required| {
        let pod = json!({ "spec": { "affinity": { "nodeAffinity": {
            "requiredDuringSchedulingIgnoredDuringExecution": required,
        } } } });
        placement::node_matches(&pod, node)
    })
}

/// The volume that is reserved for a claim, as its controller finds it: among those of its access modes.
pub(crate) fn reserved(store: &Store, claim: &Value) -> Option<Arc<Value>> {
    let all = store.list(VOLUMES, None);
    let is_own = |volume: &Arc<Value>| {
        refers_to(volume, claim) && holds(volume, claim) && offers(volume, claim)
    };
    all.into_iter().find(is_own)
}

/// Whether a volume has all access modes of a claim (`CheckAccessModes`).
fn offers(volume: &Value, claim: &Value) -> bool {
    let modes = fields::items(volume, "/spec/accessModes");
    fields::items(claim, "/spec/accessModes").iter().all(|one| modes.contains(one))
}

/// Whether a volume is large enough and of the right mode.
fn holds(volume: &Value, claim: &Value) -> bool {
    let mode = |object: &Value| match fields::text(object, "/spec/volumeMode") {
        "" => "Filesystem".to_owned(),
        mode => mode.to_owned(),
    };
    let attributes =
        |object: &Value| fields::text(object, "/spec/volumeAttributesClassName").to_owned();
    amount(volume, "/spec/capacity/storage") >= amount(claim, "/spec/resources/requests/storage")
        && mode(volume) == mode(claim)
        && attributes(volume) == attributes(claim)
        && !fields::deleting(volume)
}

/// The volume that is reserved for a claim, or the smallest free one that suits it. The scheduler asks for a node,
/// and not about those that it has given to others already.
pub(crate) fn best(
    store: &Store,
    claim: &Value,
    node: Option<&Value>,
    taken: &[String],
) -> Option<Arc<Value>> {
    let near = |volume: &Value| node.is_none_or(|node| reaches(node, volume));
    let all = store.list(VOLUMES, None);
    let is_own = |volume: &&Arc<Value>| {
        refers_to(volume, claim)
            && holds(volume, claim)
            && (node.is_some() || offers(volume, claim))
    };
    if let Some(own) = all.iter().find(is_own) {
        return Some(Arc::clone(own)).filter(|own| near(own));
    }
    let selector = claim.pointer("/spec/selector").filter(|said| !said.is_null());
    let selector = selector.map(|said| LabelSelector::from_object(said).unwrap_or_default());
    let suits = |volume: &Value| {
        // What is not yet looked at by its controller is not for the scheduler.
        let available = node.is_none() || fields::text(volume, "/status/phase") == "Available";
        fields::text(volume, "/spec/claimRef/name").is_empty()
            && available
            && !taken.iter().any(|name| name == fields::name(volume))
            && class_name(volume) == class_name(claim)
            && holds(volume, claim)
            && offers(volume, claim)
            && selector.as_ref().is_none_or(|one| one.matches(&fields::labels(volume)))
            && near(volume)
    };
    all.into_iter().filter(|volume| suits(volume)).min_by_key(|volume| {
        (amount(volume, "/spec/capacity/storage"), fields::name(volume).to_owned())
    })
}
