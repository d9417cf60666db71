//! Deployments and other owners of pods.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{Cells, age, name, or_none, selector, since};
use crate::fields::{condition_true, flag, items, number, text};

fn count(value: &Value, pointer: &str) -> i64 {
    number(value, pointer).unwrap_or(0)
}

/// Names and images of the containers of a template.
fn containers(value: &Value, pointer: &str) -> (Value, Value) {
    let of = |field: &str| {
        let list = items(value, &format!("{pointer}/spec/containers")).iter();
        json!(list.map(|one| text(one, field)).collect::<Vec<_>>().join(","))
    };
    (of("/name"), of("/image"))
}

pub(super) fn deployment(value: &Value, now: Timestamp) -> Cells {
    let (names, images) = containers(value, "/spec/template");
    vec![
        name(value),
        json!(format!(
            "{}/{}",
            count(value, "/status/readyReplicas"),
            count(value, "/spec/replicas")
        )),
        json!(count(value, "/status/updatedReplicas")),
        json!(count(value, "/status/availableReplicas")),
        age(value, now),
        names,
        images,
        json!(selector(value.pointer("/spec/selector"))),
    ]
}

pub(super) fn replica_set(value: &Value, now: Timestamp) -> Cells {
    let (names, images) = containers(value, "/spec/template");
    vec![
        name(value),
        json!(count(value, "/spec/replicas")),
        json!(count(value, "/status/replicas")),
        json!(count(value, "/status/readyReplicas")),
        age(value, now),
        names,
        images,
        json!(selector(value.pointer("/spec/selector"))),
    ]
}

/// A scale (`printScale`).
pub(super) fn scale(value: &Value, now: Timestamp) -> Cells {
    let replicas = |part: &str| json!(count(value, &format!("/{part}/replicas")));
    vec![name(value), replicas("spec"), replicas("status"), age(value, now)]
}

pub(super) fn daemon_set(value: &Value, now: Timestamp) -> Cells {
    let (names, images) = containers(value, "/spec/template");
    let nodes = crate::fields::texts(value, "/spec/template/spec/nodeSelector");
    let status = |field: &str| json!(count(value, &format!("/status/{field}")));
    vec![
        name(value),
        status("desiredNumberScheduled"),
        status("currentNumberScheduled"),
        status("numberReady"),
        status("updatedNumberScheduled"),
        status("numberAvailable"),
        json!(super::format_labels(&nodes)),
        age(value, now),
        names,
        images,
        json!(selector(value.pointer("/spec/selector"))),
    ]
}

pub(super) fn stateful_set(value: &Value, now: Timestamp) -> Cells {
    let (names, images) = containers(value, "/spec/template");
    let ready =
        format!("{}/{}", count(value, "/status/readyReplicas"), count(value, "/spec/replicas"));
    vec![name(value), json!(ready), age(value, now), names, images]
}

pub(super) fn job(value: &Value, now: Timestamp) -> Cells {
    let (names, images) = containers(value, "/spec/template");
    let done = count(value, "/status/succeeded");
    let completions = number(value, "/spec/completions").map_or_else(
        || match count(value, "/spec/parallelism") {
            many if many > 1 => format!("{done}/1 of {many}"),
            _ => format!("{done}/1"),
        },
        |wanted| format!("{done}/{wanted}"),
    );
    let start = text(value, "/status/startTime");
    let end = text(value, "/status/completionTime").parse::<Timestamp>().unwrap_or(now);
    let duration = if start.is_empty() { String::new() } else { since(start, end) };
    let state = if condition_true(value, "Complete") {
        "Complete"
    } else if condition_true(value, "Failed") {
        "Failed"
    } else if crate::fields::deleting(value) {
        "Terminating"
    } else if condition_true(value, "Suspended") {
        "Suspended"
    } else {
        "Running"
    };
    vec![
        name(value),
        json!(state),
        json!(completions),
        json!(duration),
        age(value, now),
        names,
        images,
        json!(selector(value.pointer("/spec/selector"))),
    ]
}

pub(super) fn cron_job(value: &Value, now: Timestamp) -> Cells {
    let (names, images) = containers(value, "/spec/jobTemplate/spec/template");
    let last = text(value, "/status/lastScheduleTime");
    vec![
        name(value),
        json!(text(value, "/spec/schedule")),
        or_none(text(value, "/spec/timeZone")),
        json!(if flag(value, "/spec/suspend") { "True" } else { "False" }),
        json!(items(value, "/status/active").len()),
        json!(if last.is_empty() { "<none>".to_owned() } else { since(last, now) }),
        age(value, now),
        names,
        images,
        json!(selector(value.pointer("/spec/jobTemplate/spec/selector"))),
    ]
}

/// The selector of a ReplicationController is a plain map.
pub(super) fn replication_controller(value: &Value, now: Timestamp) -> Cells {
    let mut cells = replica_set(value, now);
    cells.pop();
    cells.push(json!(super::format_labels(&crate::fields::texts(value, "/spec/selector"))));
    cells
}

pub(super) fn budget(value: &Value, now: Timestamp) -> Cells {
    let shown = |field: &str| match value.pointer(&format!("/spec/{field}")) {
        None | Some(Value::Null) => json!("N/A"),
        Some(Value::String(text)) => json!(text),
        Some(other) => json!(other.to_string()),
    };
    vec![
        name(value),
        shown("minAvailable"),
        shown("maxUnavailable"),
        json!(count(value, "/status/disruptionsAllowed")),
        age(value, now),
    ]
}

pub(super) fn revision(value: &Value, now: Timestamp) -> Cells {
    let owner = crate::fields::controller_of(value).map(|owner| {
        let group = text(owner, "/apiVersion").split('/').next().unwrap_or("");
        format!("{}.{group}/{}", text(owner, "/kind").to_lowercase(), text(owner, "/name"))
    });
    vec![
        name(value),
        or_none(&owner.unwrap_or_default()),
        json!(count(value, "/revision")),
        age(value, now),
    ]
}
