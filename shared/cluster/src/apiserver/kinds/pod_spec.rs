//! `ValidatePodSpec` of `pkg/apis/core/validation/validation.go`, in its order.

use std::net::IpAddr;

use apimachinery::field_error::FieldError;
use apimachinery::names;
use serde_json::{Value, json};

use super::at::At;
use super::{Faults, container, labels, placement, resources, scheduling_gates, security, volumes};

/// Checks the spec of a pod or a template.
pub(super) fn validate(spec: &Value, path: &str, faults: &mut Faults) {
    let at = At { value: spec, path: path.to_owned() };
    let known = volumes::validate(spec, path, faults);
    claims(&at.child("resourceClaims"), faults);
    container::validate_all(&at, &known, faults);
    pod_resources(&at, faults);
    host_network(&at, faults);
    at.child("restartPolicy").one_of(&["Always", "OnFailure", "Never"], faults);
    let policies = ["ClusterFirstWithHostNet", "ClusterFirst", "Default", "None"];
    at.child("dnsPolicy").one_of(&policies, faults);
    let nodes = at.child("nodeSelector");
    labels::labels(Some(nodes.value), &nodes.path, faults);
    security::pod(&at, faults);
    placement::affinity(spec, path, faults);
    dns_config(&at, faults);
    for gate in at.list("readinessGates") {
        let kind = gate.child("conditionType");
        kind.each(names::qualified_name(kind.text()), faults);
    }
    scheduling_gates::names(spec, path, faults);
    placement::spread(spec, path, faults);
    host_users(&at, faults);
    hostname_override(&at, faults);
    for field in ["serviceAccountName", "nodeName"] {
        subdomain(&at.child(field), faults);
    }
    let deadline = at.child("activeDeadlineSeconds");
    if deadline.number().is_some_and(|seconds| !(1..=2_147_483_647).contains(&seconds)) {
        deadline.invalid("must be between 1 and 2147483647, inclusive", faults);
    }
    for field in ["hostname", "subdomain"] {
        let name = at.child(field);
        if !name.text().is_empty() {
            name.each(names::dns1123_label(name.text()), faults);
        }
    }
    placement::tolerations(spec, path, faults);
    host_aliases(&at, faults);
    subdomain(&at.child("priorityClassName"), faults);
    let class = at.child("runtimeClassName");
    if class.given() {
        class.each(names::dns1123_subdomain(class.text()), faults);
    }
    let preemption = at.child("preemptionPolicy");
    if preemption.given() {
        preemption.one_of(&["PreemptLowerPriority", "Never"], faults);
    }
    if at.has("overhead") {
        let limits = json!({"limits": at.child("overhead").value});
        resources::validate(&At { value: &limits, path: format!("{path}.overhead") }, &[], faults);
    }
    security::of_system(&at, faults);
    let group = at.child("schedulingGroup");
    if group.given() {
        let name = group.child("podGroupName");
        if name.given() {
            name.each(names::dns1123_subdomain(name.text()), faults);
        } else {
            name.invalid("must specify one of: `podGroupName`", faults);
        }
    }
}

fn subdomain(at: &At<'_>, faults: &mut Faults) {
    if !at.text().is_empty() {
        at.each(names::dns1123_subdomain(at.text()), faults);
    }
}

/// `validatePodResourceClaims`.
fn claims(list: &At<'_>, faults: &mut Faults) {
    let mut seen: Vec<&str> = Vec::new();
    for claim in list.items() {
        let name = claim.child("name");
        if !name.some_text(faults) {
        } else if seen.contains(&name.text()) {
            name.duplicate(faults);
        } else {
            name.each(names::dns1123_label(name.text()), faults);
        }
        seen.push(name.text());
        let (own, template) =
            (claim.child("resourceClaimName"), claim.child("resourceClaimTemplateName"));
        let why = match (own.given(), template.given()) {
            (true, true) => {
                "at most one of `resourceClaimName` or `resourceClaimTemplateName` may be specified"
            }
            (false, false) => {
                "must specify one of: `resourceClaimName`, `resourceClaimTemplateName`"
            }
            _ => "",
        };
        if !why.is_empty() {
            claim.invalid_struct("core.PodResourceClaim", why, faults);
        }
        for at in [own, template] {
            if at.given() {
                at.each(names::dns1123_subdomain(at.text()), faults);
            }
        }
    }
}

/// `validatePodResources`.
fn pod_resources(spec: &At<'_>, faults: &mut Faults) {
    let own = spec.child("resources");
    if !own.given() {
        return;
    }
    if spec.child("os").text_of("name") == "windows" {
        own.forbidden("may not be set for a windows pod", faults);
        return;
    }
    if own.has("claims") {
        own.child("claims").forbidden("claims may not be set for Resources at pod-level", faults);
    }
    resources::validate_pod(&own, faults);
    resources::consistent(spec, &own, faults);
}

/// `validatePodHostNetworkDeps`: on the network of the host, a port is what it is.
fn host_network(spec: &At<'_>, faults: &mut Faults) {
    if !spec.flag_of("hostNetwork") {
        return;
    }
    for container in spec.list("containers") {
        for port in container.list("ports") {
            let host = port.child("hostPort");
            let number = host.number().unwrap_or(0);
            let wanted = spec.path == "spec" || number != 0;
            if wanted && Some(number) != port.number_of("containerPort") {
                let why = "must match `containerPort` when `hostNetwork` is true";
                host.invalid_as(number, why, faults);
            }
        }
    }
}

/// `validateHostUsers`.
fn host_users(spec: &At<'_>, faults: &mut Faults) {
    if spec.value.get("hostUsers") != Some(&Value::Bool(false)) {
        return;
    }
    for (flag, shown) in
        [("hostNetwork", "hostNetwork"), ("hostPID", "HostPID"), ("hostIPC", "HostIPC")]
    {
        if spec.flag_of(flag) {
            spec.child(shown).forbidden("when `hostUsers` is false", faults);
        }
    }
    for list in ["initContainers", "containers", "ephemeralContainers"] {
        for container in spec.list(list) {
            let devices = container.child("volumeDevices");
            if devices.len() > 0 {
                devices.forbidden("when `hostUsers` is false", faults);
            }
        }
    }
}

/// `validatePodHostName`.
fn hostname_override(spec: &At<'_>, faults: &mut Faults) {
    let name = spec.child("hostnameOverride");
    if !name.given() {
        return;
    }
    if spec.flag_of("setHostnameAsFQDN") {
        name.forbidden("may not be specified when setHostnameAsFQDN is true", faults);
    }
    if spec.flag_of("hostNetwork") {
        name.forbidden("may not be specified when hostNetwork is true", faults);
    }
    if name.text().len() > 64 {
        faults.push(FieldError::too_long(&name.path, 64));
    }
    name.each(names::dns1123_subdomain(name.text()), faults);
}

/// `validatePodDNSConfig`.
fn dns_config(spec: &At<'_>, faults: &mut Faults) {
    let config = spec.child("dnsConfig");
    let servers = config.child("nameservers");
    if spec.text_of("dnsPolicy") == "None" {
        if !config.given() {
            config.required("must provide `dnsConfig` when `dnsPolicy` is None", faults);
            return;
        }
        if servers.len() == 0 {
            let why = "must provide at least one DNS nameserver when `dnsPolicy` is None";
            servers.required(why, faults);
            return;
        }
    }
    if servers.len() > 3 {
        servers.invalid("must not have more than 3 nameservers", faults);
    }
    for server in servers.items() {
        ip(server.text(), &server.path, faults);
    }
    let searches = config.child("searches");
    if searches.len() > 32 {
        searches.invalid("must not have more than 32 search paths", faults);
    }
    let all: usize = searches.items().iter().map(|search| search.text().len() + 1).sum();
    if all > 2048 + 1 {
        let why = "must not have more than 2048 characters (including spaces) in the search list";
        searches.invalid(why, faults);
    }
    for search in searches.items().iter().filter(|search| search.text() != ".") {
        let text = search.text().strip_suffix('.').unwrap_or_else(|| search.text());
        search.each_as(text, names::underscored_subdomain(text), faults);
    }
    for option in config.list("options") {
        if option.text_of("name").is_empty() {
            option.required("must not be empty", faults);
        }
    }
}

/// A literal address.
pub(super) fn ip(value: &str, path: &str, faults: &mut Faults) {
    if value.parse::<IpAddr>().is_err() {
        let why = "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)";
        faults.push(FieldError::invalid(path, value, why));
    }
}

fn host_aliases(spec: &At<'_>, faults: &mut Faults) {
    for alias in spec.list("hostAliases") {
        let address = alias.child("ip");
        ip(address.text(), &address.path, faults);
        for name in alias.list("hostnames") {
            name.each(names::dns1123_subdomain(name.text()), faults);
        }
    }
}
