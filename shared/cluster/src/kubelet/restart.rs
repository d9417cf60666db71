//! What follows the end of a container, and of a pod's time (`pkg/api/v1/pod/util.go ContainerShouldRestart`,
//! `pkg/kubelet/active_deadline.go`).

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::Value;

use super::container::Stage;
use super::node_network::full_name;
use super::{Kubelets, Machine, later, until};
use crate::event_loop::{EventNote, Plan, reference};
use crate::fields;
use crate::store::Store;

/// Why a pod ends before its containers do: `reason` and `message` of its status, and how many seconds they have.
#[derive(Debug, Clone)]
pub(crate) struct Sentence {
    pub(super) reason: &'static str,
    pub(super) message: String,
    pub(super) grace: u64,
}

impl Sentence {
    /// Its time is over.
    fn deadline(pod: &Value) -> Self {
        let grace = fields::number(pod, "/spec/terminationGracePeriodSeconds").unwrap_or(30);
        let message = "Pod was active on the node longer than the specified deadline";
        Self {
            reason: "DeadlineExceeded",
            message: message.to_owned(),
            grace: grace.unsigned_abs(),
        }
    }
}

/// Whether a container of a pod starts again after an end with a code.
pub(super) type Rule = fn(&Value, &Value, i32) -> bool;

/// Whether an init container runs beside those that follow it.
pub(super) fn is_sidecar(spec: &Value) -> bool {
    fields::text(spec, "/restartPolicy") == "Always"
}

/// Whether a container that ended with a code starts again: by a rule of its own, its own policy, or the pod's.
pub(super) fn restarts(pod: &Value, spec: &Value, code: i32) -> bool {
    let by = |policy: &str| match policy {
        "Never" => false,
        "OnFailure" => code != 0,
        _ => true,
    };
    let own = fields::text(spec, "/restartPolicy");
    if own.is_empty() {
        return by(fields::text(pod, "/spec/restartPolicy"));
    }
    let fits = |rule: &&Value| {
        let listed = fields::items(rule, "/exitCodes/values");
        let listed = listed.iter().any(|one| one.as_i64() == Some(i64::from(code)));
        match fields::text(rule, "/exitCodes/operator") {
            "In" => listed,
            "NotIn" => !listed,
            _ => false,
        }
    };
    let rule = fields::items(spec, "/restartPolicyRules").iter().find(fits);
    rule.is_some_and(|rule| fields::text(rule, "/action").starts_with("Restart")) || by(own)
}

/// The same for an init container: one that is done is not run again.
pub(super) fn initial_restarts(pod: &Value, spec: &Value, code: i32) -> bool {
    is_sidecar(spec) || (code != 0 && restarts(pod, spec, code))
}

/// Whether all that a pod is for has ended for good, so that only sidecars are left.
pub(super) fn is_over(pod: &Value, machine: &Machine) -> bool {
    let for_good = |spec: &Value, again: Rule| {
        let one = machine.containers.get(fields::text(spec, "/name"));
        one.is_some_and(|one| match one.stage {
            Stage::Ended { code, .. } => !again(pod, spec, code),
            _ => false,
        })
    };
    let failed = |spec: &Value| {
        let one = machine.containers.get(fields::text(spec, "/name"));
        let ended =
            one.is_some_and(|one| matches!(one.stage, Stage::Ended { code, .. } if code != 0));
        !is_sidecar(spec) && ended && for_good(spec, initial_restarts)
    };
    fields::items(pod, "/spec/initContainers").iter().any(failed)
        || fields::items(pod, "/spec/containers").iter().all(|spec| for_good(spec, restarts))
}

/// Whether the time that a pod may be active has passed.
fn deadline(pod: &Value, machine: &Machine) -> Option<Timestamp> {
    let seconds = fields::number(pod, "/spec/activeDeadlineSeconds")?;
    Some(later(machine.since, Duration::from_secs(seconds.unsigned_abs())))
}

impl Kubelets {
    /// Stops a pod whose time is over or that is evicted; true while it does not live on.
    pub(super) fn expire(
        &mut self,
        store: &Store,
        pod: &Value,
        now: Timestamp,
        plan: &mut Plan,
    ) -> bool {
        let name = full_name(pod);
        let Some(machine) = self.machines.get(&name) else { return false };
        if machine.sentence.is_none() {
            let Some(due) = deadline(pod, machine) else { return false };
            if now < due {
                plan.again(until(now, due));
                return false;
            }
        }
        let Some(shared) = self.machines.remove(&name) else { return false };
        let mut machine = Arc::unwrap_or_clone(shared);
        let sentence = machine.sentence.get_or_insert_with(|| {
            let sentence = Sentence::deadline(pod);
            let about = reference(pod, "v1", "Pod");
            plan.events.push(EventNote::normal(about, sentence.reason, sentence.message.clone()));
            sentence
        });
        let grace = sentence.grace;
        machine.halted = !self.stop_all(store, (pod, &mut machine), (grace, now), plan);
        if machine.halted {
            self.ports.remove(&name);
        }
        self.machines.insert(name, Arc::new(machine));
        self.report(store, pod, now, plan);
        true
    }
}
