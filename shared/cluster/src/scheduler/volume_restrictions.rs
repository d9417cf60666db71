//! Volumes that pods cannot share (`plugins/volumerestrictions/volume_restrictions.go`).

use serde_json::{Value, json};

use super::plugins::{Cycle, Refusal};
use super::view::{NodeView, View};
use crate::controllers::persistent_volume::CLAIMS;
use crate::controllers::persistent_volume::matching::claims_of;
use crate::fields;

/// Every claim that the pod names must exist; one that is made for the pod is looked for later.
pub(super) fn pre_filter(view: &View<'_>, pod: &Value) -> Result<(), Refusal> {
    let named = fields::items(pod, "/spec/volumes")
        .iter()
        .map(|volume| fields::text(volume, "/persistentVolumeClaim/claimName"))
        .filter(|name| !name.is_empty());
    for name in named {
        if view.store.get(CLAIMS, fields::namespace(pod), name).is_none() {
            let why = format!("persistentvolumeclaim \"{name}\" not found");
            return Err(Refusal::for_good(&why));
        }
    }
    Ok(())
}

/// A disk that another pod has on the node, and a `ReadWriteOncePod` claim that another pod uses anywhere.
pub(super) fn filter(cycle: &Cycle<'_>, node: &NodeView) -> Result<(), Refusal> {
    if node.pods.iter().any(|pod| disks_clash(cycle.pod, pod)) {
        return Err(Refusal::for_now("node(s) had no available disk"));
    }
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

/// Whether two pods have a disk that only one of them can have (`isVolumeConflict`).
pub(super) fn disks_clash(pod: &Value, other: &Value) -> bool {
    let others = fields::items(other, "/spec/volumes");
    fields::items(pod, "/spec/volumes").iter().any(|one| others.iter().any(|two| clash(one, two)))
}

fn clash(one: &Value, two: &Value) -> bool {
    let both = |kind: &str| one.get(kind).zip(two.get(kind));
    let same = |(one, two): (&Value, &Value), field: &str| one.get(field) == two.get(field);
    let written = |(one, two): (&Value, &Value)| {
        !(fields::flag(one, "/readOnly") && fields::flag(two, "/readOnly"))
    };
    let meet = |(one, two): (&Value, &Value)| {
        let monitors = fields::items(two, "/monitors");
        fields::items(one, "/monitors").iter().any(|monitor| monitors.contains(monitor))
    };
    both("gcePersistentDisk").is_some_and(|both| same(both, "pdName") && written(both))
        || both("awsElasticBlockStore").is_some_and(|both| same(both, "volumeID"))
        || both("iscsi").is_some_and(|both| same(both, "iqn") && written(both))
        || both("rbd").is_some_and(|both| {
            meet(both) && same(both, "pool") && same(both, "image") && written(both)
        })
}
