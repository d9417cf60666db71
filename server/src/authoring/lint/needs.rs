//! What a check needs of a cluster, and whether `requires` says so: where it does not, the check fails
//! for a reason that nobody is told.

use notebook::check::{Check, Condition};
use notebook::scenario::{Requirement, Scenario};
use regex_lite::Regex;
use serde_json::Value;

use super::kinds::{each_check, text};
use crate::authoring::finding::Finding;
use crate::authoring::folder::Folder;

pub(super) fn check(folder: &Folder, found: &mut Vec<Finding>) {
    let scenario = &folder.english.scenario;
    each_check(folder, &mut |path, check| {
        // A hint whose condition cannot be known is not shown, which is right.
        if path.contains(".hints[") {
            return;
        }
        for (requirement, why) in needed(scenario, check) {
            let said = |one: Requirement| {
                scenario.requires.contains(&one) || check.requires.contains(&one)
            };
            // Where its operator runs, pods run.
            let implied = requirement == Requirement::Pods && said(Requirement::Hypercloud);
            if said(requirement) || implied {
                continue;
            }
            let word = word(requirement);
            let what = format!("the check needs `{word}`, which `requires` does not say: {why}");
            let remedy = format!(
                "add `requires: [{word}]` to the check, or `{word}` to that of the scenario"
            );
            found.push(folder.finding(path, what, remedy));
        }
    });
    for (place, cell) in folder.cells() {
        let named = cell.persona.as_ref();
        if is_somebody(scenario, named) && !scenario.requires.contains(&Requirement::Impersonation)
        {
            let what = format!(
                "the cell acts as `{}`, which needs `impersonation`",
                named.map_or("", String::as_str)
            );
            let remedy = "add `impersonation` to `requires` of the scenario";
            found.push(folder.finding(&place, what, remedy));
        }
    }
}

/// The word of a requirement in `requires`.
fn word(requirement: Requirement) -> String {
    let value = serde_json::to_value(requirement).unwrap_or_default();
    value.as_str().unwrap_or_default().to_owned()
}

fn is_somebody(scenario: &Scenario, id: Option<&String>) -> bool {
    let persona = match id {
        Some(id) => scenario.personas.iter().find(|persona| persona.id == *id),
        None => scenario.personas.first(),
    };
    persona.is_some_and(|persona| !persona.user.is_empty())
}

type Need = (Requirement, String);

/// What a condition needs, each with the reason.
fn needed(scenario: &Scenario, check: &Check) -> Vec<Need> {
    let need = |requirement, why: &str| (requirement, why.to_owned());
    match &check.condition {
        Condition::Connects { connections } => {
            let mut needs = vec![
                need(Requirement::Pods, "connections are made by pods"),
                need(Requirement::Exec, "a real cluster is asked by a command in a pod"),
            ];
            if connections.iter().any(|connection| !connection.allowed) {
                let why = "a connection must be blocked";
                needs.push(need(Requirement::NetworkPolicyEnforced, why));
            }
            needs
        }
        Condition::Output { command, .. } => {
            let mut needs = vec![
                need(Requirement::Pods, "a command runs in a pod"),
                need(Requirement::Exec, "a command runs in a pod"),
            ];
            if asks_by_name(&command.join(" ")) {
                needs.push(need(Requirement::ClusterDns, "the command asks a host by its name"));
            }
            needs
        }
        Condition::Logs { .. } => vec![need(Requirement::Pods, "a pod must have a log")],
        Condition::Prints { line, persona, .. } => {
            let mut needs = of_line(line);
            if is_somebody(scenario, persona.as_ref()) {
                needs.push(need(Requirement::Impersonation, "it asks as somebody else"));
            }
            needs
        }
        Condition::Rejects { persona, .. } if is_somebody(scenario, persona.as_ref()) => {
            vec![need(Requirement::Impersonation, "it asks as somebody else")]
        }
        Condition::Event { reason, .. } if BY_KUBELET.contains(&reason.as_str()) => {
            vec![(Requirement::Pods, format!("the event {reason} is about a pod that has a node"))]
        }
        Condition::Assert { object } => of_object(object),
        Condition::Absent { .. }
        | Condition::Can { .. }
        | Condition::Rejects { .. }
        | Condition::Event { .. } => Vec::new(),
    }
}

/// Reasons of events that need a kubelet, or a node that takes the pod.
const BY_KUBELET: [&str; 12] = [
    "BackOff",
    "Created",
    "Failed",
    "FailedMount",
    "Killing",
    "NodeNotReady",
    "Preempted",
    "Pulled",
    "Pulling",
    "Scheduled",
    "Started",
    "Unhealthy",
];

fn of_line(line: &str) -> Vec<Need> {
    let mut needs = Vec::new();
    for command in runner::commands(line) {
        let Ok(read) = kubectl::line::read(&command) else { continue };
        if read.command == "logs" {
            needs.push((Requirement::Pods, "a pod must have a log".to_owned()));
        }
        if read.command.starts_with("top") {
            needs.push((Requirement::MetricsApi, "it asks for usage".to_owned()));
        }
    }
    needs
}

/// Whether a command asks a host by its name: `http://web/`, `nslookup web`.
fn asks_by_name(command: &str) -> bool {
    let pattern = r"(https?://|nslookup |nc (-\S+ )*)([A-Za-z][A-Za-z0-9.-]*)";
    let Ok(pattern) = Regex::new(pattern) else { return false };
    pattern
        .captures_iter(command)
        .any(|found| found.get(3).is_some_and(|host| host.as_str() != "localhost"))
}

/// Fields that only a kubelet, or what stands on one, fills in.
fn of_object(object: &Value) -> Vec<Need> {
    let kind = text(object, "/kind");
    let why = |field: &str| format!("{kind} {} has `{field}`", text(object, "/metadata/name"));
    let mut needs = Vec::new();
    if text(object, "/apiVersion").contains("tmax.io/") {
        needs.push((Requirement::Hypercloud, why("apiVersion tmax.io")));
    }
    let fields: &[&str] = match kind {
        "Pod" => &[
            "/status/containerStatuses",
            "/status/phase",
            "/status/podIP",
            "/status/qosClass",
            "/spec/nodeName",
        ],
        "Deployment" | "ReplicaSet" | "StatefulSet" => {
            &["/status/availableReplicas", "/status/readyReplicas"]
        }
        "DaemonSet" => &[
            "/status/currentNumberScheduled",
            "/status/desiredNumberScheduled",
            "/status/numberAvailable",
            "/status/numberReady",
        ],
        "Job" => &["/status/succeeded", "/status/failed", "/status/ready"],
        "CronJob" => &["/status/lastSuccessfulTime"],
        "HorizontalPodAutoscaler" => &["/status/currentMetrics", "/status/currentReplicas"],
        _ => &[],
    };
    for field in fields {
        let is_pending = *field == "/status/phase" && text(object, field) == "Pending";
        if object.pointer(field).is_some_and(is_there)
            && !is_pending
            && *field != "/status/qosClass"
        {
            needs.push((Requirement::Pods, why(&field.trim_start_matches('/').replace('/', "."))));
            break;
        }
    }
    let conditions = object.pointer("/status/conditions").and_then(Value::as_array);
    for condition in conditions.into_iter().flatten() {
        let name = text(condition, "/type");
        if text(condition, "/status") != "True" {
            continue;
        }
        if BY_PODS.contains(&(kind, name)) {
            needs.push((Requirement::Pods, why(name)));
        }
        if (kind, name) == ("HorizontalPodAutoscaler", "ScalingActive") {
            needs.push((Requirement::MetricsApi, why(name)));
        }
    }
    if kind == "HorizontalPodAutoscaler"
        && object.pointer("/status/currentMetrics").is_some_and(is_there)
    {
        needs.push((Requirement::MetricsApi, why("status.currentMetrics")));
    }
    if kind == "PersistentVolumeClaim" && text(object, "/status/phase") == "Bound" {
        needs.push((Requirement::DefaultStorage, why("status.phase")));
    }
    needs
}

/// Conditions that come true when pods run.
const BY_PODS: [(&str, &str); 7] = [
    ("Deployment", "Available"),
    ("Job", "Complete"),
    ("Job", "Failed"),
    ("Pod", "ContainersReady"),
    ("Pod", "PodScheduled"),
    ("Pod", "Ready"),
    ("StatefulSet", "Available"),
];

/// Whether something must be there for a value to match: not for none, and not for an absence.
fn is_there(value: &Value) -> bool {
    match value {
        Value::Number(number) => number.as_u64() != Some(0),
        Value::String(text) => {
            !["(absent)", "(length 0)"].contains(&text.as_str())
                && !text.starts_with("(<")
                && !text.starts_with("(!=")
        }
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => true,
    }
}
