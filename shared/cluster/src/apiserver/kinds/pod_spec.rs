//! `ValidatePodSpec` of `pkg/apis/core/validation/validation.go`, in its order.

use std::net::IpAddr;

use apimachinery::field_error::FieldError;
use apimachinery::names;
use serde_json::Value;

use super::{Faults, container, labels, placement, scheduling_gates, security, volumes};
use crate::fields::{items, number, text};

/// Checks the spec of a pod or a template.
pub(super) fn validate(spec: &Value, path: &str, faults: &mut Faults) {
    let known = volumes::validate(spec, path, faults);
    container::validate_all(spec, path, &known, faults);
    let at = |field: &str| format!("{path}.{field}");
    labels::one_of(
        text(spec, "/restartPolicy"),
        &["Always", "OnFailure", "Never"],
        &at("restartPolicy"),
        faults,
    );
    labels::one_of(
        text(spec, "/dnsPolicy"),
        &["ClusterFirstWithHostNet", "ClusterFirst", "Default", "None"],
        &at("dnsPolicy"),
        faults,
    );
    labels::labels(spec.get("nodeSelector"), &at("nodeSelector"), faults);
    security::pod(spec, path, faults);
    for (index, secret) in items(spec, "/imagePullSecrets").iter().enumerate() {
        if text(secret, "/name").is_empty() {
            let path = at(&format!("imagePullSecrets[{index}].name"));
            faults.push(FieldError::required(&path, ""));
        }
    }
    placement::affinity(spec, path, faults);
    dns_config(spec, path, faults);
    for field in ["serviceAccountName", "nodeName", "priorityClassName"] {
        let value = text(spec, &format!("/{field}"));
        if !value.is_empty() {
            labels::each(&at(field), value, names::dns1123_subdomain(value), faults);
        }
    }
    let deadline = number(spec, "/activeDeadlineSeconds");
    if let Some(seconds) = deadline.filter(|seconds| !(1..=2_147_483_647).contains(seconds)) {
        let why = "must be between 1 and 2147483647, inclusive";
        faults.push(FieldError::invalid(&at("activeDeadlineSeconds"), seconds, why));
    }
    for field in ["hostname", "subdomain"] {
        let value = text(spec, &format!("/{field}"));
        if !value.is_empty() {
            labels::each(&at(field), value, names::dns1123_label(value), faults);
        }
    }
    placement::tolerations(spec, path, faults);
    host_aliases(spec, path, faults);
    scheduling_gates::names(spec, path, faults);
    placement::spread(spec, path, faults);
}

fn dns_config(spec: &Value, path: &str, faults: &mut Faults) {
    let servers = items(spec, "/dnsConfig/nameservers");
    if text(spec, "/dnsPolicy") == "None" && servers.is_empty() {
        let why = "must provide at least one DNS nameserver when `dnsPolicy` is None";
        faults.push(FieldError::required(&format!("{path}.dnsConfig.nameservers"), why));
    }
    for (index, server) in servers.iter().enumerate() {
        ip(
            server.as_str().unwrap_or(""),
            &format!("{path}.dnsConfig.nameservers[{index}]"),
            faults,
        );
    }
}

/// A literal address.
pub(super) fn ip(value: &str, path: &str, faults: &mut Faults) {
    if value.parse::<IpAddr>().is_err() {
        let why = "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)";
        faults.push(FieldError::invalid(path, value, why));
    }
}

fn host_aliases(spec: &Value, path: &str, faults: &mut Faults) {
    for (index, alias) in items(spec, "/hostAliases").iter().enumerate() {
        let path = format!("{path}.hostAliases[{index}]");
        ip(text(alias, "/ip"), &format!("{path}.ip"), faults);
        for (place, name) in items(alias, "/hostnames").iter().enumerate() {
            let name = name.as_str().unwrap_or("");
            let path = format!("{path}.hostnames[{place}]");
            labels::each(&path, name, names::dns1123_subdomain(name), faults);
        }
    }
}
