//! Predict first, then look.

use app_ui::press::{Kind, Press};
use leptos::html::{code, div, p, pre};
use leptos::prelude::*;
use notebook::cell::{Cell, QuizOption};
use protocol::v1::Command;

use super::frame::{running, watch};
use super::options::{Choice, explanation, options};
use super::results::results;
use crate::state::context::Ctx;
use crate::state::face::Draft;

/// The cell.
pub(super) fn observe_cell(
    ctx: Ctx,
    cell: Cell,
    list: Vec<QuizOption>,
    lines: Vec<String>,
) -> AnyView {
    let run = watch(ctx, &cell.id);
    let choice = Choice::new();
    let id = cell.id.clone();
    let idle = Signal::derive(move || {
        choice.chosen.get().is_none() || !ctx.session.is_ready() || run.with(|run| run.is_busy())
    });
    let body = div()
        .class("quiz")
        .child((
            p().class("quiz__hint").child(ctx.text.say("observe-hint")),
            options(ctx, &cell.id, ctx.text.pick(&cell.title), &list, choice),
            pre().class("action__lines").child(code().child(lines.join("\n"))),
            div().class("tools").child(
                Press::new(ctx.text.say("observe-look"))
                    .kind(Kind::Primary)
                    .icon("eye")
                    .name("look")
                    .disabled(idle)
                    .draw(move || {
                        choice.answered.set(true);
                        ctx.session.send(&id, Command::Act { cell: id.clone() });
                    }),
            ),
            results(ctx, run),
            explanation(ctx, list, choice),
        ))
        .into_any();
    running(ctx, &cell, "observe", run, Signal::stored(Draft::default()), body)
}
