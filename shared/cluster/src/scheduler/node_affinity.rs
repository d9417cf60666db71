//! `nodeSelector` and node affinity (`plugins/nodeaffinity/node_affinity.go`).

use std::collections::BTreeSet;

use serde_json::Value;

use super::plugins::{Cycle, Refusal, scaled};
use super::view::{NodeView, View};
use crate::{fields, placement};

const PREFERRED: &str =
    "/spec/affinity/nodeAffinity/preferredDuringSchedulingIgnoredDuringExecution";

/// Terms whose `matchFields` exclude each other can never be met.
pub(super) fn pre_filter(_view: &View<'_>, pod: &Value) -> Result<(), Refusal> {
    match named(pod) {
        Some(names) if names.is_empty() => Err(Refusal::for_good("pod affinity terms conflict")),
        _ => Ok(()),
    }
}

/// The nodes that every term names by `metadata.name`; none when a term names no node.
pub(super) fn named(pod: &Value) -> Option<BTreeSet<String>> {
    let terms = fields::items(pod, placement::TERMS);
    let mut names = BTreeSet::new();
    for term in terms {
        let mut of_term: Option<BTreeSet<String>> = None;
        for field in fields::items(term, "/matchFields") {
            if fields::text(field, "/key") != "metadata.name"
                || fields::text(field, "/operator") != "In"
            {
                continue;
            }
            let values = fields::items(field, "/values").iter().filter_map(Value::as_str);
            let values: BTreeSet<String> = values.map(str::to_owned).collect();
            of_term = Some(match of_term {
                None => values,
                Some(known) => known.intersection(&values).cloned().collect(),
            });
        }
        names.extend(of_term?);
    }
    (!terms.is_empty()).then_some(names)
}

/// Why a node is not even looked at (`PreFilterResult.NodeNames`).
pub(super) fn passed_over(pod: &Value, node: &NodeView) -> Option<Refusal> {
    let others = named(pod).is_some_and(|names| !names.contains(node.name()));
    others.then(|| Refusal::for_good("node(s) didn't satisfy plugin(s) [NodeAffinity]"))
}

pub(super) fn filter(cycle: &Cycle<'_>, node: &NodeView) -> Result<(), Refusal> {
    if placement::node_matches(cycle.pod, &node.node) {
        return Ok(());
    }
    Err(Refusal::for_good("node(s) didn't match Pod's node affinity/selector"))
}

/// The weights of the preferred terms that a node matches. An empty term matches none.
pub(super) fn score(cycle: &Cycle<'_>, nodes: &[&NodeView]) -> Option<Vec<i64>> {
    let terms = fields::items(cycle.pod, PREFERRED);
    if terms.is_empty() {
        return None;
    }
    let weight = |node: &&NodeView| {
        let matches = |term: &&Value| {
            let preference = term.get("preference").unwrap_or(&Value::Null);
            placement::term_matches(preference, &node.node, &node.labels)
        };
        let weight = |term: &Value| fields::number(term, "/weight").unwrap_or_default();
        terms.iter().filter(matches).map(weight).sum()
    };
    Some(scaled(nodes.iter().map(weight).collect(), false))
}
