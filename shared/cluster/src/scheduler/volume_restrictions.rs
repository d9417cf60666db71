//! Claims that only one pod may use (`plugins/volumerestrictions/volume_restrictions.go`).

use serde_json::{Value, json};

use super::plugins::{Cycle, Refusal};
use super::view::{NodeView, View};
use crate::controllers::persistent_volume::CLAIMS;
use crate::controllers::persistent_volume::matching::claims_of;
use crate::fields;

/// Every claim of the pod must exist.
pub(super) fn pre_filter(view: &View<'_>, pod: &Value) -> Result<(), Refusal> {
    let exists = |name: &String| view.store.get(CLAIMS, fields::namespace(pod), name).is_some();
    match claims_of(pod).into_iter().find(|name| !exists(name)) {
        None => Ok(()),
        Some(name) => {
            Err(Refusal::for_good(&format!("persistentvolumeclaim \"{name}\" not found")))
        }
    }
}

/// A `ReadWriteOncePod` claim that another pod uses keeps the pod from every node.
pub(super) fn filter(cycle: &Cycle<'_>, _node: &NodeView) -> Result<(), Refusal> {
    let (namespace, alone) = (fields::namespace(cycle.pod), json!("ReadWriteOncePod"));
    let is_alone = |name: &String| {
        let claim = cycle.view.store.get(CLAIMS, namespace, name);
        claim.is_some_and(|claim| fields::items(&claim, "/spec/accessModes").contains(&alone))
    };
    let taken = |name: &String| {
        cycle
            .view
            .nodes
            .iter()
            .flat_map(|node| &node.pods)
            .any(|pod| fields::namespace(pod) == namespace && claims_of(pod).contains(name))
    };
    if claims_of(cycle.pod).iter().any(|name| is_alone(name) && taken(name)) {
        return Err(Refusal::for_now(
            "node(s) unavailable due to PersistentVolumeClaim with ReadWriteOncePod access mode already in-use by another pod",
        ));
    }
    Ok(())
}
