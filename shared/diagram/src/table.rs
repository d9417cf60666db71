//! The accessible twin of a picture: the same in rows.

use serde::{Deserialize, Serialize};

use crate::scene::{Edge, EdgeKind, EdgeState, Node, NodeState, Phrase, Scene};

/// A table. Its columns are codes of their headings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Table {
    /// Headings.
    pub columns: Vec<Phrase>,
    /// Rows with a cell per column.
    pub rows: Vec<Vec<Cell>>,
}

/// A cell.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Cell {
    /// Kubernetes' own words.
    Text(String),
    /// A sentence for a person.
    Phrase(Phrase),
}

/// The arrows: from, to, label, state, reason.
pub fn edges(scene: &Scene) -> Table {
    let columns = ["from", "to", "label", "state", "reason"];
    Table {
        columns: columns.map(|name| Phrase::new(format!("diagram-column-{name}"))).into(),
        rows: scene.edges.iter().map(edge).collect(),
    }
}

fn edge(edge: &Edge) -> Vec<Cell> {
    let end = |id: &str| Cell::Text(id.to_owned());
    let decided = edge.decided_by.clone().map_or_else(|| Cell::Text(String::new()), Cell::Text);
    let reason = edge.reason.clone().map_or(decided, Cell::Phrase);
    let (from, to) = (end(&edge.from), end(&edge.to));
    let state = Cell::Phrase(Phrase::new(edge_state(edge)));
    vec![from, to, Cell::Text(edge.label.clone()), state, reason]
}

fn edge_state(edge: &Edge) -> &'static str {
    match (edge.kind, edge.state) {
        (EdgeKind::Owns, _) => "diagram-owns",
        (EdgeKind::Selects, _) => "diagram-selects",
        (EdgeKind::Scales, _) => "diagram-scales",
        (EdgeKind::Mounts, _) => "diagram-mounts",
        (EdgeKind::Connects, EdgeState::Allowed) => "diagram-allowed",
        (EdgeKind::Connects, EdgeState::Blocked) => "diagram-blocked",
        (EdgeKind::Connects, EdgeState::Refused) => "diagram-refused",
        (EdgeKind::Connects, EdgeState::Unknown | EdgeState::Plain) => "diagram-not-known",
    }
}

/// The cards: kind, namespace and name, state, lines.
pub fn nodes(scene: &Scene) -> Table {
    let columns = ["kind", "name", "state", "details"];
    Table {
        columns: columns.map(|name| Phrase::new(format!("diagram-column-{name}"))).into(),
        rows: scene.nodes.iter().map(node).collect(),
    }
}

fn node(node: &Node) -> Vec<Cell> {
    let namespace = node.group.trim_start_matches("Namespace/");
    let name = match node.count {
        1 => format!("{namespace}/{}", node.name),
        many => format!("{namespace}/{} \u{d7}{many}", node.name),
    };
    let state = match node.state {
        NodeState::Missing => Cell::Phrase(Phrase::new("diagram-missing")),
        NodeState::Ready | NodeState::Progressing | NodeState::Failed => {
            Cell::Text(node.word.clone())
        }
    };
    let lines = node.lines.iter().map(|line| format!("{}: {}", line.key, line.value));
    let lines = lines.collect::<Vec<_>>().join(", ");
    vec![Cell::Text(node.kind.clone()), Cell::Text(name), state, Cell::Text(lines)]
}
