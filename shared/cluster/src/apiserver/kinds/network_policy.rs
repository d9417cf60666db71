//! NetworkPolicies (`pkg/apis/networking/validation/validation.go`).

use std::net::IpAddr;

use apimachinery::field_error::FieldError;
use serde_json::{Value, json};

use super::pod_defaults::{fill, fill_text, map_at, maps_in};
use super::{Faults, labels};
use crate::fields::{items, number, text};

const CIDR_TEXT: &str = "must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)";

pub(super) fn default(value: &mut Value) {
    let egress = !items(value, "/spec/egress").is_empty();
    if let Some(spec) = map_at(value, "/spec") {
        if spec.get("policyTypes").and_then(Value::as_array).is_some_and(Vec::is_empty) {
            spec.remove("policyTypes");
        }
        fill(spec, "policyTypes", || {
            if egress { json!(["Ingress", "Egress"]) } else { json!(["Ingress"]) }
        });
    }
    for direction in ["ingress", "egress"] {
        let count = items(value, &format!("/spec/{direction}")).len();
        for index in 0..count {
            for port in maps_in(value, &format!("/spec/{direction}/{index}/ports")) {
                fill_text(port, "protocol", "TCP");
            }
        }
    }
}

pub(super) fn validate(value: &Value, faults: &mut Faults) {
    labels::selector(value.pointer("/spec/podSelector"), "spec.podSelector", faults);
    for (direction, peers) in [("ingress", "from"), ("egress", "to")] {
        for (index, rule) in items(value, &format!("/spec/{direction}")).iter().enumerate() {
            let path = format!("spec.{direction}[{index}]");
            for (place, port) in items(rule, "/ports").iter().enumerate() {
                port_rule(port, &format!("{path}.ports[{place}]"), faults);
            }
            for (place, peer) in items(rule, &format!("/{peers}")).iter().enumerate() {
                peer_rule(peer, &format!("{path}.{peers}[{place}]"), faults);
            }
        }
    }
    let types = items(value, "/spec/policyTypes");
    if types.len() > 2 {
        let why = "may not specify more than two policyTypes";
        faults.push(FieldError::invalid("spec.policyTypes", types.to_vec(), why));
        return;
    }
    for (index, kind) in types.iter().enumerate() {
        let path = format!("spec.policyTypes[{index}]");
        labels::one_of(kind.as_str().unwrap_or(""), &["Ingress", "Egress"], &path, faults);
    }
}

fn port_rule(port: &Value, path: &str, faults: &mut Faults) {
    let protocol = text(port, "/protocol");
    labels::one_of(protocol, &["TCP", "UDP", "SCTP"], &format!("{path}.protocol"), faults);
    let end = number(port, "/endPort");
    let at = format!("{path}.endPort");
    let named = port.get("port").filter(|port| !port.is_null());
    match named {
        Some(Value::String(name)) => {
            if let Some(end) = end {
                let why = "may not be specified when `port` is non-numeric";
                faults.push(FieldError::invalid(&at, end, why));
            }
            labels::port_name(name, &format!("{path}.port"), faults);
        }
        Some(first) => {
            let first = first.as_i64().unwrap_or(0);
            labels::port_number(first, &format!("{path}.port"), faults);
            if let Some(end) = end {
                if end < first {
                    let why = "must be greater than or equal to `port`";
                    faults.push(FieldError::invalid(&at, first, why));
                }
                labels::port_number(end, &at, faults);
            }
        }
        None => {
            if let Some(end) = end {
                let why = "may not be specified when `port` is not specified";
                faults.push(FieldError::invalid(&at, end, why));
            }
        }
    }
}

fn peer_rule(peer: &Value, path: &str, faults: &mut Faults) {
    let has = |field: &str| peer.get(field).filter(|one| one.is_object());
    let mut count = 0;
    for field in ["podSelector", "namespaceSelector"] {
        if let Some(selector) = has(field) {
            count += 1;
            labels::selector(Some(selector), &format!("{path}.{field}"), faults);
        }
    }
    let block = has("ipBlock");
    if let Some(block) = block {
        count += 1;
        ip_block(block, &format!("{path}.ipBlock"), faults);
    }
    if count == 0 {
        faults.push(FieldError::required(path, "must specify a peer"));
    } else if count > 1 && block.is_some() {
        faults.push(FieldError::forbidden(path, "may not specify both ipBlock and another peer"));
    }
}

/// A network as an address, its bits as a number, and the length of the prefix.
struct Network {
    bits: u128,
    width: u32,
    prefix: u32,
}

fn network(text: &str) -> Option<Network> {
    let (address, prefix) = text.split_once('/')?;
    let (bits, width) = match address.parse::<IpAddr>().ok()? {
        IpAddr::V4(ip) => (u128::from(u32::from(ip)), 32),
        IpAddr::V6(ip) => (u128::from(ip), 128),
    };
    let plain = prefix.bytes().all(|byte| byte.is_ascii_digit());
    let prefix: u32 = prefix.parse().ok().filter(|prefix| plain && *prefix <= width)?;
    Some(Network { bits, width, prefix })
}

fn head(network: &Network, prefix: u32) -> u128 {
    network.bits.checked_shr(network.width - prefix).unwrap_or(0)
}

fn cidr(text: &str, path: &str, faults: &mut Faults) -> Option<Network> {
    let Some(found) = network(text) else {
        faults.push(FieldError::invalid(path, text, CIDR_TEXT));
        return None;
    };
    let rest = found.width - found.prefix;
    let mask = 1_u128.checked_shl(rest).map_or(u128::MAX, |one| one - 1);
    if found.bits & mask != 0 {
        let why = "must not have bits set beyond the prefix length";
        faults.push(FieldError::invalid(path, text, why));
    }
    Some(found)
}

fn ip_block(block: &Value, path: &str, faults: &mut Faults) {
    let whole = text(block, "/cidr");
    if whole.is_empty() {
        faults.push(FieldError::required(&format!("{path}.cidr"), ""));
        return;
    }
    let Some(all) = cidr(whole, &format!("{path}.cidr"), faults) else { return };
    for (index, part) in items(block, "/except").iter().enumerate() {
        let (part, path) = (part.as_str().unwrap_or(""), format!("{path}.except[{index}]"));
        let Some(found) = cidr(part, &path, faults) else { continue };
        let inside = found.width == all.width
            && found.prefix > all.prefix
            && head(&found, all.prefix) == head(&all, all.prefix);
        if !inside {
            faults.push(FieldError::invalid(&path, part, "must be a strict subset of `cidr`"));
        }
    }
}
