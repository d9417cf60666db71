//! The world: everything that happens by itself, in virtual time.
//!
//! It watches the store's log, lets controllers, scheduler and kubelets plan, sends their requests to the API
//! server, and answers what only a kubelet or the network can answer.

mod authentication;
mod faults;
mod heartbeats;
mod kubeadm;
mod nodes;
mod streams;

pub(crate) use self::streams::NodeAnswer;

use std::sync::Arc;
use std::time::Duration;

use apimachinery::engine::Peer;
use jiff::Timestamp;
use rpds::RedBlackTreeMapSync;
use serde_json::Value;

use crate::addon::{Addon, AddonCall, Aggregation};
use crate::apiserver::{ApiAnswer, Apiserver, Unwritten, token};
use crate::config::{ClusterConfig, Controllers, Machine, System};
use crate::controllers::{self, Keys};
use crate::event_loop::{
    Component, Controller, EventNote, Failure, Kept, Key, Plan, Queue, Recorder, Write,
};
use crate::fields;
use crate::kubelet::Kubelets;
use crate::kubelet::node_network::Plugged;
use crate::kubelet::sessions::Sessions;
use crate::network::{Dial, connect};
use crate::rng::Stream;
use crate::store::Object;

/// From a change to the reaction of whoever watches it.
const REACTION: Duration = Duration::from_millis(5);

/// The world's own state; a clone is a snapshot.
#[derive(Clone)]
pub(crate) struct World {
    controllers: Arc<[Arc<dyn Controller>]>,
    queue: Queue,
    recorder: Recorder,
    seen: u64,
    /// Shared with the snapshots of it until it changes.
    kubelets: Arc<Kubelets>,
    addons: Arc<[Arc<dyn Addon>]>,
    /// What controllers remember of keys.
    memory: RedBlackTreeMapSync<(u8, Key), Value>,
    /// What they have worked out and need not do again.
    kept: RedBlackTreeMapSync<(u8, Key), Kept>,
    /// What is hit when anything may be.
    chance: Stream,
    /// When old events were looked for.
    swept: Timestamp,
}

impl World {
    /// A world over a fresh API server.
    pub(crate) fn new(config: &ClusterConfig, system: &System, api: &mut Apiserver) -> Self {
        let machines = match system.machines.as_slice() {
            [] => nodes::plain(config.nodes),
            machines => machines.to_vec(),
        };
        let names = machines.iter().map(|machine| machine.name.clone()).collect();
        let mut world = Self {
            controllers: loops(config, system, &api.tokens).into(),
            queue: Queue::default(),
            recorder: Recorder::default(),
            seen: 0,
            kubelets: Arc::new(Kubelets::new(names, api.tokens.clone())),
            addons: system.addons.clone().into(),
            memory: RedBlackTreeMapSync::new_sync(),
            kept: RedBlackTreeMapSync::new_sync(),
            chance: Stream::new(config.seed, "faults"),
            swept: config.epoch,
        };
        Self::join(&machines, api, config.epoch);
        let mut writes = Vec::new();
        if system.machines.is_empty() && !machines.is_empty() {
            writes.push(nodes::default_class());
        }
        if system.kubeadm {
            writes.extend(kubeadm::objects().into_iter().map(|one| Write::create(one.0, one.1)));
        }
        for published in authentication::objects(&system.authority, config.epoch) {
            let write = Write::create("configmaps", published);
            let _published = Self::send(api, config.epoch, &write, &Component::api_server());
        }
        for (resource, object) in system.addons.iter().flat_map(|addon| addon.objects()) {
            writes.push(Write::create(resource, object));
        }
        for write in writes {
            // What is there already stays (a cluster that was put together before).
            let _installed = Self::send(api, config.epoch, &write, &Component::installer());
        }
        world.look_at_everything(api, config.epoch);
        world.heartbeats(api, config.epoch);
        world
    }

    /// At the start every object is news.
    fn look_at_everything(&mut self, api: &Apiserver, now: Timestamp) {
        let store = api.store().clone();
        for resource in store.resources() {
            for object in store.list(resource, None) {
                let change = crate::store::Change {
                    revision: 0,
                    resource: resource.to_owned(),
                    namespace: fields::namespace(&object).to_owned(),
                    name: fields::name(&object).to_owned(),
                    old: None,
                    new: Some(object.into()),
                };
                self.trigger(api, &change, now);
            }
        }
        self.seen = store.revision();
    }

    fn trigger(&mut self, api: &Apiserver, change: &crate::store::Change, now: Timestamp) {
        let at = now.checked_add(REACTION).unwrap_or(now);
        for (rank, controller) in self.controllers.iter().enumerate() {
            for key in controller.triggers(api.store(), change) {
                self.queue.add(at, u8::try_from(rank).unwrap_or(u8::MAX), key);
            }
        }
    }

    /// Takes notice of what has changed.
    pub(crate) fn observe(&mut self, api: &Apiserver, now: Timestamp) {
        if self.controllers.is_empty() || api.store().revision() == self.seen {
            return;
        }
        for change in api.store().changes_since(self.seen) {
            self.trigger(api, &change, now);
        }
        self.seen = api.store().revision();
    }

    /// When something will happen next.
    pub(crate) fn next_due(&self) -> Option<Timestamp> {
        self.queue.next_due()
    }

    /// Lets everything happen that is due by `until`; returns the time of the last of it.
    pub(crate) fn run(&mut self, api: &mut Apiserver, until: Timestamp) {
        self.recorder.expire(until);
        while let Some((at, rank, key)) = self.queue.pop(until) {
            let Some(controller) = self.controllers.get(usize::from(rank)).cloned() else {
                continue;
            };
            self.reconcile(api, at, (rank, &key), controller.as_ref());
            self.observe(api, at);
        }
    }

    fn reconcile(
        &mut self,
        api: &mut Apiserver,
        now: Timestamp,
        (rank, key): (u8, &Key),
        controller: &dyn Controller,
    ) {
        let mut plan = if controller.name() == "kubelet" {
            let kubelets = Arc::make_mut(&mut self.kubelets);
            let plan = kubelets.sync(api.store(), key, now);
            for pod in kubelets.woken() {
                let (namespace, name) = pod.split_once('/').unwrap_or_default();
                self.look_at(namespace, name, now);
            }
            plan
        } else {
            let aggregation = Aggregation {
                addons: &self.addons,
                store: api.store(),
                meter: self.kubelets.as_ref(),
                silent: &self.kubelets.faults.silent,
                now,
                memory: self.memory.get(&(rank, key.clone())).unwrap_or(&Value::Null),
                kept: self.kept.get(&(rank, key.clone())),
            };
            controller.reconcile_with(&aggregation, key)
        };
        match plan.remember.take() {
            Some(Value::Null) => drop(self.memory.remove_mut(&(rank, key.clone()))),
            Some(memory) => self.memory.insert_mut((rank, key.clone()), memory),
            None => {}
        }
        if let Some(kept) = plan.kept.take() {
            self.kept.insert_mut((rank, key.clone()), kept);
        }
        let idle = plan.writes.is_empty() && plan.events.is_empty();
        let component = if idle { Component::installer() } else { component(api, controller, key) };
        let failures = self.carry_out(api, now, &plan, &component);
        if failures.is_empty() {
            self.queue.forget(rank, key);
        } else {
            let answer = controller.refused(api.store(), key, now, &failures);
            self.carry_out(api, now, &answer, &component);
            self.queue.add_rate_limited(now, rank, key.clone());
        }
        if let Some(delay) = plan.requeue_after {
            self.queue.add(now.checked_add(delay).unwrap_or(now), rank, key.clone());
        }
    }

    fn carry_out(
        &mut self,
        api: &mut Apiserver,
        now: Timestamp,
        plan: &Plan,
        component: &Component,
    ) -> Vec<Failure> {
        let mut failures = Vec::new();
        let mut batch = Batch::default();
        for write in &plan.writes {
            if plan.slow_start && write.method() == "POST" && !batch.next(failures.len()) {
                continue;
            }
            match Self::send(api, now, write, component) {
                Ok(answer) => {
                    if let Some(note) = write.follow_up(answer.as_deref()) {
                        self.record(api, now, &note, component);
                    }
                }
                // Somebody else was faster: the object has gone or moved on, and its change triggers us again.
                Err(status) => {
                    let reason = fields::text(&status, "/reason");
                    if plan.stops_when_refused {
                        failures.push(Failure { write: write.clone(), status });
                        break;
                    }
                    if !matches!(reason, "NotFound" | "Conflict" | "AlreadyExists") {
                        failures.push(Failure { write: write.clone(), status });
                    }
                }
            }
        }
        for note in &plan.events {
            self.record(api, now, note, component);
        }
        failures
    }

    fn record(
        &mut self,
        api: &mut Apiserver,
        now: Timestamp,
        note: &EventNote,
        component: &Component,
    ) {
        let Some(write) = self.recorder.record(note, component, now) else { return };
        // An event that is refused (its namespace ends) is lost, as upstream.
        let _recorded = Self::send(api, now, &write, component);
    }

    /// Has the machines join. What is there already stays (a cluster that was put together before).
    fn join(machines: &[Machine], api: &mut Apiserver, now: Timestamp) {
        for (write, component) in nodes::install(machines, now) {
            let _installed = Self::send(api, now, &write, &component);
        }
        for machine in machines {
            if let Some(node) = api.store().get("nodes", "", &machine.name) {
                let write = nodes::storage(&node);
                let _told = Self::send(api, now, &write, &Component::kubelet(&machine.name));
            }
        }
    }

    /// Sends a request; answers with the object, if there is one, or the `Status` of a refusal.
    fn send(
        api: &mut Apiserver,
        now: Timestamp,
        write: &Write,
        component: &Component,
    ) -> Result<Option<Object>, Value> {
        let mut request = write.request(component).ok_or(Value::Null)?;
        request.extensions_mut().insert(Unwritten);
        request.extensions_mut().insert(Peer(nodes::address(api, &component.host)));
        match api.handle(now, request) {
            ApiAnswer::Full(response) if response.status().as_u16() >= 400 => {
                Err(serde_json::from_slice(response.body()).unwrap_or_default())
            }
            ApiAnswer::Full(mut response) => Ok(response.extensions_mut().remove::<Object>()),
            ApiAnswer::Watch(_)
            | ApiAnswer::Node(_)
            | ApiAnswer::Connect(_)
            | ApiAnswer::Fault(_)
            | ApiAnswer::Addon(_) => Ok(None),
        }
    }

    /// Has a pod looked at by its kubelet.
    fn look_at(&mut self, namespace: &str, name: &str, now: Timestamp) {
        let rank = self.controllers.iter().position(|controller| controller.name() == "kubelet");
        if let Some(rank) = rank.and_then(|rank| u8::try_from(rank).ok()) {
            self.queue.add(now, rank, Key::new(namespace, name));
        }
    }

    /// `/podium/v1/connect`.
    pub(crate) fn connect(&self, api: &Apiserver, query: &str) -> http::Response<Vec<u8>> {
        let pairs = apimachinery::request::query_all(query);
        let text = |name: &str| {
            pairs.iter().find(|(key, _)| key == name).map_or("", |(_, value)| value.as_str())
        };
        let source = text("from")
            .split_once('/')
            .and_then(|(namespace, name)| api.store().get("pods", namespace, name));
        let Some(source) = source else {
            return json_response(404, &serde_json::json!({ "message": "no such source pod" }));
        };
        let host = host_of(api, text("to"));
        let port = text("port").parse().unwrap_or(80);
        let protocol = if text("protocol").is_empty() { "TCP" } else { text("protocol") };
        let dial = Dial { source: &source, host: &host, port, protocol, pick: 0 };
        let wires = Plugged { ports: &self.kubelets.ports, faults: &self.kubelets.faults };
        json_response(200, &connect(api.store(), dial, &wires).json())
    }

    /// Lets an add-on answer a request for its API group.
    pub(crate) fn addon(
        &self,
        api: &Apiserver,
        now: Timestamp,
        call: &AddonCall,
    ) -> http::Response<Vec<u8>> {
        let aggregation = Aggregation {
            addons: &self.addons,
            store: api.store(),
            meter: self.kubelets.as_ref(),
            silent: &self.kubelets.faults.silent,
            now,
            memory: &Value::Null,
            kept: None,
        };
        match aggregation.ask(call) {
            Ok(body) => json_response(200, &body),
            Err(status) => {
                let mut body = serde_json::to_value(&status).unwrap_or(Value::Null);
                fields::put(&mut body, "/kind", Value::from("Status"));
                fields::put(&mut body, "/apiVersion", Value::from("v1"));
                json_response(status.code, &body)
            }
        }
    }

    /// Forgets streams after a jump in time.
    pub(crate) fn after_restore(&mut self, api: &Apiserver) {
        self.seen = api.store().revision();
        if !self.kubelets.sessions.are_fresh() {
            Arc::make_mut(&mut self.kubelets).sessions = Sessions::default();
        }
    }
}

/// The control loops that run.
fn loops(config: &ClusterConfig, system: &System, tokens: &token::Key) -> Vec<Arc<dyn Controller>> {
    let keys = Keys { tokens, signer: system.signer.as_ref() };
    let mut loops = controllers::chosen(&config.controllers, &keys);
    let machines = config.nodes > 0 || !system.machines.is_empty();
    if system.kubeadm && machines && config.controllers == Controllers::All {
        loops.push(Arc::new(kubeadm::StaticPods));
    }
    if config.controllers != Controllers::None {
        loops.extend(system.addons.iter().flat_map(|addon| addon.controllers()));
    }
    loops
}

/// How far a slow start has come.
#[derive(Debug, Default)]
struct Batch {
    size: usize,
    left: usize,
    refused_before: usize,
    stopped: bool,
}

impl Batch {
    /// Whether one more may be created, when so many writes were refused until now.
    fn next(&mut self, refused: usize) -> bool {
        if self.left == 0 && !self.stopped {
            self.stopped = refused > self.refused_before;
            self.size = (self.size * 2).max(1);
            self.left = self.size;
            self.refused_before = refused;
        }
        self.left = self.left.saturating_sub(1);
        !self.stopped
    }
}

/// The identity of a kubelet is that of its node.
fn component(api: &Apiserver, controller: &dyn Controller, key: &Key) -> Component {
    if controller.name() == kubeadm::STATIC_PODS {
        return Component::kubelet(&key.name);
    }
    if controller.name() == "kubelet" && key.namespace.is_empty() {
        return Component::kubelet(&key.name);
    }
    if controller.name() == "kubelet" {
        let node = api
            .store()
            .get("pods", &key.namespace, &key.name)
            .map_or_else(String::new, |pod| fields::text(&pod, "/spec/nodeName").to_owned());
        return Component::kubelet(&node);
    }
    controller.component()
}

/// `<namespace>/<pod or service>` as an address; anything else as it is.
fn host_of(api: &Apiserver, to: &str) -> String {
    let Some((namespace, name)) = to.split_once('/') else { return to.to_owned() };
    let store = api.store();
    let pod = store
        .get("pods", namespace, name)
        .map(|pod| fields::text(&pod, "/status/podIP").to_owned());
    let service = || {
        store
            .get("services", namespace, name)
            .map(|one| fields::text(&one, "/spec/clusterIP").to_owned())
    };
    pod.or_else(service).unwrap_or_default()
}

pub(crate) fn json_response(code: u16, body: &Value) -> http::Response<Vec<u8>> {
    let mut response = http::Response::new(body.to_string().into_bytes());
    *response.status_mut() = http::StatusCode::from_u16(code).unwrap_or_default();
    response
        .headers_mut()
        .insert("content-type", http::HeaderValue::from_static("application/json"));
    response
}
