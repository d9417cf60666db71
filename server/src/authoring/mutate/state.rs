//! The state of a cluster as far as it can be compared: without times, versions, generated names and
//! addresses.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use apimachinery::transport::Transport;
use http::Request;
use notebook::check::{Check, Condition};
use notebook::operator::Operator;
use runner::Runner;
use serde_json::{Map, Value};

/// Objects by `apiVersion/kind/namespace/name`.
pub(super) type State = BTreeMap<String, Value>;

/// Namespaces whose objects nobody's scenario makes.
const OF_THE_SYSTEM: [&str; 3] = ["kube-system", "kube-public", "kube-node-lease"];
/// Kinds that are records of what happened, or copies.
const RECORDS: [&str; 10] = [
    "APIService",
    "CSINode",
    "ControllerRevision",
    "EndpointSlice",
    "Endpoints",
    "Event",
    // That of a Service is made up as well.
    "IPAddress",
    "Lease",
    // A claim that is bound has one of a made-up name.
    "PersistentVolume",
    "VolumeAttachment",
];

/// All objects that somebody made: what controllers own follows from them.
pub(super) async fn dump(transport: &Arc<dyn Transport>) -> State {
    let mut state = State::new();
    for path in collections(transport).await {
        let Some(list) = get(transport, &path).await else { continue };
        let text = |key: &str| list.get(key).and_then(Value::as_str).unwrap_or_default();
        let (version, kind) = (text("apiVersion"), text("kind").trim_end_matches("List"));
        for object in list.get("items").and_then(Value::as_array).into_iter().flatten() {
            let meta = |key: &str| object.pointer(&format!("/metadata/{key}"));
            let name = |key: &str| meta(key).and_then(Value::as_str).unwrap_or_default();
            if meta("ownerReferences").is_some() {
                continue;
            }
            let key = format!("{version}/{kind}/{}/{}", name("namespace"), name("name"));
            state.insert(key, comparable(object));
        }
    }
    state
}

/// Paths of all lists of the server, each kind in one version: without records, and without what the
/// system's namespaces hold.
async fn collections(transport: &Arc<dyn Transport>) -> Vec<String> {
    let mut roots = vec!["/api/v1".to_owned()];
    let groups = get(transport, "/apis").await.unwrap_or_default();
    for group in groups.get("groups").and_then(Value::as_array).into_iter().flatten() {
        let version = group.pointer("/preferredVersion/groupVersion").and_then(Value::as_str);
        roots.extend(version.map(|version| format!("/apis/{version}")));
    }
    let elsewhere = OF_THE_SYSTEM.map(|namespace| format!("metadata.namespace!={namespace}"));
    let elsewhere = elsewhere.join(",");
    let mut paths = Vec::new();
    for root in roots {
        let Some(found) = get(transport, &root).await else { continue };
        for resource in found.get("resources").and_then(Value::as_array).into_iter().flatten() {
            let text = |key: &str| resource.get(key).and_then(Value::as_str).unwrap_or_default();
            let name = text("name");
            let verbs = resource.get("verbs").and_then(Value::as_array);
            let listed = verbs.is_some_and(|verbs| verbs.iter().any(|verb| verb == "list"));
            let is_state = listed
                && !name.contains('/')
                && !root.contains("metrics.k8s.io")
                && !RECORDS.contains(&text("kind"));
            if is_state {
                let namespaced = resource.get("namespaced").and_then(Value::as_bool) == Some(true);
                let query =
                    if namespaced { format!("?fieldSelector={elsewhere}") } else { String::new() };
                paths.push(format!("{root}/{name}{query}"));
            }
        }
    }
    paths
}

async fn get(transport: &Arc<dyn Transport>, path: &str) -> Option<Value> {
    let request =
        Request::builder().uri(path).header("accept", "application/json").body(Vec::new());
    let answer = transport.send(request.ok()?).await.ok()?;
    (answer.status().as_u16() < 400).then(|| serde_json::from_slice(answer.body()).ok())?
}

/// What the server keeps of a document, without its status.
pub(super) async fn stored(runner: &Runner, document: &Value) -> Option<Value> {
    let mut kept = comparable(&runner.object(document).await?);
    kept.as_object_mut()?.remove("status");
    Some(kept)
}

/// An object as somebody wrote it, with what its status says in words and numbers.
fn comparable(object: &Value) -> Value {
    let mut kept = Map::new();
    for (key, value) in object.as_object().into_iter().flatten() {
        match key.as_str() {
            "metadata" => {
                let mut meta = Map::new();
                for part in ["labels", "annotations", "finalizers"] {
                    if let Some(found) = value.get(part) {
                        meta.insert(part.to_owned(), written(found));
                    }
                }
                kept.insert(key.clone(), Value::Object(meta));
            }
            "status" => {
                kept.insert(key.clone(), reduced(value));
            }
            _ => {
                kept.insert(key.clone(), written(value));
            }
        }
    }
    Value::Object(kept)
}

/// Without what kubectl and controllers keep for themselves.
fn written(value: &Value) -> Value {
    match value {
        Value::Object(entries) => {
            let mine = |key: &String| {
                !key.starts_with("kubectl.kubernetes.io/")
                    && !key.starts_with("volume.kubernetes.io/")
                    && !key.starts_with("deployment.kubernetes.io/")
                    && !matches!(key.as_str(), "uid" | "clusterIP" | "clusterIPs" | "nodePort")
            };
            let kept = entries.iter().filter(|(key, _)| mine(key));
            Value::Object(kept.map(|(key, value)| (key.clone(), written(value))).collect())
        }
        Value::Array(items) => Value::Array(items.iter().map(written).collect()),
        Value::String(text) if text.starts_with("kube-api-access-") => {
            Value::String("kube-api-access".to_owned())
        }
        Value::String(text) if is_uid(text) => Value::String("(uid)".to_owned()),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value.clone(),
    }
}

/// Whether a text is a uid, as in the selector that a Job gets.
fn is_uid(text: &str) -> bool {
    let text = text.strip_prefix("pvc-").unwrap_or(text);
    let parts: Vec<usize> = text.split('-').map(str::len).collect();
    parts == [8, 4, 4, 4, 12]
        && text.chars().all(|letter| letter == '-' || letter.is_ascii_hexdigit())
}

/// Fields of a status that repeat the object, or count its versions.
const COPIES: [&str; 4] = ["allocatedResources", "observedGeneration", "resources", "volumeMounts"];

/// What a status says without times, names and addresses: phases, conditions, reasons and counts.
pub(super) fn reduced(status: &Value) -> Value {
    match status {
        Value::Object(entries) => {
            let kept = entries.iter().filter_map(|(key, value)| match value {
                Value::String(_) => {
                    matches!(key.as_str(), "type" | "status" | "phase" | "reason" | "storage")
                        .then(|| (key.clone(), value.clone()))
                }
                // (Copies of what the object says itself, and addresses.)
                _ if COPIES.contains(&key.as_str()) || key.ends_with("IPs") => None,
                _ => Some((key.clone(), reduced(value))),
            });
            Value::Object(kept.collect())
        }
        Value::Array(items) => Value::Array(items.iter().map(reduced).collect()),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => status.clone(),
    }
}

/// The objects that checks name, by the keys of a state.
pub(super) fn named(checks: &[Check]) -> BTreeSet<String> {
    let mut keys = BTreeSet::new();
    let key = |object: &Value| {
        let text = |path: &str| object.pointer(path).and_then(Value::as_str).unwrap_or_default();
        format!(
            "{}/{}/{}/{}",
            text("/apiVersion"),
            text("/kind"),
            text("/metadata/namespace"),
            text("/metadata/name")
        )
    };
    let pod = |name: &str| format!("v1/Pod/{name}");
    for check in checks {
        match &check.condition {
            Condition::Assert { object } | Condition::Absent { object } => {
                keys.insert(key(object));
            }
            Condition::Logs { pod: name, .. } | Condition::Output { pod: name, .. } => {
                keys.insert(pod(name));
            }
            Condition::Connects { connections } => {
                for one in connections {
                    keys.insert(pod(&one.connection.from));
                    keys.insert(pod(&one.connection.to));
                }
            }
            Condition::Event { object, namespace, .. } => {
                let name = object.split_once('/').map(|(_, name)| name).unwrap_or_default();
                if object.starts_with("Pod/") {
                    keys.insert(pod(&format!("{namespace}/{name}")));
                }
            }
            Condition::Can { .. } | Condition::Rejects { .. } | Condition::Prints { .. } => {}
        }
    }
    keys
}

/// What the partial documents of checks read of a state: the lists and fields that they name, whole
/// where a list is named, so that an item too many is seen.
pub(super) fn read_by(checks: &[Check], state: &State) -> Vec<Value> {
    let mut read = Vec::new();
    for check in checks {
        let Condition::Assert { object } = &check.condition else { continue };
        let only = [check.clone()];
        let live = named(&only).into_iter().next().and_then(|key| state.get(&key));
        let mut wanted = object.clone();
        if let Some(entries) = wanted.as_object_mut() {
            entries.retain(|key, _| !matches!(key.as_str(), "apiVersion" | "kind" | "status"));
        }
        read.push(live.map_or(Value::Null, |live| project(&wanted, live)));
    }
    read
}

fn project(wanted: &Value, live: &Value) -> Value {
    match (wanted, live) {
        (Value::Object(wanted), Value::Object(live)) => {
            let kept = wanted.iter().filter_map(|(key, wanted)| {
                live.get(key).map(|live| (key.clone(), project(wanted, live)))
            });
            Value::Object(kept.collect())
        }
        (Value::Array(wanted), Value::Array(live)) => {
            let all = live.iter().map(|item| {
                Value::Array(wanted.iter().map(|wanted| project(wanted, item)).collect())
            });
            Value::Array(all.collect())
        }
        // An operator admits many values: that is what the author wants.
        (Value::String(text), _) if Operator::parse(text).is_some() => Value::Null,
        _ => live.clone(),
    }
}

/// Whether a check names a field with an operator: its author admits other values there. `pointer` leads
/// into the document; of lists, every item counts.
pub(super) fn admits_others(checks: &[Check], document: &Value, pointer: &str) -> bool {
    let same = |object: &Value, path: &str| object.pointer(path) == document.pointer(path);
    checks.iter().any(|check| {
        let Condition::Assert { object } = &check.condition else { return false };
        same(object, "/kind") && same(object, "/metadata/name") && is_open(object, pointer)
    })
}

fn is_open(wanted: &Value, pointer: &str) -> bool {
    let Some(rest) = pointer.strip_prefix('/') else {
        return wanted.as_str().is_some_and(|text| Operator::parse(text).is_some());
    };
    let end = rest.find('/').unwrap_or(rest.len());
    let (part, rest) = rest.split_at(end);
    match wanted {
        Value::Array(items) => items.iter().any(|item| is_open(item, rest)),
        other => {
            let key = part.replace("~1", "/").replace("~0", "~");
            other.get(&key).is_some_and(|inner| is_open(inner, rest))
        }
    }
}
