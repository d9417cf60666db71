//! Objects that are served in more than one version: events are stored as core/v1 and served in
//! events.k8s.io/v1 too; autoscalers are stored as autoscaling/v2 and served in v1 too.

use apimachinery::gvk::GroupVersionKind;
use serde_json::{Map, Value, json};

use crate::fields::text;

/// The key of a resource in the store.
pub(crate) fn storage_key(group: &str, plural: &str) -> String {
    match (group, plural) {
        ("" | "events.k8s.io", _) => plural.to_owned(),
        _ => format!("{plural}.{group}"),
    }
}

/// Names of the same field in core/v1 and events.k8s.io/v1.
const EVENT_FIELDS: [(&str, &str); 6] = [
    ("involvedObject", "regarding"),
    ("message", "note"),
    ("firstTimestamp", "deprecatedFirstTimestamp"),
    ("lastTimestamp", "deprecatedLastTimestamp"),
    ("count", "deprecatedCount"),
    ("source", "deprecatedSource"),
];

fn rename(map: &mut Map<String, Value>, from: &str, to: &str) {
    if let Some(value) = map.remove(from) {
        map.insert(to.to_owned(), value);
    }
}

/// Brings an object into the version in which it is stored.
pub(crate) fn to_storage(value: &mut Value) {
    match (text(value, "/apiVersion"), text(value, "/kind")) {
        ("events.k8s.io/v1", "Event") => {
            let Some(map) = value.as_object_mut() else { return };
            for (core, own) in EVENT_FIELDS {
                rename(map, own, core);
            }
            rename(map, "reportingController", "reportingComponent");
            map.insert("apiVersion".to_owned(), json!("v1"));
        }
        ("autoscaling/v1", "HorizontalPodAutoscaler") => {
            let Some(map) = value.as_object_mut() else { return };
            map.insert("apiVersion".to_owned(), json!("autoscaling/v2"));
            let spec = map.get_mut("spec").and_then(Value::as_object_mut);
            if let Some(spec) = spec
                && let Some(target) = spec.remove("targetCPUUtilizationPercentage")
            {
                let target = json!({"type": "Utilization", "averageUtilization": target});
                let metric =
                    json!({"type": "Resource", "resource": {"name": "cpu", "target": target}});
                spec.insert("metrics".to_owned(), json!([metric]));
            }
        }
        _ => {}
    }
}

/// Whether objects of a kind are shown as they are stored.
pub(crate) fn is_stored(gvk: &GroupVersionKind) -> bool {
    !matches!(
        (gvk.group.as_str(), gvk.version.as_str()),
        ("events.k8s.io", _) | ("autoscaling", "v1")
    )
}

/// Shows a stored object in a group and version.
pub(crate) fn in_version(value: &mut Value, group: &str, version: &str) {
    let Some(map) = value.as_object_mut() else { return };
    let kind = map.get("kind").and_then(Value::as_str).unwrap_or("").to_owned();
    match (group, version, kind.as_str()) {
        ("events.k8s.io", _, "Event") => {
            for (core, own) in EVENT_FIELDS {
                rename(map, core, own);
            }
            rename(map, "reportingComponent", "reportingController");
            map.insert("apiVersion".to_owned(), json!("events.k8s.io/v1"));
        }
        ("autoscaling", "v1", "HorizontalPodAutoscaler") => {
            map.insert("apiVersion".to_owned(), json!("autoscaling/v1"));
            let spec = map.get_mut("spec").and_then(Value::as_object_mut);
            if let Some(spec) = spec {
                let metrics = spec.remove("metrics").unwrap_or_default();
                let target = metrics.pointer("/0/resource/target/averageUtilization");
                if let Some(target) = target {
                    spec.insert("targetCPUUtilizationPercentage".to_owned(), target.clone());
                }
                spec.remove("behavior");
            }
        }
        _ => {}
    }
}
