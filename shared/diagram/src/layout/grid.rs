//! Cards that nothing connects, in rows as in a book, and boxes below each other.

use std::collections::BTreeMap;

use super::{CARD_MIN, Flow, PADDING, Place, ROW_MAX, TITLE, size};
use crate::scene::Scene;

/// Between cards.
const GAP: i32 = 12;
/// What a row may take on a page.
const PAGE: i32 = 860;

/// Boxes and cards with their places.
pub(super) fn place(scene: &Scene, flow: Flow) -> (Vec<Place>, BTreeMap<&str, Place>) {
    let most = match flow {
        Flow::Across => PAGE,
        Flow::Down => ROW_MAX,
    };
    let (mut groups, mut places) = (Vec::new(), BTreeMap::new());
    let (mut y, mut widest) = (0, CARD_MIN + 2 * PADDING);
    for group in &scene.groups {
        let (mut x, mut top, mut tallest) = (PADDING, y + TITLE + GAP, 0);
        // Cards of a box are alike: one width for all keeps their columns straight.
        let inside = || scene.nodes.iter().filter(|node| node.group == group.id);
        let width = inside().map(|node| size(node).0).max().unwrap_or(CARD_MIN);
        for node in inside() {
            let height = size(node).1;
            if x > PADDING && x + width > most - PADDING {
                (x, top, tallest) = (PADDING, top + tallest + GAP, 0);
            }
            places
                .insert(node.id.as_str(), Place { id: node.id.clone(), x, y: top, width, height });
            widest = widest.max(x + width + PADDING);
            tallest = tallest.max(height);
            x += width + GAP;
        }
        let bottom = top + tallest + PADDING;
        groups.push(Place { id: group.id.clone(), x: 0, y, width: 0, height: bottom - y });
        y = bottom + GAP;
    }
    for group in &mut groups {
        group.width = widest;
    }
    (groups, places)
}
