//! The kubelets: what a bound pod goes through (`pkg/kubelet`).
//!
//! Each pod has a machine: its containers with their processes, files and logs. A step reads the pod, lets its
//! processes run, and says the next status, the events, and when to look again.

pub(crate) mod container;
pub(crate) mod node_network;
mod probes;
pub(crate) mod sessions;
mod status;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};

use self::container::{Container, Process, Stage, image_of};
use self::node_network::{PodNetwork, full_name};
use self::sessions::Sessions;
use crate::event_loop::{Component, Controller, EventNote, Key, Plan, Write, reference};
use crate::fields;
use crate::images::Reference;
use crate::shell::{Entry, Facts, Files, Input, Os, Shell, Waiting};
use crate::store::{Change, Store};

/// How long the sandbox takes.
const SANDBOX: Duration = Duration::from_millis(400);
/// How often a kubelet looks at missing ConfigMaps and Secrets again.
const RETRY: Duration = Duration::from_secs(2);

/// A pod on its node.
#[derive(Debug, Clone)]
pub(crate) struct Machine {
    uid: String,
    node: String,
    address: String,
    since: Timestamp,
    pub(crate) containers: BTreeMap<String, Container>,
    pub(crate) volumes: BTreeMap<String, BTreeMap<String, Entry>>,
    mounted: bool,
    stopping: Option<Timestamp>,
}

/// All kubelets with their pods; a clone is a snapshot.
#[derive(Debug, Clone, Default)]
pub(crate) struct Kubelets {
    pub(crate) machines: BTreeMap<String, Arc<Machine>>,
    pub(crate) ports: BTreeMap<String, Vec<u16>>,
    pub(crate) sessions: Sessions,
    pub(crate) first_chunks: BTreeMap<u64, Vec<u8>>,
    images: BTreeMap<String, std::collections::BTreeSet<String>>,
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
                .filter(|pod| fields::text(pod, "/status/phase") == "Pending")
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
    let init = fields::items(pod, "/spec/initContainers")
        .iter()
        .any(|one| fields::text(one, "/name") == name);
    let list = if init { "initContainers" } else { "containers" };
    fields::put(&mut regarding, "/fieldPath", json!(format!("spec.{list}{{{name}}}")));
    plan.events.push(if warning {
        EventNote::warning(regarding, reason, text)
    } else {
        EventNote::normal(regarding, reason, text)
    });
}

impl Kubelets {
    /// Looks at a pod.
    pub(crate) fn sync(&mut self, store: &Store, key: &Key, now: Timestamp) -> Plan {
        let mut plan = Plan::nothing();
        let name = format!("{}/{}", key.namespace, key.name);
        let pod = store
            .get("pods", &key.namespace, &key.name)
            .filter(|pod| !fields::text(pod, "/spec/nodeName").is_empty());
        let Some(pod) = pod else {
            self.forget(store, &name, now);
            return plan;
        };
        if self.machines.get(&name).is_some_and(|machine| machine.uid != fields::uid(&pod)) {
            self.forget(store, &name, now);
        }
        let ended = matches!(fields::text(&pod, "/status/phase"), "Succeeded" | "Failed");
        if fields::deleting(&pod) {
            self.terminate(store, &pod, now, &mut plan);
        } else if !ended {
            self.live(store, &pod, now, &mut plan);
        }
        self.sessions_of(store, &name, now, &mut plan);
        plan
    }

    fn forget(&mut self, store: &Store, name: &str, now: Timestamp) {
        if self.machines.remove(name).is_some() {
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
            self.admit(store, pod, node, now);
            self.report(store, pod, now, plan);
            plan.again(SANDBOX);
            return;
        };
        let mut machine = Arc::unwrap_or_clone(shared);
        let ready_at = later(machine.since, SANDBOX);
        if now < ready_at {
            plan.again(until(now, ready_at));
        } else if mount(store, pod, &mut machine, now, plan) {
            if machine.address.is_empty() {
                machine.address = self.free_address(store, pod, node);
            }
            let mut addressed = pod.clone();
            fields::put(&mut addressed, "/status/podIP", json!(machine.address));
            self.advance(store, &addressed, &mut machine, now, plan);
        }
        self.machines.insert(name, Arc::new(machine));
        self.report(store, pod, now, plan);
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
            mounted: false,
            stopping: None,
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
        let policy = match fields::text(pod, "/spec/restartPolicy") {
            "" => "Always",
            policy => policy,
        };
        for spec in fields::items(pod, "/spec/initContainers") {
            let sidecar = fields::text(spec, "/restartPolicy") == "Always";
            let policy = match (sidecar, policy) {
                (true, _) => "Always",
                (false, "Never") => "Never",
                _ => "OnFailure",
            };
            self.container(store, pod, machine, (spec, policy), now, plan);
            let done = machine.containers.get(fields::text(spec, "/name")).is_some_and(|one| {
                match one.stage {
                    Stage::Ended { code, .. } => code == 0,
                    Stage::Running { .. } => sidecar && one.started,
                    _ => false,
                }
            });
            if !done {
                return;
            }
        }
        for spec in fields::items(pod, "/spec/containers") {
            self.container(store, pod, machine, (spec, policy), now, plan);
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
        (spec, policy): (&Value, &str),
        now: Timestamp,
        plan: &mut Plan,
    ) {
        let name = fields::text(spec, "/name").to_owned();
        for _ in 0..4 {
            let Some(one) = machine.containers.get_mut(&name) else { return };
            match one.stage.clone() {
                Stage::Created => self.pull(pod, spec, one, &machine.node, now, plan),
                Stage::Pulling { until: at } if at <= now => {
                    self.images.entry(machine.node.clone()).or_default().insert(canonical(spec));
                    pulled(pod, spec, plan);
                    launch(store, pod, spec, one, now, plan);
                }
                Stage::Waiting { until: at, reason, .. } if at <= now => match reason {
                    "CrashLoopBackOff" => {
                        one.restarts += 1;
                        self.pull(pod, spec, one, &machine.node, now, plan);
                    }
                    _ => self.pull(pod, spec, one, &machine.node, now, plan),
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
                Stage::Ended { code, since, at } => {
                    let restarts = policy == "Always" || (policy == "OnFailure" && code != 0);
                    if !restarts {
                        return;
                    }
                    // Ten minutes without a crash forgive all before.
                    if at.as_second() - since.as_second() >= 600 {
                        one.crashes = 0;
                    }
                    let id = status::container_id(pod, spec, one);
                    one.last = Some(one.state(&id));
                    one.crashes += 1;
                    if one.crashes == 1 {
                        one.restarts += 1;
                        self.pull(pod, spec, one, &machine.node, now, plan);
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

    #[expect(
        clippy::too_many_arguments,
        reason = "one step needs the cluster, the pod, its machine, the clock and the plan"
    )]
    fn pull(
        &mut self,
        pod: &Value,
        spec: &Value,
        one: &mut Container,
        node: &str,
        now: Timestamp,
        plan: &mut Plan,
    ) {
        let image = fields::text(spec, "/image");
        let here = self.images.get(node).is_some_and(|known| known.contains(&canonical(spec)));
        let policy = fields::text(spec, "/imagePullPolicy");
        if here && policy != "Always" {
            let text = format!(
                "Container image \"{image}\" already present on machine and can be accessed by the pod"
            );
            note(pod, spec, false, "Pulled", text, plan);
            one.stage = Stage::Pulling { until: now };
            return;
        }
        let failed_before =
            matches!(&one.stage, Stage::Waiting { reason, .. } if *reason == "ErrImagePull");
        if policy == "Never" {
            note(
                pod,
                spec,
                true,
                "ErrImageNeverPull",
                format!("Container image \"{image}\" is not present with pull policy of Never"),
                plan,
            );
            note(pod, spec, true, "Failed", "Error: ErrImageNeverPull".to_owned(), plan);
            let message =
                format!("Container image \"{image}\" is not present with pull policy of Never");
            one.stage = Stage::Waiting {
                reason: "ErrImageNeverPull",
                message,
                until: later(now, Duration::from_secs(15)),
            };
            return;
        }
        let cause = format!(
            "rpc error: code = NotFound desc = failed to pull and unpack image \"{0}\": failed to resolve reference \"{0}\": {0}: not found",
            canonical(spec)
        );
        if failed_before {
            note(pod, spec, false, "BackOff", format!("Back-off pulling image \"{image}\""), plan);
            note(pod, spec, true, "Failed", "Error: ImagePullBackOff".to_owned(), plan);
            let message = format!("Back-off pulling image \"{image}\": ErrImagePull: {cause}");
            one.stage = Stage::Waiting {
                reason: "ImagePullBackOff",
                message,
                until: later(now, one.back_off()),
            };
            return;
        }
        note(pod, spec, false, "Pulling", format!("Pulling image \"{image}\""), plan);
        if let Some(behaviour) = image_of(spec) {
            let millis = if here { 300 } else { behaviour.pull_millis };
            one.stage = Stage::Pulling { until: later(now, Duration::from_millis(millis.max(1))) };
        } else {
            note(
                pod,
                spec,
                true,
                "Failed",
                format!("Failed to pull image \"{image}\": {cause}"),
                plan,
            );
            note(pod, spec, true, "Failed", "Error: ErrImagePull".to_owned(), plan);
            one.crashes += 1;
            one.stage = Stage::Waiting {
                reason: "ErrImagePull",
                message: cause,
                until: later(now, Duration::from_secs(12)),
            };
        }
    }

    /// Lets a running container go on: its process, then its probes.
    #[expect(
        clippy::too_many_arguments,
        reason = "one step needs the cluster, the pod, its machine, the clock and the plan"
    )]
    fn run(
        &mut self,
        store: &Store,
        pod: &Value,
        machine: &mut Machine,
        spec: &Value,
        now: Timestamp,
        plan: &mut Plan,
    ) {
        let name = fields::text(spec, "/name").to_owned();
        let process = machine
            .containers
            .get_mut(&name)
            .map(|one| std::mem::replace(&mut one.process, Process::None));
        match process {
            Some(Process::Shell(mut shell)) => {
                let mut input = machine
                    .containers
                    .get_mut(&name)
                    .map(|one| std::mem::take(&mut one.input))
                    .unwrap_or_default();
                let (stdout, stderr, waiting) =
                    self.step_in(store, (pod, machine), (&name, &mut shell, &mut input), now);
                let Some(one) = machine.containers.get_mut(&name) else { return };
                one.input = input;
                one.write(&stderr, now);
                one.write(&stdout, now);
                match waiting {
                    Waiting::Exited(code) => {
                        one.end(code, now);
                        self.ports.remove(&full_name(pod));
                        return;
                    }
                    Waiting::Until(at) => plan.again(until(now, at)),
                    Waiting::Input => {}
                }
                one.process = Process::Shell(shell);
            }
            Some(other) => {
                if let Some(one) = machine.containers.get_mut(&name) {
                    one.process = other;
                }
                Self::wait_for_service(machine, spec, now, plan);
            }
            None => return,
        }
        self.ports.insert(full_name(pod), listening(pod, machine, now));
        self.probe(store, pod, machine, spec, now, plan);
    }

    /// A service opens its ports after a while; look again then.
    fn wait_for_service(machine: &Machine, spec: &Value, now: Timestamp, plan: &mut Plan) {
        let Some(one) = machine.containers.get(fields::text(spec, "/name")) else { return };
        if let (Stage::Running { since }, Some(image)) = (&one.stage, image_of(spec)) {
            let at = later(*since, Duration::from_millis(image.ready_millis));
            if at > now {
                plan.again(until(now, at));
            }
        }
    }

    /// Runs a shell of a pod whose machine is at its place.
    pub(crate) fn step_shell(
        &mut self,
        store: &Store,
        pod: &Value,
        run: (&str, &mut Shell, &mut Input),
        now: Timestamp,
    ) -> (Vec<u8>, Vec<u8>, Waiting) {
        let name = full_name(pod);
        let Some(shared) = self.machines.remove(&name) else {
            return (Vec::new(), Vec::new(), Waiting::Exited(137));
        };
        let mut machine = Arc::unwrap_or_clone(shared);
        let result = self.step_in(store, (pod, &mut machine), run, now);
        self.machines.insert(name, Arc::new(machine));
        result
    }

    /// Runs a shell with the files and the network of a container.
    fn step_in(
        &mut self,
        store: &Store,
        (pod, machine): (&Value, &mut Machine),
        (name, shell, input): (&str, &mut Shell, &mut Input),
        now: Timestamp,
    ) -> (Vec<u8>, Vec<u8>, Waiting) {
        // A pod that serves may ask itself.
        let serves = machine.containers.values().any(|one| matches!(one.process, Process::Service));
        let own = serves.then(|| machine.clone());
        let Some(one) = machine.containers.get_mut(name) else {
            return (Vec::new(), Vec::new(), Waiting::Exited(137));
        };
        let mut files: Files = std::mem::take(&mut one.files);
        let facts: Facts = one.facts.clone();
        files.volumes = std::mem::take(&mut machine.volumes);
        let mut network = PodNetwork {
            store,
            pod,
            now,
            own: own.as_ref(),
            others: &self.machines,
            ports: &self.ports,
            served: Vec::new(),
            connections: 0,
        };
        let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
        let waiting = shell.step(&mut Os {
            now,
            files: &mut files,
            network: &mut network,
            facts: &facts,
            input,
            stdout: &mut stdout,
            stderr: &mut stderr,
        });
        let served = network.served;
        machine.volumes = std::mem::take(&mut files.volumes);
        if let Some(one) = machine.containers.get_mut(name) {
            one.files = files;
        }
        for request in served {
            if request.pod == full_name(pod) {
                if let Some(one) = machine.containers.get_mut(&request.container) {
                    one.write(request.line.as_bytes(), now);
                }
            } else if let Some(target) = self.machines.get_mut(&request.pod)
                && let Some(one) = Arc::make_mut(target).containers.get_mut(&request.container)
            {
                one.write(request.line.as_bytes(), now);
            }
        }
        (stdout, stderr, waiting)
    }

    /// Stops the containers and confirms the deletion.
    fn terminate(&mut self, store: &Store, pod: &Value, now: Timestamp, plan: &mut Plan) {
        let name = full_name(pod);
        let Some(shared) = self.machines.get_mut(&name) else {
            plan.writes.push(Write::delete_now("pods", pod));
            return;
        };
        let machine = Arc::make_mut(shared);
        let grace = u64::try_from(
            fields::number(pod, "/metadata/deletionGracePeriodSeconds").unwrap_or(30),
        )
        .unwrap_or_default();
        let running: Vec<&Value> = fields::items(pod, "/spec/containers")
            .iter()
            .filter(|spec| {
                machine
                    .containers
                    .get(fields::text(spec, "/name"))
                    .is_some_and(|one| matches!(one.stage, Stage::Running { .. }))
            })
            .collect();
        if machine.stopping.is_none() {
            for spec in &running {
                note(
                    pod,
                    spec,
                    false,
                    "Killing",
                    format!("Stopping container {}", fields::text(spec, "/name")),
                    plan,
                );
            }
        }
        let began = *machine.stopping.get_or_insert(now);
        // A process with number 1 that handles no SIGTERM does not get it.
        let quick = running.iter().all(|spec| {
            let service = machine
                .containers
                .get(fields::text(spec, "/name"))
                .is_some_and(|one| matches!(one.process, Process::Service));
            service && image_of(spec).is_none_or(|image| image.ends_on_term)
        });
        let needed = match (running.is_empty(), quick) {
            (true, _) => Duration::ZERO,
            (false, true) => Duration::from_millis(600),
            (false, false) => Duration::from_secs(grace),
        };
        let end = later(began, needed);
        if now < end {
            plan.again(until(now, end));
            self.report(store, pod, now, plan);
            return;
        }
        self.ports.remove(&name);
        self.machines.remove(&name);
        plan.writes.push(Write::delete_now("pods", pod));
    }
}

fn canonical(spec: &Value) -> String {
    Reference::parse(fields::text(spec, "/image")).canonical()
}

/// All ports on which a pod listens.
fn listening(pod: &Value, machine: &Machine, now: Timestamp) -> Vec<u16> {
    fields::items(pod, "/spec/containers")
        .iter()
        .filter_map(|spec| {
            Some(machine.containers.get(fields::text(spec, "/name"))?.ports(spec, now))
        })
        .flatten()
        .collect()
}

fn pulled(pod: &Value, spec: &Value, plan: &mut Plan) {
    let known = plan.events.iter().any(|event| {
        event.reason == "Pulled"
            && fields::text(&event.regarding, "/fieldPath")
                .contains(&format!("{{{}}}", fields::text(spec, "/name")))
    });
    if known {
        return;
    }
    let image = fields::text(spec, "/image");
    let (millis, size) = image_of(spec).map_or((0, 0), |image| (image.pull_millis, image.size));
    let seconds = if millis >= 1000 {
        format!("{}.{:03}s", millis / 1000, millis % 1000)
    } else {
        format!("{millis}ms")
    };
    let text = format!(
        "Successfully pulled image \"{image}\" in {seconds} ({seconds} including waiting). Image size: {size} bytes."
    );
    note(pod, spec, false, "Pulled", text, plan);
}

/// Fills the pod's volumes; false when something is missing.
fn mount(
    store: &Store,
    pod: &Value,
    machine: &mut Machine,
    now: Timestamp,
    plan: &mut Plan,
) -> bool {
    if machine.mounted {
        return true;
    }
    for volume in fields::items(pod, "/spec/volumes") {
        let name = fields::text(volume, "/name");
        match container::volume(store, pod, volume) {
            Ok(Some(tree)) => drop(machine.volumes.insert(name.to_owned(), tree)),
            Ok(None) => drop(machine.volumes.entry(name.to_owned()).or_default()),
            Err(text) => {
                let message = format!("MountVolume.SetUp failed for volume \"{name}\" : {text}");
                plan.events.push(EventNote::warning(
                    reference(pod, "v1", "Pod"),
                    "FailedMount",
                    message,
                ));
                plan.again(
                    RETRY.saturating_mul(
                        u32::try_from((now.as_second() - machine.since.as_second()).clamp(1, 60))
                            .unwrap_or(1),
                    ),
                );
                return false;
            }
        }
    }
    machine.mounted = true;
    true
}

/// Creates and starts a container whose image is there.
fn launch(
    store: &Store,
    pod: &Value,
    spec: &Value,
    one: &mut Container,
    now: Timestamp,
    plan: &mut Plan,
) {
    let Some(image) = image_of(spec) else { return };
    let environment = match container::environment(store, pod, spec) {
        Ok(environment) => environment,
        Err(text) => {
            note(pod, spec, true, "Failed", format!("Error: {text}"), plan);
            one.stage = Stage::Waiting {
                reason: "CreateContainerConfigError",
                message: text,
                until: later(now, Duration::from_secs(12)),
            };
            return;
        }
    };
    one.facts = Facts {
        hostname: fields::name(pod).to_owned(),
        user: if image.user.is_empty() { "root".to_owned() } else { image.user.clone() },
        commands: image.commands.clone(),
        busybox: image.busybox,
        environment,
        processes: Vec::new(),
    };
    one.folder = match fields::text(spec, "/workingDir") {
        "" => "/".to_owned(),
        folder => folder.to_owned(),
    };
    one.files = Files {
        root: container::root(pod, spec, image),
        mounts: container::mounts(spec),
        volumes: BTreeMap::new(),
        read_only_root: fields::flag(spec, "/securityContext/readOnlyRootFilesystem"),
    };
    note(pod, spec, false, "Created", "Container created".to_owned(), plan);
    match one.start(spec, now) {
        Ok(()) => note(pod, spec, false, "Started", "Container started".to_owned(), plan),
        Err(text) => note(pod, spec, true, "Failed", format!("Error: {text}"), plan),
    }
}
