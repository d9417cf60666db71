//! Pods that name their node (`plugins/nodename/node_name.go`).

use super::plugins::{Cycle, Refusal};
use super::view::NodeView;
use crate::fields;

pub(super) fn filter(cycle: &Cycle<'_>, node: &NodeView) -> Result<(), Refusal> {
    match fields::text(cycle.pod, "/spec/nodeName") {
        "" => Ok(()),
        wanted if wanted == node.name() => Ok(()),
        _ => Err(Refusal::for_good("node(s) didn't match the requested node name")),
    }
}
