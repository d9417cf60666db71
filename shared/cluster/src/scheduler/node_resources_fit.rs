//! Room on the node (`plugins/noderesources/fit.go`, `least_allocated.go`).

use super::plugins::{Cycle, MOST, Refusal};
use super::view::NodeView;

/// Resources that a node lacks.
pub(super) fn filter(cycle: &Cycle<'_>, node: &NodeView) -> Result<(), Refusal> {
    let mut refusal = Refusal { reasons: Vec::new(), for_good: false };
    let pods = i128::try_from(node.pods.len()).unwrap_or(i128::MAX);
    if pods + 1 > node.allocatable.get("pods") {
        refusal.reasons.push("Too many pods".to_owned());
    }
    for (name, wanted) in cycle.wanted.iter() {
        let all = node.allocatable.get(name);
        if counts(name) && wanted > 0 && wanted > all - node.requested.get(name) {
            refusal.reasons.push(format!("Insufficient {name}"));
            refusal.for_good |= wanted > all;
        }
    }
    if refusal.reasons.is_empty() { Ok(()) } else { Err(refusal) }
}

/// Whether the scheduler counts a resource (`schedutil.IsScalarResourceName`).
pub(crate) fn counts(name: &str) -> bool {
    matches!(name, "cpu" | "memory" | "ephemeral-storage")
        || name.contains('/')
        || name.starts_with("hugepages-")
        || name.starts_with("attachable-volumes-")
}

/// The share of cpu and memory that stays free.
#[expect(clippy::unnecessary_wraps, reason = "the table of plugins has one signature")]
pub(super) fn score(cycle: &Cycle<'_>, nodes: &[&NodeView]) -> Option<Vec<i64>> {
    let free = |node: &&NodeView| {
        let shares: Vec<i128> = ["cpu", "memory"]
            .into_iter()
            .filter(|name| node.allocatable.get(name) != 0)
            .map(|name| {
                let all = node.allocatable.get(name);
                let left = all - node.assumed.get(name) - cycle.assumed.get(name);
                left.max(0) * i128::from(MOST) / all
            })
            .collect();
        let count = i128::try_from(shares.len()).unwrap_or(1).max(1);
        i64::try_from(shares.iter().sum::<i128>() / count).unwrap_or_default()
    };
    Some(nodes.iter().map(free).collect())
}
