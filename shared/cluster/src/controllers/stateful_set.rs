//! StatefulSets: pods with names, in order, with claims of their own (`pkg/controller/statefulset`).

mod claims;
mod pods;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::claim;
use super::pod_template::{History, REVISION_LABEL, available};
use crate::event_loop::{Component, Controller, EventNote, Failure, Key, Plan, Write, reference};
use crate::fields;
use crate::store::{Change, Object, Store};

const RESOURCE: &str = "statefulsets.apps";

/// The control loop.
pub(crate) struct StatefulSets;

/// What a set has and wants, as one reconciliation sees it.
struct View<'a> {
    store: &'a Store,
    set: &'a Value,
    now: Timestamp,
    min_ready: i64,
    /// First ordinal and the one after the last.
    ordinals: std::ops::Range<i64>,
    /// Pods by ordinal.
    pods: BTreeMap<i64, Arc<Value>>,
    current: String,
    update: String,
    history: &'a History,
}

impl Controller for StatefulSets {
    fn name(&self) -> &'static str {
        "statefulset-controller"
    }

    fn component(&self) -> Component {
        Component::controller("statefulset-controller", "statefulset-controller")
    }

    fn triggers(&self, store: &Store, change: &Change) -> Vec<Key> {
        let owner = |pod: &Object| {
            let owner = fields::controller_of(pod)?;
            (fields::text(owner, "/kind") == "StatefulSet")
                .then(|| Key::new(&change.namespace, fields::text(owner, "/name")))
        };
        match change.resource.as_str() {
            RESOURCE => vec![Key::new(&change.namespace, &change.name)],
            "pods" => [&change.old, &change.new]
                .into_iter()
                .flatten()
                .filter_map(owner)
                .chain(claim::adopters(store, RESOURCE, change))
                .collect(),
            _ => Vec::new(),
        }
    }

    fn reconcile(&self, store: &Store, key: &Key, now: Timestamp) -> Plan {
        let mut plan = Plan::nothing();
        let Some(set) = store.get(RESOURCE, &key.namespace, &key.name) else { return plan };
        if fields::deleting(&set) {
            return plan;
        }
        let history = History::of(store, &set, "StatefulSet", &mut plan);
        let view = View::of(store, &set, &history, now, &mut plan);
        view.claims_follow_owner(&mut plan);
        view.manage(&mut plan);
        let mut used: Vec<String> =
            view.pods.values().map(|pod| revision_of(pod).to_owned()).collect();
        used.push(view.current.clone());
        let hashes: Vec<String> =
            used.iter().filter_map(|name| name.rsplit('-').next()).map(str::to_owned).collect();
        history.truncate(&set, &hashes, &mut plan);
        view.status(&mut plan);
        plan
    }

    fn refused(&self, store: &Store, key: &Key, _now: Timestamp, failures: &[Failure]) -> Plan {
        let mut plan = Plan::nothing();
        let Some(set) = store.get(RESOURCE, &key.namespace, &key.name) else { return plan };
        for failure in failures.iter().filter(|one| one.write.path().ends_with("/pods")) {
            let pod = fields::name(failure.write.body());
            plan.events.push(EventNote::warning(
                reference(&set, "apps/v1", "StatefulSet"),
                "FailedCreate",
                format!(
                    "Create Pod {pod} in StatefulSet {} failed error: {}",
                    fields::name(&set),
                    failure.message()
                ),
            ));
        }
        plan
    }
}

/// The name of the revision that a pod was made from.
fn revision_of(pod: &Value) -> &str {
    let labels = pod.pointer("/metadata/labels");
    labels.and_then(|one| one.get(REVISION_LABEL)).and_then(Value::as_str).unwrap_or_default()
}

/// `<set>-<ordinal>`.
fn ordinal_of(set: &Value, pod: &Value) -> Option<i64> {
    fields::name(pod).strip_prefix(fields::name(set))?.strip_prefix('-')?.parse().ok()
}

impl<'a> View<'a> {
    fn of(
        store: &'a Store,
        set: &'a Value,
        history: &'a History,
        now: Timestamp,
        plan: &mut Plan,
    ) -> Self {
        let start = fields::number(set, "/spec/ordinals/start").unwrap_or_default();
        let replicas = fields::number(set, "/spec/replicas").unwrap_or(1);
        let mine = |pod: &Value| ordinal_of(set, pod).is_some();
        let pods = claim::claimed(store, (set, "StatefulSet"), "pods", mine, plan)
            .into_iter()
            .filter_map(|pod| Some((ordinal_of(set, &pod)?, pod)))
            .collect();
        let current = match fields::text(set, "/status/currentRevision") {
            "" => history.name.clone(),
            current => current.to_owned(),
        };
        Self {
            store,
            set,
            now,
            min_ready: fields::number(set, "/spec/minReadySeconds").unwrap_or_default(),
            ordinals: start..start + replicas,
            pods,
            current,
            update: history.name.clone(),
            history,
        }
    }

    fn about(&self) -> Value {
        reference(self.set, "apps/v1", "StatefulSet")
    }

    fn ordered(&self) -> bool {
        fields::text(self.set, "/spec/podManagementPolicy") != "Parallel"
    }

    fn partition(&self) -> i64 {
        fields::number(self.set, "/spec/updateStrategy/rollingUpdate/partition").unwrap_or_default()
    }

    /// Running, ready for long enough, and staying.
    fn is_healthy(&self, pod: &Value) -> bool {
        !fields::deleting(pod)
            && fields::text(pod, "/status/phase") == "Running"
            && available(pod, self.min_ready, self.now)
    }

    /// `updateStatefulSet`: first those that should be there, then those that should not, then old ones.
    fn manage(&self, plan: &mut Plan) {
        for ordinal in self.ordinals.clone() {
            if !self.stands(ordinal, plan) && self.ordered() {
                return;
            }
        }
        let condemned: Vec<&Arc<Value>> = self
            .pods
            .iter()
            .rev()
            .filter(|(ordinal, _)| !self.ordinals.contains(*ordinal))
            .map(|(_, pod)| pod)
            .collect();
        for pod in &condemned {
            if fields::deleting(pod) {
                if self.ordered() {
                    return;
                }
                continue;
            }
            self.delete(pod, plan);
            if self.ordered() {
                return;
            }
        }
        if condemned.is_empty() || !self.ordered() {
            self.roll(plan);
        }
    }

    /// Brings up the pod of an ordinal; whether its successors may go on.
    fn stands(&self, ordinal: i64, plan: &mut Plan) -> bool {
        let Some(pod) = self.pods.get(&ordinal) else {
            self.create(ordinal, plan);
            return false;
        };
        if matches!(fields::text(pod, "/status/phase"), "Failed" | "Succeeded") {
            if !fields::deleting(pod) {
                let text = format!(
                    "StatefulSet {}/{} is recreating failed Pod {}",
                    fields::namespace(self.set),
                    fields::name(self.set),
                    fields::name(pod)
                );
                plan.events.push(EventNote::warning(self.about(), "RecreatingFailedPod", text));
                self.delete(pod, plan);
            }
            return false;
        }
        let healthy = self.is_healthy(pod);
        if !healthy && fields::condition_true(pod, "Ready") {
            plan.again(Duration::from_secs(1));
        }
        healthy
    }

    fn delete(&self, pod: &Value, plan: &mut Plan) {
        self.claims_follow_pod(pod, plan);
        let text = format!(
            "Delete Pod {} in StatefulSet {} successful",
            fields::name(pod),
            fields::name(self.set)
        );
        plan.writes.push(Write::delete("pods", pod, "Background").then(EventNote::normal(
            self.about(),
            "SuccessfulDelete",
            text,
        )));
    }

    /// Replaces pods of old revisions from the last to the partition, one after the other.
    fn roll(&self, plan: &mut Plan) {
        if fields::text(self.set, "/spec/updateStrategy/type") != "RollingUpdate" {
            return;
        }
        let first = self.ordinals.start + self.partition();
        for (_, pod) in self.pods.range(first.min(self.ordinals.end)..self.ordinals.end).rev() {
            if revision_of(pod) != self.update && !fields::deleting(pod) {
                return self.delete(pod, plan);
            }
            if !self.is_healthy(pod) {
                return;
            }
        }
    }

    fn status(&self, plan: &mut Plan) {
        let count =
            |holds: &dyn Fn(&Value) -> bool| self.pods.values().filter(|pod| holds(pod)).count();
        let of =
            |revision: &str| count(&|pod| revision_of(pod) == revision && !fields::deleting(pod));
        let replicas = count(&|_| true);
        let ready = count(&|pod| fields::condition_true(pod, "Ready"));
        let usable = count(&|pod| available(pod, self.min_ready, self.now));
        let updated = of(&self.update);
        let mut current = (self.current.clone(), of(&self.current));
        let wanted = usize::try_from(self.ordinals.end - self.ordinals.start).unwrap_or_default();
        let rolling = fields::text(self.set, "/spec/updateStrategy/type") == "RollingUpdate";
        // `completeRollingUpdate`.
        if rolling && updated == wanted && replicas == wanted && ready == wanted {
            current = (self.update.clone(), updated);
        }
        let mut status = json!({
            "replicas": replicas, "availableReplicas": usable,
            "collisionCount": 0,
            "currentRevision": current.0, "updateRevision": self.update,
            "observedGeneration": fields::number(self.set, "/metadata/generation"),
        });
        for (key, value) in
            [("readyReplicas", ready), ("currentReplicas", current.1), ("updatedReplicas", updated)]
        {
            if value > 0 {
                fields::put(&mut status, &format!("/{key}"), json!(value));
            }
        }
        if self.set.get("status") != Some(&status) {
            let mut changed = self.set.clone();
            fields::put(&mut changed, "/status", status);
            plan.writes.push(Write::update_subresource(RESOURCE, changed, "status"));
        }
    }
}
