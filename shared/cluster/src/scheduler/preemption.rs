//! Room for those who matter more (`pkg/scheduler/framework/preemption`, `plugins/defaultpreemption`).

use std::cmp::Reverse;
use std::sync::Arc;

use apimachinery::order::Order as _;
use apimachinery::selector::LabelSelector;
use jiff::Timestamp;
use serde_json::Value;

use super::decision::{Decision, check, pick, unavailable};
use super::plugins::{Cycle, Refusal};
use super::view::{NodeView, View, priority};
use crate::fields;

/// What preemption comes to.
pub(super) enum Outcome {
    /// A node is cleared.
    Clears(Candidate),
    /// None is, and why.
    Helpless {
        /// Why.
        why: String,
        /// Whether an earlier nomination holds: its node is being cleared.
        keeps_nomination: bool,
    },
}

/// A node, and who has to leave it.
pub(super) struct Candidate {
    pub(super) node: String,
    /// The most important first.
    pub(super) victims: Vec<Arc<Value>>,
    violations: usize,
}

/// Looks for a node that can be cleared for a pod.
pub(super) fn preempt(
    view: &View<'_>,
    pod: &Value,
    decision: &Decision,
    now: Timestamp,
) -> Outcome {
    if let Some(why) = ineligible(view, pod, decision) {
        return Outcome::Helpless { why: why.to_owned(), keeps_nomination: true };
    }
    let budgets = view.store.list("poddisruptionbudgets.policy", None);
    let mut candidates = Vec::new();
    let mut reasons: Vec<String> = Vec::new();
    for node in &view.nodes {
        let verdict = decision.nodes.iter().find(|verdict| verdict.node == node.name());
        if verdict.is_none_or(|verdict| verdict.for_good) {
            reasons.push("Preemption is not helpful for scheduling".to_owned());
            continue;
        }
        match victims(view, pod, node, &budgets) {
            Ok(candidate) => candidates.push(candidate),
            Err(refusal) => reasons.extend(refusal.reasons),
        }
    }
    if let Some(candidate) = best(pod, candidates, now) {
        return Outcome::Clears(candidate);
    }
    let reasons = reasons.iter().map(String::as_str);
    Outcome::Helpless { why: unavailable(view.nodes.len(), reasons), keeps_nomination: false }
}

/// `PodEligibleToPreemptOthers`.
fn ineligible(view: &View<'_>, pod: &Value, decision: &Decision) -> Option<&'static str> {
    if fields::text(pod, "/spec/preemptionPolicy") == "Never" {
        return Some("not eligible due to preemptionPolicy=Never.");
    }
    let nominated = fields::text(pod, "/status/nominatedNodeName");
    let verdict = decision.nodes.iter().find(|verdict| verdict.node == nominated);
    if verdict.is_none_or(|verdict| verdict.for_good) {
        return None;
    }
    let leaves = |one: &Arc<Value>| {
        let target = fields::condition(one, "DisruptionTarget");
        priority(one) < priority(pod)
            && fields::deleting(one)
            && target.is_some_and(|target| {
                fields::text(target, "/status") == "True"
                    && fields::text(target, "/reason") == "PreemptionByScheduler"
            })
    };
    let node = view.node(nominated)?;
    node.pods
        .iter()
        .any(leaves)
        .then_some("not eligible due to a terminating pod on the nominated node.")
}

/// Who has to leave a node (`SelectVictimsOnNode`): as few as possible, and not those that budgets protect
/// if others will do.
fn victims(
    view: &View<'_>,
    pod: &Value,
    node: &NodeView,
    budgets: &[Arc<Value>],
) -> Result<Candidate, Refusal> {
    let less = |one: &&Arc<Value>| priority(one) < priority(pod);
    let mut possible: Vec<Arc<Value>> = node.pods.iter().filter(less).cloned().collect();
    if possible.is_empty() {
        return Err(Refusal::for_good("No preemption victims found for incoming pod"));
    }
    let mut left = view.without(node.name(), &possible);
    let refused = |view: &View<'_>| {
        let cycle = Cycle::new(view, pod);
        view.node(node.name()).and_then(|node| check(&cycle, node)).map(|(_, refusal)| refusal)
    };
    if let Some(refusal) = refused(&left) {
        return Err(refusal);
    }
    possible.order_by(|one, other| importance(one).cmp(&importance(other)));
    let (guarded, free) = by_budgets(possible, budgets);
    let mut chosen = Vec::new();
    let mut violations = 0;
    let tried = guarded.into_iter().map(|one| (one, 1)).chain(free.into_iter().map(|one| (one, 0)));
    for (one, violates) in tried {
        let with = left.with(node.name(), std::slice::from_ref(&one));
        if refused(&with).is_none() {
            left = with;
        } else {
            chosen.push(one);
            violations += violates;
        }
    }
    chosen.order_by(|one, other| importance(one).cmp(&importance(other)));
    Ok(Candidate { node: node.name().to_owned(), victims: chosen, violations })
}

/// More important pods come first (`util.MoreImportantPod`).
fn importance(pod: &Value) -> (Reverse<i64>, Timestamp) {
    (Reverse(priority(pod)), started(pod).unwrap_or(Timestamp::MAX))
}

fn started(pod: &Value) -> Option<Timestamp> {
    fields::time(pod, "/status/startTime")
}

/// Those whose going a budget does not allow, and the others (`filterPodsWithPDBViolation`).
fn by_budgets(pods: Vec<Arc<Value>>, budgets: &[Arc<Value>]) -> (Vec<Arc<Value>>, Vec<Arc<Value>>) {
    let allowed =
        |one: &Arc<Value>| fields::number(one, "/status/disruptionsAllowed").unwrap_or_default();
    let mut left: Vec<i64> = budgets.iter().map(allowed).collect();
    pods.into_iter().partition(|pod| {
        let labels = fields::labels(pod);
        let mut violates = false;
        for (budget, left) in budgets.iter().zip(&mut left) {
            let selector = budget.pointer("/spec/selector").unwrap_or(&Value::Null);
            let selector = LabelSelector::from_object(selector).unwrap_or_default();
            let disrupted = budget.pointer("/status/disruptedPods");
            let counted = fields::namespace(budget) == fields::namespace(pod)
                && !labels.is_empty()
                && !selector.is_empty()
                && selector.matches(&labels)
                && disrupted.is_none_or(|known| known.get(fields::name(pod)).is_none());
            if counted {
                *left -= 1;
                violates |= *left < 0;
            }
        }
        violates
    })
}

/// The node where it hurts least (`pickOneNodeForPreemption`): budgets, the highest priority, the sum of
/// priorities, the number of pods, and the latest start of the most important.
fn best(pod: &Value, candidates: Vec<Candidate>, now: Timestamp) -> Option<Candidate> {
    let cost = |one: &Candidate| {
        let highest = one.victims.first().map(|victim| priority(victim)).unwrap_or_default();
        let sum: i64 =
            one.victims.iter().map(|victim| priority(victim) + i64::from(i32::MAX) + 1).sum();
        let most_important = one.victims.iter().filter(|victim| priority(victim) == highest);
        let earliest = most_important.map(|victim| started(victim).unwrap_or(now)).min();
        (one.violations, highest, sum, one.victims.len(), Reverse(earliest))
    };
    let least = candidates.iter().map(cost).min()?;
    let mut ties: Vec<Candidate> =
        candidates.into_iter().filter(|one| cost(one) == least).collect();
    let index = pick(pod, ties.len());
    (index < ties.len()).then(|| ties.swap_remove(index))
}
