//! Services (`ValidateService` of `pkg/apis/core/validation/validation.go`).

use std::net::IpAddr;

use apimachinery::field_error::FieldError;
use apimachinery::names;
use serde_json::{Map, Value, json};

use super::pod_defaults::{fill, fill_number, fill_text, map_at, maps_in};
use super::security::go_struct;
use super::{Faults, labels, pod_spec};
use crate::fields::{items, number, put, text};

pub(super) fn default(value: &mut Value) {
    let Some(spec) = map_at(value, "/spec") else { return };
    fill_text(spec, "sessionAffinity", "None");
    fill_text(spec, "type", "ClusterIP");
    let kind = spec.get("type").and_then(Value::as_str).unwrap_or("").to_owned();
    if spec.get("sessionAffinity") == Some(&json!("None")) {
        spec.remove("sessionAffinityConfig");
    } else if spec.get("sessionAffinity") == Some(&json!("ClientIP")) {
        let affinity = json!({"clientIP": {"timeoutSeconds": 10800}});
        fill(spec, "sessionAffinityConfig", || affinity);
    }
    let external = matches!(kind.as_str(), "NodePort" | "LoadBalancer");
    if external {
        fill_text(spec, "externalTrafficPolicy", "Cluster");
    }
    if external || kind == "ClusterIP" {
        fill_text(spec, "internalTrafficPolicy", "Cluster");
    }
    if kind == "LoadBalancer" {
        fill(spec, "allocateLoadBalancerNodePorts", || json!(true));
    }
    for port in maps_in(value, "/spec/ports") {
        fill_text(port, "protocol", "TCP");
        default_target(port);
    }
}

fn default_target(port: &mut Map<String, Value>) {
    let unset = match port.get("targetPort") {
        None | Some(Value::Null) => true,
        Some(Value::String(text)) => text.is_empty(),
        Some(number) => number.as_i64() == Some(0),
    };
    if unset {
        let own = port.get("port").cloned().unwrap_or_else(|| json!(0));
        port.insert("targetPort".to_owned(), own);
    }
    if port.get("nodePort").and_then(Value::as_i64) == Some(0) {
        port.remove("nodePort");
    }
    let number = port.get("port").and_then(Value::as_i64).unwrap_or(0);
    fill_number(port, "port", number);
}

pub(super) fn prepare_create(value: &mut Value) {
    put(value, "/status", json!({"loadBalancer": {}}));
}

pub(super) fn validate(value: &Value, faults: &mut Faults) {
    let kind = text(value, "/spec/type");
    let ports = items(value, "/spec/ports");
    let headless = text(value, "/spec/clusterIP") == "None";
    if ports.is_empty() && !headless && kind != "ExternalName" {
        faults.push(FieldError::required("spec.ports", ""));
    }
    if kind == "ExternalName" {
        external_name(value, faults);
    }
    labels::labels(value.pointer("/spec/selector"), "spec.selector", faults);
    let affinity = text(value, "/spec/sessionAffinity");
    labels::one_of(affinity, &["ClientIP", "None"], "spec.sessionAffinity", faults);
    let known = ["ClusterIP", "ExternalName", "LoadBalancer", "NodePort"];
    labels::one_of(kind, &known, "spec.type", faults);
    port_rules(ports, kind, faults);
    cluster_ips(value, kind, faults);
    for (index, ip) in items(value, "/spec/externalIPs").iter().enumerate() {
        let ip = ip.as_str().unwrap_or("");
        let path = format!("spec.externalIPs[{index}]");
        pod_spec::ip(ip, &path, faults);
        if ip.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback()) {
            let why = "may not be in the loopback range (127.0.0.0/8, ::1/128)";
            faults.push(FieldError::invalid(&path, ip, why));
        }
    }
    let policy = text(value, "/spec/externalTrafficPolicy");
    let external = matches!(kind, "NodePort" | "LoadBalancer")
        || !items(value, "/spec/externalIPs").is_empty();
    if !policy.is_empty() && !external {
        let why = "may only be set for externally-accessible services";
        faults.push(FieldError::invalid("spec.externalTrafficPolicy", policy, why));
    }
    if external && !policy.is_empty() {
        labels::one_of(policy, &["Cluster", "Local"], "spec.externalTrafficPolicy", faults);
    }
    for (index, family) in items(value, "/spec/ipFamilies").iter().enumerate() {
        if family.as_str() != Some("IPv4") {
            let why = "not configured on this cluster";
            let path = format!("spec.ipFamilies[{index}]");
            faults.push(FieldError::invalid(&path, family.clone(), why));
        }
    }
}

fn external_name(value: &Value, faults: &mut Faults) {
    let name = text(value, "/spec/externalName").trim_end_matches('.');
    if name.is_empty() {
        faults.push(FieldError::required("spec.externalName", ""));
    } else {
        labels::each("spec.externalName", name, names::dns1123_subdomain(name), faults);
    }
    if !text(value, "/spec/clusterIP").is_empty() {
        let why = "may not be set when `type` is 'ExternalName'";
        faults.push(FieldError::forbidden("spec.clusterIPs[0]", why));
    }
}

fn port_rules(ports: &[Value], kind: &str, faults: &mut Faults) {
    let mut known: Vec<&str> = Vec::new();
    for (index, port) in ports.iter().enumerate() {
        let path = format!("spec.ports[{index}]");
        let name = text(port, "/name");
        if name.is_empty() {
            if ports.len() > 1 {
                faults.push(FieldError::required(&format!("{path}.name"), ""));
            }
        } else {
            labels::each(&format!("{path}.name"), name, names::dns1123_label(name), faults);
            if known.contains(&name) {
                faults.push(FieldError::duplicate(&format!("{path}.name"), name));
            }
            known.push(name);
        }
        labels::port_number(number(port, "/port").unwrap_or(0), &format!("{path}.port"), faults);
        let protocol = text(port, "/protocol");
        labels::one_of(protocol, &["SCTP", "TCP", "UDP"], &format!("{path}.protocol"), faults);
        labels::port(port.get("targetPort"), &format!("{path}.targetPort"), faults);
        if number(port, "/nodePort").unwrap_or(0) != 0
            && !matches!(kind, "NodePort" | "LoadBalancer")
        {
            let why = format!("may not be used when `type` is '{kind}'");
            faults.push(FieldError::forbidden(&format!("{path}.nodePort"), why));
        }
    }
    same_ports(ports, faults);
}

fn same_ports(ports: &[Value], faults: &mut Faults) {
    let mut seen: Vec<(&str, i64)> = Vec::new();
    for (index, port) in ports.iter().enumerate() {
        let key = (text(port, "/protocol"), number(port, "/port").unwrap_or(0));
        if seen.contains(&key) {
            let shown = go_struct(&[
                ("Name", json!("")),
                ("Protocol", json!(key.0)),
                ("AppProtocol", Value::Null),
                ("Port", json!(key.1)),
                ("TargetPort", json!(0)),
                ("NodePort", json!(0)),
            ]);
            let mut fault = FieldError::duplicate(&format!("spec.ports[{index}]"), "");
            fault.value = shown;
            faults.push(fault);
        }
        seen.push(key);
    }
}

fn cluster_ips(value: &Value, kind: &str, faults: &mut Faults) {
    let one = text(value, "/spec/clusterIP");
    let path = "spec.clusterIPs[0]";
    match one {
        "" => {}
        "None" => {
            if matches!(kind, "NodePort" | "LoadBalancer") {
                let why = format!("may not be set to 'None' for {kind} services");
                faults.push(FieldError::invalid(path, one, why));
            }
        }
        ip => pod_spec::ip(ip, path, faults),
    }
}

/// What an update leaves out it does not give back, and what only the old type needed is dropped
/// (`patchAllocatedValues`, `dropTypeDependentFields`).
pub(super) fn prepare_update(value: &mut Value, live: &Value) {
    let (kind, was) = (text(value, "/spec/type").to_owned(), text(live, "/spec/type"));
    let external = |kind: &str| matches!(kind, "NodePort" | "LoadBalancer");
    let addressed = |kind: &str| external(kind) || kind == "ClusterIP";
    if addressed(&kind) && addressed(was) && text(value, "/spec/clusterIP").is_empty() {
        for field in ["clusterIP", "clusterIPs"] {
            let pointer = format!("/spec/{field}");
            if let Some(kept) = live.pointer(&pointer).cloned() {
                put(value, &pointer, kept);
            }
        }
    }
    node_ports(value, live, external(&kind));
    let same = |value: &Value, field: &str| {
        value.pointer(&format!("/spec/{field}")) == live.pointer(&format!("/spec/{field}"))
    };
    let mut dropped: Vec<&str> = Vec::new();
    if addressed(was) && !addressed(&kind) && same(value, "clusterIP") {
        dropped.extend(["clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy"]);
    }
    if external(was) && !external(&kind) && same(value, "externalTrafficPolicy") {
        dropped.push("externalTrafficPolicy");
    }
    if was == "LoadBalancer" && kind != "LoadBalancer" {
        dropped.push("allocateLoadBalancerNodePorts");
    }
    if let Some(spec) = map_at(value, "/spec") {
        for field in dropped {
            spec.remove(field);
        }
    }
}

fn node_ports(value: &mut Value, live: &Value, needed: bool) {
    let before: Vec<(Value, Value, Option<i64>)> = items(live, "/spec/ports")
        .iter()
        .map(|port| {
            let of = |field: &str| port.get(field).cloned().unwrap_or_default();
            (of("port"), of("protocol"), number(port, "/nodePort"))
        })
        .collect();
    for port in maps_in(value, "/spec/ports") {
        let same = |(own, protocol, _): &&(Value, Value, Option<i64>)| {
            port.get("port") == Some(own) && port.get("protocol") == Some(protocol)
        };
        let kept = before.iter().find(same).and_then(|(_, _, node)| *node);
        let given = port.get("nodePort").and_then(Value::as_i64);
        match (needed, given, kept) {
            (true, None, Some(kept)) => {
                port.insert("nodePort".to_owned(), json!(kept));
            }
            (false, Some(given), Some(kept)) if given == kept => {
                port.remove("nodePort");
            }
            _ => {}
        }
    }
}

pub(super) fn validate_update(new: &Value, old: &Value, faults: &mut Faults) {
    let (kind, was) = (text(new, "/spec/type"), text(old, "/spec/type"));
    if kind == "ExternalName" || was == "ExternalName" {
        return;
    }
    let (now, before) = (text(new, "/spec/clusterIP"), text(old, "/spec/clusterIP"));
    if !before.is_empty() && now != before {
        let shown = new.pointer("/spec/clusterIPs").cloned().unwrap_or_else(|| json!([now]));
        faults.push(FieldError::invalid("spec.clusterIPs[0]", shown, "may not change once set"));
    }
}
