//! Endpoints and EndpointSlices.

use apimachinery::field_error::FieldError;
use serde_json::{Value, json};

use super::pod_defaults::{fill, fill_text, maps_in};
use super::{Faults, labels, pod_spec};
use crate::fields::{items, number, text};

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
    for (index, subset) in items(value, "/subsets").iter().enumerate() {
        let path = format!("subsets[{index}]");
        let (ready, waiting) = (items(subset, "/addresses"), items(subset, "/notReadyAddresses"));
        if ready.is_empty() && waiting.is_empty() {
            faults.push(FieldError::required(
                &path,
                "must specify `addresses` or `notReadyAddresses`",
            ));
        }
        for (field, list) in [("addresses", ready), ("notReadyAddresses", waiting)] {
            for (place, address) in list.iter().enumerate() {
                pod_spec::ip(text(address, "/ip"), &format!("{path}.{field}[{place}].ip"), faults);
            }
        }
        for (place, port) in items(subset, "/ports").iter().enumerate() {
            let path = format!("{path}.ports[{place}].port");
            labels::port_number(number(port, "/port").unwrap_or(0), &path, faults);
        }
    }
}

pub(super) fn validate_slice(value: &Value, faults: &mut Faults) {
    let kind = text(value, "/addressType");
    if kind.is_empty() {
        faults.push(FieldError::required("addressType", ""));
    } else {
        labels::one_of(kind, &["FQDN", "IPv4", "IPv6"], "addressType", faults);
    }
    for (index, endpoint) in items(value, "/endpoints").iter().enumerate() {
        let path = format!("endpoints[{index}].addresses");
        let addresses = items(endpoint, "/addresses");
        if addresses.is_empty() {
            faults.push(FieldError::required(&path, "must contain at least 1 address"));
        }
        for (place, address) in addresses.iter().enumerate() {
            if kind != "FQDN" {
                pod_spec::ip(address.as_str().unwrap_or(""), &format!("{path}[{place}]"), faults);
            }
        }
    }
}

pub(super) fn validate_slice_update(new: &Value, old: &Value, faults: &mut Faults) {
    labels::immutable(new, old, "/addressType", "addressType", faults);
}
