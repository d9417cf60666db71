//! Which volume suits a claim (`staging/src/k8s.io/component-helpers/storage/volume/pv_helpers.go FindMatchingVolume`).

use std::sync::Arc;

use apimachinery::quantity::Quantity;
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

/// The volume that is reserved for a claim, or the smallest free one that suits it; only a reserved one while
/// binding waits for the first pod.
pub(crate) fn best(
    store: &Store,
    claim: &Value,
    node: Option<&Value>,
    reserved_only: bool,
) -> Option<Arc<Value>> {
    let wanted = amount(claim, "/spec/resources/requests/storage");
    let mode = |object: &Value| match fields::text(object, "/spec/volumeMode") {
        "" => "Filesystem".to_owned(),
        mode => mode.to_owned(),
    };
    let suits = |volume: &Value| {
        let modes = fields::items(volume, "/spec/accessModes");
        amount(volume, "/spec/capacity/storage") >= wanted
            && mode(volume) == mode(claim)
            && fields::items(claim, "/spec/accessModes").iter().all(|one| modes.contains(one))
            && !fields::deleting(volume)
            && node.is_none_or(|node| reaches(node, volume))
    };
    let labels = fields::texts(claim, "/spec/selector/matchLabels");
    let all = store.list(VOLUMES, None);
    if let Some(own) = all.iter().find(|volume| refers_to(volume, claim) && suits(volume)) {
        return Some(Arc::clone(own));
    }
    if reserved_only {
        return None;
    }
    all.into_iter()
        .filter(|volume| fields::text(volume, "/spec/claimRef/name").is_empty())
        .filter(|volume| class_name(volume) == class_name(claim) && suits(volume))
        .filter(|volume| {
            let has = fields::labels(volume);
            labels.iter().all(|(key, value)| has.get(key) == Some(value))
        })
        .min_by_key(|volume| {
            (amount(volume, "/spec/capacity/storage"), fields::name(volume).to_owned())
        })
}
