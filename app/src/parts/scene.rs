//! A picture with its sentence, the reason of what is pointed at, and its table for those who do not see it.

use app_ui::picture::{Picture, picture};
use leptos::html::{details, div, p, summary};
use leptos::prelude::*;

use crate::parts::table::text_table;
use crate::state::scene::Drawing;
use crate::state::words::Text;

/// Draws a drawing.
pub(crate) fn scene(text: Text, label: String, drawing: Memo<Drawing>) -> AnyView {
    let shown = RwSignal::new(None::<String>);
    let data = Signal::derive(move || drawing.with(|drawing| drawing.picture.clone()));
    let caption = move || {
        let id = shown.get()?;
        data.with(|picture| {
            let arrow = picture
                .arrows
                .iter()
                .find(|arrow| arrow.id == id)
                .map(|arrow| arrow.spoken.clone());
            let card =
                || picture.cards.iter().find(|card| card.id == id).map(|card| card.spoken.clone());
            arrow.or_else(card)
        })
    };
    let heading = label.clone();
    div()
        .class("scene")
        .child((
            div().class("scene__picture").child(picture(label, data, shown)),
            p().class("scene__summary").attr("role", "status").child(move || {
                // Nothing at all is a cluster that is not there yet, not one without anything.
                drawing.with(|it| {
                    let nothing = it.picture.frames.is_empty();
                    if nothing { text.say("cluster-empty") } else { it.summary.clone() }
                })
            }),
            move || {
                let hint = data.with(hint)?;
                let said = caption().unwrap_or_else(|| text.say(hint));
                Some(p().class("scene__caption").child(said))
            },
            details().class("scene__table").child((
                summary().child(text.say("scene-as-table")),
                move || {
                    let Drawing { arrows, cards, .. } = drawing.get();
                    let arrow_table = (!arrows.1.is_empty())
                        .then(|| text_table(heading.clone(), arrows.0, arrows.1));
                    (arrow_table, text_table(text.say("scene-objects"), cards.0, cards.1))
                },
            )),
        ))
        .into_any()
}

/// What to point at: nothing while the picture is empty.
fn hint(picture: &Picture) -> Option<&'static str> {
    match (picture.arrows.is_empty(), picture.cards.is_empty()) {
        (true, true) => None,
        (true, false) => Some("scene-point-card"),
        (false, _) => Some("scene-point"),
    }
}
