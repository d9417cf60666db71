//! The kubelets: what a bound pod goes through (`pkg/kubelet`).
//!
//! Each pod has a machine: its containers with their processes, files and logs. A step reads the pod, lets its
//! processes run, and says the next status, the events, and when to look again.

mod stop;

mod admission;
mod agnhost;
mod attach;
mod calm;
mod catalina;
mod eviction;
pub(crate) mod forward;
pub(crate) mod hooks;
mod last_words;
mod refusals;
mod resize;
mod restart;
mod run;
mod serve;

mod start;

pub(crate) mod container;
pub(crate) mod faults;
pub(crate) mod node_network;
mod probes;
pub(crate) mod sessions;
mod status;
pub(crate) mod usage;
mod volume_sources;
mod volumes;
pub(crate) mod work;

use self::start::pulled;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};

use self::container::{Container, Stage};
use self::node_network::full_name;
use self::sessions::Sessions;
use self::volumes::Mounting;
use crate::apiserver::token;
use crate::event_loop::{Component, Controller, EventNote, Key, Plan, reference};
use crate::fields;
use crate::images::Reference;
use crate::network::Socket;
use crate::shell::Entry;
use crate::store::{Change, Store};

/// How long the sandbox takes.
const SANDBOX: Duration = Duration::from_millis(400);
/// How long after its start a container does what it does.
const FIRST_STEP: Duration = Duration::from_millis(10);
/// How often a kubelet looks at what its containers do (`genericPlegRelistPeriod`): so long an end stands
/// in the status before a restart or a back-off follows.
const RELIST: Duration = Duration::from_secs(1);

/// A pod on its node.
#[derive(Debug, Clone)]
pub(crate) struct Machine {
    uid: String,
    node: String,
    address: String,
    since: Timestamp,
    pub(crate) containers: BTreeMap<String, Container>,
    pub(crate) volumes: BTreeMap<String, BTreeMap<String, Entry>>,
    pub(crate) mounting: Mounting,
    resizes: resize::Resizes,
    /// Counts what may have changed files in it.
    activity: u64,
    /// The store's revision at which there was nothing to do but what its processes do.
    calm: u64,
    /// Why it has to end before its containers do.
    sentence: Option<restart::Sentence>,
    /// It has to end, and all its containers have been stopped.
    pub(crate) halted: bool,
}

/// All kubelets with their pods; a clone is a snapshot.
#[derive(Debug, Clone, Default)]
pub(crate) struct Kubelets {
    pub(crate) machines: BTreeMap<String, Arc<Machine>>,
    pub(crate) ports: BTreeMap<String, Vec<Socket>>,
    pub(crate) sessions: Sessions,
    pub(crate) first_chunks: BTreeMap<u64, Vec<u8>>,
    images: BTreeMap<String, BTreeSet<String>>,
    /// What is on disks: of persistent volumes and of nodes.
    disks: serve::Disks,
    /// The nodes that have a kubelet. A Node object that somebody makes has none.
    nodes: BTreeSet<String>,
    /// What is broken.
    pub(crate) faults: faults::Faults,
    /// What answering requests takes of CPUs.
    work: Arc<work::Ledger>,
    /// What service account tokens are signed with.
    tokens: token::Key,
    /// Pods that wait for room to have more, and those that are to be looked at because there is room.
    resizing: BTreeSet<String>,
    woken: BTreeSet<String>,
}

/// Tells the event loop which pods the kubelets look at; the work is done by [`Kubelets::sync`].
pub(crate) struct Watching;

impl Controller for Watching {
    fn name(&self) -> &'static str {
        "kubelet"
    }

    fn component(&self) -> Component {
        Component::kubelet("")
    }

    fn triggers(&self, store: &Store, change: &Change) -> Vec<Key> {
        match change.resource.as_str() {
            "pods" => vec![Key::new(&change.namespace, &change.name)],
            "configmaps" | "secrets" => store
                .list("pods", Some(&change.namespace))
                .iter()
                .filter(|pod| volumes::uses(pod, &change.resource, &change.name))
                .map(|pod| Key::of(pod))
                .collect(),
            _ => Vec::new(),
        }
    }

    fn reconcile(&self, _store: &Store, _key: &Key, _now: Timestamp) -> Plan {
        Plan::nothing()
    }
}

fn later(now: Timestamp, delay: Duration) -> Timestamp {
    now.checked_add(delay).unwrap_or(Timestamp::MAX)
}

fn until(now: Timestamp, at: Timestamp) -> Duration {
    Duration::try_from(at.duration_since(now)).unwrap_or_default().max(Duration::from_millis(1))
}

fn note(pod: &Value, spec: &Value, warning: bool, reason: &str, text: String, plan: &mut Plan) {
    let mut regarding = reference(pod, "v1", "Pod");
    let name = fields::text(spec, "/name");
    let list = ["initContainers", "ephemeralContainers"]
        .into_iter()
        .find(|list| {
            let all = fields::items(pod, &format!("/spec/{list}"));
            all.iter().any(|one| fields::text(one, "/name") == name)
        })
        .unwrap_or("containers");
    fields::put(&mut regarding, "/fieldPath", json!(format!("spec.{list}{{{name}}}")));
    plan.events.push(if warning {
        EventNote::warning(regarding, reason, text)
    } else {
        EventNote::normal(regarding, reason, text)
    });
}

impl Kubelets {
    /// Kubelets of these nodes, without pods; tokens of service accounts are signed with this key.
    pub(crate) fn new(nodes: Vec<String>, tokens: token::Key) -> Self {
        Self { nodes: nodes.into_iter().collect(), tokens, ..Self::default() }
    }

    /// The nodes that have a kubelet.
    pub(crate) fn node_names(&self) -> Vec<String> {
        self.nodes.iter().cloned().collect()
    }

    /// Looks at a pod.
    pub(crate) fn sync(&mut self, store: &Store, key: &Key, now: Timestamp) -> Plan {
        // A key without a namespace is a node.
        if key.namespace.is_empty() {
            return self.watch_node(store, &key.name, now);
        }
        let mut plan = Plan::nothing();
        let name = format!("{}/{}", key.namespace, key.name);
        let pod = store
            .get("pods", &key.namespace, &key.name)
            .filter(|pod| self.nodes.contains(fields::text(pod, "/spec/nodeName")));
        let Some(pod) = pod else {
            self.forget(store, &name, now);
            return plan;
        };
        // From there nothing comes: neither status nor events, until the node is back.
        if self.faults.silent.contains_key(fields::text(&pod, "/spec/nodeName")) {
            return plan;
        }
        if self.machines.get(&name).is_some_and(|machine| machine.uid != fields::uid(&pod)) {
            self.forget(store, &name, now);
        }
        let ended = matches!(fields::text(&pod, "/status/phase"), "Succeeded" | "Failed");
        if fields::deleting(&pod) {
            self.terminate(store, &pod, now, &mut plan);
        } else if ended {
            self.made_room(fields::text(&pod, "/spec/nodeName"));
        } else if !self.expire(store, &pod, now, &mut plan) {
            self.live(store, &pod, now, &mut plan);
        }
        self.sessions_of(store, &name, now, &mut plan);
        self.meter(store, &pod, now);
        plan
    }

    /// Pods of others that have to be looked at after what happened to one.
    pub(crate) fn woken(&mut self) -> BTreeSet<String> {
        std::mem::take(&mut self.woken)
    }

    fn forget(&mut self, store: &Store, name: &str, now: Timestamp) {
        self.resizing.remove(name);
        if let Some(machine) = self.machines.remove(name) {
            self.unmeter(name, &machine, now);
            self.made_room(&machine.node);
            self.ports.remove(name);
            self.sessions_of(store, name, now, &mut Plan::nothing());
        }
    }

    fn sessions_of(&mut self, store: &Store, name: &str, now: Timestamp, plan: &mut Plan) {
        let due: Vec<u64> = self
            .sessions
            .commands
            .iter()
            .filter(|(_, one)| one.pod == name && !one.closed)
            .map(|(id, _)| *id)
            .collect();
        for id in due {
            let gone = !self.machines.contains_key(name);
            if gone
                || self
                    .sessions
                    .commands
                    .get(&id)
                    .is_some_and(|one| one.wake.is_some_and(|at| at <= now))
            {
                self.step_session(store, id, now);
            }
            if let Some(at) = self.sessions.commands.get(&id).and_then(|one| one.wake) {
                plan.again(until(now, at));
            }
        }
    }

    fn live(&mut self, store: &Store, pod: &Value, now: Timestamp, plan: &mut Plan) {
        let name = full_name(pod);
        let node = fields::text(pod, "/spec/nodeName");
        let Some(shared) = self.machines.remove(&name) else {
            if self.refuse(store, pod, now, plan) {
                return;
            }
            self.admit(store, pod, node, now);
            self.report(store, pod, now, plan);
            plan.again(SANDBOX);
            return;
        };
        let mut machine = Arc::unwrap_or_clone(shared);
        if self.go_on(store, pod, &mut machine, now, plan) {
            self.machines.insert(name, Arc::new(machine));
            return;
        }
        let asked = pod;
        let allocated = self.resize(store, (pod, &mut machine), now, plan);
        let pod = allocated.as_ref().unwrap_or(pod);
        let ready_at = later(machine.since, SANDBOX);
        if now < ready_at {
            plan.again(until(now, ready_at));
        } else if self.mount(store, pod, &mut machine, now, plan) {
            if machine.address.is_empty() {
                machine.address = self.free_address(store, pod, node);
            }
            let mut addressed = pod.clone();
            fields::put(&mut addressed, "/status/podIP", json!(machine.address));
            self.advance(store, &addressed, &mut machine, now, plan);
        }
        self.machines.insert(name.clone(), Arc::new(machine));
        self.report(store, asked, now, plan);
        if plan.writes.is_empty()
            && plan.events.is_empty()
            && let Some(machine) = self.machines.get_mut(&name)
        {
            Arc::make_mut(machine).calm = store.revision();
        }
    }

    fn admit(&mut self, store: &Store, pod: &Value, node: &str, now: Timestamp) {
        let names = ["/spec/initContainers", "/spec/containers"]
            .into_iter()
            .flat_map(|list| fields::items(pod, list));
        let containers =
            names.map(|spec| (fields::text(spec, "/name").to_owned(), Container::new())).collect();
        let since = fields::time(pod, "/status/startTime").unwrap_or(now);
        let host = fields::flag(pod, "/spec/hostNetwork");
        let machine = Machine {
            uid: fields::uid(pod).to_owned(),
            node: node.to_owned(),
            address: if host { status::node_address(store, node) } else { String::new() },
            since,
            containers,
            volumes: BTreeMap::new(),
            mounting: Mounting::default(),
            resizes: resize::Resizes::admitted(pod),
            activity: 0,
            calm: 0,
            sentence: None,
            halted: false,
        };
        self.machines.insert(full_name(pod), Arc::new(machine));
    }

    /// The lowest address of the node's range that no pod has.
    fn free_address(&self, store: &Store, pod: &Value, node: &str) -> String {
        let range = store.get("nodes", "", node).map_or_else(String::new, |node| {
            fields::text(&node, "/spec/podCIDR").trim_end_matches("0/24").to_owned()
        });
        let own = full_name(pod);
        let taken = |address: &str| {
            self.machines.iter().any(|(name, machine)| *name != own && machine.address == address)
        };
        (2..255)
            .map(|last| format!("{range}{last}"))
            .find(|address| !taken(address))
            .unwrap_or_default()
    }

    /// Containers in their order: initial ones one after the other, then all.
    fn advance(
        &mut self,
        store: &Store,
        pod: &Value,
        machine: &mut Machine,
        now: Timestamp,
        plan: &mut Plan,
    ) {
        if restart::is_over(pod, machine) {
            self.stop_sidecars(store, (pod, &mut *machine), now, plan);
            return;
        }
        for spec in fields::items(pod, "/spec/initContainers") {
            self.container(store, pod, machine, (spec, restart::initial_restarts), now, plan);
            let done = machine.containers.get(fields::text(spec, "/name")).is_some_and(|one| {
                match one.stage {
                    Stage::Ended { code, .. } => code == 0,
                    Stage::Running { .. } => restart::is_sidecar(spec) && one.started,
                    _ => false,
                }
            });
            if !done {
                return;
            }
        }
        for spec in fields::items(pod, "/spec/containers") {
            self.container(store, pod, machine, (spec, restart::restarts), now, plan);
        }
        if restart::is_over(pod, machine) {
            plan.again(RELIST);
        }
        // They are added to a pod that runs already, and never start again.
        for spec in fields::items(pod, "/spec/ephemeralContainers") {
            let name = fields::text(spec, "/name").to_owned();
            machine.containers.entry(name).or_insert_with(Container::new);
            self.container(store, pod, machine, (spec, |_, _, _| false), now, plan);
        }
    }

    /// Moves one container as far as it can go now.
    #[expect(
        clippy::too_many_arguments,
        clippy::too_many_lines,
        reason = "one step needs the cluster, the pod, its machine, the clock and the plan"
    )]
    fn container(
        &mut self,
        store: &Store,
        pod: &Value,
        machine: &mut Machine,
        (spec, restarts): (&Value, restart::Rule),
        now: Timestamp,
        plan: &mut Plan,
    ) {
        let name = fields::text(spec, "/name").to_owned();
        for _ in 0..4 {
            let Some(one) = machine.containers.get_mut(&name) else { return };
            match one.stage.clone() {
                Stage::Created => self.pull(store, pod, spec, one, &machine.node, now, plan),
                Stage::Pulling { until: at } if at <= now => {
                    self.images.entry(machine.node.clone()).or_default().insert(canonical(spec));
                    pulled(pod, spec, plan);
                    self.launch(store, pod, machine, spec, now, plan);
                    // That it runs is reported before it does anything.
                    plan.again(FIRST_STEP);
                    return;
                }
                Stage::Waiting { until: at, reason, .. } if at <= now => match reason {
                    "CrashLoopBackOff" => {
                        one.restarts += 1;
                        self.pull(store, pod, spec, one, &machine.node, now, plan);
                    }
                    _ => self.pull(store, pod, spec, one, &machine.node, now, plan),
                },
                Stage::Pulling { until: at } | Stage::Waiting { until: at, .. } => {
                    plan.again(until(now, at));
                    return;
                }
                Stage::Running { .. } => {
                    self.run(store, pod, machine, spec, now, plan);
                    let ended = machine
                        .containers
                        .get(&name)
                        .is_some_and(|one| matches!(one.stage, Stage::Ended { .. }));
                    if !ended {
                        return;
                    }
                }
                // What is restarted for its resources is not one that has crashed.
                Stage::Ended { .. } if one.restarting => {
                    let runtime = status::runtime_of(store, &machine.node);
                    let id = status::container_id(&runtime, pod, spec, one);
                    one.last = Some(one.state(&id));
                    one.restarts += 1;
                    self.pull(store, pod, spec, one, &machine.node, now, plan);
                }
                Stage::Ended { code, since, at } => {
                    if !restarts(pod, spec, code) {
                        return;
                    }
                    let seen = later(at, RELIST);
                    if now < seen {
                        plan.again(until(now, seen));
                        return;
                    }
                    // Ten minutes without a crash forgive all before.
                    if at.as_second() - since.as_second() >= 600 {
                        one.crashes = 0;
                    }
                    let runtime = status::runtime_of(store, &machine.node);
                    let id = status::container_id(&runtime, pod, spec, one);
                    one.last = Some(one.state(&id));
                    one.crashes += 1;
                    if one.crashes == 1 {
                        one.restarts += 1;
                        self.pull(store, pod, spec, one, &machine.node, now, plan);
                        continue;
                    }
                    one.crashes -= 1;
                    let delay = one.back_off();
                    one.crashes += 1;
                    let text = format!(
                        "Back-off restarting failed container {name} in pod {}_{}({})",
                        fields::name(pod),
                        fields::namespace(pod),
                        fields::uid(pod)
                    );
                    note(pod, spec, true, "BackOff", text.clone(), plan);
                    let seconds = if delay.as_secs() >= 60 {
                        format!("{}m{}s", delay.as_secs() / 60, delay.as_secs() % 60)
                    } else {
                        format!("{}s", delay.as_secs())
                    };
                    let message = text
                        .replacen("Back-off", &format!("back-off {seconds}"), 1)
                        .replacen("container ", "container=", 1)
                        .replacen(" in pod ", " pod=", 1);
                    one.stage = Stage::Waiting {
                        reason: "CrashLoopBackOff",
                        message,
                        until: later(now, delay),
                    };
                }
            }
        }
    }
}

fn canonical(spec: &Value) -> String {
    Reference::parse(fields::text(spec, "/image")).canonical()
}
