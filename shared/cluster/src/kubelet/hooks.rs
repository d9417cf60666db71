//! Hooks of containers: what runs after a start and before a stop (`pkg/kubelet/lifecycle/handlers.go`,
//! `kuberuntime_container.go executePreStopHook`).

use std::time::Duration;

use jiff::Timestamp;
use serde_json::Value;

use super::sessions::probe_answer;
use super::{Kubelets, Machine, later, note, until};
use crate::event_loop::Plan;
use crate::fields;
use crate::shell::{Input, Shell, Waiting};
use crate::store::Store;

/// A hook that runs.
#[derive(Debug, Clone)]
pub(crate) enum Hook {
    /// A command in the container.
    Command(Box<Shell>),
    /// Nothing, until then.
    Sleep(Timestamp),
    /// A request to the container.
    Request(Value),
    /// One of a kind that kubelets cannot run: `tcpSocket`, which the API still takes.
    Invalid,
}

/// How far a hook has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Came {
    Done,
    Failed,
    Runs,
}

/// Which of the two.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum When {
    PostStart,
    PreStop,
}

impl When {
    fn field(self) -> &'static str {
        match self {
            Self::PostStart => "/lifecycle/postStart",
            Self::PreStop => "/lifecycle/preStop",
        }
    }
}

impl Machine {
    /// Begins a hook of a container, when it has one.
    pub(super) fn hook(&self, spec: &Value, when: When, now: Timestamp) -> Option<Hook> {
        let hook = spec.pointer(when.field())?;
        if let Some(seconds) = fields::number(hook, "/sleep/seconds") {
            let seconds = Duration::from_secs(seconds.unsigned_abs());
            return Some(Hook::Sleep(later(now, seconds)));
        }
        if let Some(request) = hook.get("httpGet") {
            return Some(Hook::Request(request.clone()));
        }
        if hook.get("exec").is_none() {
            return Some(Hook::Invalid);
        }
        let one = self.containers.get(fields::text(spec, "/name"))?;
        let command: Vec<String> = fields::items(hook, "/exec/command")
            .iter()
            .filter_map(Value::as_str)
            .map(str::to_owned)
            .collect();
        let shell = Shell::new(&command, &one.facts, &one.folder, false);
        Some(Hook::Command(Box::new(shell)))
    }
}

impl Kubelets {
    /// Lets a hook go on.
    pub(super) fn step_hook(
        &mut self,
        store: &Store,
        (pod, machine): (&Value, &mut Machine),
        (spec, hook): (&Value, &mut Hook),
        now: Timestamp,
        plan: &mut Plan,
    ) -> Came {
        match hook {
            Hook::Invalid => Came::Failed,
            Hook::Sleep(at) if *at <= now => Came::Done,
            Hook::Sleep(at) => {
                plan.again(until(now, *at));
                Came::Runs
            }
            Hook::Request(request) => {
                let port = match request.get("port") {
                    Some(Value::String(name)) => fields::items(spec, "/ports")
                        .iter()
                        .find(|port| fields::text(port, "/name") == name)
                        .and_then(|port| fields::number(port, "/containerPort")),
                    Some(port) => port.as_i64(),
                    None => None,
                };
                let port = port.and_then(|port| u16::try_from(port).ok()).unwrap_or(80);
                let path = fields::text(request, "/path");
                let asked = (&self.disks, pod, &*machine);
                // Whatever is answered is an answer (`runHTTPHandler`).
                match probe_answer(asked, spec, port, Some(path), now) {
                    Ok(_) => Came::Done,
                    Err(_) => Came::Failed,
                }
            }
            Hook::Command(shell) => {
                let name = fields::text(spec, "/name");
                let mut input = Input { closed: true, ..Input::default() };
                let run = (name, shell.as_mut(), &mut input);
                match self.step_in(store, (pod, machine), run, now).2 {
                    Waiting::Exited(0) => Came::Done,
                    Waiting::Exited(_) => Came::Failed,
                    Waiting::Until(at) => {
                        plan.again(until(now, at));
                        Came::Runs
                    }
                    Waiting::Input => Came::Runs,
                }
            }
        }
    }

    /// Lets the hook after the start go on; true while the container has to wait for it or died of it.
    pub(super) fn post_start(
        &mut self,
        store: &Store,
        (pod, machine): (&Value, &mut Machine),
        spec: &Value,
        now: Timestamp,
        plan: &mut Plan,
    ) -> bool {
        let name = fields::text(spec, "/name");
        let Some(mut hook) = machine.containers.get_mut(name).and_then(|one| one.hook.take())
        else {
            return false;
        };
        let came = self.step_hook(store, (pod, &mut *machine), (spec, &mut hook), now, plan);
        let Some(one) = machine.containers.get_mut(name) else { return true };
        match came {
            Came::Done => false,
            Came::Runs => {
                one.hook = Some(hook);
                true
            }
            Came::Failed => {
                let text = "PostStartHook failed".to_owned();
                note(pod, spec, true, "FailedPostStartHook", text, plan);
                note(pod, spec, false, "Killing", "FailedPostStartHook".to_owned(), plan);
                one.end(137, now);
                plan.again(Duration::from_millis(1));
                true
            }
        }
    }
}
