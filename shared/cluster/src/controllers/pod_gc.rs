//! Pods of nodes that are gone for good (`pkg/controller/podgc gcOrphaned`).

use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::addon::Aggregation;
use crate::event_loop::{Component, Controller, Key, Plan, Write};
use crate::fields;
use crate::store::{Change, Store};

/// A node may come back within this time (`quarantineTime`), after which the next round of `gcCheckPeriod` counts.
const QUARANTINE: Duration = Duration::from_secs(40);

/// The control loop. Its keys are nodes; it remembers since when they are gone.
pub(crate) struct Collector;

impl Controller for Collector {
    fn name(&self) -> &'static str {
        "pod-garbage-collector-controller"
    }

    fn component(&self) -> Component {
        Component::controller("pod-garbage-collector", "pod-garbage-collector-controller")
    }

    fn triggers(&self, store: &Store, change: &Change) -> Vec<Key> {
        let out = change.new.as_deref().is_some_and(out_of_service);
        let gone = change.resource == "nodes" && (change.new.is_none() || out);
        let pod = change.new.as_deref().filter(|_| change.resource == "pods");
        let node = pod.map_or("", |pod| fields::text(pod, "/spec/nodeName"));
        let leaves = pod.is_some_and(fields::deleting)
            && store.get("nodes", "", node).is_some_and(|node| out_of_service(&node));
        if gone {
            vec![Key::new("", &change.name)]
        } else if leaves || (!node.is_empty() && store.get("nodes", "", node).is_none()) {
            vec![Key::new("", node)]
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
        if let Some(node) = store.get("nodes", "", &key.name) {
            plan.remember = Some(Value::Null);
            if out_of_service(&node) && !fields::condition_true(&node, "Ready") {
                terminating(store, &key.name, &mut plan);
            }
            return plan;
        }
        let since: Timestamp =
            aggregation.memory.as_str().and_then(|text| text.parse().ok()).unwrap_or(now);
        plan.remember = Some(json!(since.to_string()));
        let end = since.checked_add(QUARANTINE).unwrap_or(Timestamp::MAX);
        if now < end {
            plan.again(Duration::try_from(end.duration_since(now)).unwrap_or_default());
            return plan;
        }
        let pods = store.list("pods", None);
        for pod in pods.iter().filter(|pod| fields::text(pod, "/spec/nodeName") == key.name) {
            if !matches!(fields::text(pod, "/status/phase"), "Succeeded" | "Failed") {
                let condition = json!({
                    "type": "DisruptionTarget", "status": "True", "reason": "DeletionByPodGC",
                    "message": "PodGC: node no longer exists",
                    "lastProbeTime": null, "lastTransitionTime": fields::seconds(now),
                    "observedGeneration": fields::number(pod, "/metadata/generation"),
                });
                let patch = json!({ "status": { "phase": "Failed", "conditions": [condition] } });
                let (namespace, name) = (fields::namespace(pod), fields::name(pod));
                plan.writes.push(Write::patch("pods", namespace, name, "status", patch));
            }
            plan.writes.push(Write::delete_now("pods", pod));
        }
        plan
    }
}

/// Somebody has made sure that the machine is off.
fn out_of_service(node: &Value) -> bool {
    fields::items(node, "/spec/taints")
        .iter()
        .any(|taint| fields::text(taint, "/key") == "node.kubernetes.io/out-of-service")
}

/// Pods that wait for a kubelet that will not come (`gcTerminating`).
fn terminating(store: &Store, node: &str, plan: &mut Plan) {
    let mut pods = store.list("pods", None);
    pods.retain(|pod| fields::text(pod, "/spec/nodeName") == node && fields::deleting(pod));
    for pod in &pods {
        if !matches!(fields::text(pod, "/status/phase"), "Succeeded" | "Failed") {
            let patch = json!({ "status": { "phase": "Failed" } });
            let (namespace, name) = (fields::namespace(pod), fields::name(pod));
            plan.writes.push(Write::patch("pods", namespace, name, "status", patch));
        }
        plan.writes.push(Write::delete_now("pods", pod));
    }
}
