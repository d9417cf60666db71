//! `/podium/v1/faults`: something breaks because somebody wants to see what follows.

use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{World, json_response, nodes};
use crate::apiserver::Apiserver;
use crate::event_loop::{Component, Key, Write};

impl World {
    /// Breaks or mends something, and has those look at it who would notice.
    pub(crate) fn fault(
        &mut self,
        api: &mut Apiserver,
        now: Timestamp,
        body: &[u8],
    ) -> http::Response<Vec<u8>> {
        // What kubelets have told until now they have told.
        self.heartbeats(api, now);
        let asked: Value = serde_json::from_slice(body).unwrap_or_default();
        let kubelets = Arc::make_mut(&mut self.kubelets);
        let done = match kubelets.fault(api.store(), &asked, now, &mut self.chance) {
            Ok(done) => done,
            Err(why) => return json_response(400, &json!({ "message": why })),
        };
        if let Some(node) = &done.node {
            let component = Component::kubelet(node);
            if !self.kubelets.faults.silent.contains_key(node) {
                let status = json!({ "status": { "conditions": nodes::conditions(now) } });
                let write = Write::patch("nodes", "", node, "status", status);
                // A Node object that was deleted meanwhile is not made again.
                let _told = Self::send(api, now, &write, &component);
                self.heartbeats(api, now);
            }
            self.carry_out(api, now, &done.plan, &component);
            self.wake("node-lifecycle-controller", Key::new("", node), now);
        }
        for (namespace, name) in &done.pods {
            self.look_at(namespace, name, now);
        }
        self.observe(api, now);
        json_response(200, &json!({ "message": done.text }))
    }

    /// Has a controller work on a key although nothing was written.
    fn wake(&mut self, controller: &str, key: Key, now: Timestamp) {
        let rank = self.controllers.iter().position(|one| one.name() == controller);
        if let Some(rank) = rank.and_then(|rank| u8::try_from(rank).ok()) {
            self.queue.add(now, rank, key);
        }
    }
}
