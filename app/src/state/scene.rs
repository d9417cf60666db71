//! Pictures of the cluster: what `diagram` makes of the objects, with words in the reader's language.

use app_ui::picture::{Area, Arrow, Card, Frame, Picture, keep_apart};
use diagram::connections::Connection;
use diagram::layout::{Flow, Layout, Place, layout};
use diagram::scene::{Edge, EdgeKind, EdgeState, Group, Node, NodeState, Phrase, Role, Scene};
use diagram::table::{self, Cell};
use protocol::v1::{ConnectionState, ConnectionView};
use serde_json::Value;

use super::objects::Objects;
use super::words::Text;

/// A picture with its table and its summary.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Drawing {
    /// The picture.
    pub picture: Picture,
    /// Headings and rows of the arrows.
    pub arrows: (Vec<String>, Vec<Vec<String>>),
    /// Headings and rows of the cards.
    pub cards: (Vec<String>, Vec<Vec<String>>),
    /// The picture in a sentence or two.
    pub summary: String,
}

/// Who can connect to whom.
pub(crate) fn connections(
    text: Text,
    objects: &Objects,
    namespaces: &[String],
    edges: &[ConnectionView],
    flow: Flow,
) -> Drawing {
    let edges: Vec<Connection> = edges.iter().map(connection).collect();
    draw(
        text,
        &diagram::connections::scene(
            &documents(objects, &["Namespace", "Pod"]),
            namespaces,
            &edges,
        ),
        flow,
    )
}

/// Owners and what they own.
pub(crate) fn workloads(
    text: Text,
    objects: &Objects,
    namespaces: &[String],
    flow: Flow,
) -> Drawing {
    let documents = documents(objects, &diagram::workloads::KINDS);
    draw(text, &diagram::workloads::scene(&documents, namespaces), flow)
}

/// The machines by their roles.
pub(crate) fn machines(text: Text, objects: &Objects, flow: Flow) -> Drawing {
    draw(text, &diagram::machines::scene(&documents(objects, &diagram::machines::KINDS)), flow)
}

fn documents(objects: &Objects, kinds: &[&str]) -> Vec<Value> {
    kinds
        .iter()
        .flat_map(|kind| {
            objects.of_kind(kind).map(|(_, value)| value.as_ref().clone()).collect::<Vec<_>>()
        })
        .collect()
}

fn connection(view: &ConnectionView) -> Connection {
    Connection {
        from: format!("{}/{}", view.from.namespace, view.from.name),
        to: format!("{}/{}", view.to.namespace, view.to.name),
        port: view.port,
        state: match view.state {
            ConnectionState::Allowed => EdgeState::Allowed,
            ConnectionState::Blocked => EdgeState::Blocked,
            ConnectionState::Refused => EdgeState::Refused,
            ConnectionState::Unknown => EdgeState::Unknown,
        },
        reason: view
            .reason
            .as_ref()
            .map(|reason| Phrase { code: reason.code.clone(), args: reason.args.clone() }),
        decided_by: view
            .decided_by
            .as_ref()
            .map(|key| format!("{}/{}/{}", key.kind, key.namespace, key.name)),
    }
}

fn draw(text: Text, scene: &Scene, flow: Flow) -> Drawing {
    let layout = layout(scene, flow);
    let say = |phrase: &Phrase| text.words_of(&phrase.code, &phrase.args);
    let cell = |cell: &Cell| match cell {
        Cell::Text(text) => text.clone(),
        Cell::Phrase(phrase) => say(phrase),
    };
    let rows = |table: table::Table| {
        let heads = table.columns.iter().map(say).collect();
        let rows = table.rows.iter().map(|row| row.iter().map(cell).collect()).collect();
        (heads, rows)
    };
    let summary: Vec<String> = scene.summary.iter().map(say).collect();
    Drawing {
        picture: picture(text, scene, &layout),
        arrows: rows(table::edges(scene)),
        cards: rows(table::nodes(scene)),
        summary: summary.join(" "),
    }
}

fn area(place: &Place) -> Area {
    Area { x: place.x, y: place.y, width: place.width, height: place.height }
}

fn picture(text: Text, scene: &Scene, layout: &Layout) -> Picture {
    let frames = layout.groups.iter().filter_map(|place| {
        let group = scene.groups.iter().find(|group| group.id == place.id)?;
        Some(frame(group, place))
    });
    let cards = layout.nodes.iter().filter_map(|place| {
        let node = scene.nodes.iter().find(|node| node.id == place.id)?;
        Some(card(text, node, place))
    });
    let arrows = layout.edges.iter().filter_map(|route| {
        let edge = scene.edges.iter().find(|edge| edge.id == route.id)?;
        Some(Arrow {
            id: edge.id.clone(),
            points: route.points.iter().map(|point| (point.x, point.y)).collect(),
            mark: (route.label.x, route.label.y),
            state: edge_class(edge),
            label: edge_label(text, edge),
            flipped: false,
            spoken: edge_sentence(text, edge),
        })
    });
    let mut arrows: Vec<Arrow> = arrows.collect();
    keep_apart(&mut arrows);
    Picture {
        width: layout.width,
        height: layout.height,
        frames: frames.collect(),
        cards: cards.collect(),
        arrows,
    }
}

fn frame(group: &Group, place: &Place) -> Frame {
    Frame {
        area: area(place),
        title: group.title.clone(),
        labels: group.labels.clone(),
        missing: group.missing,
    }
}

fn card(text: Text, node: &Node, place: &Place) -> Card {
    let title = match node.count {
        1 => node.name.clone(),
        many => format!("{} \u{d7}{many}", node.name),
    };
    let state = match node.state {
        NodeState::Ready => "ready",
        NodeState::Progressing => "progressing",
        NodeState::Failed => "failed",
        NodeState::Missing => "missing",
    };
    let look = match node.role {
        Role::Target => "target",
        Role::Through => "through",
        Role::Stopped => "stopped",
        Role::Plain => "plain",
    };
    let word = match node.state {
        NodeState::Missing => text.say("diagram-missing"),
        NodeState::Ready | NodeState::Progressing | NodeState::Failed => node.word.clone(),
    };
    let namespace = node.group.trim_start_matches("Namespace/");
    let spoken = format!("{} {namespace}/{title}, {word}", node.kind);
    let lines: Vec<String> =
        node.lines.iter().map(|line| format!("{}: {}", line.key, line.value)).collect();
    Card { id: node.id.clone(), area: area(place), title, lines, look, state, word, spoken }
}

fn edge_class(edge: &Edge) -> &'static str {
    match edge.state {
        EdgeState::Allowed => "allowed",
        EdgeState::Blocked => "blocked",
        EdgeState::Refused => "refused",
        EdgeState::Unknown => "unknown",
        EdgeState::Plain => "plain",
    }
}

fn edge_word(text: Text, edge: &Edge) -> String {
    match (edge.kind, edge.state) {
        (EdgeKind::Owns, _) => text.say("diagram-owns"),
        (EdgeKind::Selects, _) => text.say("diagram-selects"),
        (EdgeKind::Scales, _) => text.say("diagram-scales"),
        (EdgeKind::Mounts, _) => text.say("diagram-mounts"),
        (EdgeKind::Connects, EdgeState::Allowed) => text.say("diagram-allowed"),
        (EdgeKind::Connects, EdgeState::Blocked) => text.say("diagram-blocked"),
        (EdgeKind::Connects, EdgeState::Refused) => text.say("diagram-refused"),
        (EdgeKind::Connects, EdgeState::Unknown | EdgeState::Plain) => {
            text.say("diagram-not-known")
        }
    }
}

fn edge_label(text: Text, edge: &Edge) -> String {
    match edge.kind {
        EdgeKind::Connects => format!("{} {}", edge_word(text, edge), edge.label),
        EdgeKind::Owns | EdgeKind::Selects | EdgeKind::Scales | EdgeKind::Mounts => {
            edge.label.clone()
        }
    }
}

fn edge_sentence(text: Text, edge: &Edge) -> String {
    let name = |id: &str| id.split_once('/').map_or(id, |(_, name)| name).to_owned();
    let reason = edge.reason.as_ref().map(|reason| text.words_of(&reason.code, &reason.args));
    // The words that are seen come first, so that who speaks to the page can say what is seen.
    let seen = match edge.kind {
        EdgeKind::Connects => edge_label(text, edge),
        EdgeKind::Owns | EdgeKind::Selects | EdgeKind::Scales | EdgeKind::Mounts => {
            edge_word(text, edge)
        }
    };
    let mut sentence = format!("{seen}: {} \u{2192} {}.", name(&edge.from), name(&edge.to));
    if let Some(reason) = reason {
        sentence.push(' ');
        sentence.push_str(&reason);
    }
    if let Some(decided) = &edge.decided_by {
        for part in [" (", decided.as_str(), ")"] {
            sentence.push_str(part);
        }
    }
    sentence
}

#[cfg(test)]
mod tests {
    use protocol::v1::{Language, PodRef};

    use super::*;

    #[test]
    fn a_blocked_connection_says_so_in_shape_and_words() {
        let pod = |namespace: &str, name: &str| PodRef {
            namespace: namespace.to_owned(),
            name: name.to_owned(),
        };
        let edge = ConnectionView {
            from: pod("op", "np-no"),
            to: pod("dev", "np-test"),
            port: 80,
            state: ConnectionState::Blocked,
            reason: None,
            decided_by: None,
        };
        let text = Text { language: Language::En };
        let namespaces = ["op".to_owned(), "dev".to_owned()];
        let drawing = connections(text, &Objects::default(), &namespaces, &[edge], Flow::Across);
        assert_eq!(drawing.picture.frames.len(), 2);
        assert_eq!(drawing.picture.cards.len(), 2);
        let arrow = &drawing.picture.arrows[0];
        assert_eq!(arrow.state, "blocked");
        assert!(arrow.spoken.ends_with(" :80: op/np-no \u{2192} dev/np-test."), "{}", arrow.spoken);
        assert_eq!(drawing.arrows.1.len(), 1);
    }
}
