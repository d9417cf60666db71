//! Pods leave nodes with a taint `NoExecute` that they do not tolerate, or no longer
//! (`pkg/controller/tainteviction`).

use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::addon::Aggregation;
use crate::event_loop::{Component, Controller, EventNote, Key, Plan, Write, reference};
use crate::fields;
use crate::placement;
use crate::store::{Change, Object, Store};

/// The control loop. It remembers of a pod since when its node is tainted.
pub(crate) struct Evictions;

impl Controller for Evictions {
    fn name(&self) -> &'static str {
        "taint-eviction-controller"
    }

    fn component(&self) -> Component {
        Component::controller("node-controller", "taint-eviction-controller")
    }

    fn triggers(&self, store: &Store, change: &Change) -> Vec<Key> {
        match change.resource.as_str() {
            "pods" => {
                let placed = |pod: &Option<Object>| {
                    pod.as_deref()
                        .is_some_and(|pod| !fields::text(pod, "/spec/nodeName").is_empty())
                };
                let came = placed(&change.new) && !placed(&change.old);
                if came || change.new.is_none() {
                    vec![Key::new(&change.namespace, &change.name)]
                } else {
                    Vec::new()
                }
            }
            "nodes" => {
                let taints =
                    |node: &Option<Object>| node.as_deref().map_or_else(Vec::new, evicting);
                if taints(&change.old) == taints(&change.new) {
                    return Vec::new();
                }
                store
                    .list("pods", None)
                    .iter()
                    .filter(|pod| fields::text(pod, "/spec/nodeName") == change.name)
                    .map(|pod| Key::of(pod))
                    .collect()
            }
            _ => Vec::new(),
        }
    }

    fn reconcile(&self, _store: &Store, _key: &Key, _now: Timestamp) -> Plan {
        Plan::nothing()
    }

    fn reconcile_with(&self, aggregation: &Aggregation<'_>, key: &Key) -> Plan {
        let (store, now) = (aggregation.store, aggregation.now);
        let mut plan = Plan::nothing();
        let pod = store.get("pods", &key.namespace, &key.name).filter(|pod| {
            !fields::deleting(pod) && !fields::text(pod, "/spec/nodeName").is_empty()
        });
        let taints = pod
            .as_ref()
            .and_then(|pod| store.get("nodes", "", fields::text(pod, "/spec/nodeName")))
            .map_or_else(Vec::new, |node| evicting(&node));
        let Some(pod) = pod.filter(|_| !taints.is_empty()) else {
            plan.remember = Some(Value::Null);
            return plan;
        };
        let since = aggregation.memory.as_str().and_then(|text| text.parse().ok()).unwrap_or(now);
        plan.remember = Some(json!(since.to_string()));
        let bears = patience(&pod, &taints);
        if bears == Duration::MAX {
            return plan;
        }
        let end = since.checked_add(bears).unwrap_or(Timestamp::MAX);
        if end <= now {
            evict(&pod, now, &mut plan);
        } else {
            plan.again(Duration::try_from(end.duration_since(now)).unwrap_or_default());
        }
        plan
    }
}

/// The taints of a node that make pods leave.
fn evicting(node: &Value) -> Vec<Value> {
    fields::items(node, "/spec/taints")
        .iter()
        .filter(|taint| fields::text(taint, "/effect") == "NoExecute")
        .cloned()
        .collect()
}

/// How long a pod bears the taints: not at all, so long, or for ever.
fn patience(pod: &Value, taints: &[Value]) -> Duration {
    let bears = |taint: &Value| {
        let mut all = fields::items(pod, "/spec/tolerations").iter();
        let Some(toleration) = all.find(|one| placement::tolerates(one, taint)) else {
            return Duration::ZERO;
        };
        fields::number(toleration, "/tolerationSeconds").map_or(Duration::MAX, |seconds| {
            Duration::from_secs(u64::try_from(seconds).unwrap_or_default())
        })
    };
    taints.iter().map(bears).min().unwrap_or(Duration::MAX)
}

fn evict(pod: &Value, now: Timestamp, plan: &mut Plan) {
    let mut conditions = fields::items(pod, "/status/conditions").to_vec();
    if fields::condition(pod, "DisruptionTarget").is_none() {
        conditions.push(json!({
            "type": "DisruptionTarget", "status": "True", "reason": "DeletionByTaintManager",
            "message": "Taint manager: deleting due to NoExecute taint",
            "lastProbeTime": null, "lastTransitionTime": fields::seconds(now),
            "observedGeneration": fields::number(pod, "/metadata/generation"),
        }));
        let patch = json!({ "status": { "conditions": conditions } });
        let (namespace, name) = (fields::namespace(pod), fields::name(pod));
        plan.writes.push(Write::patch("pods", namespace, name, "status", patch));
    }
    let text = format!("Marking for deletion Pod {}/{}", fields::namespace(pod), fields::name(pod));
    let note = EventNote::normal(reference(pod, "v1", "Pod"), "TaintManagerEviction", text);
    plan.writes.push(Write::delete("pods", pod, "Background").then(note));
}
