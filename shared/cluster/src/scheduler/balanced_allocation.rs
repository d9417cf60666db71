//! Cpu and memory used to the same degree (`plugins/noderesources/balanced_allocation.go`).

use super::plugins::{Cycle, MOST};
use super::resources::Resources;
use super::view::NodeView;

const RESOURCES: [&str; 2] = ["cpu", "memory"];

/// How much better balanced a node is with the pod than without.
pub(super) fn score(cycle: &Cycle<'_>, nodes: &[&NodeView]) -> Option<Vec<i64>> {
    if RESOURCES.iter().all(|name| cycle.wanted.get(name) == 0) {
        return None;
    }
    let gain = |node: &&NodeView| {
        let mut with = node.requested.clone();
        with.add(&cycle.wanted);
        let gain = balance(&with, &node.allocatable) - balance(&node.requested, &node.allocatable);
        MOST / 2 + i64::midpoint(MOST / 2, gain)
    };
    Some(nodes.iter().map(gain).collect())
}

/// [`MOST`] when both are used to the same degree. In fractions as upstream, because truncation shows.
#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    reason = "amounts of cpu and memory have fewer bits than a fraction"
)]
fn balance(used: &Resources, all: &Resources) -> i64 {
    let degrees: Vec<f64> = RESOURCES
        .iter()
        .filter(|name| all.get(name) != 0)
        .map(|name| (used.get(name) as f64 / all.get(name) as f64).min(1.0))
        .collect();
    let [cpu, memory] = degrees.as_slice() else { return MOST };
    let deviation = ((cpu - memory) / 2.0).abs();
    ((1.0 - deviation) * MOST as f64) as i64
}
