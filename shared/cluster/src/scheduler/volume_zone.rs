//! Zones of volumes (`plugins/volumezone/volume_zone.go`).

use serde_json::Value;

use super::plugins::{Cycle, Refusal};
use super::view::{NodeView, View};
use crate::controllers::persistent_volume::matching::claims_of;
use crate::controllers::persistent_volume::{CLAIMS, VOLUMES};
use crate::fields;

const LABELS: [(&str, &str); 4] = [
    ("failure-domain.beta.kubernetes.io/zone", "topology.kubernetes.io/zone"),
    ("failure-domain.beta.kubernetes.io/region", "topology.kubernetes.io/region"),
    ("topology.kubernetes.io/zone", "topology.kubernetes.io/zone"),
    ("topology.kubernetes.io/region", "topology.kubernetes.io/region"),
];

/// The volume of every claim that names one must exist.
pub(super) fn pre_filter(view: &View<'_>, pod: &Value) -> Result<(), Refusal> {
    for name in claims_of(pod) {
        let Some(claim) = view.store.get(CLAIMS, fields::namespace(pod), &name) else { continue };
        let volume = fields::text(&claim, "/spec/volumeName");
        if !volume.is_empty() && view.store.get(VOLUMES, "", volume).is_none() {
            let why = format!("persistentvolume \"{volume}\" not found");
            return Err(Refusal::for_good(&why));
        }
    }
    Ok(())
}

pub(super) fn filter(cycle: &Cycle<'_>, node: &NodeView) -> Result<(), Refusal> {
    if !LABELS.iter().any(|(label, _)| node.labels.contains_key(*label)) {
        return Ok(());
    }
    if cycle.claims.bound().iter().all(|volume| suits(volume, node)) {
        return Ok(());
    }
    Err(Refusal::for_good("node(s) had no available volume zone"))
}

fn suits(volume: &Value, node: &NodeView) -> bool {
    let wanted = fields::labels(volume);
    LABELS.iter().all(|(label, today)| {
        let Some(zones) = wanted.get(*label) else { return true };
        let here = node.labels.get(*label).or_else(|| node.labels.get(*today));
        here.is_some_and(|here| zones.split("__").any(|zone| zone == here))
    })
}
