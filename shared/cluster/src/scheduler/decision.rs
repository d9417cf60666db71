//! A decision as data: what each node was found to be, and which one is taken
//! (`pkg/scheduler/schedule_one.go schedulePod`, `framework/types.go FitError`).

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::plugins::{Cycle, PLUGINS, Refusal, refusal};
use super::view::{NodeView, View, priority};
use crate::{fields, rng};

/// What a plugin thinks of a node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Score {
    /// The plugin.
    pub plugin: &'static str,
    /// From 0 to 100.
    pub score: i64,
    /// How much the plugin counts.
    pub weight: i64,
}

/// What was found of a node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NodeVerdict {
    /// The node.
    pub node: String,
    /// The plugin that filtered the node out; none when the node can take the pod.
    pub refused_by: Option<&'static str>,
    /// Why it was filtered out.
    pub reasons: Vec<String>,
    /// Whether it would be so even without the pods that are there.
    pub for_good: bool,
    /// The scores of a node that can take the pod.
    pub scores: Vec<Score>,
}

impl NodeVerdict {
    /// The weighted sum of the scores.
    pub fn total(&self) -> i64 {
        self.scores.iter().map(|one| one.score * one.weight).sum()
    }
}

/// Where a pod goes, and why.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Decision {
    /// The plugin that refused the pod before any node was looked at.
    pub refused_by: Option<&'static str>,
    /// Why it did.
    pub reasons: Vec<String>,
    /// What was found of each node.
    pub nodes: Vec<NodeVerdict>,
    /// The node that is taken.
    pub chosen: Option<String>,
}

impl Decision {
    /// The plugins that kept the pod from somewhere.
    pub(super) fn rejectors(&self) -> BTreeSet<&'static str> {
        self.refused_by
            .into_iter()
            .chain(self.nodes.iter().filter_map(|node| node.refused_by))
            .collect()
    }

    /// Why the pod goes nowhere, without what preemption says.
    pub fn message(&self, nodes: usize) -> String {
        if self.refused_by.is_some() {
            return format!("0/{nodes} nodes are available: {}.", self.reasons.join(", "));
        }
        let reasons = self.nodes.iter().flat_map(|node| node.reasons.iter().map(String::as_str));
        unavailable(nodes, reasons)
    }
}

/// How many nodes say what.
pub(super) fn unavailable<'a>(nodes: usize, reasons: impl Iterator<Item = &'a str>) -> String {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    reasons.for_each(|reason| *counts.entry(reason).or_default() += 1);
    let mut listed: Vec<String> =
        counts.iter().map(|(reason, count)| format!("{count} {reason}")).collect();
    listed.sort();
    format!("0/{nodes} nodes are available: {}.", listed.join(", "))
}

/// Decides about a pod.
pub(super) fn decide(view: &View<'_>, pod: &Value) -> Decision {
    let mut decision = Decision::default();
    for plugin in &PLUGINS {
        if let Some(Err(refusal)) = plugin.pre_filter.map(|ask| ask(view, pod)) {
            decision.refused_by = Some(plugin.name);
            decision.reasons = refusal.reasons;
            return decision;
        }
    }
    let cycle = Cycle::new(view, pod);
    let nominated = fields::text(pod, "/status/nominatedNodeName");
    let cleared = view.node(nominated).filter(|node| check(&cycle, node).is_none());
    let nodes = match cleared {
        Some(node) => std::slice::from_ref(node),
        None => view.nodes.as_slice(),
    };
    let mut feasible: Vec<&NodeView> = Vec::new();
    for node in nodes {
        let found = check(&cycle, node);
        if found.is_none() {
            feasible.push(node);
        }
        let (refused_by, refusal) = found.unzip();
        let refusal = refusal.unwrap_or_else(|| Refusal { reasons: Vec::new(), for_good: false });
        decision.nodes.push(NodeVerdict {
            node: node.name().to_owned(),
            refused_by,
            reasons: refusal.reasons,
            for_good: refusal.for_good,
            scores: Vec::new(),
        });
    }
    rank(&cycle, &feasible, &mut decision);
    decision
}

/// Why a node cannot take a pod, also when those come that it was cleared for
/// (`RunFilterPluginsWithNominatedPods`).
pub(super) fn check(cycle: &Cycle<'_>, node: &NodeView) -> Option<(&'static str, Refusal)> {
    let (view, pod) = (cycle.view, cycle.pod);
    let comes_first = |one: &&std::sync::Arc<Value>| {
        fields::text(one, "/status/nominatedNodeName") == node.name()
            && priority(one) >= priority(pod)
            && fields::uid(one) != fields::uid(pod)
    };
    let rivals: Vec<_> = view.nominated.iter().filter(comes_first).cloned().collect();
    if !rivals.is_empty() {
        let crowded = view.with(node.name(), &rivals);
        let cycle = Cycle::new(&crowded, pod);
        let found = crowded.node(node.name()).and_then(|node| refusal(&cycle, node));
        if found.is_some() {
            return found;
        }
    }
    refusal(cycle, node)
}

/// Scores the nodes that remain; among the best it is chance that decides.
fn rank(cycle: &Cycle<'_>, feasible: &[&NodeView], decision: &mut Decision) {
    let mut verdicts: Vec<&mut NodeVerdict> =
        decision.nodes.iter_mut().filter(|node| node.refused_by.is_none()).collect();
    for plugin in &PLUGINS {
        let Some(scores) = plugin.score.and_then(|score| score(cycle, feasible)) else { continue };
        for (verdict, score) in verdicts.iter_mut().zip(scores) {
            verdict.scores.push(Score { plugin: plugin.name, score, weight: plugin.weight });
        }
    }
    let best = verdicts.iter().map(|node| node.total()).max();
    let ties: Vec<&str> = verdicts
        .iter()
        .filter(|node| Some(node.total()) == best)
        .map(|node| node.node.as_str())
        .collect();
    decision.chosen = ties.get(pick(cycle.pod, ties.len())).map(|node| (*node).to_owned());
}

/// One of several that are equal. The UID comes from the cluster's seed, so the choice does too.
pub(super) fn pick(pod: &Value, count: usize) -> usize {
    let count = u64::try_from(count).unwrap_or_default().max(1);
    usize::try_from(rng::Stream::new(rng::hash(fields::uid(pod)), "placement").below(count))
        .unwrap_or_default()
}
