//! Cards in columns, columns in boxes, boxes beside or below each other.

use std::collections::BTreeMap;

use super::{
    CARD_MIN, COLUMN_GAP, GAP, GROUP_GAP, OWNER_GAP, PADDING, Place, SOURCE_GAP, TITLE, size,
};
use crate::scene::{Node, Role, Scene, View};

/// For each group, its columns of cards from left to right.
pub(super) type Columns<'s> = Vec<Vec<Vec<&'s Node>>>;

/// Namespaces side by side: targets stand on the side of the other namespaces, so that arrows meet
/// in the middle of the picture.
pub(super) fn connections(scene: &Scene) -> Columns<'_> {
    let last = scene.groups.len().saturating_sub(1);
    let mut columns = Vec::new();
    for (index, group) in scene.groups.iter().enumerate() {
        let nodes = scene.nodes.iter().filter(|node| node.group == group.id);
        let (targets, others): (Vec<_>, Vec<_>) = nodes.partition(|node| node.role == Role::Target);
        let targets_left = index == last;
        let pair = if targets_left { vec![targets, others] } else { vec![others, targets] };
        columns.push(pair.into_iter().filter(|column| !column.is_empty()).collect());
    }
    columns
}

/// Owners to the left of what they own; Services and claims to the right of their pods.
pub(super) fn workloads(scene: &Scene) -> Columns<'_> {
    let order: [&[&str]; 5] = [
        &["CronJob", "HorizontalPodAutoscaler"],
        &["Deployment"],
        &["ReplicaSet", "StatefulSet", "DaemonSet", "Job"],
        &["Pod"],
        &["Service", "PersistentVolumeClaim"],
    ];
    let mut columns = Vec::new();
    for group in &scene.groups {
        let of = |kinds: &[&str]| {
            let inside = scene.nodes.iter().filter(|node| node.group == group.id);
            inside.filter(|node| kinds.contains(&node.kind.as_str())).collect::<Vec<_>>()
        };
        let kinds = order.iter().map(|kinds| of(kinds));
        columns.push(kinds.filter(|column| !column.is_empty()).collect());
    }
    columns
}

/// Boxes and cards with their places.
pub(super) fn place<'s>(
    scene: &'s Scene,
    columns: &Columns<'s>,
) -> (Vec<Place>, BTreeMap<&'s str, Place>) {
    let side_by_side = scene.view == View::Connections;
    let (gap, column_gap) = if side_by_side { (SOURCE_GAP, COLUMN_GAP) } else { (GAP, OWNER_GAP) };
    let inner_heights = columns.iter().map(|columns| inner_height(columns, gap));
    let tallest = inner_heights.max().unwrap_or_default();
    let (mut groups, mut places) = (Vec::new(), BTreeMap::new());
    let (mut x, mut y) = (0, 0);
    for (group, columns) in scene.groups.iter().zip(columns) {
        let inner = if side_by_side { tallest } else { inner_height(columns, gap) };
        let mut left = x + PADDING;
        for column in columns {
            let mut top = y + TITLE + PADDING + (inner - height(column, gap)) / 2;
            for node in column {
                let (width, height) = size(node);
                let place = Place { id: node.id.clone(), x: left, y: top, width, height };
                places.insert(node.id.as_str(), place);
                top += height + gap;
            }
            left += width(column) + column_gap;
        }
        let empty = columns.is_empty();
        let right = if empty { left + CARD_MIN } else { left - column_gap } + PADDING;
        let place = Place {
            id: group.id.clone(),
            x,
            y,
            width: right - x,
            height: TITLE + inner + 2 * PADDING,
        };
        if side_by_side {
            x = right + GROUP_GAP;
        } else {
            y += place.height + GAP;
        }
        groups.push(place);
    }
    (groups, places)
}

fn inner_height(columns: &[Vec<&Node>], gap: i32) -> i32 {
    columns.iter().map(|column| height(column, gap)).max().unwrap_or_default()
}

fn height(column: &[&Node], gap: i32) -> i32 {
    let cards: i32 = column.iter().map(|node| size(node).1 + gap).sum();
    (cards - gap).max(0)
}

fn width(column: &[&Node]) -> i32 {
    column.iter().map(|node| size(node).0).max().unwrap_or_default()
}
