//! The machines of a cluster, by their roles.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::object;
use crate::scene::{Group, Line, Node, NodeState, Phrase, Role, Scene, View};

/// Kinds that the picture shows.
pub const KINDS: [&str; 1] = ["Node"];

const ROLE: &str = "node-role.kubernetes.io/";
/// What kubectl prints for a node without a role.
const NONE: &str = "<none>";

/// The scene of all machines.
pub fn scene(objects: &[Value]) -> Scene {
    let mut by_role: BTreeMap<String, Vec<&Value>> = BTreeMap::new();
    for node in objects.iter().filter(|one| object::kind(one) == "Node") {
        by_role.entry(role(node)).or_default().push(node);
    }
    let rank = |role: &str| match role {
        "control-plane" => 0,
        "worker" => 1,
        NONE => 3,
        _ => 2,
    };
    let mut groups: Vec<Group> = Vec::new();
    let mut nodes: Vec<Node> = Vec::new();
    for wanted in 0..=3 {
        for (role, machines) in by_role.iter().filter(|(role, _)| rank(role) == wanted) {
            groups.push(Group {
                id: role.clone(),
                title: format!("{role} \u{d7}{}", machines.len()),
                labels: Vec::new(),
                missing: false,
            });
            let mut machines = machines.clone();
            // `worker-2` stands before `worker-10`.
            machines.sort_by_key(|node| (object::name(node).len(), object::name(node).to_owned()));
            nodes.extend(machines.into_iter().map(|node| card(node, role)));
        }
    }
    let ready = nodes.iter().filter(|node| node.state == NodeState::Ready).count();
    let summary = Phrase::new("diagram-machines").with("ready", ready).with("total", nodes.len());
    Scene { view: View::Machines, groups, nodes, edges: Vec::new(), summary: vec![summary] }
}

fn role(node: &Value) -> String {
    let labels = object::entries(node, "/metadata/labels");
    let roles: Vec<&str> = labels.keys().filter_map(|key| key.strip_prefix(ROLE)).collect();
    if roles.is_empty() { NONE.to_owned() } else { roles.join(",") }
}

fn card(node: &Value, role: &str) -> Node {
    let line = |key: &str, value: &str| Line { key: key.to_owned(), value: value.to_owned() };
    let allocatable = object::entries(node, "/status/allocatable");
    let amount = |key: &str| allocatable.get(key).map_or("", String::as_str);
    let mut lines = vec![line("cpu", amount("cpu")), line("memory", amount("memory"))];
    // Extended resources are those with a domain in their names.
    let devices = allocatable.iter().filter(|(name, _)| name.contains('/'));
    lines.extend(devices.map(|(name, count)| line(short(name), count)));
    let taints = node.pointer("/spec/taints").and_then(Value::as_array);
    for taint in taints.into_iter().flatten() {
        lines.push(line("taint", short(object::text(taint, "/key"))));
    }
    let (state, word) = state(node);
    Node {
        id: object::id("Node", "", object::name(node)),
        group: role.to_owned(),
        kind: "Node".to_owned(),
        name: object::name(node).to_owned(),
        count: 1,
        lines,
        state,
        word,
        role: Role::Plain,
    }
}

/// The last part of a qualified name: a card is small.
fn short(name: &str) -> &str {
    name.rsplit('/').next().unwrap_or(name)
}

/// As the column STATUS of kubectl has it (`printNode`).
fn state(node: &Value) -> (NodeState, String) {
    let conditions = node.pointer("/status/conditions").and_then(Value::as_array);
    let ready = conditions
        .into_iter()
        .flatten()
        .any(|one| object::text(one, "/type") == "Ready" && object::text(one, "/status") == "True");
    let cordoned = node.pointer("/spec/unschedulable").and_then(Value::as_bool) == Some(true);
    match (ready, cordoned) {
        (true, false) => (NodeState::Ready, "Ready".to_owned()),
        (true, true) => (NodeState::Progressing, "Ready,SchedulingDisabled".to_owned()),
        (false, false) => (NodeState::Failed, "NotReady".to_owned()),
        (false, true) => (NodeState::Failed, "NotReady,SchedulingDisabled".to_owned()),
    }
}
