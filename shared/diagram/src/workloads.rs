//! Owners and what they own: Deployment, ReplicaSet, pods, and the Services that select them.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::object;
use crate::scene::{Edge, EdgeKind, EdgeState, Line, Node, NodeState, Phrase, Role, Scene, View};

/// More pods than this under one owner become one card.
const PODS_SHOWN: usize = 8;

/// The scene of some namespaces.
pub fn scene(objects: &[Value], namespaces: &[String]) -> Scene {
    let groups: Vec<_> = namespaces.iter().map(|name| object::group(objects, name)).collect();
    let inside: Vec<&Value> = objects
        .iter()
        .filter(|one| namespaces.iter().any(|name| name == object::namespace(one)))
        .collect();
    let owners: BTreeMap<&str, String> = inside
        .iter()
        .filter(|one| ["Deployment", "ReplicaSet"].contains(&object::kind(one)))
        .map(|one| (object::text(one, "/metadata/uid"), id_of(one)))
        .collect();
    let mut nodes: BTreeMap<String, Node> = BTreeMap::new();
    let mut edges: Vec<Edge> = Vec::new();
    for one in &inside {
        let node = match object::kind(one) {
            "Deployment" => workload(one, "/spec/replicas", "/status/availableReplicas"),
            "ReplicaSet" if is_idle(one) => continue,
            "ReplicaSet" => workload(one, "/spec/replicas", "/status/readyReplicas"),
            "Service" => service(one),
            _ => continue,
        };
        if let Some(owner) = object::controller(one).and_then(|uid| owners.get(uid)) {
            edges.push(arrow(owner, &node.id, EdgeKind::Owns, ""));
        }
        nodes.insert(node.id.clone(), node);
    }
    let cards = pods(&inside, &owners, &mut nodes, &mut edges);
    selections(&inside, &cards, &mut edges);
    let ready = inside
        .iter()
        .filter(|one| object::kind(one) == "Pod")
        .filter(|pod| object::pod_state(pod).0 == NodeState::Ready)
        .count();
    let summary = vec![Phrase::new("diagram-pods").with("ready", ready).with("total", cards.len())];
    edges.sort_by(|one, other| one.id.cmp(&other.id));
    edges.dedup_by(|one, other| one.id == other.id);
    Scene { view: View::Workloads, groups, nodes: nodes.into_values().collect(), edges, summary }
}

fn id_of(object: &Value) -> String {
    object::id(object::kind(object), object::namespace(object), object::name(object))
}

/// An old ReplicaSet of a Deployment: nothing wanted, nothing there.
fn is_idle(object: &Value) -> bool {
    object::number(object, "/spec/replicas") == 0 && object::number(object, "/status/replicas") == 0
}

/// Pods as cards, or as one card under an owner of many. Gives for each pod its labels and its card.
fn pods(
    inside: &[&Value],
    owners: &BTreeMap<&str, String>,
    nodes: &mut BTreeMap<String, Node>,
    edges: &mut Vec<Edge>,
) -> Vec<(String, BTreeMap<String, String>, String)> {
    let mut by_owner: BTreeMap<Option<&String>, Vec<&Value>> = BTreeMap::new();
    for pod in inside.iter().copied().filter(|one| object::kind(one) == "Pod") {
        let owner = object::controller(pod).and_then(|uid| owners.get(uid));
        by_owner.entry(owner).or_default().push(pod);
    }
    let mut cards = Vec::new();
    for (owner, pods) in by_owner {
        let many = owner.filter(|_| pods.len() > PODS_SHOWN);
        for pod in &pods {
            let card = many.map_or_else(|| object::pod(pod), |owner| stack(owner, &pods));
            let labels = object::entries(pod, "/metadata/labels");
            cards.push((object::namespace(pod).to_owned(), labels, card.id.clone()));
            if let Some(owner) = owner {
                edges.push(arrow(owner, &card.id, EdgeKind::Owns, ""));
            }
            nodes.insert(card.id.clone(), card);
        }
    }
    cards
}

/// Many pods of one owner as one card.
fn stack(owner: &str, pods: &[&Value]) -> Node {
    let name = owner.rsplit('/').next().unwrap_or_default();
    let namespace = pods.first().map(|pod| object::namespace(pod)).unwrap_or_default();
    let ready = pods.iter().filter(|pod| object::pod_state(pod).0 == NodeState::Ready).count();
    let state = if ready == pods.len() { NodeState::Ready } else { NodeState::Progressing };
    Node {
        id: object::id("Pods", namespace, name),
        group: format!("Namespace/{namespace}"),
        kind: "Pod".to_owned(),
        name: name.to_owned(),
        count: u32::try_from(pods.len()).unwrap_or(u32::MAX),
        lines: vec![Line { key: "ready".to_owned(), value: format!("{ready}/{}", pods.len()) }],
        state,
        word: format!("{ready}/{}", pods.len()),
        role: Role::Plain,
    }
}

fn selections(
    inside: &[&Value],
    cards: &[(String, BTreeMap<String, String>, String)],
    edges: &mut Vec<Edge>,
) {
    for service in inside.iter().filter(|one| object::kind(one) == "Service") {
        let selector = object::entries(service, "/spec/selector");
        if selector.is_empty() {
            continue;
        }
        for (namespace, labels, card) in cards {
            let selected = selector.iter().all(|(key, value)| labels.get(key) == Some(value));
            if selected && namespace == object::namespace(service) {
                edges.push(arrow(&id_of(service), card, EdgeKind::Selects, ""));
            }
        }
    }
}

fn workload(object: &Value, wanted: &str, ready: &str) -> Node {
    let wanted = object.pointer(wanted).and_then(Value::as_u64).unwrap_or(1);
    let ready = object::number(object, ready);
    let state = if ready >= wanted { NodeState::Ready } else { NodeState::Progressing };
    card(object, state, format!("{ready}/{wanted}"), Vec::new())
}

fn service(object: &Value) -> Node {
    let ports = object.pointer("/spec/ports").and_then(Value::as_array);
    let ports: Vec<String> =
        ports.into_iter().flatten().map(|port| object::number(port, "/port").to_string()).collect();
    let kind = object::text(object, "/spec/type").to_owned();
    let lines = vec![Line { key: "port".to_owned(), value: ports.join(", ") }];
    card(object, NodeState::Ready, kind, lines)
}

fn card(object: &Value, state: NodeState, word: String, lines: Vec<Line>) -> Node {
    Node {
        id: id_of(object),
        group: format!("Namespace/{}", object::namespace(object)),
        kind: object::kind(object).to_owned(),
        name: object::name(object).to_owned(),
        count: 1,
        lines,
        state,
        word,
        role: Role::Plain,
    }
}

fn arrow(from: &str, to: &str, kind: EdgeKind, label: &str) -> Edge {
    Edge {
        id: format!("{from}>{to}"),
        from: from.to_owned(),
        to: to.to_owned(),
        kind,
        state: EdgeState::Plain,
        label: label.to_owned(),
        reason: None,
        decided_by: None,
    }
}
