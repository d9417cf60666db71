//! A question.

use app_ui::press::{Kind, Press};
use leptos::html::div;
use leptos::prelude::*;
use notebook::cell::{Cell, QuizOption};

use super::frame::still;
use super::options::{Choice, explanation, options};
use crate::state::context::Ctx;

/// The cell.
pub(super) fn quiz_cell(ctx: Ctx, cell: Cell, list: Vec<QuizOption>) -> AnyView {
    let choice = Choice::new();
    let idle = Signal::derive(move || choice.chosen.get().is_none() || choice.answered.get());
    let again = move || {
        choice.answered.get().then(|| {
            Press::new(ctx.text.say("quiz-again")).icon("reset").kind(Kind::Quiet).draw(move || {
                choice.answered.set(false);
                choice.chosen.set(None);
            })
        })
    };
    let body = div()
        .class("quiz")
        .child((
            options(ctx, &cell.id, ctx.text.pick(&cell.title), &list, choice),
            div().class("tools").child((
                Press::new(ctx.text.say("quiz-answer"))
                    .kind(Kind::Primary)
                    .name("answer")
                    .disabled(idle)
                    .draw(move || choice.answered.set(true)),
                again,
            )),
            explanation(ctx, list, choice),
        ))
        .into_any();
    still(ctx, &cell, "quiz", body)
}
