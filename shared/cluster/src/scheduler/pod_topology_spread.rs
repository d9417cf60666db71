//! Even distribution over zones, nodes and the like
//! (`plugins/podtopologyspread/{common,filtering,scoring}.go`).

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use apimachinery::selector::{LabelSelector, Requirement};
use serde_json::Value;

use super::plugins::{Cycle, MOST, Refusal};
use super::view::{NodeView, View};
use crate::{fields, placement};

const HOSTNAME: &str = "kubernetes.io/hostname";
/// What applies to pods that say nothing (`systemDefaultConstraints`).
const DEFAULTS: [(&str, i64); 2] = [(HOSTNAME, 3), ("topology.kubernetes.io/zone", 5)];

/// One constraint, its selector made ready.
pub(super) struct Constraint {
    key: String,
    max_skew: i64,
    min_domains: usize,
    selector: LabelSelector,
    honors_affinity: bool,
    honors_taints: bool,
}

/// How many matching pods each domain of a constraint has.
pub(super) struct Domains {
    constraint: Constraint,
    counts: BTreeMap<String, i64>,
}

impl Constraint {
    fn of(pod: &Value, said: &Value) -> Self {
        let mut selector = selector_at(said, "labelSelector");
        let labels = fields::labels(pod);
        for key in fields::items(said, "/matchLabelKeys").iter().filter_map(Value::as_str) {
            if let Some(value) = labels.get(key) {
                selector.extend([Requirement::equals(key, value)]);
            }
        }
        let policy = |pointer| fields::text(said, pointer);
        Self {
            key: fields::text(said, "/topologyKey").to_owned(),
            max_skew: fields::number(said, "/maxSkew").unwrap_or(1),
            min_domains: fields::number(said, "/minDomains")
                .and_then(|number| usize::try_from(number).ok())
                .unwrap_or(1),
            selector,
            honors_affinity: policy("/nodeAffinityPolicy") != "Ignore",
            honors_taints: policy("/nodeTaintsPolicy") == "Honor",
        }
    }

    /// Whether a node's pods count (`matchNodeInclusionPolicies`).
    fn includes(&self, pod: &Value, node: &NodeView) -> bool {
        (!self.honors_affinity || placement::node_matches(pod, &node.node))
            && (!self.honors_taints || placement::untolerated(pod, &node.node).is_none())
    }

    /// The pods of a node that the constraint is about.
    fn count(&self, pod: &Value, node: &NodeView) -> i64 {
        if self.selector.is_empty() {
            return 0;
        }
        node.count(fields::namespace(pod), |labels| self.selector.matches(labels))
    }
}

/// A selector of a document; a missing one matches nothing.
pub(super) fn selector_at(document: &Value, key: &str) -> LabelSelector {
    document
        .get(key)
        .filter(|selector| !selector.is_null())
        .and_then(|selector| LabelSelector::from_object(selector).ok())
        .unwrap_or_else(LabelSelector::nothing)
}

fn constraints(pod: &Value, action: &str) -> Vec<Constraint> {
    fields::items(pod, "/spec/topologySpreadConstraints")
        .iter()
        .filter(|said| fields::text(said, "/whenUnsatisfiable") == action)
        .map(|said| Constraint::of(pod, said))
        .collect()
}

/// The topology keys of what must hold.
pub(super) fn keys(pod: &Value) -> Vec<String> {
    constraints(pod, "DoNotSchedule").into_iter().map(|one| one.key).collect()
}

/// Whether what must hold is about another pod.
pub(super) fn concerns(pod: &Value, other: &Value) -> bool {
    let labels = fields::labels(other);
    constraints(pod, "DoNotSchedule").iter().any(|one| one.selector.matches(&labels))
}

fn has_all(node: &NodeView, constraints: &[Constraint]) -> bool {
    constraints.iter().all(|one| node.labels.contains_key(&one.key))
}

/// The domains of the constraints that must hold.
pub(super) fn domains(view: &View<'_>, pod: &Value) -> Vec<Domains> {
    let constraints = constraints(pod, "DoNotSchedule");
    let nodes: Vec<&NodeView> =
        view.nodes.iter().map(Arc::as_ref).filter(|node| has_all(node, &constraints)).collect();
    let count = |constraint: Constraint| {
        let mut counts: BTreeMap<String, i64> = BTreeMap::new();
        for node in nodes.iter().filter(|node| constraint.includes(pod, node)) {
            if let Some(domain) = node.labels.get(&constraint.key) {
                *counts.entry(domain.clone()).or_default() += constraint.count(pod, node);
            }
        }
        Domains { constraint, counts }
    };
    constraints.into_iter().map(count).collect()
}

pub(super) fn filter(cycle: &Cycle<'_>, node: &NodeView) -> Result<(), Refusal> {
    const UNEVEN: &str = "node(s) didn't match pod topology spread constraints";
    let labels = fields::labels(cycle.pod);
    for Domains { constraint, counts } in &cycle.spread {
        let Some(domain) = node.labels.get(&constraint.key) else {
            return Err(Refusal::for_good(&format!("{UNEVEN} (missing required label)")));
        };
        // Where no node counts, upstream's minimum is the greatest number.
        let least = if counts.len() < constraint.min_domains {
            0
        } else {
            counts.values().copied().min().unwrap_or_else(|| i64::from(i32::MAX))
        };
        let itself = i64::from(constraint.selector.matches(&labels));
        if counts.get(domain).copied().unwrap_or_default() + itself - least > constraint.max_skew {
            return Err(Refusal::for_now(UNEVEN));
        }
    }
    Ok(())
}

/// The constraints that should hold, and whether nodes without their labels are left out.
fn wishes(view: &View<'_>, pod: &Value) -> (Vec<Constraint>, bool) {
    if !fields::items(pod, "/spec/topologySpreadConstraints").is_empty() {
        return (constraints(pod, "ScheduleAnyway"), true);
    }
    let selector = default_selector(view, pod);
    if selector.is_empty() {
        return (Vec::new(), false);
    }
    let constraint = |(key, max_skew): (&str, i64)| Constraint {
        key: key.to_owned(),
        max_skew,
        min_domains: 1,
        selector: selector.clone(),
        honors_affinity: true,
        honors_taints: false,
    };
    (DEFAULTS.into_iter().map(constraint).collect(), false)
}

/// The pods of the same services and owner (`helper.DefaultSelector`).
fn default_selector(view: &View<'_>, pod: &Value) -> LabelSelector {
    let (namespace, labels) = (fields::namespace(pod), fields::labels(pod));
    let mut wanted = BTreeMap::new();
    for service in view.store.list("services", Some(namespace)) {
        let selector = fields::texts(&service, "/spec/selector");
        if !selector.is_empty() && LabelSelector::from_map(&selector).matches(&labels) {
            wanted.extend(selector);
        }
    }
    let owner = fields::controller_of(pod);
    let kind = owner.map_or("", |owner| fields::text(owner, "/kind"));
    let resource = match kind {
        "ReplicationController" => "replicationcontrollers",
        "ReplicaSet" => "replicasets.apps",
        "StatefulSet" => "statefulsets.apps",
        _ => return LabelSelector::from_map(&wanted),
    };
    let name = owner.map_or("", |owner| fields::text(owner, "/name"));
    let owner = view.store.get(resource, namespace, name);
    let spec = owner.as_ref().and_then(|owner| owner.get("spec"));
    if kind == "ReplicationController" {
        wanted.extend(spec.map(|spec| fields::texts(spec, "/selector")).unwrap_or_default());
        return LabelSelector::from_map(&wanted);
    }
    let mut selector = LabelSelector::from_map(&wanted);
    let own = spec.map(|spec| selector_at(spec, "selector")).unwrap_or_default();
    selector.extend(own.into_requirements());
    selector
}

/// Domains with fewer matching pods come first.
pub(super) fn score(cycle: &Cycle<'_>, nodes: &[&NodeView]) -> Option<Vec<i64>> {
    let (constraints, all_labels) = wishes(cycle.view, cycle.pod);
    if constraints.is_empty() {
        return None;
    }
    let ignored = |node: &NodeView| all_labels && !has_all(node, &constraints);
    let candidates: Vec<&NodeView> = nodes.iter().copied().filter(|node| !ignored(node)).collect();
    let mut sums = vec![0_f64; candidates.len()];
    for constraint in &constraints {
        let value = |node: &NodeView| node.labels.get(&constraint.key).cloned();
        let domains: BTreeSet<Option<String>> = candidates.iter().map(|one| value(one)).collect();
        let by_node = constraint.key == HOSTNAME;
        let weight = logarithm(if by_node { candidates.len() } else { domains.len() } + 2);
        let mut counts: BTreeMap<String, i64> = BTreeMap::new();
        let counted = |node: &&NodeView| !ignored(node) && constraint.includes(cycle.pod, node);
        for node in cycle.view.nodes.iter().map(Arc::as_ref).filter(counted) {
            let domain = value(node).unwrap_or_default();
            *counts.entry(domain).or_default() += constraint.count(cycle.pod, node);
        }
        for (node, sum) in candidates.iter().zip(&mut sums) {
            let Some(domain) = value(node) else { continue };
            let count = if by_node {
                constraint.count(cycle.pod, node)
            } else {
                counts.get(&domain).copied().unwrap_or_default()
            };
            *sum += small(count) * weight + small(constraint.max_skew - 1);
        }
    }
    let sums: Vec<i64> = sums.into_iter().map(rounded).collect();
    let (least, most) = (sums.iter().min().copied()?, sums.iter().max().copied()?);
    let normal = |sum: i64| if most == 0 { MOST } else { MOST * (most + least - sum) / most };
    let by_name: BTreeMap<&str, i64> =
        candidates.iter().zip(&sums).map(|(node, sum)| (node.name(), normal(*sum))).collect();
    Some(nodes.iter().map(|node| by_name.get(node.name()).copied().unwrap_or(0)).collect())
}

/// Counts of pods are small numbers.
fn small(number: i64) -> f64 {
    f64::from(i32::try_from(number).unwrap_or(i32::MAX))
}

#[expect(clippy::cast_possible_truncation, reason = "sums of counts of pods are small")]
fn rounded(number: f64) -> i64 {
    number.round() as i64
}

/// The natural logarithm, from basic operations only, which are the same on every machine.
fn logarithm(number: usize) -> f64 {
    let mut rest = f64::from(u32::try_from(number.max(1)).unwrap_or(u32::MAX));
    let mut sum = 0.0;
    while rest > 1.5 {
        rest /= 2.0;
        sum += std::f64::consts::LN_2;
    }
    let ratio = (rest - 1.0) / (rest + 1.0);
    let mut power = ratio;
    for step in 0..20_i32 {
        sum += 2.0 * power / f64::from(2 * step + 1);
        power *= ratio * ratio;
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::logarithm;

    #[test]
    fn the_logarithm_is_that_of_the_standard_library() {
        for number in 1..200_u32 {
            let exact = f64::from(number).ln();
            assert!((logarithm(number as usize) - exact).abs() < 1e-12, "{number}");
        }
    }
}
