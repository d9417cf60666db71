//! Graceful termination.

use super::Kubelets;
use super::Machine;
use super::container::Ending;
use super::container::Process;
use super::container::Stage;
use super::container::image_of;
use super::hooks::Came;
use super::hooks::When;
use super::later;
use super::node_network::full_name;
use super::note;
use super::restart;
use super::until;
use crate::event_loop::Plan;
use crate::event_loop::Write;
use crate::fields;
use crate::store::Store;
use jiff::Timestamp;
use serde_json::Value;
use std::sync::Arc;
use std::time::Duration;

/// Every container has at least this long after its SIGTERM (`minimumGracePeriodInSeconds`).
const LEAST: Duration = Duration::from_secs(2);

impl Kubelets {
    /// Stops the containers and confirms the deletion.
    pub(super) fn terminate(
        &mut self,
        store: &Store,
        pod: &Value,
        now: Timestamp,
        plan: &mut Plan,
    ) {
        let name = full_name(pod);
        let Some(shared) = self.machines.remove(&name) else {
            plan.writes.push(Write::delete_now("pods", pod));
            return;
        };
        let mut machine = Arc::unwrap_or_clone(shared);
        let grace = u64::try_from(
            fields::number(pod, "/metadata/deletionGracePeriodSeconds").unwrap_or(30),
        )
        .unwrap_or_default();
        if self.stop_all(store, (pod, &mut machine), (grace, now), plan) {
            self.machines.insert(name, Arc::new(machine));
            self.report(store, pod, now, plan);
            return;
        }
        self.ports.remove(&name);
        self.made_room(&machine.node);
        plan.writes.push(Write::delete_now("pods", pod));
    }

    /// Stops all containers of a pod, its sidecars last (`killContainersWithSyncResult`). True while one runs.
    pub(super) fn stop_all(
        &mut self,
        store: &Store,
        (pod, machine): (&Value, &mut Machine),
        (grace, now): (u64, Timestamp),
        plan: &mut Plan,
    ) -> bool {
        let mut left = false;
        let inits = fields::items(pod, "/spec/initContainers").iter();
        let inits = inits.filter(|spec| !restart::is_sidecar(spec));
        for spec in fields::items(pod, "/spec/containers").iter().chain(inits) {
            left |= self.stop(store, (pod, &mut *machine), spec, (grace, now), plan);
        }
        left || self.stop_sidecars_within(store, (pod, machine), (grace, now), plan)
    }

    /// Stops the sidecars of a pod that has nothing else to do.
    pub(super) fn stop_sidecars(
        &mut self,
        store: &Store,
        (pod, machine): (&Value, &mut Machine),
        now: Timestamp,
        plan: &mut Plan,
    ) {
        let grace = fields::number(pod, "/spec/terminationGracePeriodSeconds").unwrap_or(30);
        let within = (grace.unsigned_abs(), now);
        if !self.stop_sidecars_within(store, (pod, machine), within, plan) {
            self.ports.remove(&full_name(pod));
        }
    }

    /// One after the other, the last that began first (`termination_order.go`).
    fn stop_sidecars_within(
        &mut self,
        store: &Store,
        (pod, machine): (&Value, &mut Machine),
        within: (u64, Timestamp),
        plan: &mut Plan,
    ) -> bool {
        let sidecars = fields::items(pod, "/spec/initContainers").iter().rev();
        for spec in sidecars.filter(|spec| restart::is_sidecar(spec)) {
            if self.stop(store, (pod, &mut *machine), spec, within, plan) {
                return true;
            }
        }
        false
    }

    /// Stops a container (`killContainer`): its hook, SIGTERM, and what is left of the grace period. True while
    /// it still runs.
    pub(super) fn stop(
        &mut self,
        store: &Store,
        (pod, machine): (&Value, &mut Machine),
        spec: &Value,
        (grace, now): (u64, Timestamp),
        plan: &mut Plan,
    ) -> bool {
        let name = fields::text(spec, "/name");
        let running = |machine: &Machine| {
            let one = machine.containers.get(name);
            one.is_some_and(|one| matches!(one.stage, Stage::Running { .. }))
        };
        if !running(machine) {
            return false;
        }
        let known = machine.containers.get(name).and_then(|one| one.ending);
        let mut ending = known.unwrap_or_else(|| {
            note(pod, spec, false, "Killing", format!("Stopping container {name}"), plan);
            Ending { since: now, signalled: None, grace }
        });
        let limit = later(ending.since, Duration::from_secs(grace.min(ending.grace)));
        if ending.signalled.is_none() {
            let begun = machine.containers.get_mut(name).and_then(|one| one.hook.take());
            let hook = if known.is_some() { begun } else { machine.hook(spec, When::PreStop, now) };
            let (came, hook) = match hook {
                None => (Came::Done, None),
                Some(mut hook) => {
                    let step = (spec, &mut hook);
                    let came = self.step_hook(store, (pod, &mut *machine), step, now, plan);
                    (came, Some(hook))
                }
            };
            let late = came == Came::Runs && now >= limit;
            if came == Came::Failed || late {
                let text = "PreStopHook failed".to_owned();
                note(pod, spec, true, "FailedPreStopHook", text, plan);
            }
            if came == Came::Runs && !late {
                plan.again(until(now, limit));
                let Some(one) = machine.containers.get_mut(name) else { return false };
                (one.hook, one.ending) = (hook, Some(ending));
                return true;
            }
            ending.signalled = Some(now);
        }
        let Some(one) = machine.containers.get_mut(name) else { return false };
        one.ending = Some(ending);
        let signalled = ending.signalled.unwrap_or(now);
        // A process with number 1 that handles no SIGTERM does not get it.
        let quick = matches!(one.process, Process::Service)
            && image_of(spec).is_none_or(|image| image.ends_on_term);
        let end = if quick {
            later(signalled, Duration::from_millis(600))
        } else {
            limit.max(later(signalled, LEAST))
        };
        if now < end {
            plan.again(until(now, end));
            return true;
        }
        one.end(if quick { 0 } else { 137 }, now);
        false
    }
}
