//! Requests that are done with, or that nobody cared about, go (`pkg/controller/certificates/cleaner/cleaner.go`).

use std::time::Duration;

use jiff::Timestamp;
use serde_json::Value;

use super::{RESOURCE, condition, keys};
use crate::event_loop::{Component, Controller, Key, Plan, Write};
use crate::fields::{items, text, time};
use crate::store::{Change, Store};

const ANSWERED: Duration = Duration::from_hours(1);
const UNANSWERED: Duration = Duration::from_hours(24);

/// Removes them.
pub(crate) struct Cleaner;

impl Controller for Cleaner {
    fn name(&self) -> &'static str {
        "certificatesigningrequest-cleaner-controller"
    }

    fn component(&self) -> Component {
        Component::controller("certificate-controller", "certificate-controller")
    }

    fn triggers(&self, _store: &Store, change: &Change) -> Vec<Key> {
        keys(change)
    }

    fn reconcile(&self, store: &Store, key: &Key, now: Timestamp) -> Plan {
        let mut plan = Plan::nothing();
        let Some(request) = store.get(RESOURCE, "", &key.name) else { return plan };
        let Some(end) = end(&request) else { return plan };
        if end <= now {
            plan.writes.push(Write::delete(RESOURCE, &request, "Background"));
        } else {
            plan.again(Duration::try_from(end.duration_since(now)).unwrap_or_default());
        }
        plan
    }
}

/// When a request goes.
fn end(request: &Value) -> Option<Timestamp> {
    if items(request, "/status/conditions").is_empty() {
        return time(request, "/metadata/creationTimestamp")?.checked_add(UNANSWERED).ok();
    }
    let signed = !text(request, "/status/certificate").is_empty();
    let answered = |kind: &str, after: Duration| {
        let at = time(condition(request, kind)?, "/lastUpdateTime")?;
        at.checked_add(after).ok()
    };
    let ends = [
        answered("Denied", ANSWERED),
        answered("Failed", ANSWERED),
        answered("Approved", if signed { ANSWERED } else { UNANSWERED }),
    ];
    ends.into_iter().flatten().min()
}
