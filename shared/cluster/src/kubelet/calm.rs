//! Pods in which nothing happens but what their processes do: a loop that asks a server many times in a
//! second is not worth a look at the whole pod each time.

use jiff::Timestamp;
use serde_json::Value;

use super::container::{Container, Stage};
use super::{Kubelets, Machine};
use crate::event_loop::Plan;
use crate::fields;
use crate::store::Store;

impl Kubelets {
    /// Lets only the processes of a pod go on, when nothing was written since a look at all of it found
    /// nothing to do; false when all of it has to be looked at again.
    pub(super) fn go_on(
        &mut self,
        store: &Store,
        pod: &Value,
        machine: &mut Machine,
        now: Timestamp,
        plan: &mut Plan,
    ) -> bool {
        if machine.calm != store.revision() || !machine.is_calm(pod) {
            return false;
        }
        let before = machine.face();
        for spec in fields::items(pod, "/spec/containers") {
            self.run(store, pod, machine, spec, now, plan);
        }
        plan.writes.is_empty() && plan.events.is_empty() && machine.face() == before
    }
}

impl Machine {
    /// Whether all its containers run, and nothing else goes on in it.
    fn is_calm(&self, pod: &Value) -> bool {
        let one = |spec: &Value| self.containers.get(fields::text(spec, "/name"));
        let runs = |spec: &Value| {
            one(spec).is_some_and(|one| {
                matches!(one.stage, Stage::Running { .. })
                    && one.hook.is_none()
                    && one.ending.is_none()
            })
        };
        let ended =
            |spec: &Value| one(spec).is_some_and(|one| matches!(one.stage, Stage::Ended { .. }));
        self.mounting.done
            && self.mounting.refresh.is_none()
            && self.resizes.at_rest()
            && fields::text(pod, "/status/podIP") == self.address
            && fields::items(pod, "/spec/ephemeralContainers").is_empty()
            && fields::items(pod, "/spec/initContainers").iter().all(ended)
            && fields::items(pod, "/spec/containers").iter().all(runs)
    }

    /// What the status tells of its containers.
    fn face(&self) -> Vec<(Stage, bool, bool)> {
        let face = |one: &Container| (one.stage.clone(), one.ready, one.started);
        self.containers.values().map(face).collect()
    }
}
