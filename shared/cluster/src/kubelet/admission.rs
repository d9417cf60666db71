//! Which pods a kubelet takes: those that name its node reach it without a scheduler having asked whether they fit
//! (`predicateAdmitHandler.Admit` in `pkg/kubelet/lifecycle/predicate.go`, `Admit` in
//! `pkg/kubelet/eviction/eviction_manager.go`). A critical pod finds no room lacking; upstream ends others for it.

use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::Kubelets;
use super::node_network::full_name;
use super::resize::asked_by;
use crate::event_loop::{EventNote, Plan, Write, reference};
use crate::scheduler::{Resources, counts, ports_clash};
use crate::store::Store;
use crate::{fields, placement};

/// Priority from which on a pod is critical (`SystemCriticalPriority`).
pub(super) const CRITICAL: i64 = 2_000_000_000;
const OS: &str = "kubernetes.io/os";

/// Reason and message.
type Refusal = (String, String);

impl Kubelets {
    /// Refuses a pod that the node does not suit, for good; `false` when it may stay.
    pub(super) fn refuse(
        &self,
        store: &Store,
        pod: &Value,
        now: Timestamp,
        plan: &mut Plan,
    ) -> bool {
        let name = fields::text(pod, "/spec/nodeName");
        let Some(node) = store.get("nodes", "", name) else { return false };
        let pressed = pressure(pod, &node);
        let Some((reason, message)) = pressed.or_else(|| self.unfit(store, pod, &node)) else {
            return false;
        };
        let mut changed = pod.clone();
        let status = json!({
            "observedGeneration": fields::number(pod, "/metadata/generation"),
            "phase": "Failed", "reason": reason, "message": format!("Pod was rejected: {message}"),
            "startTime": fields::seconds(now), "qosClass": fields::text(pod, "/status/qosClass"),
        });
        fields::put(&mut changed, "/status", status);
        plan.writes.push(Write::update_subresource("pods", changed, "status"));
        plan.events.push(EventNote::warning(reference(pod, "v1", "Pod"), &reason, message));
        true
    }

    /// The first of upstream's predicates that fails.
    fn unfit(&self, store: &Store, pod: &Value, node: &Value) -> Option<Refusal> {
        let predicate = |name: &str, why: &str| {
            Some((name.to_owned(), format!("Predicate {name} failed: {why}")))
        };
        if fields::labels(pod).get(OS).is_some_and(|os| os != "linux") {
            let why =
                "Failed to admit pod as the `kubernetes.io/os` label doesn't match node label";
            return Some(("PodOSSelectorNodeLabelDoesNotMatch".to_owned(), why.to_owned()));
        }
        if !matches!(fields::text(pod, "/spec/os/name"), "" | "linux") {
            let why = "Failed to admit pod as the OS field doesn't match node OS";
            return Some(("PodOSNotSupported".to_owned(), why.to_owned()));
        }
        let others = self.admitted(store, fields::name(node), &full_name(pod));
        if let Some(short) = lacking(&asked_by(pod), &others, node).filter(|_| !critical(pod)) {
            return Some(short);
        }
        if !placement::node_matches(pod, node) {
            return predicate("NodeAffinity", "node(s) didn't match Pod's node affinity/selector");
        }
        if others.iter().any(|other| ports_clash(pod, other)) {
            let why = "node(s) didn't have free ports for the requested pod ports";
            return predicate("NodePorts", why);
        }
        let fixed = !fields::annotation(pod, "kubernetes.io/config.mirror").is_empty();
        if !fixed && placement::untolerated_effect(pod, node, "NoExecute").is_some() {
            return predicate("TaintToleration", "node(s) had taints that the pod didn't tolerate");
        }
        None
    }

    /// The pods that a node has taken and that have not ended, as they were allocated.
    pub(super) fn admitted(&self, store: &Store, node: &str, but: &str) -> Vec<Arc<Value>> {
        let mut found = Vec::new();
        for (name, machine) in &self.machines {
            if machine.node != node || name == but {
                continue;
            }
            let Some((namespace, name)) = name.split_once('/') else { continue };
            let Some(other) = store.get("pods", namespace, name) else { continue };
            if !matches!(fields::text(&other, "/status/phase"), "Succeeded" | "Failed") {
                let allocated = machine.resizes.applied(&other);
                found.push(allocated.map_or(other, Arc::new));
            }
        }
        found
    }
}

/// What a node has too little of (`fitsRequest` in `plugins/noderesources/fit.go`). Resources that it knows nothing of
/// are somebody else's (`removeMissingExtendedResources`).
pub(super) fn lacking(asked: &Resources, others: &[Arc<Value>], node: &Value) -> Option<Refusal> {
    let has = Resources::at(node, "/status/allocatable");
    let mut used = Resources::default();
    for other in others {
        used.add(&asked_by(other));
    }
    let short = |name: &str, asked: i128, used: i128, has: i128| {
        let why = format!(
            "Node didn't have enough resource: {name}, requested: {asked}, used: {used}, capacity: {has}"
        );
        (format!("OutOf{name}"), why)
    };
    let many = i128::try_from(others.len()).unwrap_or(i128::MAX);
    if many + 1 > has.get("pods") {
        return Some(short("pods", 1, many, has.get("pods")));
    }
    let first = ["cpu", "memory", "ephemeral-storage"];
    let scalars = asked.iter().map(|(name, _)| name).filter(|name| {
        !first.contains(name) && counts(name) && (!name.contains('/') || has.get(name) > 0)
    });
    first.into_iter().chain(scalars).find_map(|name| {
        let (asked, used, has) = (asked.get(name), used.get(name), has.get(name));
        (asked > 0 && asked > has - used).then(|| short(name, asked, used, has))
    })
}

fn critical(pod: &Value) -> bool {
    fields::number(pod, "/spec/priority").unwrap_or_default() >= CRITICAL
        || !fields::annotation(pod, "kubernetes.io/config.mirror").is_empty()
}

/// A node that is short of memory takes only pods that ask for some; one that is short of disk takes none.
fn pressure(pod: &Value, node: &Value) -> Option<Refusal> {
    let pressed: Vec<&str> = ["DiskPressure", "MemoryPressure", "PIDPressure"]
        .into_iter()
        .filter(|kind| fields::condition_true(node, kind))
        .collect();
    if pressed.is_empty() || critical(pod) {
        return None;
    }
    if pressed == ["MemoryPressure"] {
        let taint = json!({ "key": "node.kubernetes.io/memory-pressure", "effect": "NoSchedule" });
        let mut tolerations = fields::items(pod, "/spec/tolerations").iter();
        if fields::text(pod, "/status/qosClass") != "BestEffort"
            || tolerations.any(|one| placement::tolerates(one, &taint))
        {
            return None;
        }
    }
    Some(("Evicted".to_owned(), format!("The node had condition: [{}]. ", pressed.join(" "))))
}
