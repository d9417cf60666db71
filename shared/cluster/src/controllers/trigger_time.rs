//! When what is written about a Service's endpoints began to be true: the annotation by which the delay of programming
//! the network is measured (`k8s.io/endpointslice/util/trigger_time_tracker.go`).

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Value, json};

use crate::fields;

const ANNOTATION: &str = "endpoints.kubernetes.io/last-change-trigger-time";

/// The time of what changed since the controller last looked, and what it has to remember for the next time.
pub(super) fn since(
    service: &Value,
    pods: &[Arc<Value>],
    memory: &Value,
) -> (Option<String>, Value) {
    let created = fields::text(service, "/metadata/creationTimestamp");
    let times: BTreeMap<&str, &str> = pods
        .iter()
        .filter_map(|pod| {
            let ready = fields::condition(pod, "Ready")?;
            Some((fields::name(pod), fields::text(ready, "/lastTransitionTime")))
        })
        .filter(|(_, time)| !time.is_empty())
        .collect();
    let next = json!({ "uid": fields::uid(service), "pods": times });
    if memory.get("uid") != next.get("uid") {
        return (Some(created.to_owned()), next);
    }
    let known = |name: &str| {
        memory
            .get("pods")
            .and_then(|pods| pods.get(name))
            .and_then(Value::as_str)
            .unwrap_or_default()
    };
    // Times of the API have one form, so that they are in the order of their texts.
    let changed = times.iter().filter(|(name, time)| **time > known(name)).map(|(_, time)| *time);
    (changed.min().map(str::to_owned), next)
}

/// Writes the annotation, or takes it away where nothing is known.
pub(super) fn annotate(object: &mut Value, time: Option<&str>) {
    let mut annotations = fields::texts(object, "/metadata/annotations");
    match time {
        Some(time) => annotations.insert(ANNOTATION.to_owned(), time.to_owned()),
        None => annotations.remove(ANNOTATION),
    };
    let annotations = if annotations.is_empty() { Value::Null } else { json!(annotations) };
    fields::put(object, "/metadata/annotations", annotations);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_earliest_of_what_changed_counts() {
        let service =
            json!({ "metadata": { "uid": "s", "creationTimestamp": "2026-01-01T00:00:00Z" } });
        let pod = |name: &str, time: &str| {
            Arc::new(json!({
                "metadata": { "name": name },
                "status": { "conditions": [{ "type": "Ready", "lastTransitionTime": time }] },
            }))
        };
        let first = [pod("a", "2026-01-01T00:00:05Z")];
        let (time, memory) = since(&service, &first, &Value::Null);
        assert_eq!(time.as_deref(), Some("2026-01-01T00:00:00Z"));
        let (time, memory) = since(&service, &first, &memory);
        assert_eq!(time, None);
        let more = [
            pod("a", "2026-01-01T00:00:05Z"),
            pod("b", "2026-01-01T00:00:09Z"),
            pod("c", "2026-01-01T00:00:07Z"),
        ];
        let (time, _) = since(&service, &more, &memory);
        assert_eq!(time.as_deref(), Some("2026-01-01T00:00:07Z"));
    }
}
