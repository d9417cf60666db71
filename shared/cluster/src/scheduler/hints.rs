//! Which changes may help a pod that a plugin refused (the `QueueingHintFn` of the plugins). What cannot
//! help is not tried: that is why a pod does not say the same again and again.

use std::collections::BTreeMap;

use serde_json::Value;

use super::resources::{Resources, requests};
use super::view::ended;
use super::{inter_pod_affinity, node_ports, pod_topology_spread, volume_restrictions};
use crate::controllers::persistent_volume::matching::claims_of;
use crate::controllers::persistent_volume::{CLAIMS, VOLUMES};
use crate::store::{Change, Object, Store};
use crate::{fields, placement};

/// Whether a change may help anybody.
pub(super) fn concerns(change: &Change) -> bool {
    match change.resource.as_str() {
        "nodes" => node_changed(change),
        "pods" => !moves(change).is_empty(),
        CLAIMS
        | VOLUMES
        | "storageclasses.storage.k8s.io"
        | "csinodes.storage.k8s.io"
        | "csidrivers.storage.k8s.io"
        | "csistoragecapacities.storage.k8s.io"
        | "volumeattachments.storage.k8s.io" => true,
        _ => false,
    }
}

/// Whether more of a node than its heartbeat changed (`nodeSchedulingPropertiesChange`).
fn node_changed(change: &Change) -> bool {
    let (Some(old), Some(new)) = (&change.old, &change.new) else { return true };
    ["/metadata/labels", "/spec/taints", "/spec/unschedulable", "/status/allocatable"]
        .iter()
        .any(|pointer| old.pointer(pointer) != new.pointer(pointer))
}

/// What happened to a pod, as the scheduler sees it: only pods on a node count, and only while they run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Move {
    Came,
    Left,
    Relabelled,
    Shrank,
    /// A pod without a node tolerates more.
    Tolerates,
}

fn moves(change: &Change) -> Vec<Move> {
    let on_node = |pod: &&Value| !fields::text(pod, "/spec/nodeName").is_empty() && !ended(pod);
    let (old, new) = (change.old.as_deref(), change.new.as_deref());
    let (was, is) = (old.filter(on_node), new.filter(on_node));
    let both = old.zip(new);
    let differs =
        |pointer: &str| both.is_some_and(|(old, new)| old.pointer(pointer) != new.pointer(pointer));
    let cleared = |pod: &Value| !fields::text(pod, "/status/nominatedNodeName").is_empty();
    let resized = differs("/spec/containers") || differs("/status/containerStatuses");
    let found = [
        (Move::Came, was.is_none() && is.is_some()),
        (
            Move::Left,
            (was.is_some() && is.is_none()) || (new.is_none() && old.is_some_and(cleared)),
        ),
        (Move::Relabelled, differs("/metadata/labels")),
        (
            Move::Shrank,
            resized && both.is_some_and(|(old, new)| smaller(&requests(old), &requests(new))),
        ),
        (Move::Tolerates, is.is_none() && differs("/spec/tolerations")),
    ];
    found.into_iter().filter(|(_, happened)| *happened).map(|(one, _)| one).collect()
}

fn smaller(old: &Resources, new: &Resources) -> bool {
    old.iter().any(|(name, amount)| new.get(name) < amount)
}

/// Whether a change may make a plugin take a pod that it refused.
pub(super) fn may_help(store: &Store, plugin: &str, pod: &Value, change: &Change) -> bool {
    match change.resource.as_str() {
        "nodes" => node_helps(plugin, pod, change),
        "pods" => pod_helps(store, plugin, pod, change),
        "csinodes.storage.k8s.io" => matches!(plugin, "NodeVolumeLimits" | "VolumeBinding"),
        "volumeattachments.storage.k8s.io" => {
            plugin == "NodeVolumeLimits" && change.new.is_none() && !claims_of(pod).is_empty()
        }
        CLAIMS => {
            let may = ["VolumeBinding", "VolumeZone", "VolumeRestrictions", "NodeVolumeLimits"];
            may.contains(&plugin)
                && change.namespace == fields::namespace(pod)
                && claims_of(pod).contains(&change.name)
        }
        _ => matches!(plugin, "VolumeBinding" | "VolumeZone"),
    }
}

fn node_helps(plugin: &str, pod: &Value, change: &Change) -> bool {
    let (old, new) = (change.old.as_deref(), change.new.as_deref());
    let labels = |node: Option<&Value>| node.map(fields::labels).unwrap_or_default();
    let Some(node) = new else {
        // A node that goes takes its pods with it.
        return plugin == "PodTopologySpread" && spread_changes(pod, &labels(old), None);
    };
    let now_but_not_before =
        |takes: &dyn Fn(&Value) -> bool| takes(node) && old.is_none_or(|old| !takes(old));
    match plugin {
        "NodeUnschedulable" => {
            now_but_not_before(&|node| !fields::flag(node, "/spec/unschedulable"))
        }
        "TaintToleration" => {
            now_but_not_before(&|node| placement::untolerated(pod, node).is_none())
        }
        "NodeAffinity" => now_but_not_before(&|node| placement::node_matches(pod, node)),
        "NodeResourcesFit" => {
            let (all, wanted) = (Resources::at(node, "/status/allocatable"), requests(pod));
            let fits = wanted.iter().all(|(name, amount)| amount <= all.get(name));
            let before = old.map(|old| Resources::at(old, "/status/allocatable"));
            let grew = before.is_none_or(|before| {
                let more = |name: &str| all.get(name) > before.get(name);
                more("pods") || wanted.iter().any(|(name, amount)| amount > 0 && more(name))
            });
            fits && grew
        }
        "NodePorts" | "NodeName" | "VolumeRestrictions" => old.is_none(),
        "VolumeBinding" | "VolumeZone" => labels(old) != labels(new) || old.is_none(),
        "PodTopologySpread" => {
            let before = old.map(fields::labels).unwrap_or_default();
            spread_changes(pod, &before, Some(&labels(new)))
                || old
                    .is_some_and(|old| old.pointer("/spec/taints") != node.pointer("/spec/taints"))
        }
        "InterPodAffinity" => {
            let (before, after) = (labels(old), labels(new));
            let keys = inter_pod_affinity::keys(pod);
            let changed = |key: &String| before.get(key) != after.get(key);
            old.is_none() || keys.iter().any(changed) || (keys.is_empty() && before != after)
        }
        _ => false,
    }
}

/// Whether labels of a node that a constraint is about came, went or changed.
fn spread_changes(
    pod: &Value,
    before: &BTreeMap<String, String>,
    after: Option<&BTreeMap<String, String>>,
) -> bool {
    let nothing = BTreeMap::new();
    let after = after.unwrap_or(&nothing);
    pod_topology_spread::keys(pod).iter().any(|key| before.get(key) != after.get(key))
}

fn pod_helps(store: &Store, plugin: &str, pod: &Value, change: &Change) -> bool {
    let moves = moves(change);
    let any = |wanted: &[Move]| moves.iter().any(|one| wanted.contains(one));
    let Some(other) = change.new.as_deref().or(change.old.as_deref()) else { return false };
    let itself = fields::uid(other) == fields::uid(pod);
    let same_namespace = fields::namespace(other) == fields::namespace(pod);
    match plugin {
        "NodeResourcesFit" => any(&[Move::Left, Move::Shrank]),
        "NodePorts" => any(&[Move::Left]) && node_ports::clash(&node_ports::ports_of(pod), other),
        "VolumeRestrictions" => {
            let used = claims_of(other);
            any(&[Move::Left])
                && same_namespace
                && (claims_of(pod).iter().any(|claim| used.contains(claim))
                    || volume_restrictions::disks_clash(pod, other))
        }
        "NodeVolumeLimits" => any(&[Move::Left]) && !claims_of(other).is_empty(),
        "TaintToleration" | "NodeUnschedulable" => itself && any(&[Move::Tolerates]),
        "PodTopologySpread" => {
            let concerns = |one: &Object| pod_topology_spread::concerns(pod, one);
            any(&[Move::Came, Move::Left, Move::Relabelled])
                && same_namespace
                && (itself || change.old.iter().chain(&change.new).any(concerns))
        }
        "InterPodAffinity" => {
            let shuns = |old: &Object| inter_pod_affinity::shuns(store, pod, old);
            (itself && any(&[Move::Relabelled]))
                || (any(&[Move::Came, Move::Relabelled])
                    && inter_pod_affinity::wants(store, pod, other))
                || (any(&[Move::Left, Move::Relabelled]) && change.old.iter().any(shuns))
        }
        _ => false,
    }
}
