//! Places: integer coordinates for every box, card and arrow of a scene.
//!
//! The same scene gives the same layout, and a card keeps its place while only states change.

mod columns;
mod grid;
mod rows;
mod tree;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::scene::{Edge, EdgeKind, Node, Scene, View};

/// Which way a picture reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Flow {
    /// From left to right, for a page.
    #[default]
    Across,
    /// From top to bottom, for a narrow column beside one.
    Down,
}

/// Where everything is. The origin is top left; units are CSS pixels at 100 %.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Layout {
    /// Width of the whole.
    pub width: i32,
    /// Height of the whole.
    pub height: i32,
    /// Boxes of groups, in the order of the scene.
    pub groups: Vec<Place>,
    /// Cards, in the order of the scene.
    pub nodes: Vec<Place>,
    /// Arrows, in the order of the scene; without those whose ends are not there.
    pub edges: Vec<Route>,
}

/// Where a box or card is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// Id in the scene.
    pub id: String,
    /// Left.
    pub x: i32,
    /// Top.
    pub y: i32,
    /// Width.
    pub width: i32,
    /// Height.
    pub height: i32,
}

/// A point.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Point {
    /// From the left.
    pub x: i32,
    /// From the top.
    pub y: i32,
}

/// The way of an arrow: straight lines through its points.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Route {
    /// Id in the scene.
    pub id: String,
    /// Points from the source's edge to the target's edge.
    pub points: Vec<Point>,
    /// Where its label and state mark belong.
    pub label: Point,
}

/// Inner margin of a box.
pub(crate) const PADDING: i32 = 24;
/// Height of a box's title.
pub(crate) const TITLE: i32 = 32;
/// Between cards of a column.
pub(crate) const GAP: i32 = 24;
/// Between cards of a column in a picture of connections: a target stands between its sources, and
/// their elbows need room above and below it.
pub(crate) const SOURCE_GAP: i32 = 72;
/// Between owners and what they own: their arrows have no words.
pub(crate) const OWNER_GAP: i32 = 56;
/// Between columns of cards.
pub(crate) const COLUMN_GAP: i32 = 88;
/// Between rows of cards: an arrow with its mark and words has room there.
pub(crate) const ROW_GAP: i32 = 72;
/// What a row of a narrow column may take before another one begins.
pub(crate) const ROW_MAX: i32 = 400;
/// Between boxes.
pub(crate) const GROUP_GAP: i32 = 96;

/// Between arrows from the same card to the same card, beside each other: their words have room.
const ABREAST: i32 = 92;
/// The same, one below the other.
const STACKED: i32 = 44;

const LINE: i32 = 20;
const CARD_MIN: i32 = 152;
const CARD_MAX: i32 = 288;
const LETTER: i32 = 8;

impl Place {
    fn middle_x(&self) -> i32 {
        self.x + self.width / 2
    }

    fn middle_y(&self) -> i32 {
        self.y + self.height / 2
    }

    fn right(&self) -> i32 {
        self.x + self.width
    }

    fn bottom(&self) -> i32 {
        self.y + self.height
    }
}

/// Lays a scene out.
pub fn layout(scene: &Scene, flow: Flow) -> Layout {
    if (scene.view, flow) == (View::Workloads, Flow::Down) {
        let tree = tree::place(scene);
        let ways = scene.edges.iter().filter_map(|edge| Some(route(edge, tree.way(edge)?)));
        let edges = ways.collect();
        return whole(scene, tree.groups, &tree.places, edges);
    }
    let columns = match scene.view {
        View::Connections => columns::connections(scene),
        View::Workloads => columns::workloads(scene),
        View::Machines => {
            let (groups, places) = grid::place(scene, flow);
            return whole(scene, groups, &places, Vec::new());
        }
    };
    let (groups, places) = match flow {
        Flow::Across => columns::place(scene, &columns),
        Flow::Down => rows::place(scene, &columns),
    };
    let edges = routes(scene, &places, flow);
    whole(scene, groups, &places, edges)
}

fn whole(
    scene: &Scene,
    groups: Vec<Place>,
    places: &BTreeMap<&str, Place>,
    edges: Vec<Route>,
) -> Layout {
    let nodes: Vec<Place> =
        scene.nodes.iter().filter_map(|node| places.get(node.id.as_str()).cloned()).collect();
    let width = groups.iter().map(Place::right).max().unwrap_or_default();
    let height = groups.iter().map(Place::bottom).max().unwrap_or_default();
    Layout { width, height, groups, nodes, edges }
}

/// Size of a card: as wide as its longest line, within limits.
pub(crate) fn size(node: &Node) -> (i32, i32) {
    let longest = node
        .lines
        .iter()
        .map(|line| line.key.chars().count() + line.value.chars().count() + 2)
        .chain([node.name.chars().count() + 4])
        .max()
        .unwrap_or_default();
    let width = i32::try_from(longest).unwrap_or(CARD_MAX).saturating_mul(LETTER) + 32;
    let lines = i32::try_from(node.lines.len()).unwrap_or_default() + 2;
    (width.clamp(CARD_MIN, CARD_MAX), lines * LINE + 22)
}

fn routes(scene: &Scene, places: &BTreeMap<&str, Place>, flow: Flow) -> Vec<Route> {
    let mut elbows: BTreeMap<(&str, bool), i32> = BTreeMap::new();
    let mut seen: BTreeMap<(&str, &str), i32> = BTreeMap::new();
    let mut routes = Vec::new();
    for edge in &scene.edges {
        let (Some(from), Some(to)) = (places.get(edge.from.as_str()), places.get(edge.to.as_str()))
        else {
            continue;
        };
        // Arrows between the same two cards, for several ports, run beside each other.
        let same = |other: &&Edge| (&other.from, &other.to) == (&edge.from, &edge.to);
        let all = i32::try_from(scene.edges.iter().filter(same).count()).unwrap_or(1);
        let number = seen.entry((edge.from.as_str(), edge.to.as_str())).or_default();
        let aside = 2 * *number - (all - 1);
        *number += 1;
        let points = match edge.kind {
            _ if flow == Flow::Down && (from.bottom() <= to.y || to.bottom() <= from.y) => {
                shifted(upright(from, to), aside * ABREAST / 2, 0)
            }
            EdgeKind::Connects if from.x > to.right() && is_beside(from, to) => {
                let above = from.middle_y() < to.middle_y();
                let used = elbows.entry((edge.to.as_str(), above)).or_default();
                let x = to.middle_x() + *used * 20;
                *used += 1;
                elbow(from, to, x, (above, aside * STACKED / 2))
            }
            EdgeKind::Connects => shifted(straight(from, to), 0, aside * STACKED / 2),
            EdgeKind::Owns | EdgeKind::Selects | EdgeKind::Scales | EdgeKind::Mounts => {
                straight(from, to)
            }
        };
        routes.push(route(edge, points));
    }
    routes
}

/// Whether the source stands above or below the target, so that an elbow reaches it from there.
fn is_beside(from: &Place, to: &Place) -> bool {
    from.middle_y() < to.y || from.middle_y() > to.bottom()
}

/// From the source's left edge to above (below) the target, then down (up) to it, as in the course's
/// picture.
fn elbow(from: &Place, to: &Place, x: i32, (above, aside): (bool, i32)) -> Vec<Point> {
    let y = if above { to.y } else { to.bottom() };
    let start = from.middle_y() + aside;
    vec![Point { x: from.x, y: start }, Point { x, y: start }, Point { x, y }]
}

/// The same way, further to the right and further down.
fn shifted(mut points: Vec<Point>, x: i32, y: i32) -> Vec<Point> {
    for point in &mut points {
        point.x += x;
        point.y += y;
    }
    points
}

fn straight(from: &Place, to: &Place) -> Vec<Point> {
    let (start, end) = if from.right() <= to.x {
        (Point { x: from.right(), y: from.middle_y() }, Point { x: to.x, y: to.middle_y() })
    } else if to.right() <= from.x {
        (Point { x: from.x, y: from.middle_y() }, Point { x: to.right(), y: to.middle_y() })
    } else {
        return upright(from, to);
    };
    vec![start, end]
}

/// Between the upper and lower edges.
fn upright(from: &Place, to: &Place) -> Vec<Point> {
    let (start, end) = if from.y <= to.y { (from.bottom(), to.y) } else { (from.y, to.bottom()) };
    vec![Point { x: from.middle_x(), y: start }, Point { x: to.middle_x(), y: end }]
}

fn route(edge: &Edge, points: Vec<Point>) -> Route {
    // The mark stands in the middle of the first stretch: arrows to one target share their end.
    let label = match points.as_slice() {
        [start, next, ..] => {
            Point { x: i32::midpoint(start.x, next.x), y: i32::midpoint(start.y, next.y) }
        }
        _ => Point { x: 0, y: 0 },
    };
    Route { id: edge.id.clone(), points, label }
}
