//! What the cluster lacks for this scenario, said before the lesson, with a way to go on.

use std::collections::BTreeMap;

use app_ui::icon::icon;
use app_ui::press::{Kind, Press};
use leptos::html::{code, div, li, p, ul};
use leptos::prelude::*;
use protocol::v1::{ApplyOutcome, Executor};

use crate::state::context::Ctx;
use crate::state::run::Phase;

/// The runs that prepare the cluster: when a session opens, and when a real cluster begins anew.
const PREPARING: [&str; 2] = ["setup", "reset"];

/// What the cluster lacks, and how its preparation stands.
pub(super) fn preflight(ctx: Ctx) -> AnyView {
    (preparing(ctx), missing(ctx)).into_any()
}

/// A real cluster takes its time: what it is doing, and what the server answered when it did not work.
fn preparing(ctx: Ctx) -> AnyView {
    let runs = Memo::new(move |_| {
        let real = !ctx.session.can_go_back();
        let run = |id: &str| ctx.session.model.with(|model| model.cell(id));
        let shown = PREPARING.into_iter().map(run).filter(|run| {
            let unmet = ctx
                .session
                .model
                .with(|model| model.capabilities.iter().any(|one| one.met == Some(false)));
            run.is_busy() || (run.phase == Phase::Failed && !unmet)
        });
        if real { shown.collect() } else { Vec::new() }
    });
    let shown = move || {
        runs.get().into_iter().next_back().map(|run| {
            let busy = run.is_busy();
            let title = if busy { "real-preparing" } else { "real-unprepared" };
            let reason = run.progress.as_ref().map(|one| p().child(ctx.text.phrase(&one.phrase)));
            let refused = run.results.iter().filter(|one| one.outcome == ApplyOutcome::Failed);
            let refused = refused.map(|one| p().child(code().child(one.message.clone())));
            let printed = run.output.iter().map(|line| p().child(code().child(line.text.clone())));
            div()
                .class(if busy { "preflight preflight--busy" } else { "preflight" })
                .attr("role", if busy { "status" } else { "alert" })
                .attr("data-preparing", if busy { "busy" } else { "failed" })
                .child((
                    p().class("preflight__title")
                        .child((icon(if busy { "spinner" } else { "alert" }), ctx.text.say(title))),
                    reason,
                    (!busy).then(|| (refused.collect_view(), printed.collect_view())),
                ))
        })
    };
    div().child(shown).into_any()
}

/// Shown only when something is missing.
fn missing(ctx: Ctx) -> AnyView {
    let missing = Memo::new(move |_| {
        let capabilities = ctx.session.model.with(|model| model.capabilities.clone());
        capabilities.iter().filter(|one| one.met == Some(false)).cloned().collect::<Vec<_>>()
    });
    let shown = move || {
        let missing = missing.get();
        (!missing.is_empty()).then(|| {
            let items = missing.iter().map(|one| {
                li().attr("data-capability", one.id.clone()).child(ctx.text.phrase(&one.phrase))
            });
            div().class("preflight").attr("role", "alert").child((
                p().class("preflight__title")
                    .child((icon("alert"), ctx.text.say("preflight-title"))),
                ul().child(items.collect_view()),
                p().child(ctx.text.say("preflight-offer")),
                Press::new(ctx.text.say("executor-continue-embedded"))
                    .kind(Kind::Primary)
                    .icon("arrow")
                    .name("continue-embedded")
                    .draw(move || ctx.session.switch(Executor::EmbeddedServer, BTreeMap::new())),
            ))
        })
    };
    div().child(shown).into_any()
}
