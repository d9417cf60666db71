//! Kinds of storage.k8s.io, networking.k8s.io, node.k8s.io, resource.k8s.io and
//! flowcontrol.apiserver.k8s.io that nothing here acts on.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{Cells, age, format_labels, name, or_none};
use crate::fields::{annotation, deleting, flag, items, number, text, texts};

/// The kind whose list has an order of its own.
pub(super) const FLOW_SCHEMAS: &str = "flowschemas.flowcontrol.apiserver.k8s.io";

pub(super) fn driver(value: &Value, now: Timestamp) -> Cells {
    let list = |pointer: &str| items(value, pointer).iter().filter_map(Value::as_str);
    let modes: Vec<&str> = list("/spec/volumeLifecycleModes").collect();
    let audiences: Vec<&str> =
        items(value, "/spec/tokenRequests").iter().map(|one| text(one, "/audience")).collect();
    let tokens = match value.pointer("/spec/tokenRequests") {
        Some(Value::Array(_)) => audiences.join(","),
        _ => "<unset>".to_owned(),
    };
    let spec = |field: &str| json!(flag(value, &format!("/spec/{field}")));
    vec![
        name(value),
        spec("attachRequired"),
        spec("podInfoOnMount"),
        spec("storageCapacity"),
        json!(tokens),
        spec("requiresRepublish"),
        or_none(&modes.join(",")),
        age(value, now),
    ]
}

pub(super) fn node(value: &Value, now: Timestamp) -> Cells {
    vec![name(value), json!(items(value, "/spec/drivers").len()), age(value, now)]
}

pub(super) fn attachment(value: &Value, now: Timestamp) -> Cells {
    vec![
        name(value),
        json!(text(value, "/spec/attacher")),
        json!(text(value, "/spec/source/persistentVolumeName")),
        json!(text(value, "/spec/nodeName")),
        json!(flag(value, "/status/attached")),
        age(value, now),
    ]
}

pub(super) fn attributes(value: &Value, now: Timestamp) -> Cells {
    vec![name(value), json!(text(value, "/driverName")), age(value, now)]
}

pub(super) fn runtime(value: &Value, now: Timestamp) -> Cells {
    vec![name(value), json!(text(value, "/handler")), age(value, now)]
}

pub(super) fn ingress(value: &Value, now: Timestamp) -> Cells {
    let mut shown = text(value, "/metadata/name").to_owned();
    if annotation(value, "ingressclass.kubernetes.io/is-default-class") == "true" {
        shown.push_str(" (default)");
    }
    let parameters = value.pointer("/spec/parameters").map(|one| {
        let group = one.get("apiGroup").and_then(Value::as_str);
        let group = group.map(|group| format!(".{group}")).unwrap_or_default();
        format!("{}{group}/{}", text(one, "/kind"), text(one, "/name"))
    });
    vec![
        json!(shown),
        json!(text(value, "/spec/controller")),
        or_none(&parameters.unwrap_or_default()),
        age(value, now),
    ]
}

pub(super) fn address(value: &Value, now: Timestamp) -> Cells {
    let parent = value.pointer("/spec/parentRef").map(|parent| {
        let part = |field: &str| text(parent, &format!("/{field}"));
        let group = match part("group") {
            "" => String::new(),
            group => format!(".{group}"),
        };
        let namespace = match part("namespace") {
            "" => String::new(),
            namespace => format!("/{namespace}"),
        };
        let resource = format!("{}{group}", part("resource")).to_lowercase();
        format!("{resource}{namespace}/{}", part("name"))
    });
    vec![name(value), or_none(&parent.unwrap_or_default()), age(value, now)]
}

pub(super) fn range(value: &Value, now: Timestamp) -> Cells {
    let ranges: Vec<&str> = items(value, "/spec/cidrs").iter().filter_map(Value::as_str).collect();
    vec![name(value), json!(ranges.join(",")), age(value, now)]
}

/// `printFlowSchemaList`: those that are asked first come first (`FlowSchemaSequence`).
pub(super) fn by_precedence(schemas: &mut [&Value]) {
    let precedence = |one: &Value| number(one, "/spec/matchingPrecedence").unwrap_or(0);
    schemas.sort_by_key(|one| (precedence(one), text(one, "/metadata/name").to_owned()));
}

pub(super) fn flow_schema(value: &Value, now: Timestamp) -> Cells {
    let dangling = crate::fields::condition(value, "Dangling");
    vec![
        name(value),
        json!(text(value, "/spec/priorityLevelConfiguration/name")),
        json!(number(value, "/spec/matchingPrecedence").unwrap_or(0)),
        or_none(text(value, "/spec/distinguisherMethod/type")),
        age(value, now),
        json!(dangling.map_or("?", |one| text(one, "/status"))),
    ]
}

pub(super) fn priority_level(value: &Value, now: Timestamp) -> Cells {
    let limited = |field: &str| {
        let found = number(value, &format!("/spec/limited/{field}"));
        found.map_or_else(|| json!("<none>"), |number| json!(number))
    };
    vec![
        name(value),
        json!(text(value, "/spec/type")),
        limited("nominalConcurrencyShares"),
        limited("limitResponse/queuing/queues"),
        limited("limitResponse/queuing/handSize"),
        limited("limitResponse/queuing/queueLengthLimit"),
        age(value, now),
    ]
}

pub(super) fn resource_claim(value: &Value, now: Timestamp) -> Cells {
    let mut states = Vec::new();
    if deleting(value) {
        states.push("deleted");
    }
    if value.pointer("/status/allocation").is_some() {
        states.push("allocated");
        if !items(value, "/status/reservedFor").is_empty() {
            states.push("reserved");
        }
    } else if !deleting(value) {
        states.push("pending");
    }
    vec![name(value), json!(states.join(",")), age(value, now)]
}

pub(super) fn resource_slice(value: &Value, now: Timestamp) -> Cells {
    vec![
        name(value),
        json!(text(value, "/spec/nodeName")),
        json!(text(value, "/spec/driver")),
        json!(text(value, "/spec/pool/name")),
        age(value, now),
    ]
}

pub(super) fn pod_template(value: &Value, _: Timestamp) -> Cells {
    let list = |field: &str| {
        let all = items(value, "/template/spec/containers").iter();
        json!(all.map(|one| text(one, field)).collect::<Vec<_>>().join(","))
    };
    let labels = texts(value, "/template/metadata/labels");
    vec![name(value), list("/name"), list("/image"), json!(format_labels(&labels))]
}
