//! Cordoned nodes (`plugins/nodeunschedulable/node_unschedulable.go`).

use serde_json::json;

use super::plugins::{Cycle, Refusal};
use super::view::NodeView;
use crate::{fields, placement};

pub(super) fn filter(cycle: &Cycle<'_>, node: &NodeView) -> Result<(), Refusal> {
    if !fields::flag(&node.node, "/spec/unschedulable") {
        return Ok(());
    }
    let cordon = json!({ "key": "node.kubernetes.io/unschedulable", "effect": "NoSchedule" });
    let mut tolerations = fields::items(cycle.pod, "/spec/tolerations").iter();
    if tolerations.any(|one| placement::tolerates(one, &cordon)) {
        return Ok(());
    }
    Err(Refusal::for_good("node(s) were unschedulable"))
}
