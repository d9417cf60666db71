//! A line of time with marks, of which one is chosen.

use leptos::prelude::*;
use leptos::svg::{self, circle, g, path, text};
use leptos::{ev, html};
use wasm_bindgen::JsCast as _;

/// A mark.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mark {
    /// Id.
    pub id: String,
    /// Its place.
    pub at: (i32, i32),
    /// Class of its look.
    pub look: &'static str,
    /// All of it in a sentence.
    pub spoken: String,
}

/// The line.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Strip {
    /// Width.
    pub width: i32,
    /// Height.
    pub height: i32,
    /// Marks from left to right.
    pub marks: Vec<Mark>,
    /// From mark to mark.
    pub ways: Vec<[(i32, i32); 2]>,
    /// Words along the line.
    pub words: Vec<(i32, String)>,
    /// Small marks below the line, with the class of their look.
    pub dots: Vec<(i32, &'static str)>,
    /// Where it is now.
    pub now: (i32, i32),
}

impl Strip {
    /// The place in `marks` of the chosen one: the last one when it is not there.
    pub fn chosen(&self, id: Option<&String>) -> Option<usize> {
        let found = self.marks.iter().position(|mark| Some(&mark.id) == id);
        found.or_else(|| self.marks.len().checked_sub(1))
    }
}

/// Where a key leads from a mark.
fn step(key: &str, from: usize, all: usize) -> Option<usize> {
    let last = all.checked_sub(1)?;
    match key {
        "ArrowLeft" | "ArrowDown" | "[" => Some(from.saturating_sub(1)),
        "ArrowRight" | "ArrowUp" | "]" => Some((from + 1).min(last)),
        "Home" => Some(0),
        "End" => Some(last),
        _ => None,
    }
}

/// Draws the line. The arrows choose a mark, Enter goes to it.
pub fn strip(
    label: String,
    data: Signal<Strip>,
    chosen: RwSignal<Option<String>>,
    go: Callback<String>,
) -> AnyView {
    let root: NodeRef<html::Div> = NodeRef::new();
    let now = Memo::new(move |_| data.with(|data| chosen.with(|id| data.chosen(id.as_ref()))));
    let mark = move || now.get().and_then(|at| data.with(|data| data.marks.get(at).cloned()));
    let key = move |event: web_sys::KeyboardEvent| {
        let (Some(at), all) = (now.get_untracked(), data.with_untracked(|data| data.marks.len()))
        else {
            return;
        };
        let to = step(&event.key(), at, all);
        let mark = data.with_untracked(|data| data.marks.get(to.unwrap_or(at)).cloned());
        let Some(mark) = mark else { return };
        if to.is_some() {
            chosen.set(Some(mark.id));
        } else if event.key() == "Enter" {
            go.run(mark.id);
        } else {
            return;
        }
        event.prevent_default();
        event.stop_propagation();
    };
    // What is chosen is in sight.
    Effect::new(move |_| {
        let Some(mark) = mark() else { return };
        request_animation_frame(move || {
            if let Some(root) = root.try_get_untracked().flatten() {
                root.set_scroll_left(mark.at.0 - root.client_width() / 2);
            }
        });
    });
    html::div()
        .node_ref(root)
        .class("strip")
        .attr("tabindex", "0")
        .attr("role", "slider")
        .attr("aria-label", label)
        .attr("aria-valuemin", "1")
        .attr("aria-valuemax", move || data.with(|data| data.marks.len().to_string()))
        .attr("aria-valuenow", move || now.get().map(|at| (at + 1).to_string()))
        .attr("aria-valuetext", move || mark().map(|mark| mark.spoken))
        .on(ev::keydown, key)
        .on(ev::click, move |event| {
            let target =
                event.target().and_then(|target| target.dyn_into::<web_sys::Element>().ok());
            let mark = target.and_then(|target| target.closest("[data-mark]").ok().flatten());
            if let Some(id) = mark.and_then(|mark| mark.get_attribute("data-mark")) {
                chosen.set(Some(id));
            }
        })
        .child(move || {
            let at = now.get();
            data.with(|data| drawn(data, at))
        })
        .into_any()
}

fn drawn(strip: &Strip, chosen: Option<usize>) -> AnyView {
    let (width, height) = (strip.width, strip.height);
    let ways = strip.ways.iter().map(|[from, to]| {
        let way = way(*from, *to);
        path().attr("class", "strip__way").attr("d", way)
    });
    let words = strip.words.iter().map(|(x, word)| {
        text().attr("class", "strip__word").attr("x", *x).attr("y", 12).child(word.clone())
    });
    let dots = strip.dots.iter().map(|(x, look)| {
        let class = format!("strip__dot strip__dot--{look}");
        path().attr("class", class).attr("d", format!("M{x} {}v7", height - 9))
    });
    let marks = strip.marks.iter().enumerate().map(|(index, mark)| {
        let (x, y) = mark.at;
        let here = if Some(index) == chosen { " strip__mark--chosen" } else { "" };
        g().attr("class", format!("strip__mark strip__mark--{}{here}", mark.look))
            .attr("data-mark", mark.id.clone())
            .child((
                svg::title().child(mark.spoken.clone()),
                circle().attr("class", "strip__reach").attr("cx", x).attr("cy", y).attr("r", 14),
                path().attr("class", "strip__shape").attr("d", shape(mark.look, mark.at)),
            ))
    });
    let (x, y) = strip.now;
    svg::svg()
        .attr("class", "strip__picture")
        .attr("width", width)
        .attr("height", height)
        .attr("viewBox", format!("0 0 {width} {height}"))
        .attr("aria-hidden", "true")
        .child((
            ways.collect_view(),
            words.collect_view(),
            dots.collect_view(),
            path().attr("class", "strip__now").attr("d", format!("M{x} {}v{}", y - 14, 28)),
            marks.collect_view(),
        ))
        .into_any()
}

/// A line; a bend where it leaves its lane.
fn way((x, y): (i32, i32), (to_x, to_y): (i32, i32)) -> String {
    if y == to_y {
        return format!("M{x} {y}H{to_x}");
    }
    let bend = x + 14;
    format!("M{x} {y}C{bend} {y} {x} {to_y} {bend} {to_y}H{to_x}")
}

/// A shape for each look, so that colour is not needed to tell them apart.
fn shape(look: &str, (x, y): (i32, i32)) -> String {
    match look {
        "clock" => format!("M{x} {}l8 8 -8 8 -8 -8z", y - 8),
        "console" => format!("M{} {}h14v14h-14z", x - 7, y - 7),
        "left" => format!("M{} {}v16M{} {}l11 4 -11 5z", x - 4, y - 8, x - 4, y - 8),
        _ => format!("M{} {y}a8 8 0 1 0 16 0a8 8 0 1 0 -16 0z", x - 8),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_lead_from_mark_to_mark_and_stay_on_the_line() {
        let from = |key| step(key, 1, 3);
        assert_eq!(
            ["ArrowLeft", "]", "Home", "End"].map(from),
            [Some(0), Some(2), Some(0), Some(2)]
        );
        assert_eq!((step("ArrowRight", 2, 3), step("[", 0, 3)), (Some(2), Some(0)));
        assert_eq!((step("x", 1, 3), step("End", 0, 0)), (None, None));
    }

    #[test]
    fn the_newest_mark_is_chosen_while_none_is() {
        let mark =
            |id: &str| Mark { id: id.to_owned(), at: (0, 0), look: "act", spoken: String::new() };
        let strip = Strip { marks: vec![mark("a"), mark("b")], ..Strip::default() };
        assert_eq!(strip.chosen(None), Some(1));
        assert_eq!(strip.chosen(Some(&"a".to_owned())), Some(0));
        assert_eq!(strip.chosen(Some(&"gone".to_owned())), Some(1));
        assert_eq!(Strip::default().chosen(None), None);
    }

    #[test]
    fn a_way_bends_where_it_leaves_its_lane() {
        assert_eq!(way((10, 5), (40, 5)), "M10 5H40");
        assert_eq!(way((10, 5), (40, 25)), "M10 5C24 5 10 25 24 25H40");
    }
}
