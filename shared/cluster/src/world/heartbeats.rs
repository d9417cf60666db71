//! Kubelets tell that they live: a Lease every ten seconds, the node's status every five minutes
//! (`pkg/kubelet/nodelease`, `nodeStatusReportFrequency`). They do so when time has been advanced, at the
//! time at which they would have, and not at every beat in between: a day costs one write a node.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::World;
use crate::apiserver::Apiserver;
use crate::event_loop::{Component, Write};
use crate::fields;

const LEASES: &str = "leases.coordination.k8s.io";
const NAMESPACE: &str = "kube-node-lease";
const RENEWAL: Duration = Duration::from_secs(10);
const REPORT: Duration = Duration::from_mins(5);

/// The last beat up to now, when there was one since `before`.
fn beat(before: Timestamp, period: Duration, now: Timestamp) -> Option<Timestamp> {
    let passed = u64::try_from(now.as_nanosecond() - before.as_nanosecond()).ok()?;
    let nanos = u64::try_from(period.as_nanos()).ok()?;
    let beats = passed / nanos;
    (beats > 0).then(|| before.checked_add(Duration::from_nanos(beats * nanos)).unwrap_or(now))
}

/// How long the API server keeps an event after it was written (`--event-ttl`), in seconds.
const EVENT_TTL: i64 = 3600;
/// How often they are looked for, in seconds.
const SWEEP: i64 = 60;

impl World {
    /// Events vanish after their time, told when time has been advanced.
    pub(crate) fn expire_events(&mut self, api: &mut Apiserver, now: Timestamp) {
        if now.as_second() - self.swept.as_second() < SWEEP {
            return;
        }
        self.swept = now;
        let old = |event: &Value| {
            let times = ["/lastTimestamp", "/eventTime", "/metadata/creationTimestamp"];
            let last = times.iter().filter_map(|time| fields::time(event, time)).max();
            last.is_some_and(|last| now.as_second() - last.as_second() >= EVENT_TTL)
        };
        let events = api.store().list("events", None);
        for event in events.iter().filter(|event| old(event)) {
            let write = Write::delete("events", event, "Background");
            let _expired = Self::send(api, now, &write, &Component::installer());
        }
        self.observe(api, now);
    }

    /// Lets all kubelets tell that they live.
    pub(crate) fn heartbeats(&mut self, api: &mut Apiserver, now: Timestamp) {
        if !self.controllers.iter().any(|one| one.name() == "kubelet") {
            return;
        }
        for name in self.kubelets.node_names() {
            if self.kubelets.faults.silent.contains_key(&name) {
                continue;
            }
            let Some(node) = api.store().get("nodes", "", &name) else { continue };
            let writes = [lease(api, &node, &name, now), report(&node, &name, now)];
            for write in writes.into_iter().flatten() {
                // Whatever refuses it will be told again with the next beat.
                let _told = Self::send(api, now, &write, &Component::kubelet(&name));
            }
        }
        self.observe(api, now);
    }
}

fn lease(api: &Apiserver, node: &Value, name: &str, now: Timestamp) -> Option<Write> {
    let Some(known) = api.store().get(LEASES, NAMESPACE, name) else {
        return Some(Write::create(
            LEASES,
            json!({
                "apiVersion": "coordination.k8s.io/v1", "kind": "Lease",
                "metadata": {
                    "name": name, "namespace": NAMESPACE,
                    "ownerReferences": [{
                        "apiVersion": "v1", "kind": "Node", "name": name, "uid": fields::uid(node),
                    }],
                },
                "spec": {
                    "holderIdentity": name, "leaseDurationSeconds": 40,
                    "renewTime": fields::micros(now),
                },
            }),
        ));
    };
    let renewed = fields::time(&known, "/spec/renewTime").unwrap_or(Timestamp::UNIX_EPOCH);
    let at = beat(renewed, RENEWAL, now)?;
    let mut changed = (*known).clone();
    fields::put(&mut changed, "/spec/renewTime", json!(fields::micros(at)));
    Some(Write::update(LEASES, changed))
}

fn report(node: &Value, name: &str, now: Timestamp) -> Option<Write> {
    let told =
        fields::condition(node, "Ready").and_then(|one| fields::time(one, "/lastHeartbeatTime"));
    let at = beat(told?, REPORT, now)?;
    let conditions: Vec<Value> = fields::items(node, "/status/conditions")
        .iter()
        .map(|one| json!({ "type": one.get("type"), "lastHeartbeatTime": fields::seconds(at) }))
        .collect();
    let patch = json!({ "status": { "conditions": conditions } });
    Some(Write::patch("nodes", "", name, "status", patch))
}
