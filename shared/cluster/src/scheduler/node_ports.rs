//! Ports of the node (`plugins/nodeports/node_ports.go`, `HostPortInfo.CheckConflict`).

use serde_json::Value;

use super::plugins::{Cycle, Refusal};
use super::view::NodeView;
use crate::fields;

/// A port of the node that a pod takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Port {
    ip: String,
    protocol: String,
    number: i64,
}

impl Port {
    fn of(port: &Value) -> Option<Self> {
        let or = |text: &str, other: &str| {
            if text.is_empty() { other.to_owned() } else { text.to_owned() }
        };
        Some(Self {
            ip: or(fields::text(port, "/hostIP"), "0.0.0.0"),
            protocol: or(fields::text(port, "/protocol"), "TCP"),
            number: fields::number(port, "/hostPort").filter(|number| *number > 0)?,
        })
    }

    fn clashes(&self, other: &Self) -> bool {
        self.number == other.number
            && self.protocol == other.protocol
            && (self.ip == other.ip || self.ip == "0.0.0.0" || other.ip == "0.0.0.0")
    }
}

/// The ports that a pod takes on its node: those of its containers and of its sidecars.
pub(super) fn ports_of(pod: &Value) -> Vec<Port> {
    let sidecars = fields::items(pod, "/spec/initContainers")
        .iter()
        .filter(|container| fields::text(container, "/restartPolicy") == "Always");
    fields::items(pod, "/spec/containers")
        .iter()
        .chain(sidecars)
        .flat_map(|container| fields::items(container, "/ports"))
        .filter_map(Port::of)
        .collect()
}

/// Whether two pods want the same port.
pub(super) fn clash(ports: &[Port], pod: &Value) -> bool {
    let taken = ports_of(pod);
    ports.iter().any(|port| taken.iter().any(|other| port.clashes(other)))
}

/// Whether two pods cannot be on one node for their ports.
pub(crate) fn ports_clash(pod: &Value, other: &Value) -> bool {
    clash(&ports_of(pod), other)
}

pub(super) fn filter(cycle: &Cycle<'_>, node: &NodeView) -> Result<(), Refusal> {
    if cycle.ports.is_empty() || !node.pods.iter().any(|pod| clash(&cycle.ports, pod)) {
        return Ok(());
    }
    Err(Refusal::for_now("node(s) didn't have free ports for the requested pod ports"))
}
