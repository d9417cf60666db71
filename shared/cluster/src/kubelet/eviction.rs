//! Where memory or disk runs out, pods go, one after the other (`pkg/kubelet/eviction/eviction_manager.go`).
//!
//! Something outside of pods takes it, on request. As long as less is left than the threshold, the node tells its
//! pressure and evicts the pod that ranks first; what that held is free again.

use std::cmp::Reverse;
use std::sync::Arc;
use std::time::Duration;

use apimachinery::quantity::Quantity;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::admission::CRITICAL;
use super::container::{Container, Stage};
use super::node_network::full_name;
use super::restart::Sentence;
use super::{Kubelets, Machine};
use crate::event_loop::{EventNote, Plan, Write, reference};
use crate::fields;
use crate::shell::Entry;
use crate::store::Store;

/// How often a kubelet looks at what is left (`evictionMonitoringPeriod`).
const INTERVAL: Duration = Duration::from_secs(10);
/// How long a condition stays after what it tells has ended (`evictionPressureTransitionPeriod`), in seconds.
const TRANSITION: i64 = 300;
/// `immediateEvictionGracePeriodSeconds`.
const GRACE: u64 = 1;

/// What runs out on a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Scarce {
    Memory,
    Disk,
}

impl Scarce {
    pub(super) fn of(kind: &str) -> Self {
        if kind == "memory" { Self::Memory } else { Self::Disk }
    }

    /// The resource (`signalToResource`).
    fn resource(self) -> &'static str {
        match self {
            Self::Memory => "memory",
            Self::Disk => "ephemeral-storage",
        }
    }

    /// `memory.available<100Mi`, `nodefs.available<10%` (`pkg/kubelet/eviction/defaults_linux.go`).
    pub(super) fn threshold(self, node: &Value) -> u64 {
        match self {
            Self::Memory => 100 << 20,
            Self::Disk => {
                let all = fields::text(node, "/status/capacity/ephemeral-storage");
                let all = Quantity::parse(all).map_or(0, |all| all.value());
                u64::try_from(all / 10).unwrap_or_default()
            }
        }
    }

    /// The condition, and the event that tells of it (`pkg/kubelet/nodestatus/setters.go`).
    fn told(self, pressed: bool, now: Timestamp) -> (Value, &'static str) {
        let (kind, reason, message, event) = match (self, pressed) {
            (Self::Memory, true) => (
                "MemoryPressure",
                "KubeletHasInsufficientMemory",
                "kubelet has insufficient memory available",
                "NodeHasInsufficientMemory",
            ),
            (Self::Memory, false) => (
                "MemoryPressure",
                "KubeletHasSufficientMemory",
                "kubelet has sufficient memory available",
                "NodeHasSufficientMemory",
            ),
            (Self::Disk, true) => (
                "DiskPressure",
                "KubeletHasDiskPressure",
                "kubelet has disk pressure",
                "NodeHasDiskPressure",
            ),
            (Self::Disk, false) => (
                "DiskPressure",
                "KubeletHasNoDiskPressure",
                "kubelet has no disk pressure",
                "NodeHasNoDiskPressure",
            ),
        };
        let at = fields::seconds(now);
        let condition = json!({
            "type": kind, "status": if pressed { "True" } else { "False" }, "reason": reason,
            "message": message, "lastHeartbeatTime": at, "lastTransitionTime": at,
        });
        (condition, event)
    }
}

/// How little is left of something.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Shortage {
    /// Bytes.
    pub(super) left: u64,
    /// When it was too little last.
    pub(super) seen: Timestamp,
}

/// Bytes as a quantity of powers of 1024.
pub(super) fn binary(bytes: u64) -> String {
    let units = [(40, "Ti"), (30, "Gi"), (20, "Mi"), (10, "Ki")];
    let whole = units.iter().find(|(power, _)| bytes > 0 && bytes.trailing_zeros() >= *power);
    whole.map_or_else(|| bytes.to_string(), |(power, unit)| format!("{}{unit}", bytes >> power))
}

/// A pod that may go: how it ranks, its name, what it holds, and what is said.
struct Candidate {
    rank: (bool, i64, Reverse<i128>),
    name: String,
    pod: Arc<Value>,
    holds: u64,
    excess: String,
}

impl Kubelets {
    /// Looks at what is left on a node.
    pub(super) fn watch_node(&mut self, store: &Store, node: &str, now: Timestamp) -> Plan {
        let mut plan = Plan::nothing();
        let Some(known) = store.get("nodes", "", node) else { return plan };
        let mut met = None;
        for what in [Scarce::Memory, Scarce::Disk] {
            let place = (node.to_owned(), what);
            let Some(shortage) = self.faults.short.get_mut(&place) else { continue };
            plan.again(INTERVAL);
            if self.faults.silent.contains_key(node) {
                continue;
            }
            let short = shortage.left < what.threshold(&known);
            if short {
                shortage.seen = now;
                met = met.or(Some((what, shortage.left)));
            }
            let pressed = short || now.as_second() - shortage.seen.as_second() < TRANSITION;
            let (condition, event) = what.told(pressed, now);
            if !pressed {
                self.faults.short.remove(&place);
            }
            let kind = fields::text(&condition, "/type");
            if fields::condition_true(&known, kind) != pressed {
                let about = json!({ "kind": "Node", "name": node, "uid": node });
                let text = format!("Node {node} status is now: {event}");
                let status = json!({ "status": { "conditions": [condition] } });
                plan.writes.push(Write::patch("nodes", "", node, "status", status));
                plan.events.push(EventNote::normal(about, event, text));
            }
        }
        if let Some((what, left)) = met {
            self.reclaim(store, &known, (what, left), &mut plan);
        }
        plan
    }

    /// Evicts the pod that ranks first; at most one each time.
    fn reclaim(
        &mut self,
        store: &Store,
        node: &Value,
        (what, left): (Scarce, u64),
        plan: &mut Plan,
    ) {
        let (name, resource) = (fields::name(node), what.resource());
        let about = json!({ "kind": "Node", "name": name, "uid": name });
        let text = format!("Attempting to reclaim {resource}");
        plan.events.push(EventNote::warning(about, "EvictionThresholdMet", text));
        let first = self
            .candidates(store, name, what)
            .into_iter()
            .min_by(|one, other| (&one.rank, &one.name).cmp(&(&other.rank, &other.name)));
        let Some(Candidate { name: evicted, pod, holds, excess, .. }) = first else { return };
        let message = format!(
            "The node was low on resource: {resource}. Threshold quantity: {}, available: {}. {excess}",
            binary(what.threshold(node)),
            binary(left)
        );
        let about = reference(&pod, "v1", "Pod");
        plan.events.push(EventNote::warning(about, "Evicted", message.clone()));
        if let Some(machine) = self.machines.get_mut(&evicted) {
            let machine = Arc::make_mut(machine);
            machine.sentence = Some(Sentence { reason: "Evicted", message, grace: GRACE });
        }
        if let Some(shortage) = self.faults.short.get_mut(&(name.to_owned(), what)) {
            shortage.left = shortage.left.saturating_add(holds);
        }
        self.woken.insert(evicted);
    }

    /// Those that run and are not critical. First come those that hold more than they ask for, then those of low
    /// priority, then those that are far above what they ask for (`rankMemoryPressure`, `rankDiskPressureFunc`).
    fn candidates(&self, store: &Store, node: &str, what: Scarce) -> Vec<Candidate> {
        let mut found = Vec::new();
        for (name, machine) in self.machines.iter().filter(|(_, machine)| machine.node == node) {
            let (namespace, own) = name.split_once('/').unwrap_or_default();
            let Some(pod) = store.get("pods", namespace, own) else { continue };
            let ended = matches!(fields::text(&pod, "/status/phase"), "Succeeded" | "Failed");
            let mirror = !fields::annotation(&pod, "kubernetes.io/config.mirror").is_empty();
            let priority = fields::number(&pod, "/spec/priority").unwrap_or_default();
            let spared = mirror || priority >= CRITICAL || fields::deleting(&pod);
            let runs = |one: &Container| matches!(one.stage, Stage::Running { .. });
            if ended
                || spared
                || machine.sentence.is_some()
                || !machine.containers.values().any(runs)
            {
                continue;
            }
            let parts = specs(&pod, machine).filter(|(_, one)| runs(one));
            let parts: Vec<(u64, i128, String)> =
                parts.map(|(spec, one)| self.part(name, (spec, one), what)).collect();
            let asked: i128 = parts.iter().map(|(_, asked, _)| asked).sum();
            let mut holds: u64 = parts.iter().map(|(uses, ..)| uses).sum();
            let excess: String = parts.into_iter().map(|(.., excess)| excess).collect();
            if what == Scarce::Disk {
                holds = holds.saturating_add(shared(&pod, machine));
            }
            let above = i128::from(holds) - asked;
            let rank = (above <= 0, priority, Reverse(above));
            found.push(Candidate { rank, name: full_name(&pod), pod, holds, excess });
        }
        found
    }

    /// What a container of a pod holds, what it asks for, and what is said when the first is more
    /// (`containerMessageFmt`).
    fn part(
        &self,
        pod: &str,
        (spec, one): (&Value, &Container),
        what: Scarce,
    ) -> (u64, i128, String) {
        let uses = match what {
            Scarce::Memory => self.memory(pod, spec, one),
            Scarce::Disk => written(one),
        };
        let resource = what.resource();
        let request = fields::text(spec, &format!("/resources/requests/{resource}"));
        let asked = Quantity::parse(request).map_or(0, |request| request.value());
        if i128::from(uses) <= asked {
            return (uses, asked, String::new());
        }
        let (name, shown) = (fields::text(spec, "/name"), binary(uses));
        let request = if request.is_empty() { "0" } else { request };
        let excess = format!(
            "Container {name} was using {shown}, request is {request}, has larger consumption of {resource}. "
        );
        (uses, asked, excess)
    }
}

/// The containers of a pod that are on its node.
fn specs<'a>(
    pod: &'a Value,
    machine: &'a Machine,
) -> impl Iterator<Item = (&'a Value, &'a Container)> {
    let all = fields::items(pod, "/spec/containers").iter();
    let all = all.chain(fields::items(pod, "/spec/initContainers"));
    all.filter_map(|spec| Some((spec, machine.containers.get(fields::text(spec, "/name"))?)))
}

/// What a container has written to its log, which is a file on the node.
fn written(one: &Container) -> u64 {
    let lines = one.log.iter().map(|line| line.text.len() + 1);
    u64::try_from(lines.sum::<usize>()).unwrap_or(u64::MAX)
}

/// What is in the volumes of a pod that lie on the node.
fn shared(pod: &Value, machine: &Machine) -> u64 {
    let volumes = fields::items(pod, "/spec/volumes").iter();
    let own = volumes.filter(|volume| volume.get("emptyDir").is_some());
    let trees = own.filter_map(|volume| machine.volumes.get(fields::text(volume, "/name")));
    let sizes = trees.flat_map(|tree| tree.values()).map(|entry| match entry {
        Entry::File(bytes) => bytes.len(),
        _ => 0,
    });
    u64::try_from(sizes.sum::<usize>()).unwrap_or(u64::MAX)
}
