//! Zones of volumes (`plugins/volumezone/volume_zone.go`).

use serde_json::Value;

use super::plugins::{Cycle, Refusal};
use super::view::NodeView;
use crate::fields;

const LABELS: [(&str, &str); 4] = [
    ("failure-domain.beta.kubernetes.io/zone", "topology.kubernetes.io/zone"),
    ("failure-domain.beta.kubernetes.io/region", "topology.kubernetes.io/region"),
    ("topology.kubernetes.io/zone", "topology.kubernetes.io/zone"),
    ("topology.kubernetes.io/region", "topology.kubernetes.io/region"),
];

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
