//! `kubectl describe pod`.

use serde_json::Value;

use super::containers::{self, conditions, spread_constraints, tolerations};
use super::page::{Page, clock_text};
use super::volumes::volumes;
use crate::value::{Reading as _, plain};

/// Writes the text of a pod.
pub(super) fn write(page: &mut Page, pod: &Value) {
    page.field(0, "Name", pod.text("metadata.name"));
    page.field(0, "Namespace", pod.text("metadata.namespace"));
    if let Some(priority) = pod.int("spec.priority") {
        page.field(0, "Priority", &priority.to_string());
    }
    for (title, path) in [
        ("Priority Class Name", "spec.priorityClassName"),
        ("Runtime Class Name", "spec.runtimeClassName"),
        ("Service Account", "spec.serviceAccountName"),
    ] {
        optional(page, title, pod.text(path));
    }
    match pod.text("spec.nodeName") {
        "" => page.at(0, "Node:\t<none>\n"),
        node => page.field(0, "Node", &format!("{node}/{}", pod.text("status.hostIP"))),
    }
    if pod.has("status.startTime") {
        page.field(0, "Start Time", &clock_text(pod.text("status.startTime")));
    }
    page.meta(pod);
    status(page, pod);
    addresses(page, pod);
    if pod.has("spec.resources") {
        page.at(0, "Resources:\n");
        containers::resources(page, pod.at("spec.resources").unwrap_or(&Value::Null), 1);
    }
    if !pod.list("spec.initContainers").is_empty() {
        containers::write(
            page,
            "Init Containers",
            pod.list("spec.initContainers"),
            Some((pod, "status.initContainerStatuses")),
            "",
        );
    }
    containers::write(
        page,
        "Containers",
        pod.list("spec.containers"),
        Some((pod, "status.containerStatuses")),
        "",
    );
    if !pod.list("spec.ephemeralContainers").is_empty() {
        containers::write(
            page,
            "Ephemeral Containers",
            pod.list("spec.ephemeralContainers"),
            Some((pod, "status.ephemeralContainerStatuses")),
            "",
        );
    }
    gates(page, pod);
    conditions(page, pod);
    volumes(page, pod.list("spec.volumes"), "");
    let class = match pod.text("status.qosClass") {
        "" => quality(pod),
        class => class,
    };
    page.field(0, "QoS Class", class);
    page.labels("Node-Selectors", &pod.entries("spec.nodeSelector"));
    tolerations(page, "Tolerations", pod.list("spec.tolerations"));
    spread_constraints(page, pod.list("spec.topologySpreadConstraints"), "");
}

fn optional(page: &mut Page, title: &str, value: &str) {
    if !value.is_empty() {
        page.field(0, title, value);
    }
}

fn status(page: &mut Page, pod: &Value) {
    let phase = pod.text("status.phase");
    if pod.has("metadata.deletionTimestamp") && phase != "Failed" && phase != "Succeeded" {
        let lasts = page.ago(pod.text("metadata.deletionTimestamp"));
        page.field(0, "Status", &format!("Terminating (lasts {lasts})"));
        let grace = pod.int("metadata.deletionGracePeriodSeconds").unwrap_or(0);
        page.field(0, "Termination Grace Period", &format!("{grace}s"));
    } else {
        page.field(0, "Status", phase);
    }
    optional(page, "Reason", pod.text("status.reason"));
    optional(page, "Message", pod.text("status.message"));
    let seccomp = pod.text("spec.securityContext.seccompProfile.type");
    optional(page, "SeccompProfile", seccomp);
    if seccomp == "Localhost" {
        page.field(
            0,
            "LocalhostProfile",
            pod.text("spec.securityContext.seccompProfile.localhostProfile"),
        );
    }
}

fn addresses(page: &mut Page, pod: &Value) {
    page.field(0, "IP", pod.text("status.podIP"));
    let addresses = pod.list("status.podIPs");
    if addresses.is_empty() {
        page.at(0, "IPs:\t<none>\n");
    } else {
        page.at(0, "IPs:\n");
        for address in addresses {
            page.field(1, "IP", address.text("ip"));
        }
    }
    controller(page, pod);
    optional(page, "NominatedNodeName", pod.text("status.nominatedNodeName"));
}

/// `Controlled By: ReplicaSet/web`.
pub(super) fn controller(page: &mut Page, object: &Value) {
    let owner =
        object.list("metadata.ownerReferences").iter().find(|owner| owner.truth("controller"));
    if let Some(owner) = owner {
        page.field(0, "Controlled By", &format!("{}/{}", owner.text("kind"), owner.text("name")));
    }
}

fn gates(page: &mut Page, pod: &Value) {
    let gates = pod.list("spec.readinessGates");
    if gates.is_empty() {
        return;
    }
    page.at(0, "Readiness Gates:\n  Type\tStatus\n");
    for gate in gates {
        let kind = gate.text("conditionType");
        let status = pod
            .list("status.conditions")
            .iter()
            .find(|condition| condition.text("type") == kind)
            .map_or("<none>", |condition| condition.text("status"));
        page.at(1, &format!("{kind} \t{status} \n"));
    }
}

/// `qos.GetPodQOS`, for a pod whose status does not say it yet.
fn quality(pod: &Value) -> &'static str {
    let containers = || pod.list("spec.containers").iter().chain(pod.list("spec.initContainers"));
    let amount =
        |container: &Value, path: &str| container.at(path).map(plain).filter(|text| text != "0");
    let any = containers().any(|container| {
        [
            "resources.requests.cpu",
            "resources.requests.memory",
            "resources.limits.cpu",
            "resources.limits.memory",
        ]
        .iter()
        .any(|path| amount(container, path).is_some())
    });
    if !any {
        return "BestEffort";
    }
    let guaranteed = containers().all(|container| {
        ["cpu", "memory"].iter().all(|name| {
            let limit = amount(container, &format!("resources.limits.{name}"));
            let request = amount(container, &format!("resources.requests.{name}"));
            limit.is_some() && request.is_none_or(|request| Some(request) == limit)
        })
    });
    if guaranteed { "Guaranteed" } else { "Burstable" }
}
