//! What a picture reads out of an object.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::scene::{Group, Line, Node, NodeState, Role};

/// A text at a JSON pointer; empty when absent.
pub(crate) fn text<'v>(object: &'v Value, pointer: &str) -> &'v str {
    object.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}

pub(crate) fn kind(object: &Value) -> &str {
    text(object, "/kind")
}

pub(crate) fn name(object: &Value) -> &str {
    text(object, "/metadata/name")
}

pub(crate) fn namespace(object: &Value) -> &str {
    text(object, "/metadata/namespace")
}

pub(crate) fn number(object: &Value, pointer: &str) -> u64 {
    object.pointer(pointer).and_then(Value::as_u64).unwrap_or_default()
}

/// Id of an object's card.
pub(crate) fn id(kind: &str, namespace: &str, name: &str) -> String {
    format!("{kind}/{namespace}/{name}")
}

/// Entries of a map of texts.
pub(crate) fn entries(object: &Value, pointer: &str) -> BTreeMap<String, String> {
    let map = object.pointer(pointer).and_then(Value::as_object);
    // `collect` into a map sorts, with code of its own for every place that does: four kilobytes.
    let mut entries = BTreeMap::new();
    entries.extend(
        map.into_iter()
            .flatten()
            .filter_map(|(key, value)| Some((key.clone(), value.as_str()?.to_owned()))),
    );
    entries
}

/// Uid of the object's controller.
pub(crate) fn controller(object: &Value) -> Option<&str> {
    let owners = object.pointer("/metadata/ownerReferences")?.as_array()?;
    let owner = owners
        .iter()
        .find(|owner| owner.get("controller").and_then(Value::as_bool) == Some(true))?;
    owner.get("uid").and_then(Value::as_str)
}

/// A namespace as a box.
pub(crate) fn group(objects: &[Value], name: &str) -> Group {
    let found =
        objects.iter().find(|object| kind(object) == "Namespace" && self::name(object) == name);
    let labels = found.map(|object| entries(object, "/metadata/labels")).unwrap_or_default();
    Group {
        id: format!("Namespace/{name}"),
        title: name.to_owned(),
        // The API server sets this one on every namespace; nobody put it there.
        labels: labels
            .iter()
            .filter(|(key, _)| *key != "kubernetes.io/metadata.name")
            .map(|(key, value)| format!("{key}={value}"))
            .collect(),
        missing: found.is_none(),
    }
}

/// The image of a container, without registry and folders: a card is small.
pub(crate) fn image(container: &Value) -> Line {
    let whole = text(container, "/image");
    let value = whole.rsplit('/').next().unwrap_or(whole).to_owned();
    Line { key: "image".to_owned(), value }
}

/// A pod as a card.
pub(crate) fn pod(object: &Value) -> Node {
    let mut lines: Vec<Line> = object
        .pointer("/spec/containers")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .map(image)
        .collect();
    let labels = entries(object, "/metadata/labels");
    lines.extend(
        labels
            .into_iter()
            .filter(|(key, _)| key != "pod-template-hash")
            .map(|(key, value)| Line { key, value }),
    );
    let (state, word) = pod_state(object);
    Node {
        id: id("Pod", namespace(object), name(object)),
        group: format!("Namespace/{}", namespace(object)),
        kind: "Pod".to_owned(),
        name: name(object).to_owned(),
        count: 1,
        lines,
        state,
        word,
        role: Role::Plain,
    }
}

/// Health of a pod and its word, as the STATUS column of kubectl has it
/// (`pkg/printers/internalversion/printers.go printPod`, the parts that a picture needs).
pub(crate) fn pod_state(object: &Value) -> (NodeState, String) {
    if object.pointer("/metadata/deletionTimestamp").is_some() {
        return (NodeState::Progressing, "Terminating".to_owned());
    }
    let containers = object.pointer("/status/containerStatuses").and_then(Value::as_array);
    let waiting = containers.into_iter().flatten().find_map(|status| {
        let waiting = text(status, "/state/waiting/reason");
        let ended = text(status, "/state/terminated/reason");
        [waiting, ended].into_iter().find(|reason| !reason.is_empty())
    });
    let phase = text(object, "/status/phase");
    let phase = if phase.is_empty() { "Pending" } else { phase };
    let word = waiting.unwrap_or(phase).to_owned();
    let state = match word.as_str() {
        "Running" if is_true(object, "Ready") => NodeState::Ready,
        "Succeeded" | "Completed" => NodeState::Ready,
        "Running" | "Pending" | "ContainerCreating" | "PodInitializing" => NodeState::Progressing,
        _ => NodeState::Failed,
    };
    (state, word)
}

fn is_true(object: &Value, condition: &str) -> bool {
    let conditions = object.pointer("/status/conditions").and_then(Value::as_array);
    conditions
        .into_iter()
        .flatten()
        .any(|entry| text(entry, "/type") == condition && text(entry, "/status") == "True")
}
