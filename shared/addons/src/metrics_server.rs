//! metrics-server v0.8: what pods and nodes use, for `kubectl top` and autoscalers
//! (`kubernetes-sigs/metrics-server`).

mod manifest;

use std::sync::Arc;

use apimachinery::gvk::GroupResource;
use apimachinery::status::Status;
use cluster::addon::{Addon, Asked, Served, ServedResource, Used};
use jiff::{Timestamp, ToSpan as _};
use serde_json::{Value, json};

const GROUP: &str = "metrics.k8s.io";
const VERSION: &str = "v1beta1";
/// `--metric-resolution`, in seconds.
const RESOLUTION: i64 = 15;

/// The add-on.
#[derive(Debug, Clone, Copy)]
pub struct MetricsServer;

impl Addon for MetricsServer {
    fn name(&self) -> &'static str {
        "metrics-server"
    }

    fn objects(&self) -> Vec<(&'static str, Value)> {
        manifest::objects()
    }

    fn serves(&self) -> Option<Served> {
        let resource = |plural, kind, namespaced| ServedResource { plural, kind, namespaced };
        Some(Served {
            group: GROUP,
            version: VERSION,
            resources: vec![
                resource("nodes", "NodeMetrics", false),
                resource("pods", "PodMetrics", true),
            ],
        })
    }

    fn answer(&self, asked: &Asked<'_>) -> Result<Value, Box<Status>> {
        // It scrapes at fixed times; a use is the average between the last two of them.
        let to = Timestamp::from_second(asked.now.as_second() / RESOLUTION * RESOLUTION)
            .unwrap_or(asked.now);
        let from = to.checked_sub(RESOLUTION.seconds()).unwrap_or(to);
        let (kind, known) = if asked.resource == "nodes" {
            ("NodeMetrics", asked.store.list("nodes", None))
        } else {
            let namespace = Some(asked.namespace).filter(|namespace| !namespace.is_empty());
            ("PodMetrics", asked.store.list("pods", namespace))
        };
        let measured = |object: &Arc<Value>| measure(asked, kind, object, (from, to));
        if !asked.name.is_empty() {
            return known
                .iter()
                .find(|object| text(object, "/metadata/name") == asked.name)
                .and_then(measured)
                .ok_or_else(|| {
                    let name = match asked.namespace {
                        "" => asked.name.to_owned(),
                        namespace => format!("{namespace}/{}", asked.name),
                    };
                    let resource = GroupResource::new(GROUP, &kind.to_lowercase());
                    Box::new(Status::not_found(&resource, &name))
                });
        }
        let matches = |object: &&Arc<Value>| {
            asked.selector.is_none_or(|selector| selector.matches(&labels(object)))
        };
        let items: Vec<Value> = known.iter().filter(matches).filter_map(measured).collect();
        Ok(json!({
            "kind": format!("{kind}List"), "apiVersion": format!("{GROUP}/{VERSION}"),
            "metadata": {}, "items": items,
        }))
    }
}

fn text<'a>(document: &'a Value, pointer: &str) -> &'a str {
    document.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}

fn labels(object: &Value) -> std::collections::BTreeMap<String, String> {
    let found = object.pointer("/metadata/labels").and_then(Value::as_object);
    found
        .into_iter()
        .flatten()
        .map(|(key, value)| (key.clone(), value.as_str().unwrap_or_default().to_owned()))
        .collect()
}

fn usage(used: Used) -> Value {
    json!({ "cpu": format!("{}n", used.nanocores), "memory": format!("{}Ki", used.memory / 1024) })
}

/// The metrics of a pod or a node; nothing when not all of it could be measured.
fn measure(
    asked: &Asked<'_>,
    kind: &str,
    object: &Value,
    (from, to): (Timestamp, Timestamp),
) -> Option<Value> {
    let mut metrics = json!({
        "kind": kind, "apiVersion": format!("{GROUP}/{VERSION}"),
        "metadata": {
            "name": text(object, "/metadata/name"),
            "creationTimestamp": Timestamp::from_second(asked.now.as_second()).ok()?.to_string(),
        },
        "timestamp": to.to_string(), "window": format!("{RESOLUTION}s"),
    });
    let metadata = metrics.get_mut("metadata")?.as_object_mut()?;
    let labels = labels(object);
    if !labels.is_empty() {
        metadata.insert("labels".to_owned(), json!(labels));
    }
    if kind == "NodeMetrics" {
        let used = asked.meter.node(asked.store, text(object, "/metadata/name"), from, to)?;
        metrics.as_object_mut()?.insert("usage".to_owned(), usage(used));
        return Some(metrics);
    }
    metadata.insert("namespace".to_owned(), json!(text(object, "/metadata/namespace")));
    let containers: Vec<Value> = object
        .pointer("/spec/containers")
        .and_then(Value::as_array)?
        .iter()
        .map(|spec| {
            let name = text(spec, "/name");
            let used = asked.meter.container(object, name, from, to)?;
            Some(json!({ "name": name, "usage": usage(used) }))
        })
        .collect::<Option<_>>()?;
    metrics.as_object_mut()?.insert("containers".to_owned(), json!(containers));
    Some(metrics)
}
