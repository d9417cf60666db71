//! Graceful termination.

use super::Kubelets;
use super::container::Process;
use super::container::Stage;
use super::container::image_of;
use super::later;
use super::node_network::full_name;
use super::note;
use super::until;
use crate::event_loop::Plan;
use crate::event_loop::Write;
use crate::fields;
use crate::store::Store;
use jiff::Timestamp;
use serde_json::Value;
use std::sync::Arc;
use std::time::Duration;

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
