//! Connections in a narrow column: cards in rows, rows in boxes, boxes below each other.

use std::collections::BTreeMap;

use super::columns::Columns;
use super::{CARD_MIN, GAP, PADDING, Place, ROW_GAP, ROW_MAX, TITLE, size};
use crate::scene::{Node, Scene};

/// Boxes and cards with their places; what was a column is a row, or several when it is too wide.
pub(super) fn place<'s>(
    scene: &'s Scene,
    columns: &Columns<'s>,
) -> (Vec<Place>, BTreeMap<&'s str, Place>) {
    let rows: Vec<Vec<Vec<&Node>>> = columns
        .iter()
        .map(|columns| columns.iter().flat_map(|column| wrapped(column)).collect())
        .collect();
    let widest = rows.iter().flatten().map(|row| width(row)).max();
    let inner = widest.unwrap_or_default().max(CARD_MIN);
    let (mut groups, mut places) = (Vec::new(), BTreeMap::new());
    let mut y = 0;
    for (group, rows) in scene.groups.iter().zip(rows) {
        let mut top = y + TITLE + PADDING;
        for row in rows {
            let mut left = PADDING + (inner - width(&row)) / 2;
            for node in &row {
                let (width, height) = size(node);
                let place = Place { id: node.id.clone(), x: left, y: top, width, height };
                places.insert(node.id.as_str(), place);
                left += width + GAP;
            }
            top += row.iter().map(|node| size(node).1).max().unwrap_or_default() + ROW_GAP;
        }
        let empty = top == y + TITLE + PADDING;
        let bottom = if empty { top } else { top - ROW_GAP } + PADDING;
        let width = inner + 2 * PADDING;
        groups.push(Place { id: group.id.clone(), x: 0, y, width, height: bottom - y });
        y = bottom + ROW_GAP;
    }
    (groups, places)
}

/// The column as rows that are not too wide.
fn wrapped<'s>(column: &[&'s Node]) -> Vec<Vec<&'s Node>> {
    let mut rows: Vec<Vec<&Node>> = Vec::new();
    for node in column {
        match rows.last_mut() {
            Some(row) if width(row) + GAP + size(node).0 <= ROW_MAX => row.push(node),
            _ => rows.push(vec![node]),
        }
    }
    rows
}

fn width(row: &[&Node]) -> i32 {
    let cards: i32 = row.iter().map(|node| size(node).0 + GAP).sum();
    (cards - GAP).max(0)
}
