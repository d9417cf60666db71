//! A button that runs fixed command lines.

use app_ui::press::{Kind, Press};
use leptos::html::{code, div, pre};
use leptos::prelude::*;
use notebook::cell::Cell;
use protocol::v1::Command;

use super::frame::{running, watch};
use super::results::results;
use crate::state::context::Ctx;
use crate::state::face::Draft;

/// The cell.
pub(super) fn action_cell(ctx: Ctx, cell: Cell, lines: Vec<String>) -> AnyView {
    let run = watch(ctx, &cell.id);
    let id = cell.id.clone();
    let idle = Signal::derive(move || !ctx.session.is_ready() || run.with(|run| run.is_busy()));
    let body = div()
        .class("action")
        .child((
            pre().class("action__lines").child(code().child(lines.join("\n"))),
            div().class("tools").child(
                Press::new(ctx.text.say("run"))
                    .kind(Kind::Primary)
                    .icon("play")
                    .name("run")
                    .disabled(idle)
                    .draw(move || {
                        ctx.session.send(&id, Command::Act { cell: id.clone() });
                    }),
            ),
            results(ctx, run),
        ))
        .into_any();
    running(ctx, &cell, "action", run, Signal::stored(Draft::default()), body)
}
