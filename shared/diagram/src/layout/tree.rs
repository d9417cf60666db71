//! Owners above what they own, one card below the other, for a narrow column: ownership runs down the left
//! side of the cards, everything else up and down their right side.

use std::collections::BTreeMap;

use super::{PADDING, Place, Point, TITLE, size};
use crate::scene::{Edge, EdgeKind, Node, Scene};

/// How far what is owned stands to the right of its owner.
const INDENT: i32 = 28;
/// Between cards.
const GAP: i32 = 16;
/// Between arrows that run beside each other.
const LANE: i32 = 14;

/// Kinds in the order in which they stand when nobody owns them.
const ORDER: [&str; 10] = [
    "HorizontalPodAutoscaler",
    "Deployment",
    "StatefulSet",
    "DaemonSet",
    "CronJob",
    "Job",
    "ReplicaSet",
    "Pod",
    "Service",
    "PersistentVolumeClaim",
];

/// Where the cards are, and where the arrows on their right run.
pub(super) struct Tree<'s> {
    pub(super) groups: Vec<Place>,
    pub(super) places: BTreeMap<&'s str, Place>,
    lanes: BTreeMap<&'s str, i32>,
}

/// Places for all cards.
pub(super) fn place(scene: &Scene) -> Tree<'_> {
    let mut owned: BTreeMap<&str, Vec<&Node>> = BTreeMap::new();
    let mut roots: Vec<&Node> = Vec::new();
    let rank =
        |node: &Node| ORDER.iter().position(|kind| *kind == node.kind).unwrap_or(ORDER.len());
    for node in &scene.nodes {
        let owner =
            scene.edges.iter().find(|edge| edge.kind == EdgeKind::Owns && edge.to == node.id);
        if let Some(edge) = owner {
            owned.entry(&edge.from).or_default().push(node);
        } else {
            let wanted = (rank(node), &node.name);
            let place = roots.partition_point(|one| (rank(one), &one.name) <= wanted);
            roots.insert(place, node);
        }
    }
    let mut tree = Tree { groups: Vec::new(), places: BTreeMap::new(), lanes: BTreeMap::new() };
    let mut y = 0;
    for group in &scene.groups {
        let mut top = y + TITLE + PADDING;
        for root in roots.iter().filter(|root| root.group == group.id) {
            top = tree.grow(root, &owned, PADDING, top);
        }
        let empty = top == y + TITLE + PADDING;
        let bottom = if empty { top } else { top - GAP } + PADDING;
        let id = group.id.clone();
        tree.groups.push(Place { id, x: 0, y, width: 0, height: bottom - y });
        y = bottom + GAP;
    }
    tree.widen(scene);
    tree
}

impl<'s> Tree<'s> {
    /// Puts a card and all below it; returns where the next one begins.
    fn grow(
        &mut self,
        node: &'s Node,
        owned: &BTreeMap<&str, Vec<&'s Node>>,
        x: i32,
        y: i32,
    ) -> i32 {
        let (width, height) = size(node);
        self.places.insert(&node.id, Place { id: node.id.clone(), x, y, width, height });
        let mut top = y + height + GAP;
        for inner in owned.get(node.id.as_str()).into_iter().flatten() {
            top = self.grow(inner, owned, x + INDENT, top);
        }
        top
    }

    /// Gives each source of arrows on the right a lane there, and all boxes the room for it.
    fn widen(&mut self, scene: &'s Scene) {
        let right = self.places.values().map(Place::right).max();
        let right = right.unwrap_or(PADDING + super::CARD_MIN);
        let mut lane = right;
        for edge in scene.edges.iter().filter(|edge| edge.kind != EdgeKind::Owns) {
            if !self.lanes.contains_key(edge.from.as_str()) {
                lane += LANE;
                self.lanes.insert(&edge.from, lane);
            }
        }
        for group in &mut self.groups {
            group.width = lane + PADDING;
        }
    }

    /// The way of an arrow; none when one of its ends is not there.
    pub(super) fn way(&self, edge: &Edge) -> Option<Vec<Point>> {
        let (from, to) = (self.places.get(edge.from.as_str())?, self.places.get(edge.to.as_str())?);
        if edge.kind == EdgeKind::Owns {
            let x = from.x + INDENT / 2;
            let y = to.middle_y();
            return Some(vec![Point { x, y: from.bottom() }, Point { x, y }, Point { x: to.x, y }]);
        }
        let x = *self.lanes.get(edge.from.as_str())?;
        let (above, below) = (from.middle_y(), to.middle_y());
        Some(vec![
            Point { x: from.right(), y: above },
            Point { x, y: above },
            Point { x, y: below },
            Point { x: to.right(), y: below },
        ])
    }
}
