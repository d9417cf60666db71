//! Namespaces, nodes, settings, quotas, storage, events.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{Cells, age, name, or_none, since};
use crate::fields::{condition, flag, items, number, text, texts};

fn size(value: &Value, pointer: &str) -> usize {
    value.pointer(pointer).and_then(Value::as_object).map_or(0, serde_json::Map::len)
}

pub(super) fn config_map(value: &Value, now: Timestamp) -> Cells {
    let keys = size(value, "/data") + size(value, "/binaryData");
    vec![name(value), json!(keys), age(value, now)]
}

pub(super) fn secret(value: &Value, now: Timestamp) -> Cells {
    let keys = size(value, "/data");
    vec![name(value), json!(text(value, "/type")), json!(keys), age(value, now)]
}

pub(super) fn namespace(value: &Value, now: Timestamp) -> Cells {
    vec![name(value), json!(text(value, "/status/phase")), age(value, now)]
}

pub(super) fn lease(value: &Value, now: Timestamp) -> Cells {
    vec![name(value), json!(text(value, "/spec/holderIdentity")), age(value, now)]
}

/// `printComponentStatus`.
pub(super) fn component(value: &Value, _: Timestamp) -> Cells {
    let healthy = items(value, "/conditions").iter().find(|one| text(one, "/type") == "Healthy");
    let said = |field: &str| healthy.map_or("", |one| text(one, field));
    let status = match said("/status") {
        "True" => "Healthy",
        "False" => "Unhealthy",
        _ => "Unknown",
    };
    vec![name(value), json!(status), json!(said("/message")), json!(said("/error"))]
}

pub(super) fn api_service(value: &Value, now: Timestamp) -> Cells {
    let service = match text(value, "/spec/service/name") {
        "" => "Local".to_owned(),
        service => format!("{}/{service}", text(value, "/spec/service/namespace")),
    };
    let available = condition(value, "Available");
    let status = available.map_or("Unknown", |one| text(one, "/status"));
    let shown = match (status, available) {
        ("True", _) | (_, None) => status.to_owned(),
        (status, Some(one)) => format!("{status} ({})", text(one, "/reason")),
    };
    vec![name(value), json!(service), json!(shown), age(value, now)]
}

pub(super) fn priority_class(value: &Value, now: Timestamp) -> Cells {
    vec![
        name(value),
        json!(number(value, "/value").unwrap_or(0)),
        json!(flag(value, "/globalDefault")),
        age(value, now),
        json!(text(value, "/preemptionPolicy")),
    ]
}

fn roles(node: &Value) -> String {
    let mut roles = BTreeSet::new();
    for (key, value) in texts(node, "/metadata/labels") {
        if let Some(role) =
            key.strip_prefix("node-role.kubernetes.io/").filter(|role| !role.is_empty())
        {
            roles.insert(role.to_owned());
        } else if key == "kubernetes.io/role" && !value.is_empty() {
            roles.insert(value);
        }
    }
    roles.into_iter().collect::<Vec<_>>().join(",")
}

pub(super) fn node(value: &Value, now: Timestamp) -> Cells {
    let ready = condition(value, "Ready").map(|one| text(one, "/status"));
    let mut status = match ready {
        Some("True") => "Ready",
        Some(_) => "NotReady",
        None => "Unknown",
    }
    .to_owned();
    if flag(value, "/spec/unschedulable") {
        status.push_str(",SchedulingDisabled");
    }
    let address = |kind: &str| {
        let found = items(value, "/status/addresses").iter().find(|one| text(one, "/type") == kind);
        or_none(found.map_or("", |one| text(one, "/address")))
    };
    let info = |field: &str| {
        let found = text(value, &format!("/status/nodeInfo/{field}"));
        json!(if found.is_empty() { "<unknown>" } else { found })
    };
    vec![
        name(value),
        json!(status),
        or_none(&roles(value)),
        age(value, now),
        json!(text(value, "/status/nodeInfo/kubeletVersion")),
        address("InternalIP"),
        address("ExternalIP"),
        info("osImage"),
        json!(kernel(value)),
        info("containerRuntimeVersion"),
    ]
}

/// The kernel and the architecture that it runs on.
fn kernel(node: &Value) -> String {
    let version = text(node, "/status/nodeInfo/kernelVersion");
    let architecture = text(node, "/status/nodeInfo/architecture");
    match (version, architecture) {
        ("", _) => "<unknown>".to_owned(),
        (version, "") => version.to_owned(),
        (version, architecture) => format!("{version} ({architecture})"),
    }
}

pub(super) fn quota(value: &Value, now: Timestamp) -> Cells {
    let hard = texts(value, "/status/hard");
    let used = texts(value, "/status/used");
    let of = |limits: bool| {
        let parts: Vec<String> = hard
            .iter()
            .filter(|(name, _)| name.starts_with("limits.") == limits)
            .map(|(name, limit)| {
                format!("{name}: {}/{limit}", used.get(name).map_or("0", String::as_str))
            })
            .collect();
        json!(parts.join(", "))
    };
    vec![name(value), of(false), of(true), age(value, now)]
}

/// The short names, in the order that upstream has (`GetAccessModesAsString`).
fn modes(value: &Value, pointer: &str) -> String {
    let own = items(value, pointer);
    let known = [
        ("ReadWriteOnce", "RWO"),
        ("ReadOnlyMany", "ROX"),
        ("ReadWriteMany", "RWX"),
        ("ReadWriteOncePod", "RWOP"),
    ];
    let found = known.iter().filter(|(mode, _)| own.iter().any(|one| one.as_str() == Some(mode)));
    found.map(|(_, short)| *short).collect::<Vec<_>>().join(",")
}

fn unset(text: &str) -> Value {
    json!(if text.is_empty() { "<unset>" } else { text })
}

pub(super) fn claim(value: &Value, now: Timestamp) -> Cells {
    let volume = text(value, "/spec/volumeName");
    let bound = !volume.is_empty();
    let capacity = match text(value, "/status/capacity/storage") {
        "" => "0",
        size => size,
    };
    let phase =
        if crate::fields::deleting(value) { "Terminating" } else { text(value, "/status/phase") };
    vec![
        name(value),
        json!(phase),
        json!(volume),
        json!(if bound { capacity } else { "" }),
        json!(if bound { modes(value, "/status/accessModes") } else { String::new() }),
        json!(text(value, "/spec/storageClassName")),
        unset(text(value, "/spec/volumeAttributesClassName")),
        age(value, now),
        unset(text(value, "/spec/volumeMode")),
    ]
}

pub(super) fn volume(value: &Value, now: Timestamp) -> Cells {
    let claim = match text(value, "/spec/claimRef/name") {
        "" => String::new(),
        claim => format!("{}/{claim}", text(value, "/spec/claimRef/namespace")),
    };
    let phase =
        if crate::fields::deleting(value) { "Terminating" } else { text(value, "/status/phase") };
    vec![
        name(value),
        json!(text(value, "/spec/capacity/storage")),
        json!(modes(value, "/spec/accessModes")),
        json!(text(value, "/spec/persistentVolumeReclaimPolicy")),
        json!(phase),
        json!(claim),
        json!(text(value, "/spec/storageClassName")),
        unset(text(value, "/spec/volumeAttributesClassName")),
        json!(text(value, "/status/reason")),
        age(value, now),
        unset(text(value, "/spec/volumeMode")),
    ]
}

pub(super) fn storage_class(value: &Value, now: Timestamp) -> Cells {
    let default = "storageclass.kubernetes.io/is-default-class";
    let mut shown = text(value, "/metadata/name").to_owned();
    if crate::fields::annotation(value, default) == "true" {
        shown.push_str(" (default)");
    }
    vec![
        json!(shown),
        json!(text(value, "/provisioner")),
        json!(text(value, "/reclaimPolicy")),
        json!(text(value, "/volumeBindingMode")),
        json!(flag(value, "/allowVolumeExpansion")),
        age(value, now),
    ]
}

/// Core events, and those of the newer API with a series (`printEvent`).
pub(super) fn event(value: &Value, now: Timestamp) -> Cells {
    let field = |core: &str, new: &str| {
        let found = text(value, core);
        if found.is_empty() { text(value, new).to_owned() } else { found.to_owned() }
    };
    let first = match field("/firstTimestamp", "/deprecatedFirstTimestamp") {
        time if time.is_empty() => field("/eventTime", "/eventTime"),
        time => time,
    };
    let mut last = field("/lastTimestamp", "/deprecatedLastTimestamp");
    let mut count =
        number(value, "/count").or_else(|| number(value, "/deprecatedCount")).unwrap_or(0);
    if last.is_empty() {
        first.clone_into(&mut last);
    }
    if let Some(series) = value.get("series").filter(|series| series.is_object()) {
        text(series, "/lastObservedTime").clone_into(&mut last);
        count = number(series, "/count").unwrap_or(0);
    } else if count == 0 {
        count = 1;
    }
    let kind = field("/involvedObject/kind", "/regarding/kind").to_lowercase();
    let target = field("/involvedObject/name", "/regarding/name");
    let object = if target.is_empty() { kind } else { format!("{kind}/{target}") };
    let mut source = field("/source/component", "/deprecatedSource/component");
    if source.is_empty() {
        source = field("/reportingComponent", "/reportingController");
    }
    let host = field("/source/host", "/deprecatedSource/host");
    if !host.is_empty() {
        source = format!("{source}, {host}");
    }
    vec![
        json!(since(&last, now)),
        json!(text(value, "/type")),
        json!(text(value, "/reason")),
        json!(object),
        json!(field("/involvedObject/fieldPath", "/regarding/fieldPath")),
        json!(source),
        json!(field("/message", "/note").trim()),
        json!(since(&first, now)),
        json!(count),
        name(value),
    ]
}
