//! Jobs that finished some time ago go away (`pkg/controller/ttlafterfinished`).

use std::time::Duration;

use jiff::Timestamp;

use crate::event_loop::{Component, Controller, Key, Plan, Write};
use crate::fields;
use crate::store::{Change, Store};

const RESOURCE: &str = "jobs.batch";

/// The control loop.
pub(crate) struct FinishedJobs;

impl Controller for FinishedJobs {
    fn name(&self) -> &'static str {
        "ttl-after-finished-controller"
    }

    fn component(&self) -> Component {
        Component::controller("ttl-after-finished-controller", "ttl-after-finished-controller")
    }

    fn triggers(&self, _store: &Store, change: &Change) -> Vec<Key> {
        let job = change.new.as_deref().filter(|_| change.resource == RESOURCE);
        job.filter(|job| fields::number(job, "/spec/ttlSecondsAfterFinished").is_some())
            .map(Key::of)
            .into_iter()
            .collect()
    }

    fn reconcile(&self, store: &Store, key: &Key, now: Timestamp) -> Plan {
        let mut plan = Plan::nothing();
        let Some(job) = store.get(RESOURCE, &key.namespace, &key.name) else { return plan };
        let end = ["Complete", "Failed"]
            .into_iter()
            .filter(|kind| fields::condition_true(&job, kind))
            .find_map(|kind| fields::time(fields::condition(&job, kind)?, "/lastTransitionTime"));
        let (Some(end), Some(lifetime), false) =
            (end, fields::number(&job, "/spec/ttlSecondsAfterFinished"), fields::deleting(&job))
        else {
            return plan;
        };
        let left = (end.as_second() + lifetime) * 1000 - now.as_millisecond();
        match u64::try_from(left) {
            Ok(left) if left > 0 => plan.again(Duration::from_millis(left)),
            _ => plan.writes.push(Write::delete(RESOURCE, &job, "Foreground")),
        }
        plan
    }
}
