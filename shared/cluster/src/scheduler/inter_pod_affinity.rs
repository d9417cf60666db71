//! Pods that want to be together or apart (`plugins/interpodaffinity/{filtering,scoring}.go`).

use std::collections::BTreeMap;

use apimachinery::selector::LabelSelector;
use serde_json::Value;

use super::plugins::{Cycle, MOST, Refusal};
use super::pod_topology_spread::selector_at;
use super::view::{NodeView, View};
use crate::fields;
use crate::store::Store;

/// What a term that must hold of another pod counts for this one (`HardPodAffinityWeight`).
const REQUIRED_WEIGHT: i64 = 1;

/// Topology key and value.
type Domain = (String, String);

/// A term, its selectors made ready.
struct Term {
    key: String,
    weight: i64,
    namespaces: Vec<String>,
    namespace_selector: LabelSelector,
    selector: LabelSelector,
}

impl Term {
    fn of(pod: &Value, said: &Value, weight: i64) -> Self {
        let mut namespaces: Vec<String> = fields::items(said, "/namespaces")
            .iter()
            .filter_map(|name| name.as_str().map(str::to_owned))
            .collect();
        if namespaces.is_empty() && said.get("namespaceSelector").is_none_or(Value::is_null) {
            namespaces.push(fields::namespace(pod).to_owned());
        }
        Self {
            key: fields::text(said, "/topologyKey").to_owned(),
            weight,
            namespaces,
            namespace_selector: selector_at(said, "namespaceSelector"),
            selector: selector_at(said, "labelSelector"),
        }
    }

    fn matches(&self, store: &Store, pod: &Value) -> bool {
        let namespace = fields::namespace(pod);
        let labels = || {
            let found = store.get("namespaces", "", namespace);
            found.map(|one| fields::labels(&one)).unwrap_or_default()
        };
        self.selector.matches(&fields::labels(pod))
            && (self.namespaces.iter().any(|name| name == namespace)
                || self.namespace_selector.matches(&labels()))
    }
}

impl Term {
    /// Whether a term of the pod that waits is about another one. A namespace selector that takes a namespace without
    /// labels takes all of them: `mergeAffinityTermNamespacesIfNotEmpty` lists what a selector finds, but puts the
    /// selector that finds nothing in its place only in a copy, and the one that stays is asked without labels.
    fn takes(&self, store: &Store, pod: &Value) -> bool {
        self.matches(store, pod)
            || (self.namespace_selector.matches(&BTreeMap::new())
                && self.selector.matches(&fields::labels(pod)))
    }
}

/// The terms that must hold; `kind` is `podAffinity` or `podAntiAffinity`.
fn required(pod: &Value, kind: &str) -> Vec<Term> {
    let path = format!("/spec/affinity/{kind}/requiredDuringSchedulingIgnoredDuringExecution");
    fields::items(pod, &path).iter().map(|said| Term::of(pod, said, REQUIRED_WEIGHT)).collect()
}

/// The terms that should hold.
fn preferred(pod: &Value, kind: &str, sign: i64) -> Vec<Term> {
    let path = format!("/spec/affinity/{kind}/preferredDuringSchedulingIgnoredDuringExecution");
    let term = |said: &Value| {
        let weight = fields::number(said, "/weight").unwrap_or_default();
        Some(Term::of(pod, said.get("podAffinityTerm")?, sign * weight))
    };
    fields::items(pod, &path).iter().filter_map(term).collect()
}

/// How many pods meet terms, by domain.
#[derive(Default)]
pub(super) struct Counts {
    wanted: Vec<Term>,
    unwanted: Vec<Term>,
    /// Pods that all wanted terms match.
    together: BTreeMap<Domain, usize>,
    /// Pods that an unwanted term matches.
    apart: BTreeMap<Domain, usize>,
    /// Pods that do not want this one near.
    shunned: BTreeMap<Domain, usize>,
    /// Whether the pod itself is what it wants.
    itself: bool,
}

impl Counts {
    /// Counts over all nodes.
    pub(super) fn of(view: &View<'_>, pod: &Value) -> Self {
        let wanted = required(pod, "podAffinity");
        let unwanted = required(pod, "podAntiAffinity");
        let meets = |one: &Value| {
            !wanted.is_empty() && wanted.iter().all(|term| term.takes(view.store, one))
        };
        let mut counts = Self { itself: meets(pod), ..Self::default() };
        let asks = !wanted.is_empty() || !unwanted.is_empty();
        for node in &view.nodes {
            for one in node.pods.iter().filter(|_| asks) {
                if meets(one) {
                    for term in &wanted {
                        add(&mut counts.together, node, term);
                    }
                }
                let clash = unwanted.iter().filter(|term| term.takes(view.store, one));
                clash.for_each(|term| add(&mut counts.apart, node, term));
            }
            for one in &node.with_affinity {
                let theirs = required(one, "podAntiAffinity");
                let theirs = theirs.iter().filter(|term| term.matches(view.store, pod));
                theirs.for_each(|term| add(&mut counts.shunned, node, term));
            }
        }
        counts.wanted = wanted;
        counts.unwanted = unwanted;
        counts
    }
}

fn domain(node: &NodeView, key: &str) -> Option<Domain> {
    Some((key.to_owned(), node.labels.get(key)?.clone()))
}

fn add(counts: &mut BTreeMap<Domain, usize>, node: &NodeView, term: &Term) {
    if let Some(domain) = domain(node, &term.key) {
        *counts.entry(domain).or_default() += 1;
    }
}

pub(super) fn filter(cycle: &Cycle<'_>, node: &NodeView) -> Result<(), Refusal> {
    let counts = &cycle.affinity;
    if !is_together(counts, node) {
        return Err(Refusal::for_good("node(s) didn't match pod affinity rules"));
    }
    let meets = |known: &BTreeMap<Domain, usize>, key: &str| {
        domain(node, key).is_some_and(|domain| known.contains_key(&domain))
    };
    if counts.unwanted.iter().any(|term| meets(&counts.apart, &term.key)) {
        return Err(Refusal::for_now("node(s) didn't match pod anti-affinity rules"));
    }
    if counts.shunned.keys().any(|(key, value)| node.labels.get(key) == Some(value)) {
        return Err(Refusal::for_now("node(s) didn't satisfy existing pods anti-affinity rules"));
    }
    Ok(())
}

/// The first pod of a group that wants to be together may go anywhere.
fn is_together(counts: &Counts, node: &NodeView) -> bool {
    let mut exist = true;
    for term in &counts.wanted {
        let Some(domain) = domain(node, &term.key) else { return false };
        exist &= counts.together.contains_key(&domain);
    }
    exist || (counts.together.is_empty() && counts.itself)
}

/// The topology keys of what must hold.
pub(super) fn keys(pod: &Value) -> Vec<String> {
    let terms = required(pod, "podAffinity").into_iter().chain(required(pod, "podAntiAffinity"));
    terms.map(|term| term.key).collect()
}

/// Whether a pod must be near another one.
pub(super) fn wants(store: &Store, pod: &Value, other: &Value) -> bool {
    required(pod, "podAffinity").iter().any(|term| term.matches(store, other))
}

/// Whether one of two pods must not be near the other.
pub(super) fn shuns(store: &Store, pod: &Value, other: &Value) -> bool {
    let unwanted =
        |one, other| required(one, "podAntiAffinity").iter().any(|term| term.matches(store, other));
    unwanted(pod, other) || unwanted(other, pod)
}

/// The wishes of the pod, and of the pods that are there.
pub(super) fn score(cycle: &Cycle<'_>, nodes: &[&NodeView]) -> Option<Vec<i64>> {
    let (view, pod) = (cycle.view, cycle.pod);
    let wishes = |pod: &Value| {
        let mut terms = preferred(pod, "podAffinity", 1);
        terms.extend(preferred(pod, "podAntiAffinity", -1));
        terms
    };
    let own = wishes(pod);
    let mut sums: BTreeMap<Domain, i64> = BTreeMap::new();
    for node in &view.nodes {
        let mut add = |term: &Term, counts: bool| {
            if let Some(domain) = domain(node, &term.key).filter(|_| counts) {
                *sums.entry(domain).or_default() += term.weight;
            }
        };
        for one in node.pods.iter().filter(|_| !own.is_empty()) {
            for term in &own {
                add(term, term.takes(view.store, one));
            }
        }
        for one in &node.with_affinity {
            for term in required(one, "podAffinity").iter().chain(&wishes(one)) {
                add(term, term.matches(view.store, pod));
            }
        }
    }
    if sums.is_empty() {
        return None;
    }
    let sum = |node: &&NodeView| {
        let here = |((key, value), _): &(&Domain, &i64)| node.labels.get(key) == Some(value);
        sums.iter().filter(here).map(|(_, sum)| *sum).sum::<i64>()
    };
    let found: Vec<i64> = nodes.iter().map(sum).collect();
    let (least, most) = (found.iter().min().copied()?, found.iter().max().copied()?);
    Some(found.into_iter().map(|sum| share(sum - least, most - least)).collect())
}

/// Counted in fractions as upstream does, because truncation shows.
#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    reason = "sums of weights are small"
)]
fn share(part: i64, whole: i64) -> i64 {
    if whole > 0 { (MOST as f64 * (part as f64 / whole as f64)) as i64 } else { 0 }
}
