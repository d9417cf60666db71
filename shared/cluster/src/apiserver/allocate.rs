//! Addresses and node ports of Services (`pkg/registry/core/service/storage/alloc.go`).

use std::collections::BTreeSet;
use std::net::Ipv4Addr;

use apimachinery::field_error::FieldError;
use serde_json::{Value, json};

use super::Apiserver;
use super::following::ADDRESSES;
use super::kinds::{Faults, has_health_port};
use super::write::Target;
use crate::fields::{items, number, put, text};

/// 10.96.0.0/16; the first 256 addresses are kept for those who choose their own.
const RANGE: [u8; 2] = [10, 96];
const NODE_PORTS: std::ops::RangeInclusive<i64> = 30_000..=32_767;
/// Node ports below are kept for those who choose their own.
const FIRST_DYNAMIC_PORT: u64 = 30_086;

fn external(kind: &str) -> bool {
    matches!(kind, "NodePort" | "LoadBalancer")
}

/// Gives a Service what it needs; says what it cannot have.
pub(crate) fn on_write(
    server: &mut Apiserver,
    target: &Target,
    value: &mut Value,
    dry_run: bool,
) -> Faults {
    if target.key != "services" {
        return Vec::new();
    }
    let mut faults = Vec::new();
    let before = server.addresses.clone();
    let own =
        (text(value, "/metadata/namespace").to_owned(), text(value, "/metadata/name").to_owned());
    address(server, value, &own, &mut faults);
    node_ports(server, value, &own, &mut faults);
    health_port(server, value, &own);
    if dry_run || !faults.is_empty() {
        server.addresses = before;
    }
    faults
}

/// Whether somebody else has an address: whoever its IPAddress names, and nobody without one.
fn is_taken(server: &Apiserver, address: &str, own: &(String, String)) -> bool {
    server.store.get(ADDRESSES, "", address).is_some_and(|known| {
        text(&known, "/spec/parentRef/resource") != "services"
            || text(&known, "/spec/parentRef/namespace") != own.0
            || text(&known, "/spec/parentRef/name") != own.1
    })
}

fn address(server: &mut Apiserver, value: &mut Value, own: &(String, String), faults: &mut Faults) {
    if text(value, "/spec/type") == "ExternalName" {
        if let Some(spec) = value.get_mut("spec").and_then(Value::as_object_mut) {
            for field in ["clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy"] {
                spec.remove(field);
            }
        }
        return;
    }
    if text(value, "/spec/ipFamilyPolicy") == "RequireDualStack" {
        let why = "this cluster is not configured for dual-stack services";
        faults.push(FieldError::invalid("spec.ipFamilyPolicy", "RequireDualStack", why));
    }
    for (index, family) in items(value, "/spec/ipFamilies").iter().enumerate() {
        if family.as_str() != Some("IPv4") {
            let path = format!("spec.ipFamilies[{index}]");
            faults.push(FieldError::invalid(
                &path,
                family.clone(),
                "not configured on this cluster",
            ));
        }
    }
    let asked = match text(value, "/spec/clusterIP") {
        "" => text(value, "/spec/clusterIPs/0").to_owned(),
        one => one.to_owned(),
    };
    let found = match asked.as_str() {
        "" => free_address(server, own),
        "None" => asked,
        _ => {
            let refuse = |why: &str| {
                let why = format!("failed to allocate IP {asked}: {why}");
                FieldError::invalid("spec.clusterIPs", json!([asked]), why)
            };
            let inside = asked.parse::<Ipv4Addr>().is_ok_and(|ip| ip.octets().starts_with(&RANGE));
            if !inside {
                faults.push(refuse("the provided network does not match the current range"));
            } else if is_taken(server, &asked, own) {
                faults.push(refuse("provided IP is already allocated"));
            }
            asked
        }
    };
    put(value, "/spec/clusterIP", json!(found));
    put(value, "/spec/clusterIPs", json!([found]));
    put(value, "/spec/ipFamilies", json!(["IPv4"]));
    if text(value, "/spec/ipFamilyPolicy").is_empty() {
        put(value, "/spec/ipFamilyPolicy", json!("SingleStack"));
    }
}

fn free_address(server: &mut Apiserver, own: &(String, String)) -> String {
    loop {
        let third = server.addresses.below(255) + 1;
        let fourth = server.addresses.below(254) + 1;
        let found = format!("{}.{}.{third}.{fourth}", RANGE[0], RANGE[1]);
        if !is_taken(server, &found, own) {
            return found;
        }
    }
}

/// The port at which nodes tell whether they have pods (`allocHealthCheckNodePort`).
fn health_port(server: &mut Apiserver, value: &mut Value, own: &(String, String)) {
    let given = number(value, "/spec/healthCheckNodePort").unwrap_or(0) != 0;
    if given || !has_health_port(value) {
        return;
    }
    let mut used = used_ports(server, own);
    used.extend(items(value, "/spec/ports").iter().filter_map(|port| number(port, "/nodePort")));
    let port = free_port(server, &used);
    put(value, "/spec/healthCheckNodePort", json!(port));
}

fn free_port(server: &mut Apiserver, used: &BTreeSet<i64>) -> i64 {
    loop {
        let port = FIRST_DYNAMIC_PORT + server.addresses.below(32_768 - FIRST_DYNAMIC_PORT);
        let port = i64::try_from(port).unwrap_or(30_086);
        if !used.contains(&port) {
            return port;
        }
    }
}

fn used_ports(server: &Apiserver, own: &(String, String)) -> BTreeSet<i64> {
    let mut used = BTreeSet::new();
    for service in server.store.list("services", None) {
        let place = (text(&service, "/metadata/namespace"), text(&service, "/metadata/name"));
        if place != (own.0.as_str(), own.1.as_str()) {
            used.extend(
                items(&service, "/spec/ports").iter().filter_map(|port| number(port, "/nodePort")),
            );
            used.extend(number(&service, "/spec/healthCheckNodePort"));
        }
    }
    used
}

fn node_ports(
    server: &mut Apiserver,
    value: &mut Value,
    own: &(String, String),
    faults: &mut Faults,
) {
    if !external(text(value, "/spec/type"))
        || value.pointer("/spec/allocateLoadBalancerNodePorts") == Some(&json!(false))
    {
        return;
    }
    let mut used = used_ports(server, own);
    let count = items(value, "/spec/ports").len();
    for index in 0..count {
        let pointer = format!("/spec/ports/{index}/nodePort");
        let path = format!("spec.ports[{index}].nodePort");
        let given = number(value, &pointer).filter(|port| *port != 0);
        let port = match given {
            Some(port) => {
                if !NODE_PORTS.contains(&port) {
                    let why = "provided port is not in the valid range. The range of valid ports is 30000-32767";
                    faults.push(FieldError::invalid(&path, port, why));
                } else if used.contains(&port) {
                    faults.push(FieldError::invalid(
                        &path,
                        port,
                        "provided port is already allocated",
                    ));
                }
                port
            }
            None => free_port(server, &used),
        };
        used.insert(port);
        let slot =
            value.pointer_mut(&format!("/spec/ports/{index}")).and_then(Value::as_object_mut);
        if let Some(slot) = slot {
            slot.insert("nodePort".to_owned(), json!(port));
        }
    }
}
