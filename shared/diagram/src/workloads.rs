//! Owners and what they own: from Deployments, StatefulSets, DaemonSets and CronJobs to pods, with what scales
//! them, the Services that select them and the claims that they mount.

mod claims;
mod owners;

use std::collections::BTreeMap;

use serde_json::Value;

use crate::object;
use crate::scene::{Edge, EdgeKind, EdgeState, Line, Node, NodeState, Phrase, Role, Scene, View};

/// Kinds that the picture shows, and the namespaces around them.
pub const KINDS: [&str; 11] = [
    "Namespace",
    "Pod",
    "ReplicaSet",
    "Deployment",
    "StatefulSet",
    "DaemonSet",
    "Job",
    "CronJob",
    "HorizontalPodAutoscaler",
    "Service",
    "PersistentVolumeClaim",
];

/// More pods than this under one owner become one card.
const PODS_SHOWN: usize = 8;

/// The scene of some namespaces.
pub fn scene(objects: &[Value], namespaces: &[String]) -> Scene {
    let groups: Vec<_> = namespaces.iter().map(|name| object::group(objects, name)).collect();
    let inside: Vec<&Value> = objects
        .iter()
        .filter(|one| namespaces.iter().any(|name| name == object::namespace(one)))
        .collect();
    let mut owners: BTreeMap<&str, String> = BTreeMap::new();
    for one in inside.iter().filter(|one| owners::is_owner(one)) {
        owners.insert(object::text(one, "/metadata/uid"), id_of(one));
    }
    let mut nodes: BTreeMap<String, Node> = BTreeMap::new();
    let mut edges: Vec<Edge> = Vec::new();
    for one in &inside {
        let node = match object::kind(one) {
            "Service" => Some(service(one)),
            "HorizontalPodAutoscaler" => {
                edges.extend(owners::scales(one, &inside));
                Some(owners::autoscaler(one))
            }
            "PersistentVolumeClaim" => Some(claims::claim(one)),
            _ => owners::node(one),
        };
        let Some(node) = node else { continue };
        if let Some(owner) = object::controller(one).and_then(|uid| owners.get(uid)) {
            edges.push(arrow(owner, &node.id, EdgeKind::Owns));
        }
        nodes.insert(node.id.clone(), node);
    }
    let cards = pods(&inside, &owners, &mut nodes, &mut edges);
    selections(&inside, &cards, &mut edges);
    edges.extend(claims::mounts(&inside, &cards));
    let ready = inside
        .iter()
        .filter(|one| object::kind(one) == "Pod")
        .filter(|pod| object::pod_state(pod).0 == NodeState::Ready)
        .count();
    let summary = if nodes.is_empty() {
        Phrase::new("diagram-empty")
    } else {
        Phrase::new("diagram-pods").with("ready", ready).with("total", cards.len())
    };
    Scene {
        view: View::Workloads,
        groups,
        nodes: nodes.into_values().collect(),
        edges: each_once(edges),
        summary: vec![summary],
    }
}

/// The edges in the order of their ids; the first of those with the same id. (A sort would be four
/// kilobytes of what the browser downloads.)
fn each_once(edges: Vec<Edge>) -> Vec<Edge> {
    let mut found: Vec<Edge> = Vec::with_capacity(edges.len());
    for edge in edges {
        if let Err(place) = found.binary_search_by(|one| one.id.cmp(&edge.id)) {
            found.insert(place, edge);
        }
    }
    found
}

fn id_of(object: &Value) -> String {
    object::id(object::kind(object), object::namespace(object), object::name(object))
}

/// A pod and the card that it is on.
pub(super) struct Shown<'v> {
    pod: &'v Value,
    card: String,
}

/// Pods as cards, or as one card under an owner of many.
fn pods<'v>(
    inside: &[&'v Value],
    owners: &BTreeMap<&str, String>,
    nodes: &mut BTreeMap<String, Node>,
    edges: &mut Vec<Edge>,
) -> Vec<Shown<'v>> {
    let mut by_owner: BTreeMap<Option<&String>, Vec<&'v Value>> = BTreeMap::new();
    for pod in inside.iter().copied().filter(|one| object::kind(one) == "Pod") {
        let owner = object::controller(pod).and_then(|uid| owners.get(uid));
        by_owner.entry(owner).or_default().push(pod);
    }
    let mut cards = Vec::new();
    for (owner, pods) in by_owner {
        let many = owner.filter(|_| pods.len() > PODS_SHOWN);
        for pod in pods.iter().copied() {
            let card = many.map_or_else(|| object::pod(pod), |owner| stack(owner, &pods));
            cards.push(Shown { pod, card: card.id.clone() });
            if let Some(owner) = owner {
                edges.push(arrow(owner, &card.id, EdgeKind::Owns));
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
        lines: vec![line("ready", format!("{ready}/{}", pods.len()))],
        state,
        word: format!("{ready}/{}", pods.len()),
        role: Role::Plain,
    }
}

fn selections(inside: &[&Value], cards: &[Shown<'_>], edges: &mut Vec<Edge>) {
    for service in inside.iter().filter(|one| object::kind(one) == "Service") {
        let selector = object::entries(service, "/spec/selector");
        if selector.is_empty() {
            continue;
        }
        for Shown { pod, card } in cards {
            let labels = object::entries(pod, "/metadata/labels");
            let selected = selector.iter().all(|(key, value)| labels.get(key) == Some(value));
            if selected && object::namespace(pod) == object::namespace(service) {
                edges.push(arrow(&id_of(service), card, EdgeKind::Selects));
            }
        }
    }
}

fn service(object: &Value) -> Node {
    let ports = object.pointer("/spec/ports").and_then(Value::as_array);
    let ports: Vec<String> =
        ports.into_iter().flatten().map(|port| object::number(port, "/port").to_string()).collect();
    let kind = object::text(object, "/spec/type").to_owned();
    let lines = vec![line("port", ports.join(", "))];
    card(object, NodeState::Ready, kind, lines)
}

/// A card says of what kind its object is: names alone are alike.
fn card(object: &Value, state: NodeState, word: String, more: Vec<Line>) -> Node {
    let mut lines = vec![line("kind", object::kind(object))];
    lines.extend(more);
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

fn line(key: &str, value: impl Into<String>) -> Line {
    Line { key: key.to_owned(), value: value.into() }
}

fn arrow(from: &str, to: &str, kind: EdgeKind) -> Edge {
    Edge {
        id: format!("{from}>{to}"),
        from: from.to_owned(),
        to: to.to_owned(),
        kind,
        state: EdgeState::Plain,
        label: String::new(),
        reason: None,
        decided_by: None,
    }
}
