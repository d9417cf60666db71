//! Endpoints and EndpointSlices (`pkg/apis/core/validation/validation.go`, `pkg/apis/discovery/validation`).

use std::net::IpAddr;

use apimachinery::names;
use serde_json::{Value, json};

use super::at::At;
use super::pod_defaults::{fill, fill_text, maps_in};
use super::{Faults, labels, pod_spec};
use crate::fields::items;

pub(super) fn default(value: &mut Value) {
    let count = items(value, "/subsets").len();
    for index in 0..count {
        for port in maps_in(value, &format!("/subsets/{index}/ports")) {
            fill_text(port, "protocol", "TCP");
        }
    }
}

pub(super) fn default_slice(value: &mut Value) {
    for port in maps_in(value, "/ports") {
        fill(port, "name", || json!(""));
        fill_text(port, "protocol", "TCP");
    }
}

pub(super) fn validate(value: &Value, faults: &mut Faults) {
    for subset in At::root(value).list("subsets") {
        let (ready, waiting) = (subset.child("addresses"), subset.child("notReadyAddresses"));
        if ready.len() == 0 && waiting.len() == 0 {
            subset.required("must specify `addresses` or `notReadyAddresses`", faults);
        }
        for address in ready.items().into_iter().chain(waiting.items()) {
            let ip = address.child("ip");
            pod_spec::ip(ip.text(), &ip.path, faults);
            host(&address, faults);
            if ip.text().parse::<IpAddr>().is_err() {
                ip.invalid("must be a valid IP address", faults);
            }
            special_address(&ip, faults);
        }
        let ports = subset.child("ports");
        for port in ports.items() {
            let name = port.child("name");
            if !name.text().is_empty() {
                name.each(names::dns1123_label(name.text()), faults);
            } else if ports.len() > 1 {
                name.required("", faults);
            }
            let number = port.child("port");
            labels::port_number(number.number().unwrap_or(0), &number.path, faults);
            protocol(&port, faults);
        }
    }
}

fn host(address: &At<'_>, faults: &mut Faults) {
    let (name, node) = (address.child("hostname"), address.child("nodeName"));
    if !name.text().is_empty() {
        name.each(names::dns1123_label(name.text()), faults);
    }
    if node.given() {
        node.each(names::dns1123_subdomain(node.text()), faults);
    }
}

fn protocol(port: &At<'_>, faults: &mut Faults) {
    port.child("protocol").one_of(&["SCTP", "TCP", "UDP"], faults);
    let own = port.child("appProtocol");
    if own.given() {
        own.each(names::qualified_name(own.text()), faults);
    }
}

/// Addresses that no endpoint has (`ValidateEndpointIP`).
pub(super) fn special_address(at: &At<'_>, faults: &mut Faults) {
    let Ok(ip) = at.text().parse::<IpAddr>() else { return };
    let (local, multicast) = match ip {
        IpAddr::V4(ip) => (ip.is_link_local(), ip.octets().starts_with(&[224, 0, 0])),
        IpAddr::V6(ip) => {
            let head = ip.segments().first().copied().unwrap_or(0);
            (head & 0xffc0 == 0xfe80, head & 0xff0f == 0xff02)
        }
    };
    if ip.is_unspecified() {
        at.invalid(format!("may not be unspecified ({})", at.text()), faults);
    }
    if ip.is_loopback() {
        at.invalid("may not be in the loopback range (127.0.0.0/8, ::1/128)", faults);
    }
    if local {
        at.invalid("may not be in the link-local range (169.254.0.0/16, fe80::/10)", faults);
    }
    if multicast {
        let why = "may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)";
        at.invalid(why, faults);
    }
}

/// Subsets that were wrong before may stay.
pub(super) fn validate_update(new: &Value, old: &Value, faults: &mut Faults) {
    if new.get("subsets") != old.get("subsets") {
        validate(new, faults);
    }
}

pub(super) fn validate_slice(value: &Value, faults: &mut Faults) {
    let slice = At::root(value);
    let kind = slice.child("addressType");
    if kind.some_text(faults) {
        kind.one_of(&["FQDN", "IPv4", "IPv6"], faults);
    }
    let mut known: Vec<&str> = Vec::new();
    for port in slice.list("ports") {
        let name = port.child("name");
        if !name.text().is_empty() {
            name.each(names::dns1123_label(name.text()), faults);
        }
        if known.contains(&name.text()) {
            name.duplicate(faults);
        }
        known.push(name.text());
        protocol(&port, faults);
    }
}

/// The endpoints of a slice, which may stay as they were whatever they were.
pub(super) fn validate_slice_endpoints(value: &Value, faults: &mut Faults) {
    let slice = At::root(value);
    let kind = slice.child("addressType");
    let endpoints = slice.child("endpoints");
    endpoints.too_many(1000, faults);
    for endpoint in endpoints.items() {
        let addresses = endpoint.child("addresses");
        if addresses.len() == 0 {
            addresses.required("must contain at least 1 address", faults);
        }
        addresses.too_many(100, faults);
        for address in addresses.items() {
            self::address(&address, &addresses, kind.text(), faults);
        }
        let node = endpoint.child("nodeName");
        if node.given() {
            node.each(names::dns1123_subdomain(node.text()), faults);
        }
        let name = endpoint.child("hostname");
        if name.given() {
            name.each(names::dns1123_label(name.text()), faults);
        }
    }
}

fn address(address: &At<'_>, list: &At<'_>, kind: &str, faults: &mut Faults) {
    if !matches!(kind, "IPv4" | "IPv6") {
        return;
    }
    let before = faults.len();
    pod_spec::ip(address.text(), &address.path, faults);
    if faults.len() > before {
        return;
    }
    if address.text().contains(':') != (kind == "IPv6") {
        let at = At { value: address.value, path: list.path.clone() };
        at.invalid(format!("must be an {kind} address"), faults);
    }
    special_address(address, faults);
}

pub(super) fn validate_slice_update(new: &Value, old: &Value, faults: &mut Faults) {
    if new.get("endpoints") != old.get("endpoints") {
        validate_slice_endpoints(new, faults);
    }
    labels::immutable(new, old, "/addressType", "addressType", faults);
}
