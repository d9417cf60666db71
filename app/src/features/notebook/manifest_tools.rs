//! The buttons of a manifest cell.

use std::sync::Arc;

use app_ui::press::{Kind, Press};
use leptos::html::div;
use leptos::prelude::*;
use protocol::v1::{Answer, Command, Query, ResetScope};

use super::manifest_cell::Manifest;
use crate::services::browser;
use crate::state::context::Ctx;
use crate::state::run::Phase;

/// Applies the text as it stands.
pub(super) fn apply(ctx: Ctx, parts: Manifest) {
    let (cell, text) = (parts.id.get_value(), parts.text_now(ctx));
    if !ctx.session.is_ready() || parts.run.with_untracked(|run| run.is_busy()) {
        return;
    }
    parts.applied.set(Some(text.clone()));
    parts.diff.set(None);
    ctx.session.send(&cell.clone(), Command::Apply { cell, text });
}

fn delete(ctx: Ctx, parts: Manifest) {
    let (cell, text) = (parts.id.get_value(), parts.text_now(ctx));
    parts.applied.set(Some(text.clone()));
    ctx.session.send(&cell.clone(), Command::Delete { cell, text });
}

fn compare(ctx: Ctx, parts: Manifest) {
    let query = Query::Diff { cell: parts.id.get_value(), text: parts.text_now(ctx) };
    wasm_bindgen_futures::spawn_local(async move {
        match ctx.session.ask(query).await {
            Some(Answer::Diff(diff)) => {
                parts.diff.try_set(Some(diff));
            }
            Some(Answer::Failed(phrase)) => {
                ctx.toasts.show(ctx.text.phrase(&phrase), "warn", None);
            }
            _ => {}
        }
    });
}

/// Goes back to the original text and, on an embedded cluster, to before the cell first ran. Both can be
/// undone.
fn back(ctx: Ctx, parts: Manifest) {
    let cell = parts.id.get_value();
    let before = ctx.drafts.text_now(&cell);
    let ran = untrack(move || can_go_back(ctx, parts));
    ctx.drafts.set(&cell, None);
    parts.diff.set(None);
    if ran {
        ctx.session.steer(Command::Reset { scope: ResetScope::Cell { cell: cell.clone() } });
    }
    let undo = Arc::new(move || {
        ctx.drafts.set(&cell, before.clone());
        if ran {
            ctx.session.steer(Command::Undo);
        }
    });
    ctx.toasts.show(ctx.text.say("cell-reset-done"), "info", Some((ctx.text.say("undo"), undo)));
}

/// Whether the cell ran on a cluster that can go back.
fn can_go_back(ctx: Ctx, parts: Manifest) -> bool {
    ctx.session.can_go_back()
        && parts.run.with(|run| run.phase != Phase::Pristine && !run.is_busy())
}

/// The row of buttons.
pub(super) fn tools(ctx: Ctx, parts: Manifest) -> AnyView {
    let busy = Signal::derive(move || parts.run.with(|run| run.is_busy()));
    let idle = Signal::derive(move || !ctx.session.is_ready() || busy.get());
    let untouched = Signal::derive(move || {
        parts.text(ctx) == parts.original.get_value() && !can_go_back(ctx, parts)
    });
    let stop = move || {
        busy.get().then(|| {
            Press::new(ctx.text.say("stop")).icon("stop").name("stop").draw(move || {
                if let Some(target) = parts.run.with_untracked(|run| run.run.clone()) {
                    ctx.session.cancel(target);
                }
            })
        })
    };
    div()
        .class("tools")
        .child((
            Press::new(ctx.text.say("apply"))
                .kind(Kind::Primary)
                .icon("play")
                .name("apply")
                .disabled(idle)
                .draw(move || apply(ctx, parts)),
            stop,
            Press::new(ctx.text.say("diff"))
                .icon("diff")
                .name("diff")
                .disabled(idle)
                .draw(move || compare(ctx, parts)),
            Press::new(ctx.text.say("delete"))
                .icon("trash")
                .name("delete")
                .disabled(idle)
                .draw(move || delete(ctx, parts)),
            div().class("tools__rest").child((
                Press::new(ctx.text.say("copy"))
                    .kind(Kind::Quiet)
                    .icon("copy")
                    .only_icon()
                    .name("copy")
                    .draw(move || browser::copy(&parts.text_now(ctx))),
                Press::new(ctx.text.say("cell-reset"))
                    .kind(Kind::Quiet)
                    .icon("reset")
                    .name("reset-cell")
                    .disabled(untouched)
                    .draw(move || back(ctx, parts)),
            )),
        ))
        .into_any()
}
