//! Who can connect to whom: pods in their namespaces, and an arrow for each watched connection.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::object;
use crate::scene::{Edge, EdgeKind, EdgeState, Line, Node, NodeState, Phrase, Role, Scene, View};

/// A watched connection with what is known of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Connection {
    /// `<namespace>/<pod>`.
    pub from: String,
    /// `<namespace>/<pod>`.
    pub to: String,
    /// Port.
    pub port: u16,
    /// What a new connection does.
    pub state: EdgeState,
    /// Why.
    #[serde(default)]
    pub reason: Option<Phrase>,
    /// The object that decided, for example `NetworkPolicy/dev/default-policy`.
    #[serde(default)]
    pub decided_by: Option<String>,
}

/// The scene of some namespaces (from left to right) with their pods and the watched connections.
pub fn scene(objects: &[Value], namespaces: &[String], connections: &[Connection]) -> Scene {
    let groups: Vec<_> = namespaces.iter().map(|name| object::group(objects, name)).collect();
    let mut nodes: BTreeMap<String, Node> = BTreeMap::new();
    let pods = objects
        .iter()
        .filter(|one| object::kind(one) == "Pod")
        .filter(|one| namespaces.iter().any(|name| name == object::namespace(one)));
    for pod in pods {
        let node = object::pod(pod);
        nodes.insert(node.id.clone(), node);
    }
    for end in connections.iter().flat_map(|connection| [&connection.from, &connection.to]) {
        let id = format!("Pod/{end}");
        nodes.entry(id).or_insert_with(|| missing(end));
    }
    for (id, node) in &mut nodes {
        node.role = role(id, connections);
    }
    let edges = connections.iter().map(edge).collect();
    let nodes: Vec<Node> = nodes.into_values().collect();
    let summary = summary(&nodes, connections);
    Scene { view: View::Connections, groups, nodes, edges, summary }
}

fn missing(end: &str) -> Node {
    let (namespace, name) = end.split_once('/').unwrap_or(("", end));
    Node {
        id: format!("Pod/{end}"),
        group: format!("Namespace/{namespace}"),
        kind: "Pod".to_owned(),
        name: name.to_owned(),
        count: 1,
        lines: Vec::<Line>::new(),
        state: NodeState::Missing,
        word: "NotFound".to_owned(),
        role: Role::Plain,
    }
}

fn role(id: &str, connections: &[Connection]) -> Role {
    let end = id.trim_start_matches("Pod/");
    if connections.iter().any(|connection| connection.to == end) {
        return Role::Target;
    }
    let mut states =
        connections.iter().filter(|connection| connection.from == end).map(|one| one.state);
    let Some(first) = states.next() else { return Role::Plain };
    match (first, states.all(|state| state == first)) {
        (EdgeState::Allowed, true) => Role::Through,
        (EdgeState::Blocked, true) => Role::Stopped,
        _ => Role::Plain,
    }
}

fn edge(connection: &Connection) -> Edge {
    Edge {
        id: format!("{}>{}:{}", connection.from, connection.to, connection.port),
        from: format!("Pod/{}", connection.from),
        to: format!("Pod/{}", connection.to),
        kind: EdgeKind::Connects,
        state: connection.state,
        label: format!(":{}", connection.port),
        reason: connection.reason.clone(),
        decided_by: connection.decided_by.clone(),
    }
}

fn summary(nodes: &[Node], connections: &[Connection]) -> Vec<Phrase> {
    let ready = nodes.iter().filter(|node| node.state == NodeState::Ready).count();
    let count = |state| connections.iter().filter(|connection| connection.state == state).count();
    let unknown = count(EdgeState::Unknown);
    let mut summary = vec![
        Phrase::new("diagram-pods").with("ready", ready).with("total", nodes.len()),
        Phrase::new("diagram-connections")
            .with("allowed", count(EdgeState::Allowed))
            .with("blocked", count(EdgeState::Blocked))
            .with("total", connections.len()),
    ];
    if unknown > 0 {
        summary.push(Phrase::new("diagram-unknown").with("unknown", unknown));
    }
    summary
}
