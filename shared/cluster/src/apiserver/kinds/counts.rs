//! The counters that statuses of workloads have.

use serde_json::Value;

use super::Faults;
use super::at::At;

/// Counters that must not be negative, those that `replicas` bounds, and the sentence about
/// `readyReplicas` as an upper bound of `availableReplicas`.
struct Counters {
    all: &'static [&'static str],
    bounded: &'static [&'static str],
    ready: &'static str,
}

const DEPLOYMENT: Counters = Counters {
    all: &[
        "observedGeneration",
        "replicas",
        "updatedReplicas",
        "readyReplicas",
        "availableReplicas",
        "unavailableReplicas",
        "terminatingReplicas",
        "collisionCount",
    ],
    bounded: &["updatedReplicas", "readyReplicas", "availableReplicas"],
    ready: "cannot be greater than readyReplicas",
};

const REPLICA_SET: Counters = Counters {
    all: &[
        "replicas",
        "fullyLabeledReplicas",
        "readyReplicas",
        "availableReplicas",
        "observedGeneration",
        "terminatingReplicas",
    ],
    bounded: &["fullyLabeledReplicas", "readyReplicas", "availableReplicas"],
    ready: "cannot be greater than readyReplicas",
};

const STATEFUL_SET: Counters = Counters {
    all: &[
        "replicas",
        "readyReplicas",
        "currentReplicas",
        "updatedReplicas",
        "availableReplicas",
        "observedGeneration",
        "collisionCount",
    ],
    bounded: &["readyReplicas", "currentReplicas", "updatedReplicas", "availableReplicas"],
    ready: "cannot be greater than status.readyReplicas",
};

const DAEMON_SET: Counters = Counters {
    all: &[
        "currentNumberScheduled",
        "numberMisscheduled",
        "desiredNumberScheduled",
        "numberReady",
        "observedGeneration",
        "updatedNumberScheduled",
        "numberAvailable",
        "numberUnavailable",
        "collisionCount",
    ],
    bounded: &[],
    ready: "",
};

fn check(new: &Value, old: &Value, counters: &Counters, faults: &mut Faults) {
    let status = At::root(new).child("status");
    let count = |name: &str| status.number_of(name).unwrap_or(0);
    status.nonnegative_fields(counters.all, faults);
    for name in counters.bounded {
        if count(name) > count("replicas") {
            let why = "cannot be greater than status.replicas";
            status.child(name).invalid_as(count(name), why, faults);
        }
    }
    if !counters.ready.is_empty() && count("availableReplicas") > count("readyReplicas") {
        let shown = count("availableReplicas");
        status.child("availableReplicas").invalid_as(shown, counters.ready, faults);
    }
    let before = At::root(old).child("status").number_of("collisionCount");
    let fewer = before.is_some_and(|before| count("collisionCount") < before);
    if counters.all.contains(&"collisionCount") && fewer {
        let shown = count("collisionCount");
        status.child("collisionCount").invalid_as(shown, "cannot be decremented", faults);
    }
}

pub(super) fn deployment(new: &Value, old: &Value, faults: &mut Faults) {
    check(new, old, &DEPLOYMENT, faults);
}

pub(super) fn replica_set(new: &Value, old: &Value, faults: &mut Faults) {
    check(new, old, &REPLICA_SET, faults);
}

pub(super) fn stateful_set(new: &Value, old: &Value, faults: &mut Faults) {
    check(new, old, &STATEFUL_SET, faults);
}

pub(super) fn daemon_set(new: &Value, old: &Value, faults: &mut Faults) {
    check(new, old, &DAEMON_SET, faults);
}
