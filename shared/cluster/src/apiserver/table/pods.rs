//! Pods (`printPod`).

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{Cells, age, name, or_none, since};
use crate::fields::{condition, condition_true, deleting, flag, items, number, text};

/// Pods that have ended are greyed out.
pub(super) fn row_condition(pod: &Value) -> Option<Value> {
    let (reason, message) = match text(pod, "/status/phase") {
        "Succeeded" => ("Succeeded", "The pod has completed successfully."),
        "Failed" => ("Failed", "The pod failed."),
        _ => return None,
    };
    Some(json!({"type": "Completed", "status": "True", "reason": reason, "message": message}))
}

#[derive(Default)]
struct Restarts {
    count: i64,
    last: Option<String>,
}

impl Restarts {
    fn add(&mut self, status: &Value) {
        self.count += number(status, "/restartCount").unwrap_or(0);
        let at = text(status, "/lastState/terminated/finishedAt");
        if !at.is_empty() && self.last.as_deref().is_none_or(|last| last < at) {
            self.last = Some(at.to_owned());
        }
    }

    fn shown(&self, now: Timestamp) -> String {
        match &self.last {
            Some(last) if self.count > 0 => format!("{} ({} ago)", self.count, since(last, now)),
            _ => self.count.to_string(),
        }
    }
}

fn terminated(state: &Value) -> String {
    let reason = text(state, "/reason");
    if !reason.is_empty() {
        return reason.to_owned();
    }
    match number(state, "/signal").unwrap_or(0) {
        0 => format!("ExitCode:{}", number(state, "/exitCode").unwrap_or(0)),
        signal => format!("Signal:{signal}"),
    }
}

fn sidecars(pod: &Value) -> Vec<&str> {
    let all = items(pod, "/spec/initContainers").iter();
    all.filter(|one| text(one, "/restartPolicy") == "Always")
        .map(|one| text(one, "/name"))
        .collect()
}

/// The reason while init containers run, and their restarts.
fn init(pod: &Value, restarts: &mut Restarts, sidecar_restarts: &mut Restarts) -> Option<String> {
    let total = items(pod, "/spec/initContainers").len();
    let sidecars = sidecars(pod);
    for (index, status) in items(pod, "/status/initContainerStatuses").iter().enumerate() {
        restarts.add(status);
        let sidecar = sidecars.contains(&text(status, "/name"));
        if sidecar {
            sidecar_restarts.add(status);
        }
        if let Some(state) = status.pointer("/state/terminated") {
            if number(state, "/exitCode") == Some(0) {
                continue;
            }
            return Some(format!("Init:{}", terminated(state)));
        }
        if sidecar && flag(status, "/started") {
            continue;
        }
        let waiting = text(status, "/state/waiting/reason");
        if !waiting.is_empty() && waiting != "PodInitializing" {
            return Some(format!("Init:{waiting}"));
        }
        return Some(format!("Init:{index}/{total}"));
    }
    None
}

/// STATUS, RESTARTS and the ready containers of a pod.
fn status(pod: &Value, now: Timestamp) -> (String, String, usize) {
    let reason = text(pod, "/status/reason");
    let mut shown = if reason.is_empty() { text(pod, "/status/phase") } else { reason }.to_owned();
    if condition(pod, "PodScheduled").is_some_and(|one| text(one, "/reason") == "SchedulingGated") {
        "SchedulingGated".clone_into(&mut shown);
    }
    let (mut restarts, mut kept) = (Restarts::default(), Restarts::default());
    let initializing = init(pod, &mut restarts, &mut kept);
    let sidecars = sidecars(pod);
    let started = items(pod, "/status/initContainerStatuses").iter();
    let mut ready =
        started.filter(|one| sidecars.contains(&text(one, "/name")) && flag(one, "/ready")).count();
    let done = initializing.is_none() || condition_true(pod, "Initialized");
    if let Some(reason) = initializing.filter(|_| !condition_true(pod, "Initialized")) {
        shown = reason;
    }
    if done {
        restarts = kept;
        let mut running = false;
        for one in items(pod, "/status/containerStatuses").iter().rev() {
            restarts.add(one);
            let waiting = text(one, "/state/waiting/reason");
            if !waiting.is_empty() {
                waiting.clone_into(&mut shown);
            } else if let Some(state) = one.pointer("/state/terminated") {
                shown = terminated(state);
            } else if flag(one, "/ready") && one.pointer("/state/running").is_some() {
                running = true;
                ready += 1;
            }
        }
        if shown == "Completed" && running {
            let ready = condition_true(pod, "Ready");
            if ready { "Running" } else { "NotReady" }.clone_into(&mut shown);
        }
    }
    if deleting(pod) {
        if text(pod, "/status/reason") == "NodeLost" {
            "Unknown".clone_into(&mut shown);
        } else if !matches!(text(pod, "/status/phase"), "Failed" | "Succeeded") {
            "Terminating".clone_into(&mut shown);
        }
    }
    (shown, restarts.shown(now), ready)
}

pub(super) fn cells(pod: &Value, now: Timestamp) -> Cells {
    let total = items(pod, "/spec/containers").len() + sidecars(pod).len();
    let (shown, restarts, ready) = status(pod, now);
    let ip = match text(pod, "/status/podIPs/0/ip") {
        "" => text(pod, "/status/podIP"),
        ip => ip,
    };
    let gates = items(pod, "/spec/readinessGates");
    let open =
        gates.iter().filter(|gate| condition_true(pod, text(gate, "/conditionType"))).count();
    let gates_shown =
        if gates.is_empty() { String::new() } else { format!("{open}/{}", gates.len()) };
    vec![
        name(pod),
        json!(format!("{ready}/{total}")),
        json!(shown),
        json!(restarts),
        age(pod, now),
        or_none(ip),
        or_none(text(pod, "/spec/nodeName")),
        or_none(text(pod, "/status/nominatedNodeName")),
        or_none(&gates_shown),
    ]
}
