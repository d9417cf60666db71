//! Questions before something is lost: reset and solution.

use std::collections::BTreeMap;
use std::sync::Arc;

use app_ui::dialog::dialog;
use app_ui::press::{Kind, Press};
use leptos::html::{div, li, p, ul};
use leptos::prelude::*;
use protocol::v1::{Command, ResetScope};

use super::real::real_dialog;
use crate::state::context::Ctx;
use crate::state::outline::open_before;

/// All dialogs.
pub(crate) fn dialogs(ctx: Ctx) -> AnyView {
    (reset_dialog(ctx), solve_dialog(ctx), real_dialog(ctx)).into_any()
}

/// A boolean that is true while the option holds something, and empties it when it becomes false.
fn open_while<T: Clone + PartialEq + Send + Sync + 'static>(
    held: RwSignal<Option<T>>,
) -> RwSignal<bool> {
    let open = RwSignal::new(false);
    Effect::new(move |_| {
        let wanted = held.with(Option::is_some);
        if open.get_untracked() != wanted {
            open.set(wanted);
        }
    });
    Effect::new(move |before: Option<bool>| {
        let now = open.get();
        if before == Some(true) && !now {
            held.set(None);
        }
        now
    });
    open
}

fn reset_dialog(ctx: Ctx) -> AnyView {
    let open = open_while(ctx.desk.reset);
    let text = ctx.text;
    let content = move || {
        let Some(scope) = ctx.desk.reset.get() else { return ().into_any() };
        let whole = scope == ResetScope::Scenario;
        let real = !ctx.session.can_go_back();
        let what = match &scope {
            ResetScope::Cell { .. } => text.say("reset-cell-what"),
            ResetScope::Step { .. } => text.say("reset-step-what"),
            ResetScope::Run { .. } => text.say("reset-run-what"),
            ResetScope::Scenario if real => text.say("reset-scenario-real"),
            ResetScope::Scenario => text.say("reset-scenario-what"),
        };
        let go = move || {
            let scope = scope.clone();
            open.set(false);
            reset(ctx, scope);
        };
        div()
            .child((
                p().child(what),
                ul().child((
                    li().child(text.say("reset-loses-objects")),
                    li().child(text.say("reset-loses-results")),
                    li().child(text.say(if whole {
                        "reset-loses-texts"
                    } else {
                        "reset-keeps-texts"
                    })),
                )),
                p().child(text.say(if real { "reset-undo-real" } else { "reset-undo" })),
                div().class("dialog__tools").child((
                    Press::new(text.say("reset-go"))
                        .kind(Kind::Danger)
                        .icon("reset")
                        .name("reset-go")
                        .draw(go),
                    Press::new(text.say("cancel")).draw(move || open.set(false)),
                )),
            ))
            .into_any()
    };
    dialog("reset-dialog", text.say("reset-title"), open, content)
}

/// Resets, and offers to take it back: the cluster and, for the whole scenario, the texts.
fn reset(ctx: Ctx, scope: ResetScope) {
    let texts = if scope == ResetScope::Scenario { ctx.drafts.clear() } else { BTreeMap::new() };
    let real = !ctx.session.can_go_back();
    ctx.session.steer(Command::Reset { scope });
    let nothing = real && texts.is_empty();
    let undo = Arc::new(move || {
        // The objects of a real cluster do not come back; the texts do.
        if !real {
            ctx.session.steer(Command::Undo);
        }
        ctx.drafts.restore(texts.clone());
    });
    let (done, word) =
        if real { ("reset-done-real", "undo-texts") } else { ("reset-done", "undo") };
    let offer = (!nothing).then(|| (ctx.text.say(word), undo as _));
    ctx.toasts.show(ctx.text.say(done), "info", offer);
}

fn solve_dialog(ctx: Ctx) -> AnyView {
    let open = open_while(ctx.desk.solve);
    let text = ctx.text;
    let content = move || {
        let Some(step) = ctx.desk.solve.get() else { return ().into_any() };
        let open_steps = ctx.session.model.with_untracked(|model| {
            open_before(&ctx.notebook().scenario, &step, |cells| model.step_done(cells))
        });
        let go = move |step: &str, before: Vec<String>| {
            open.set(false);
            ctx.session.send(step, Command::Solve { step: step.to_owned(), before });
        };
        let count = open_steps.len().to_string();
        let from_here = (!open_steps.is_empty()).then(|| {
            let step = step.clone();
            let label = text.with("solve-all", &[("count", &count)]);
            Press::new(label)
                .icon("step")
                .name("solve-all")
                .draw(move || go(&step, open_steps.clone()))
        });
        div()
            .child((
                p().child(text.say("solve-what")),
                p().child(text.say("solve-keeps")),
                div().class("dialog__tools").child((
                    Press::new(text.say("solve-go"))
                        .kind(Kind::Primary)
                        .icon("check")
                        .name("solve-go")
                        .draw(move || go(&step, Vec::new())),
                    from_here,
                    Press::new(text.say("cancel")).draw(move || open.set(false)),
                )),
            ))
            .into_any()
    };
    dialog("solve-dialog", text.say("solve-title"), open, content)
}
