//! Taints (`plugins/tainttoleration/taint_toleration.go`).

use super::plugins::{Cycle, Refusal, scaled};
use super::view::NodeView;
use crate::{fields, placement};

pub(super) fn filter(cycle: &Cycle<'_>, node: &NodeView) -> Result<(), Refusal> {
    match placement::untolerated(cycle.pod, &node.node) {
        None => Ok(()),
        Some(_) => Err(Refusal::for_good("node(s) had untolerated taint(s)")),
    }
}

/// Nodes with fewer `PreferNoSchedule` taints that the pod does not tolerate come first.
#[expect(clippy::unnecessary_wraps, reason = "the table of plugins has one signature")]
pub(super) fn score(cycle: &Cycle<'_>, nodes: &[&NodeView]) -> Option<Vec<i64>> {
    let tolerations = fields::items(cycle.pod, "/spec/tolerations");
    let bothers = |taint: &&serde_json::Value| {
        fields::text(taint, "/effect") == "PreferNoSchedule"
            && !tolerations.iter().any(|one| placement::tolerates(one, taint))
    };
    let count = |node: &&NodeView| {
        let taints = fields::items(&node.node, "/spec/taints").iter();
        i64::try_from(taints.filter(bothers).count()).unwrap_or(i64::MAX)
    };
    Some(scaled(nodes.iter().map(count).collect(), true))
}
