//! Services: defaults, and what an update gives back or keeps (`pkg/registry/core/service/strategy.go`).

use serde_json::{Map, Value, json};

use super::pod_defaults::{fill, fill_number, fill_text, map_at, maps_in};
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
    let addressed = spec.get("externalIPs").and_then(Value::as_array);
    if external || kind == "ClusterIP" && addressed.is_some_and(|all| !all.is_empty()) {
        fill_text(spec, "externalTrafficPolicy", "Cluster");
    }
    if external || kind == "ClusterIP" {
        fill_text(spec, "internalTrafficPolicy", "Cluster");
    }
    if kind == "LoadBalancer" {
        fill(spec, "allocateLoadBalancerNodePorts", || json!(true));
    }
    if kind == "LoadBalancer" {
        for ingress in maps_in(value, "/status/loadBalancer/ingress") {
            if ingress.contains_key("ip") {
                fill_text(ingress, "ipMode", "VIP");
            }
        }
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
    let (one, all) = (text(value, "/spec/clusterIP").to_owned(), items(value, "/spec/clusterIPs"));
    if !one.is_empty() && all.is_empty() {
        put(value, "/spec/clusterIPs", json!([one]));
    }
}

/// What an update leaves out it does not give back, and what only the old type needed is dropped
/// (`patchAllocatedValues`, `dropTypeDependentFields`).
pub(super) fn prepare_update(value: &mut Value, live: &Value) {
    let (kind, was) = (text(value, "/spec/type").to_owned(), text(live, "/spec/type"));
    let external = |kind: &str| matches!(kind, "NodePort" | "LoadBalancer");
    let addressed = |kind: &str| kind != "ExternalName";
    let (now, before) = (text(value, "/spec/clusterIP").to_owned(), text(live, "/spec/clusterIP"));
    let same_list = value.pointer("/spec/clusterIPs") == live.pointer("/spec/clusterIPs");
    if !now.is_empty() && now != before && same_list {
        put(value, "/spec/clusterIPs", json!([now]));
    }
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
        for field in ["allocateLoadBalancerNodePorts", "loadBalancerClass"] {
            if same(value, field) {
                dropped.push(field);
            }
        }
    }
    let (checked, was_checked) = (has_health_port(value), has_health_port(live));
    if was_checked && !checked && same(value, "healthCheckNodePort") {
        dropped.push("healthCheckNodePort");
    }
    if was_checked && checked && number(value, "/spec/healthCheckNodePort").unwrap_or(0) == 0 {
        let kept = live.pointer("/spec/healthCheckNodePort").cloned();
        put(value, "/spec/healthCheckNodePort", kept.unwrap_or_default());
    }
    if kind != "LoadBalancer" && !items(value, "/status/loadBalancer/ingress").is_empty() {
        put(value, "/status/loadBalancer", json!({}));
    }
    if let Some(spec) = map_at(value, "/spec") {
        for field in dropped {
            spec.remove(field);
        }
    }
}

/// Whether nodes tell balancers at a port of its own whether they have pods of a Service (`needsHCNodePort`).
pub(crate) fn has_health_port(service: &Value) -> bool {
    text(service, "/spec/type") == "LoadBalancer"
        && text(service, "/spec/externalTrafficPolicy") == "Local"
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
