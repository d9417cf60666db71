//! Pictures of boxes, cards and arrows, drawn as SVG. Shapes and words carry what colours say.

use leptos::ev;
use leptos::prelude::*;
use leptos::svg::{self, g, path, polygon, rect, text, tspan};

use crate::list::each;

/// Where something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Area {
    /// Left.
    pub x: i32,
    /// Top.
    pub y: i32,
    /// Width.
    pub width: i32,
    /// Height.
    pub height: i32,
}

/// A box around cards.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Frame {
    /// Place.
    pub area: Area,
    /// Title on its border.
    pub title: String,
    /// Lines at its foot.
    pub labels: Vec<String>,
    /// Whether what it stands for does not exist.
    pub missing: bool,
}

/// A card.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Card {
    /// Id, given back when it is chosen.
    pub id: String,
    /// Place.
    pub area: Area,
    /// Title.
    pub title: String,
    /// Lines below it.
    pub lines: Vec<String>,
    /// Class of its look, for example `through`.
    pub look: &'static str,
    /// Class of its state, for example `ready`.
    pub state: &'static str,
    /// The state in words.
    pub word: String,
    /// All of it in a sentence.
    pub spoken: String,
}

/// An arrow.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Arrow {
    /// Id, given back when it is chosen.
    pub id: String,
    /// Its way.
    pub points: Vec<(i32, i32)>,
    /// Where its mark stands.
    pub mark: (i32, i32),
    /// Class of its state: `allowed`, `blocked`, `refused`, `unknown` or `plain`.
    pub state: &'static str,
    /// Short text beside the mark.
    pub label: String,
    /// The text stands on the other side of the mark than usual: there is another one.
    pub flipped: bool,
    /// All of it in a sentence.
    pub spoken: String,
}

/// A picture.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Picture {
    /// Width.
    pub width: i32,
    /// Height.
    pub height: i32,
    /// Boxes.
    pub frames: Vec<Frame>,
    /// Cards.
    pub cards: Vec<Card>,
    /// Arrows.
    pub arrows: Vec<Arrow>,
}

/// Room around the picture for titles and focus rings.
const MARGIN: i32 = 12;
/// Room between the border of a card and its words.
const INSET: i32 = 8;
/// Widths of a letter: of a card's name in bold, and of its lines, which are set in a code font.
const NAME_LETTER: f64 = 9.0;
const LINE_LETTER: f64 = 7.3;
/// Height of the text beside an arrow.
const WORD_HEIGHT: i32 = 16;

/// Draws a picture. `shown` is the id of the card or arrow that the pointer or the focus is on.
pub fn picture(label: String, data: Signal<Picture>, shown: RwSignal<Option<String>>) -> AnyView {
    let view_box = move || {
        let (width, height) = data.with(|data| (data.width, data.height));
        format!("{} {} {} {}", -MARGIN, -MARGIN, width + 2 * MARGIN, height + 2 * MARGIN)
    };
    let natural = move || data.with(|data| format!("{}px", data.width + 2 * MARGIN));
    svg::svg()
        .attr("class", "picture")
        .attr("viewBox", view_box)
        .attr("role", "group")
        .attr("aria-label", label)
        .style(("max-width", natural))
        // Smaller than the style sheet allows it to become, its words could not be read.
        .style(("--natural", natural))
        .child((
            g().child(each(move || data.with(|data| data.frames.clone()), Clone::clone, frame)),
            g().child(each(
                move || data.with(|data| data.arrows.clone()),
                Clone::clone,
                move |one| arrow(one, shown),
            )),
            g().child(each(
                move || data.with(|data| data.cards.clone()),
                Clone::clone,
                move |one| card(one, shown),
            )),
        ))
        .into_any()
}

fn frame(frame: Frame) -> AnyView {
    let Frame { area, title, labels, missing } = frame;
    let class = if missing { "picture__frame picture__frame--missing" } else { "picture__frame" };
    let foot = labels.into_iter().rev().enumerate().map(|(row, label)| {
        let row = i32::try_from(row).unwrap_or_default();
        let y = area.y + area.height - 12 - row * 18;
        text().attr("class", "picture__foot").attr("x", area.x + 16).attr("y", y).child(label)
    });
    g().attr("class", class)
        .child((
            rect()
                .attr("x", area.x)
                .attr("y", area.y)
                .attr("width", area.width)
                .attr("height", area.height)
                .attr("rx", 14),
            text()
                .attr("class", "picture__title")
                .attr("x", area.x + 16)
                .attr("y", area.y + 26)
                .child(title),
            foot.collect_view(),
        ))
        .into_any()
}

fn card(card: Card, shown: RwSignal<Option<String>>) -> AnyView {
    let Card { id, area, title, lines, look, state, word, spoken: _ } = card;
    let middle = area.x + area.width / 2;

    let rows = lines.into_iter().enumerate().map(|(row, line)| {
        let row = i32::try_from(row).unwrap_or_default();
        let line = fit(&line, area.width, LINE_LETTER);
        tspan().attr("x", middle).attr("y", area.y + 47 + row * 20).child(line)
    });
    let on = (id.clone(), id.clone());
    g().attr("class", format!("picture__card picture__card--{look} picture__card--{state}"))
        .attr("role", "button")
        .attr("tabindex", "0")
        .on(ev::focus, move |_| shown.set(Some(on.0.clone())))
        .on(ev::mouseenter, move |_| shown.set(Some(on.1.clone())))
        .on(ev::click, move |_| shown.set(Some(id.clone())))
        .child((
            rect()
                .attr("x", area.x)
                .attr("y", area.y)
                .attr("width", area.width)
                .attr("height", area.height)
                .attr("rx", 10),
            text()
                .attr("class", "picture__name")
                .attr("x", middle)
                .attr("y", area.y + 26)
                .child(fit(&title, area.width, NAME_LETTER)),
            text().attr("class", "picture__lines").child(rows.collect_view()),
            text()
                .attr("class", "picture__word")
                .attr("x", middle)
                .attr("y", area.y + area.height - 9)
                .child(word),
        ))
        .into_any()
}

/// A text that stays inside a card: what does not fit is left out in its middle, because names of images
/// and pods differ at their ends. The sentence below the picture has all of it.
fn fit(text: &str, width: i32, letter: f64) -> String {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "some tens of letters"
    )]
    let most = (f64::from(width - 2 * INSET) / letter).max(8.0) as usize;
    let letters: Vec<char> = text.chars().collect();
    if letters.len() <= most {
        return text.to_owned();
    }
    let begin = most / 5;
    let end = letters.len() - (most - begin - 1);
    let begin = letters.iter().take(begin);
    begin.chain(['\u{2026}'].iter()).chain(letters.iter().skip(end)).collect()
}

fn arrow(arrow: Arrow, shown: RwSignal<Option<String>>) -> AnyView {
    let Arrow { id, points, mark, state, label, flipped, spoken } = arrow;
    let way: Vec<String> = points.iter().map(|(x, y)| format!("{x} {y}")).collect();
    let way = format!("M{}", way.join("L"));
    let on = (id.clone(), id.clone());
    g().attr("class", format!("picture__arrow picture__arrow--{state}"))
        .attr("role", "button")
        .attr("tabindex", "0")
        .attr("aria-label", spoken)
        .on(ev::focus, move |_| shown.set(Some(on.0.clone())))
        .on(ev::mouseenter, move |_| shown.set(Some(on.1.clone())))
        .on(ev::click, move |_| shown.set(Some(id.clone())))
        .child((
            path().attr("class", "picture__reach").attr("d", way.clone()),
            path().attr("class", "picture__way").attr("d", way),
            polygon()
                .attr("class", "picture__head")
                .attr("points", "0,0 -11,-5.5 -11,5.5")
                .attr("transform", head(&points)),
            sign(state, mark),
            text()
                .attr("class", "picture__label")
                .attr("x", mark.0)
                .attr("y", mark.1 + beside(&points, flipped))
                .child(label),
        ))
        .into_any()
}

/// The label of an arrow that goes down stands above its mark, otherwise below: away from the target.
fn beside(points: &[(i32, i32)], flipped: bool) -> i32 {
    let down = points.first().zip(points.last()).is_some_and(|(start, end)| end.1 > start.1);
    if down == flipped { 29 } else { -19 }
}

/// Puts texts that would stand on others on the other side of their marks.
pub fn keep_apart(arrows: &mut [Arrow]) {
    let mut taken: Vec<(i32, i32, i32)> = Vec::new();
    for arrow in arrows.iter_mut().filter(|arrow| !arrow.label.is_empty()) {
        let letters = i32::try_from(arrow.label.chars().count()).unwrap_or(i32::MAX / 8);
        let half = letters * 4;
        let at = |flipped| arrow.mark.1 + beside(&arrow.points, flipped);
        let is_free = |y: i32| {
            !taken.iter().any(|(x, other, wide)| {
                (arrow.mark.0 - x).abs() < half + wide && (y - other).abs() < WORD_HEIGHT
            })
        };
        arrow.flipped = !is_free(at(false)) && is_free(at(true));
        taken.push((arrow.mark.0, at(arrow.flipped), half));
    }
}

/// Where the head of an arrow stands and where it points.
fn head(points: &[(i32, i32)]) -> String {
    let (Some(end), Some(before)) = (points.last(), points.iter().rev().nth(1)) else {
        return String::new();
    };
    let (dx, dy) = (f64::from(end.0 - before.0), f64::from(end.1 - before.1));
    let degrees = dy.atan2(dx).to_degrees();
    format!("translate({} {}) rotate({degrees:.1})", end.0, end.1)
}

/// The sign of a state: a different shape for each, so that colour is not needed to tell them apart.
fn sign(state: &str, (x, y): (i32, i32)) -> Option<AnyView> {
    let (shape, stroke) = match state {
        "allowed" => {
            ("M-11 0a11 11 0 1 0 22 0a11 11 0 1 0 -22 0z", "M-5 0.5L-1.500 4L5.500 -3.500")
        }
        "blocked" => (
            "M-5 -12H5L12 -5V5L5 12H-5L-12 5V-5z",
            "M-4.500 -4.500L4.500 4.500M4.500 -4.500L-4.500 4.500",
        ),
        "refused" => ("M-10 -10H10V10H-10z", "M-5 0H5"),
        "unknown" => (
            "M0 -13L13 0L0 13L-13 0z",
            "M-2.500 -3a2.600 2.600 0 1 1 3.600 2.400q-1.100 .6 -1.100 2M0 5v.1",
        ),
        _ => return None,
    };
    let sign = g()
        .attr("class", "picture__sign")
        .attr("transform", format!("translate({x} {y})"))
        .child((
            path().attr("class", "picture__shape").attr("d", shape),
            path().attr("class", "picture__stroke").attr("d", stroke),
        ));
    Some(sign.into_any())
}

#[cfg(test)]
mod tests {
    use super::{Arrow, LINE_LETTER, NAME_LETTER, fit, head, keep_apart};

    #[test]
    fn long_texts_lose_their_middle() {
        let image = "image: registry.k8s.io/e2e-test-images/agnhost:2.53";
        assert_eq!(fit(image, 288, LINE_LETTER), "image: \u{2026}/e2e-test-images/agnhost:2.53");
        assert_eq!(fit("image: nginx", 152, LINE_LETTER), "image: nginx");
        assert_eq!(fit("np-connect", 152, NAME_LETTER), "np-connect");
    }

    #[test]
    fn texts_of_arrows_that_cross_do_not_stand_on_each_other() {
        let arrow = |x: i32, up: bool| Arrow {
            id: String::new(),
            points: if up { vec![(x, 100), (x, 0)] } else { vec![(x, 0), (x, 100)] },
            mark: (x, 50),
            state: "allowed",
            label: "open :8080".to_owned(),
            flipped: false,
            spoken: String::new(),
        };
        let mut arrows = [arrow(0, true), arrow(40, true), arrow(120, true), arrow(300, false)];
        keep_apart(&mut arrows);
        assert_eq!(arrows.map(|arrow| arrow.flipped), [false, true, false, false]);
    }

    #[test]
    fn the_head_of_an_arrow_points_along_its_last_stretch() {
        assert_eq!(head(&[(0, 0), (10, 0)]), "translate(10 0) rotate(0.0)");
        assert_eq!(head(&[(0, 0), (10, 0), (10, 5)]), "translate(10 5) rotate(90.0)");
        assert_eq!(head(&[(5, 5)]), "");
    }
}
