//! Probes: readiness, liveness and start-up, over HTTP, TCP, gRPC or a command (`pkg/kubelet/prober`).

use std::time::Duration;

use jiff::Timestamp;
use serde_json::Value;

use super::container::{Container, Ending, Probe, Process, Stage, hex};
use super::hooks::When;
use super::sessions::probe_answer;
use super::{Kubelets, Machine, agnhost, later, note, until};
use crate::event_loop::Plan;
use crate::fields;
use crate::network::Socket;
use crate::shell::{Input, Shell, Waiting};
use crate::store::Store;

/// One of the three probes of a container.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Startup,
    Liveness,
    Readiness,
}

impl Kind {
    fn field(self) -> &'static str {
        match self {
            Self::Startup => "startupProbe",
            Self::Liveness => "livenessProbe",
            Self::Readiness => "readinessProbe",
        }
    }

    fn word(self) -> &'static str {
        match self {
            Self::Startup => "Startup",
            Self::Liveness => "Liveness",
            Self::Readiness => "Readiness",
        }
    }

    fn of(self, one: &mut Container) -> &mut Probe {
        match self {
            Self::Startup => &mut one.startup,
            Self::Liveness => &mut one.liveness,
            Self::Readiness => &mut one.readiness,
        }
    }
}

impl Kubelets {
    /// Probes a running container.
    #[expect(
        clippy::too_many_arguments,
        reason = "one step needs the cluster, the pod, its machine, the clock and the plan"
    )]
    pub(super) fn probe(
        &mut self,
        store: &Store,
        pod: &Value,
        machine: &mut Machine,
        spec: &Value,
        now: Timestamp,
        plan: &mut Plan,
    ) {
        let name = fields::text(spec, "/name").to_owned();
        let Some(one) = machine.containers.get_mut(&name) else { return };
        one.unprobed(spec);
        for kind in [Kind::Startup, Kind::Liveness, Kind::Readiness] {
            let activity = machine.activity;
            let Some(probe) = spec.get(kind.field()) else { continue };
            let Some(one) = machine.containers.get_mut(&name) else { return };
            if (kind == Kind::Startup) == one.started {
                continue;
            }
            let Stage::Running { since } = one.stage else { return };
            let number = |field: &str, usual: i64| fields::number(probe, field).unwrap_or(usual);
            let seconds =
                |value: i64| Duration::from_secs(u64::try_from(value).unwrap_or_default());
            let delay = seconds(number("/initialDelaySeconds", 0)).max(Duration::from_millis(500));
            let period = seconds(number("/periodSeconds", 10));
            let mut due = *kind.of(one).next.get_or_insert_with(|| later(since, delay));
            if let Some(known) = kind.of(one).asleep {
                if known == activity {
                    continue;
                }
                due = next_beat(due, period, now);
                kind.of(one).next = Some(due);
                kind.of(one).asleep = None;
            }
            if due > now {
                plan.again(until(now, due));
                continue;
            }
            let result = self.ask(store, pod, machine, (spec, probe), now);
            let activity = machine.activity;
            let Some(one) = machine.containers.get_mut(&name) else { return };
            let next = later(now, period);
            let fixed = steady(pod, one, probe);
            let progress = kind.of(one);
            progress.next = Some(next);
            let rests =
                fixed && result.is_ok() && progress.successes >= number("/successThreshold", 1);
            progress.asleep = rests.then_some(activity);
            if !rests {
                plan.again(until(now, next));
            }
            match &result {
                Ok(()) => {
                    progress.failures = 0;
                    progress.successes += 1;
                }
                Err(Failure::Said(text)) => {
                    progress.successes = 0;
                    progress.failures += 1;
                    let text = format!("{} probe failed: {text}", kind.word());
                    note(pod, spec, true, "Unhealthy", text, plan);
                }
                // What could not be asked counts for nothing (`worker.go doProbe`).
                Err(Failure::Unasked(why)) => {
                    unasked(pod, (spec, kind), why, plan);
                    continue;
                }
            }
            let (good, bad) = (
                progress.successes >= number("/successThreshold", 1),
                progress.failures >= number("/failureThreshold", 3),
            );
            if verdict((spec, kind), one, (good, bad)) {
                condemn(pod, machine, (spec, kind), now, plan);
                return;
            }
        }
    }

    fn ask(
        &mut self,
        store: &Store,
        pod: &Value,
        machine: &mut Machine,
        (spec, probe): (&Value, &Value),
        now: Timestamp,
    ) -> Result<(), Failure> {
        let address = machine.address.clone();
        let port = |pointer: &str| match probe.pointer(pointer) {
            Some(Value::String(name)) => fields::items(spec, "/ports")
                .iter()
                .find(|port| fields::text(port, "/name") == name)
                .and_then(|port| fields::number(port, "/containerPort")),
            Some(value) => value.as_i64(),
            None => None,
        };
        let number =
            |port: Option<i64>| port.and_then(|port| u16::try_from(port).ok()).unwrap_or_default();
        if probe.get("httpGet").is_some() {
            let port = number(port("/httpGet/port"));
            let path = match fields::text(probe, "/httpGet/path") {
                "" => "/",
                path => path,
            };
            return match probe_answer((&self.disks, pod, machine), spec, port, Some(path), now) {
                Ok(code) if code < 400 => Ok(()),
                Ok(code) => said(format!("HTTP probe failed with statuscode: {code}")),
                Err(_) => said(format!(
                    "Get \"http://{address}:{port}{path}\": dial tcp {address}:{port}: connect: connection refused"
                )),
            };
        }
        if probe.get("tcpSocket").is_some() {
            let port = number(port("/tcpSocket/port"));
            return match probe_answer((&self.disks, pod, machine), spec, port, None, now) {
                Ok(_) => Ok(()),
                Err(_) => said(format!("dial tcp {address}:{port}: connect: connection refused")),
            };
        }
        let timeout = fields::number(probe, "/timeoutSeconds").unwrap_or(1).unsigned_abs();
        if probe.get("grpc").is_some() {
            let port = number(port("/grpc/port"));
            let one = machine.containers.get(fields::text(spec, "/name"));
            let healthy = one.is_some_and(|one| {
                one.ports(spec, now).contains(&Socket::tcp(port))
                    && agnhost::serves_health(&one.facts.processes, port)
            });
            // `pkg/probe/grpc/grpc.go`: what does not speak HTTP/2 is as good as not there.
            return if healthy {
                Ok(())
            } else {
                said(format!(
                    "timeout: failed to connect service \"{address}:{port}\" within {timeout}s: context deadline exceeded"
                ))
            };
        }
        let command: Vec<String> = fields::items(probe, "/exec/command")
            .iter()
            .filter_map(Value::as_str)
            .map(str::to_owned)
            .collect();
        self.ask_command(store, pod, machine, (spec, &command, timeout), now)
    }

    fn ask_command(
        &mut self,
        store: &Store,
        pod: &Value,
        machine: &mut Machine,
        (spec, command, timeout): (&Value, &[String], u64),
        now: Timestamp,
    ) -> Result<(), Failure> {
        let name = fields::text(spec, "/name");
        let Some(one) = machine.containers.get(name) else { return Ok(()) };
        let program = command.first().map_or("", String::as_str);
        let base = program.rsplit('/').next().unwrap_or(program);
        if !one.facts.commands.iter().any(|known| known == base) {
            let id = hex(&format!("{}{name}{program}", fields::uid(pod)));
            return Err(Failure::Unasked(format!(
                "rpc error: code = Unknown desc = failed to exec in container: failed to start exec \"{id}\": OCI runtime exec failed: exec failed: unable to start container process: exec: \"{program}\": executable file not found in $PATH"
            )));
        }
        let mut shell = Shell::new(command, &one.facts, &one.folder, false);
        let mut input = Input { closed: true, ..Input::default() };
        let limit = later(now, Duration::from_secs(timeout));
        let (mut at, mut output) = (now, Vec::new());
        loop {
            let run = (name, &mut shell, &mut input);
            let (stdout, stderr, waiting) = self.step_in(store, (pod, &mut *machine), run, at);
            output.extend([stdout, stderr].concat());
            match waiting {
                Waiting::Exited(0) => return Ok(()),
                Waiting::Exited(_) => return said(String::from_utf8_lossy(&output).into_owned()),
                // What it does within its time is done at once: nobody else looks meanwhile.
                Waiting::Until(next) if next > at && next <= limit => at = next,
                Waiting::Until(_) | Waiting::Input => {
                    return said(format!(
                        "command timed out: \"{}\" timed out after {timeout}s",
                        command.join(" ")
                    ));
                }
            }
        }
    }
}

/// Why a probe did not succeed.
enum Failure {
    /// It was told so.
    Said(String),
    /// It could not be asked.
    Unasked(String),
}

fn unasked(pod: &Value, (spec, kind): (&Value, Kind), why: &str, plan: &mut Plan) {
    let text = format!("{} probe errored and resulted in unknown state: {why}", kind.word());
    note(pod, spec, true, "Unhealthy", text, plan);
}

fn said(text: String) -> Result<(), Failure> {
    Err(Failure::Said(text))
}

/// Whether a probe's answer stays what it is until something happens in the pod: then there is no need to
/// ask again and again, which is what makes a day of virtual time cheap.
fn steady(pod: &Value, one: &Container, probe: &Value) -> bool {
    let shared = |volume: &Value| {
        ["persistentVolumeClaim", "hostPath"].iter().any(|kind| volume.get(kind).is_some())
    };
    probe.get("exec").is_none()
        && matches!(one.process, Process::Service)
        && !fields::items(pod, "/spec/volumes").iter().any(shared)
}

/// The first time from `now` on in the rhythm of a probe that was asleep.
fn next_beat(due: Timestamp, period: Duration, now: Timestamp) -> Timestamp {
    let period = period.max(Duration::from_secs(1)).as_nanos();
    let late = u128::try_from(now.as_nanosecond() - due.as_nanosecond()).unwrap_or_default();
    let beats = u64::try_from(late.div_ceil(period) * period).unwrap_or(u64::MAX);
    later(due, Duration::from_nanos(beats))
}

/// What a probe's count means for the container; true when it has to go.
fn verdict((spec, kind): (&Value, Kind), one: &mut Container, (good, bad): (bool, bool)) -> bool {
    match kind {
        Kind::Readiness if good => one.ready = true,
        Kind::Readiness if bad => one.ready = false,
        Kind::Startup if good => {
            one.started = true;
            if spec.get("readinessProbe").is_none() {
                one.ready = true;
            }
        }
        Kind::Startup | Kind::Liveness if bad => return true,
        _ => {}
    }
    false
}

/// Begins to stop a container, with the grace period of the probe if it has one
/// (`kuberuntime_container.go setTerminationGracePeriod`).
fn condemn(
    pod: &Value,
    machine: &mut Machine,
    (spec, kind): (&Value, Kind),
    now: Timestamp,
    plan: &mut Plan,
) {
    let name = fields::text(spec, "/name");
    let word = kind.word().to_lowercase();
    let text = format!("Container {name} failed {word} probe, will be restarted");
    note(pod, spec, false, "Killing", text, plan);
    let own = format!("/{}/terminationGracePeriodSeconds", kind.field());
    let grace = fields::number(spec, &own)
        .or_else(|| fields::number(pod, "/spec/terminationGracePeriodSeconds"))
        .unwrap_or(30);
    let hook = machine.hook(spec, When::PreStop, now);
    if let Some(one) = machine.containers.get_mut(name) {
        one.hook = hook;
        one.ending = Some(Ending { since: now, signalled: None, grace: grace.unsigned_abs() });
    }
    plan.again(Duration::from_millis(1));
}
