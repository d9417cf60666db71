//! Running containers: their processes and what they serve.

use super::Kubelets;
use super::Machine;
use super::container::Process;
use super::container::Stage;
use super::container::image_of;
use super::later;
use super::node_network::PodNetwork;
use super::node_network::full_name;
use super::until;
use super::volumes::disks_of;
use crate::event_loop::Plan;
use crate::fields;
use crate::network::Socket;
use crate::shell::Facts;
use crate::shell::Files;
use crate::shell::Input;
use crate::shell::Os;
use crate::shell::Shell;
use crate::shell::Waiting;
use crate::store::Store;
use jiff::Timestamp;
use serde_json::Value;
use std::sync::Arc;
use std::time::Duration;

impl Kubelets {
    /// Lets a running container go on: its process, then its probes.
    #[expect(
        clippy::too_many_arguments,
        reason = "one step needs the cluster, the pod, its machine, the clock and the plan"
    )]
    pub(super) fn run(
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
                // On a terminal the prompt, which goes to the errors, follows the output.
                let written = if fields::flag(spec, "/tty") {
                    [&stdout, &stderr]
                } else {
                    [&stderr, &stdout]
                };
                for bytes in written {
                    one.write(bytes, now);
                }
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
            Some(Process::Ending { at, code }) => {
                let Some(one) = machine.containers.get_mut(&name) else { return };
                one.say_due(now, plan);
                if at <= now {
                    one.end(code, now);
                    return;
                }
                plan.again(until(now, at));
                one.process = Process::Ending { at, code };
            }
            Some(other) => {
                if let Some(one) = machine.containers.get_mut(&name) {
                    one.process = other;
                    one.say_due(now, plan);
                }
                Self::wait_for_service(machine, spec, now, plan);
            }
            None => return,
        }
        if self.condemned(store, (pod, &mut *machine), spec, now, plan) {
            return;
        }
        if self.post_start(store, (pod, &mut *machine), spec, now, plan) {
            return;
        }
        self.run_background(store, (pod, machine), &name, now, plan);
        if let Some(one) = machine.containers.get_mut(&name)
            && self.kill_for_memory((pod, spec), one, now)
        {
            self.ports.remove(&full_name(pod));
            plan.again(Duration::from_millis(1));
            return;
        }
        self.ports.insert(full_name(pod), listening(pod, machine, now));
        self.probe(store, pod, machine, spec, now, plan);
    }

    /// Goes on stopping a container that a probe has condemned; true for such a one.
    fn condemned(
        &mut self,
        store: &Store,
        (pod, machine): (&Value, &mut Machine),
        spec: &Value,
        now: Timestamp,
        plan: &mut Plan,
    ) -> bool {
        let one = machine.containers.get(fields::text(spec, "/name"));
        let Some(ending) = one.and_then(|one| one.ending) else { return false };
        if !self.stop(store, (pod, machine), spec, (ending.grace, now), plan) {
            self.ports.remove(&full_name(pod));
            plan.again(Duration::from_millis(1));
        }
        true
    }

    /// Lets go on what commands have left running; nobody reads what it writes.
    fn run_background(
        &mut self,
        store: &Store,
        (pod, machine): (&Value, &mut Machine),
        name: &str,
        now: Timestamp,
        plan: &mut Plan,
    ) {
        let Some(one) = machine.containers.get_mut(name) else { return };
        let shells = std::mem::take(&mut one.background);
        let mut left = Vec::new();
        for mut shell in shells {
            let mut input = Input { closed: true, ..Input::default() };
            let run = (name, &mut shell, &mut input);
            match self.step_in(store, (pod, &mut *machine), run, now).2 {
                Waiting::Exited(_) => continue,
                Waiting::Until(at) => plan.again(until(now, at)),
                Waiting::Input => {}
            }
            left.push(shell);
        }
        if let Some(one) = machine.containers.get_mut(name) {
            one.background = left;
        }
    }

    /// A service opens its ports after a while; look again then.
    pub(super) fn wait_for_service(
        machine: &Machine,
        spec: &Value,
        now: Timestamp,
        plan: &mut Plan,
    ) {
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
    pub(super) fn step_in(
        &mut self,
        store: &Store,
        (pod, machine): (&Value, &mut Machine),
        (name, shell, input): (&str, &mut Shell, &mut Input),
        now: Timestamp,
    ) -> (Vec<u8>, Vec<u8>, Waiting) {
        machine.activity += 1;
        // A pod that serves may ask itself.
        let serves = machine.containers.values().any(|one| matches!(one.process, Process::Service));
        let own = serves.then(|| machine.clone());
        let disks = disks_of(&self.disks, machine);
        let Some(one) = machine.containers.get_mut(name) else {
            return (Vec::new(), Vec::new(), Waiting::Exited(137));
        };
        let mut files: Files = std::mem::take(&mut one.files);
        let facts: Facts = std::mem::take(&mut one.facts);
        files.volumes = std::mem::take(&mut machine.volumes);
        files.volumes.extend(disks);
        let mut network = PodNetwork {
            store,
            pod,
            now,
            own: own.as_ref(),
            others: &self.machines,
            ports: &self.ports,
            faults: &self.faults,
            disks: &self.disks,
            work: Arc::make_mut(&mut self.work),
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
        let written = std::mem::take(&mut files.volumes);
        self.take_back(machine, written);
        if let Some(one) = machine.containers.get_mut(name) {
            one.files = files;
            one.facts = facts;
        }
        for request in served {
            if request.pod == full_name(pod) {
                self.log_served_in(machine, &request, now);
            } else {
                self.log_served(&request, now);
            }
        }
        (stdout, stderr, waiting)
    }
}

/// All ports on which a pod listens.
pub(super) fn listening(pod: &Value, machine: &Machine, now: Timestamp) -> Vec<Socket> {
    let sidecars = fields::items(pod, "/spec/initContainers").iter();
    sidecars
        .chain(fields::items(pod, "/spec/containers"))
        .filter_map(|spec| {
            Some(machine.containers.get(fields::text(spec, "/name"))?.ports(spec, now))
        })
        .flatten()
        .collect()
}
