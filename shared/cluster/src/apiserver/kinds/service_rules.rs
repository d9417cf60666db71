//! What is wrong with a Service (`validateService` of `pkg/apis/core/validation/validation.go`) or ill-advised
//! (`pkg/api/service/warnings.go`).

use apimachinery::field_error::FieldError;
use apimachinery::names;
use serde_json::{Value, json};

use super::at::At;
use super::internal::go_struct;
use super::{Faults, addresses, endpoints, labels, pod_spec};

const TYPES: [&str; 4] = ["ClusterIP", "ExternalName", "LoadBalancer", "NodePort"];

fn headless(spec: &At<'_>) -> bool {
    spec.text_of("clusterIP") == "None"
}

pub(super) fn validate(value: &Value, faults: &mut Faults) {
    let spec = At::root(value).child("spec");
    let kind = spec.text_of("type");
    let ports = spec.child("ports");
    if ports.len() == 0 && !headless(&spec) && kind != "ExternalName" {
        ports.required("", faults);
    }
    match kind {
        "LoadBalancer" | "NodePort" if headless(&spec) => {
            let why = format!("may not be set to 'None' for {kind} services");
            faults.push(FieldError::invalid("spec.clusterIPs[0]", "None", why));
        }
        "ExternalName" => external_name(&spec, faults),
        _ => {}
    }
    named_ports(&ports, faults);
    let selector = spec.child("selector");
    labels::labels(Some(selector.value), &selector.path, faults);
    affinity(&spec, faults);
    cluster_ips(&spec, faults);
    for ip in spec.list("externalIPs") {
        let before = faults.len();
        pod_spec::ip(ip.text(), &ip.path, faults);
        if faults.len() == before {
            endpoints::special_address(&ip, faults);
        }
    }
    spec.child("type").one_of(&TYPES, faults);
    node_ports(&spec, faults);
    load_balancer(&spec, faults);
    policies(&spec, faults);
}

fn external_name(spec: &At<'_>, faults: &mut Faults) {
    for field in ["clusterIPs", "ipFamilies", "ipFamilyPolicy"] {
        let at = spec.child(field);
        if at.given() && (field == "ipFamilyPolicy" || at.len() > 0) {
            at.forbidden("may not be set for ExternalName services", faults);
        }
    }
    let name = spec.child("externalName");
    let text = name.text().strip_suffix('.').unwrap_or_else(|| name.text());
    if text.is_empty() {
        name.required("", faults);
    } else {
        name.each_as(text, names::dns1123_subdomain(text), faults);
    }
}

fn named_ports(ports: &At<'_>, faults: &mut Faults) {
    let mut known: Vec<&str> = Vec::new();
    for port in ports.items() {
        let name = port.child("name");
        if !name.text().is_empty() {
            name.each(names::dns1123_label(name.text()), faults);
            if known.contains(&name.text()) {
                name.duplicate(faults);
            }
            known.push(name.text());
        } else if ports.len() > 1 {
            name.required("", faults);
        }
        labels::port_number(port.number_of("port").unwrap_or(0), &port.child("port").path, faults);
        port.child("protocol").one_of(&["SCTP", "TCP", "UDP"], faults);
        labels::port(port.value.get("targetPort"), &port.child("targetPort").path, faults);
        let protocol = port.child("appProtocol");
        if protocol.given() {
            protocol.each(names::qualified_name(protocol.text()), faults);
        }
    }
}

fn affinity(spec: &At<'_>, faults: &mut Faults) {
    let affinity = spec.child("sessionAffinity");
    affinity.one_of(&["ClientIP", "None"], faults);
    let config = spec.child("sessionAffinityConfig");
    if affinity.text() == "None" && config.given() {
        config.forbidden("must not be set when session affinity is None", faults);
    }
    if affinity.text() != "ClientIP" {
        return;
    }
    let needed = "when session affinity type is ClientIP";
    let timeout = config.at(&["clientIP", "timeoutSeconds"]);
    if !config.given() {
        config.required(needed, faults);
    } else if !config.has("clientIP") {
        config.child("clientIP").required(needed, faults);
    } else if !timeout.given() {
        timeout.required(needed, faults);
    } else if timeout.number().is_some_and(|seconds| seconds <= 0 || seconds > 86_400) {
        timeout.invalid("must be greater than 0 and less than 86400", faults);
    }
}

/// `ValidateServiceClusterIPsRelatedFields`.
fn cluster_ips(spec: &At<'_>, faults: &mut Faults) {
    if spec.text_of("type") == "ExternalName" {
        return;
    }
    let (one, all) = (spec.text_of("clusterIP"), spec.child("clusterIPs"));
    let first = all.items().first().map_or("", At::text);
    if !one.is_empty() && first != one {
        all.invalid("first value must match `clusterIP`", faults);
    } else if one.is_empty() && all.len() > 0 {
        all.invalid("must be empty when `clusterIP` is not specified", faults);
    }
    let families = spec.child("ipFamilies");
    let mut seen: Vec<&str> = Vec::new();
    for family in families.items() {
        family.one_of(&["IPv4", "IPv6"], faults);
        if seen.contains(&family.text()) {
            family.duplicate(faults);
        }
        seen.push(family.text());
    }
    let policy = spec.child("ipFamilyPolicy");
    if policy.given() {
        policy.one_of(&["PreferDualStack", "RequireDualStack", "SingleStack"], faults);
    }
    let before = faults.len();
    for (index, ip) in all.items().iter().enumerate() {
        if index == 0 && ip.text() == "None" {
            if all.len() > 1 {
                all.invalid("'None' must be the first and only value", faults);
            }
            continue;
        }
        pod_spec::ip(ip.text(), &ip.path, faults);
    }
    if all.len() > 2 {
        all.invalid("may only hold up to 2 values", faults);
    }
    if faults.len() > before || headless(spec) {
        return;
    }
    for (index, (ip, family)) in all.items().iter().zip(families.items()).enumerate() {
        let v6 = ip.text().contains(':');
        if v6 != (family.text() == "IPv6") {
            let why = format!(
                "expected an {} value as indicated by `ipFamilies[{index}]`",
                family.text()
            );
            ip.invalid(why, faults);
        }
    }
}

fn node_ports(spec: &At<'_>, faults: &mut Faults) {
    let ports = spec.list("ports");
    let node = |port: &At<'_>| port.number_of("nodePort").unwrap_or(0);
    if spec.text_of("type") == "ClusterIP" {
        for port in ports.iter().filter(|port| node(port) != 0) {
            let why = "may not be used when `type` is 'ClusterIP'";
            port.child("nodePort").forbidden(why, faults);
        }
    }
    let (mut taken, mut seen) = (Vec::new(), Vec::new());
    for port in ports.iter().filter(|port| node(port) != 0) {
        let key = (port.text_of("protocol"), node(port));
        if taken.contains(&key) {
            port.child("nodePort").duplicate(faults);
        }
        taken.push(key);
    }
    for port in &ports {
        let key = (port.text_of("protocol"), port.number_of("port").unwrap_or(0));
        if seen.contains(&key) {
            let mut fault = FieldError::duplicate(&port.path, "");
            fault.value = go_struct(&[
                ("Name", json!("")),
                ("Protocol", json!(key.0)),
                ("AppProtocol", Value::Null),
                ("Port", json!(key.1)),
                ("TargetPort", json!(0)),
                ("NodePort", json!(0)),
            ]);
            faults.push(fault);
        }
        seen.push(key);
    }
}

fn load_balancer(spec: &At<'_>, faults: &mut Faults) {
    let balanced = spec.text_of("type") == "LoadBalancer";
    let only = "may only be used when `type` is 'LoadBalancer'";
    // Upstream's spelling of the path.
    let ranges = At {
        value: spec.child("loadBalancerSourceRanges").value,
        path: format!("{}.LoadBalancerSourceRanges", spec.path),
    };
    if ranges.len() > 0 && !balanced {
        ranges.forbidden(only, faults);
    }
    for range in ranges.items() {
        if !addresses::is_range(range.text().trim()) {
            let why = "must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)";
            range.invalid(why, faults);
        }
    }
    for field in ["allocateLoadBalancerNodePorts", "loadBalancerClass"] {
        let at = spec.child(field);
        if at.given() && !balanced {
            at.forbidden(only, faults);
        }
    }
    let class = spec.child("loadBalancerClass");
    if class.given() && balanced {
        class.each(names::qualified_name(class.text()), faults);
    }
}

fn policies(spec: &At<'_>, faults: &mut Faults) {
    let kind = spec.text_of("type");
    let external = matches!(kind, "NodePort" | "LoadBalancer")
        || kind == "ClusterIP" && spec.child("externalIPs").len() > 0;
    let policy = spec.child("externalTrafficPolicy");
    if !external && !policy.text().is_empty() {
        policy.invalid("may only be set for externally-accessible services", faults);
    } else if external {
        if policy.text().is_empty() {
            policy.required("", faults);
        } else {
            policy.one_of(&["Cluster", "Local"], faults);
        }
    }
    let health = spec.child("healthCheckNodePort");
    let checked = kind == "LoadBalancer" && policy.text() == "Local";
    if !checked && health.number().unwrap_or(0) != 0 {
        let why =
            "may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'";
        health.invalid(why, faults);
    }
    let internal = spec.child("internalTrafficPolicy");
    if internal.given() {
        internal.one_of(&["Cluster", "Local"], faults);
    } else if matches!(kind, "NodePort" | "LoadBalancer" | "ClusterIP") {
        internal.required("", faults);
    }
    let distribution = spec.child("trafficDistribution");
    if distribution.given() {
        distribution.one_of(&["PreferClose", "PreferSameZone", "PreferSameNode"], faults);
    }
}

/// `validateUpgradeDowngradeClusterIPs` and what goes with it.
pub(super) fn validate_update(new: &Value, old: &Value, faults: &mut Faults) {
    let (spec, before) = (At::root(new).child("spec"), At::root(old).child("spec"));
    let external = |spec: &At<'_>| spec.text_of("type") == "ExternalName";
    let both_headless = headless(&spec) && headless(&before);
    if !external(&spec) && !external(&before) && !both_headless {
        let (now, were) = (spec.child("clusterIPs"), before.child("clusterIPs"));
        let first = |at: &At<'_>| at.items().first().map(|one| one.text().to_owned());
        let path = "spec.clusterIPs[0]";
        let shown = || now.value.clone();
        if now.len() == 0 && were.len() > 0 {
            faults.push(FieldError::invalid(path, shown(), "primary clusterIP can not be unset"));
        } else if were.len() > 0 && first(&now) != first(&were) {
            faults.push(FieldError::invalid(path, shown(), "may not change once set"));
        }
    }
    let balanced = |spec: &At<'_>| spec.text_of("type") == "LoadBalancer";
    let class = spec.child("loadBalancerClass");
    if balanced(&spec)
        && balanced(&before)
        && class.value != before.child("loadBalancerClass").value
    {
        class.invalid("may not change once set", faults);
    }
}

/// `ValidateLoadBalancerStatus`.
pub(super) fn validate_status(new: &Value, _: &Value, faults: &mut Faults) {
    let list = At::root(new).at(&["status", "loadBalancer", "ingress"]);
    if list.len() > 0 && crate::fields::text(new, "/spec/type") != "LoadBalancer" {
        list.forbidden("may only be used when `spec.type` is 'LoadBalancer'", faults);
        return;
    }
    for ingress in list.items() {
        let (ip, mode) = (ingress.child("ip"), ingress.child("ipMode"));
        if !ip.text().is_empty() {
            pod_spec::ip(ip.text(), &ip.path, faults);
        }
        if !mode.given() && !ip.text().is_empty() {
            mode.required("must be specified when `ip` is set", faults);
        } else if mode.given() && ip.text().is_empty() {
            mode.forbidden("may not be specified when `ip` is not set", faults);
        } else if mode.given() {
            mode.one_of(&["Proxy", "VIP"], faults);
        }
        let host = ingress.child("hostname");
        if !host.text().is_empty() {
            host.each(names::dns1123_subdomain(host.text()), faults);
            if host.text().parse::<std::net::IpAddr>().is_ok() {
                host.invalid("must be a DNS name, not an IP address", faults);
            }
        }
    }
}

pub(super) fn warnings(value: &Value, _: Option<&Value>) -> Vec<String> {
    let spec = At::root(value).child("spec");
    let mut found = Vec::new();
    let kind = spec.text_of("type");
    let addresses = spec.child("externalIPs").len() > 0;
    if kind == "ClusterIP" && headless(&spec) {
        if !spec.text_of("loadBalancerIP").is_empty() {
            found.push("spec.loadBalancerIP is ignored for headless services".to_owned());
        }
        if addresses {
            found.push("spec.externalIPs is ignored for headless services".to_owned());
        }
        if spec.text_of("sessionAffinity") != "None" {
            found.push("spec.SessionAffinity is ignored for headless services".to_owned());
        }
    } else if addresses && kind != "ExternalName" {
        found.push(
            "spec.externalIPs is deprecated and may no longer be implemented in some clusters"
                .to_owned(),
        );
    }
    if kind == "ExternalName" && addresses {
        found.push("spec.externalIPs is ignored when spec.type is \"ExternalName\"".to_owned());
    }
    if kind != "ExternalName" && !spec.text_of("externalName").is_empty() {
        found
            .push("spec.externalName is ignored when spec.type is not \"ExternalName\"".to_owned());
    }
    if spec.text_of("trafficDistribution") == "PreferClose" {
        let why = "spec.trafficDistribution: \"PreferClose\" is deprecated; use \"PreferSameZone\"";
        found.push(why.to_owned());
    }
    found
}
