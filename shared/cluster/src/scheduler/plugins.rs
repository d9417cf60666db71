//! The plugins in their default order with their default weights
//! (`pkg/scheduler/apis/config/v1/default_plugins.go`), and what they are asked.

use serde_json::Value;

use super::resources::{Resources, requests, scored_requests};
use super::view::{NodeView, View};
use super::volume_binding::Claims;
use super::{
    balanced_allocation, image_locality, inter_pod_affinity, node_affinity, node_name, node_ports,
    node_resources_fit, node_unschedulable, pod_topology_spread, taint_toleration, volume_binding,
    volume_limits, volume_restrictions, volume_zone,
};

/// The best score of a plugin (`MaxNodeScore`).
pub(super) const MOST: i64 = 100;

/// Why a node, or all of them, cannot take a pod.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Refusal {
    pub(super) reasons: Vec<String>,
    /// Whether it stays so when other pods go away (`UnschedulableAndUnresolvable`).
    pub(super) for_good: bool,
}

impl Refusal {
    pub(super) fn for_good(reason: &str) -> Self {
        Self { reasons: vec![reason.to_owned()], for_good: true }
    }

    pub(super) fn for_now(reason: &str) -> Self {
        Self { reasons: vec![reason.to_owned()], for_good: false }
    }
}

/// One pod's turn: the pod, the view, and what plugins count once for all nodes.
pub(super) struct Cycle<'a> {
    pub(super) view: &'a View<'a>,
    pub(super) pod: &'a Value,
    pub(super) wanted: Resources,
    pub(super) assumed: Resources,
    pub(super) ports: Vec<node_ports::Port>,
    pub(super) claims: Claims,
    pub(super) affinity: inter_pod_affinity::Counts,
    pub(super) spread: Vec<pod_topology_spread::Domains>,
}

impl<'a> Cycle<'a> {
    /// Counts what is the same for all nodes.
    pub(super) fn new(view: &'a View<'a>, pod: &'a Value) -> Self {
        Self {
            view,
            pod,
            wanted: requests(pod),
            assumed: scored_requests(pod),
            ports: node_ports::ports_of(pod),
            claims: volume_binding::claims(view.store, pod).unwrap_or_default(),
            affinity: inter_pod_affinity::Counts::of(view, pod),
            spread: pod_topology_spread::domains(view, pod),
        }
    }
}

type PreFilter = fn(&View<'_>, &Value) -> Result<(), Refusal>;
type Filter = fn(&Cycle<'_>, &NodeView) -> Result<(), Refusal>;
type Score = fn(&Cycle<'_>, &[&NodeView]) -> Option<Vec<i64>>;

/// A plugin: what it asks before it looks at nodes, of each node, and how it ranks the nodes that remain.
/// A score of `None` means that it has no opinion on this pod.
pub(super) struct Plugin {
    pub(super) name: &'static str,
    pub(super) weight: i64,
    pub(super) pre_filter: Option<PreFilter>,
    pub(super) filter: Option<Filter>,
    pub(super) score: Option<Score>,
}

const fn filter(name: &'static str, filter: Filter) -> Plugin {
    Plugin { name, weight: 0, pre_filter: None, filter: Some(filter), score: None }
}

const fn after(pre_filter: PreFilter, plugin: Plugin) -> Plugin {
    Plugin { pre_filter: Some(pre_filter), ..plugin }
}

const fn scored(weight: i64, score: Score, plugin: Plugin) -> Plugin {
    Plugin { weight, score: Some(score), ..plugin }
}

const fn score(name: &'static str, weight: i64, score: Score) -> Plugin {
    Plugin { name, weight, pre_filter: None, filter: None, score: Some(score) }
}

/// All plugins.
pub(super) const PLUGINS: [Plugin; 14] = [
    filter("NodeUnschedulable", node_unschedulable::filter),
    filter("NodeName", node_name::filter),
    scored(3, taint_toleration::score, filter("TaintToleration", taint_toleration::filter)),
    after(
        node_affinity::pre_filter,
        scored(2, node_affinity::score, filter("NodeAffinity", node_affinity::filter)),
    ),
    filter("NodePorts", node_ports::filter),
    scored(1, node_resources_fit::score, filter("NodeResourcesFit", node_resources_fit::filter)),
    after(
        volume_restrictions::pre_filter,
        filter("VolumeRestrictions", volume_restrictions::filter),
    ),
    filter("NodeVolumeLimits", volume_limits::filter),
    after(volume_binding::pre_filter, filter("VolumeBinding", volume_binding::filter)),
    after(volume_zone::pre_filter, filter("VolumeZone", volume_zone::filter)),
    scored(2, pod_topology_spread::score, filter("PodTopologySpread", pod_topology_spread::filter)),
    scored(2, inter_pod_affinity::score, filter("InterPodAffinity", inter_pod_affinity::filter)),
    score("NodeResourcesBalancedAllocation", 1, balanced_allocation::score),
    score("ImageLocality", 1, image_locality::score),
];

/// The first plugin that refuses a node, with its reasons. Where a pod names its nodes, the others are not looked at.
pub(super) fn refusal(cycle: &Cycle<'_>, node: &NodeView) -> Option<(&'static str, Refusal)> {
    if let Some(refusal) = node_affinity::passed_over(cycle.pod, node) {
        return Some(("NodeAffinity", refusal));
    }
    PLUGINS.iter().find_map(|plugin| {
        let refusal = plugin.filter.and_then(|filter| filter(cycle, node).err())?;
        Some((plugin.name, refusal))
    })
}

/// Scales scores so that the best is [`MOST`] (`helper.DefaultNormalizeScore`).
pub(super) fn scaled(scores: Vec<i64>, reverse: bool) -> Vec<i64> {
    let best = scores.iter().copied().max().unwrap_or_default();
    let scale = |score: i64| {
        let scaled = if best == 0 { 0 } else { MOST * score / best };
        if reverse { MOST - scaled } else { scaled }
    };
    scores.into_iter().map(scale).collect()
}
