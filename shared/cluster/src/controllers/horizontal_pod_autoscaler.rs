//! HorizontalPodAutoscalers: as many replicas as the load asks for
//! (`pkg/controller/podautoscaler/horizontal.go`).

mod behavior;
mod calculator;
mod metrics;

use std::time::Duration;

use apimachinery::schema::{ApiResource, Schema};
use apimachinery::selector::LabelSelector;
use jiff::Timestamp;
use serde_json::{Value, json};

use self::metrics::Proposal;
use crate::addon::Aggregation;
use crate::event_loop::{Component, Controller, EventNote, Failure, Key, Plan, Write, reference};
use crate::fields;
use crate::store::{Change, Store};

const RESOURCE: &str = "horizontalpodautoscalers.autoscaling";
/// `--horizontal-pod-autoscaler-sync-period`.
const PERIOD: Duration = Duration::from_secs(15);

/// The control loop.
pub(crate) struct Autoscalers;

impl Controller for Autoscalers {
    fn name(&self) -> &'static str {
        "horizontal-pod-autoscaler-controller"
    }

    fn component(&self) -> Component {
        Component::controller("horizontal-pod-autoscaler", "horizontal-pod-autoscaler")
    }

    fn triggers(&self, _store: &Store, change: &Change) -> Vec<Key> {
        if change.resource == RESOURCE {
            vec![Key::new(&change.namespace, &change.name)]
        } else {
            Vec::new()
        }
    }

    fn reconcile(&self, _store: &Store, _key: &Key, _now: Timestamp) -> Plan {
        Plan::nothing()
    }

    fn reconcile_with(&self, aggregation: &Aggregation<'_>, key: &Key) -> Plan {
        let (store, now) = (aggregation.store, aggregation.now);
        let mut plan = Plan::nothing();
        let Some(autoscaler) = store.get(RESOURCE, &key.namespace, &key.name) else {
            plan.remember = Some(Value::Null);
            return plan;
        };
        // A new one has its turn after a period, and a changed one with its next.
        let mut memory = aggregation.memory.clone();
        if fields::text(&memory, "/uid") != fields::uid(&autoscaler) {
            memory = json!({ "uid": fields::uid(&autoscaler) });
        }
        let next = fields::time(&memory, "/next");
        if next.is_none_or(|next| next > now) {
            let next = next.unwrap_or_else(|| now.checked_add(PERIOD).unwrap_or(now));
            plan.again(Duration::try_from(next.duration_since(now)).unwrap_or(PERIOD));
            fields::put(&mut memory, "/next", json!(next.to_string()));
            plan.remember = Some(memory);
            return plan;
        }
        let next = now.checked_add(PERIOD).unwrap_or(now);
        fields::put(&mut memory, "/next", json!(next.to_string()));
        plan.again(PERIOD);
        let mut turn = Turn {
            aggregation,
            autoscaler: &autoscaler,
            status: autoscaler.get("status").cloned().unwrap_or_else(|| json!({})),
            memory,
            plan,
        };
        turn.reconcile();
        turn.finish()
    }

    fn refused(&self, store: &Store, key: &Key, _now: Timestamp, failures: &[Failure]) -> Plan {
        let mut plan = Plan::nothing();
        let Some(autoscaler) = store.get(RESOURCE, &key.namespace, &key.name) else { return plan };
        for failure in failures.iter().filter(|one| one.write.path().ends_with("/scale")) {
            let size = fields::number(failure.write.body(), "/spec/replicas").unwrap_or_default();
            let text = format!("New size: {size}; error: {}", failure.message());
            plan.events.push(EventNote::warning(about(&autoscaler), "FailedRescale", text));
        }
        plan
    }
}

fn about(autoscaler: &Value) -> Value {
    reference(autoscaler, "autoscaling/v2", "HorizontalPodAutoscaler")
}

/// What an autoscaler scales.
struct Target {
    resource: String,
    object: std::sync::Arc<Value>,
    selector: Option<LabelSelector>,
}

/// One sync of an autoscaler.
struct Turn<'a> {
    aggregation: &'a Aggregation<'a>,
    autoscaler: &'a Value,
    status: Value,
    memory: Value,
    plan: Plan,
}

impl Turn<'_> {
    fn finish(mut self) -> Plan {
        if self.autoscaler.get("status") != Some(&self.status) {
            let mut changed = self.autoscaler.clone();
            fields::put(&mut changed, "/status", self.status);
            self.plan.writes.push(Write::update_subresource(RESOURCE, changed, "status"));
        }
        self.plan.remember = Some(self.memory);
        self.plan
    }

    fn warn(&mut self, reason: &str, text: &str) {
        let note = EventNote::warning(about(self.autoscaler), reason, text.to_owned());
        self.plan.events.push(note);
    }

    /// `setCondition`.
    fn condition(&mut self, kind: &str, status: &str, reason: &str, message: &str) {
        let now = fields::seconds(self.aggregation.now);
        let known = fields::condition(&json!({ "status": self.status }), kind).cloned();
        let since = known
            .filter(|known| fields::text(known, "/status") == status)
            .map_or(now, |known| fields::text(&known, "/lastTransitionTime").to_owned());
        let condition = json!({
            "type": kind, "status": status, "reason": reason, "message": message,
            "lastTransitionTime": since,
        });
        let mut all = fields::items(&self.status, "/conditions").to_vec();
        match all.iter_mut().find(|one| fields::text(one, "/type") == kind) {
            Some(place) => *place = condition,
            None => all.push(condition),
        }
        fields::put(&mut self.status, "/conditions", json!(all));
    }

    fn min(&self) -> i64 {
        fields::number(self.autoscaler, "/spec/minReplicas").unwrap_or(1)
    }

    fn max(&self) -> i64 {
        fields::number(self.autoscaler, "/spec/maxReplicas").unwrap_or(1)
    }

    /// `scaleForResourceMappings`.
    fn target(&self) -> Result<Target, String> {
        let wanted = self.autoscaler.pointer("/spec/scaleTargetRef").unwrap_or(&Value::Null);
        let (kind, name) = (fields::text(wanted, "/kind"), fields::text(wanted, "/name"));
        let group = fields::text(wanted, "/apiVersion").split_once('/').map_or("", |pair| pair.0);
        let scalable = |one: &&ApiResource| {
            one.group == group && one.kind == kind && one.subresource("scale").is_some()
        };
        let found = Schema::builtin().resources().iter().find(scalable);
        let Some(resource) = found else {
            return Err(format!("no matches for kind \"{kind}\" in group \"{group}\""));
        };
        let resource = resource.group_resource().to_string();
        let namespace = fields::namespace(self.autoscaler);
        let object = self
            .aggregation
            .store
            .get(&resource, namespace, name)
            .ok_or_else(|| format!("{resource} \"{name}\" not found"))?;
        let selector = object
            .pointer("/spec/selector")
            .and_then(|selector| LabelSelector::from_object(selector).ok());
        Ok(Target { resource, object, selector })
    }

    fn reconcile(&mut self) {
        let target = match self.target() {
            Ok(target) => target,
            Err(why) => {
                self.warn("FailedGetScale", &why);
                let text = format!(
                    "the HPA controller was unable to get the target's current scale: {why}"
                );
                self.condition("AbleToScale", "False", "FailedGetScale", &text);
                self.keep_replicas();
                return;
            }
        };
        let text = "the HPA controller was able to get the target's current scale";
        self.condition("AbleToScale", "True", "SucceededGetScale", text);
        let current = fields::number(&target.object, "/spec/replicas").unwrap_or(1);
        self.record_initial(current);
        let (min, max) = (self.min(), self.max());
        let mut statuses = None;
        let (desired, reason) = if current == 0 && min != 0 {
            let text = "scaling is disabled since the replica count of the target is zero";
            self.condition("ScalingActive", "False", "ScalingDisabled", text);
            (0, String::new())
        } else if current > max {
            (max, "Current number of replicas above Spec.MaxReplicas".to_owned())
        } else if current < min {
            (min, "Current number of replicas below Spec.MinReplicas".to_owned())
        } else {
            let proposal = self.propose(&target, current);
            statuses = Some(proposal.statuses.clone());
            let Some(judged) = self.judge(&proposal, current) else {
                self.replicas(current, None);
                fields::put(&mut self.status, "/currentMetrics", json!(proposal.statuses));
                return;
            };
            judged
        };
        if desired != current {
            self.rescale(&target, current, desired, &reason);
        }
        self.replicas(current, Some(desired));
        fields::put(&mut self.status, "/currentMetrics", json!(statuses));
    }

    /// What the metrics propose, within the bounds; nothing when they cannot be had.
    fn judge(&mut self, proposal: &Proposal, current: i64) -> Option<(i64, String)> {
        let Some(wanted) = proposal.replicas else {
            self.warn("FailedComputeMetricsReplicas", &proposal.error);
            return None;
        };
        let reason = match wanted {
            more if more > current => format!("{} above target", proposal.metric),
            less if less < current => "All metrics below target".to_owned(),
            _ => String::new(),
        };
        Some((self.normalise(current, wanted), reason))
    }

    fn rescale(&mut self, target: &Target, from: i64, to: i64, reason: &str) {
        let scale = json!({
            "apiVersion": "autoscaling/v1", "kind": "Scale",
            "metadata": {
                "name": fields::name(&target.object), "namespace": fields::namespace(&target.object),
                "resourceVersion": fields::text(&target.object, "/metadata/resourceVersion"),
            },
            "spec": { "replicas": to },
        });
        let text = format!("New size: {to}; reason: {reason}");
        let note = EventNote::normal(about(self.autoscaler), "SuccessfulRescale", text);
        self.plan
            .writes
            .push(Write::update_subresource(&target.resource, scale, "scale").then(note));
        let text = format!("the HPA controller was able to update the target scale to {to}");
        self.condition("AbleToScale", "True", "SucceededRescale", &text);
        self.record_scaling(from, to);
        let now = fields::seconds(self.aggregation.now);
        fields::put(&mut self.status, "/lastScaleTime", json!(now));
    }

    /// `setCurrentReplicasAndMetricsInStatus`, `setStatus`.
    fn replicas(&mut self, current: i64, desired: Option<i64>) {
        if let Some(status) = self.status.as_object_mut() {
            status.remove("currentReplicas");
        }
        if current != 0 {
            fields::put(&mut self.status, "/currentReplicas", json!(current));
        }
        match desired {
            Some(desired) => fields::put(&mut self.status, "/desiredReplicas", json!(desired)),
            None => self.keep_replicas(),
        }
    }

    /// The number of replicas that was desired last is always told.
    fn keep_replicas(&mut self) {
        let known = fields::number(&self.status, "/desiredReplicas").unwrap_or_default();
        fields::put(&mut self.status, "/desiredReplicas", json!(known));
        if self.status.get("currentMetrics").is_none() {
            fields::put(&mut self.status, "/currentMetrics", Value::Null);
        }
    }
}
