//! The frame of every cell: its heading, who it acts as, its state in an icon and a word.

use app_ui::icon::icon;
use leptos::html::{article, div, h3, span};
use leptos::prelude::*;
use notebook::cell::Cell;

use crate::state::context::Ctx;
use crate::state::face::{Draft, Face, face};
use crate::state::outline::cell_anchor;
use crate::state::run::{CellRun, Phase};
use crate::state::shared::Shared;
use crate::state::time;

/// The record of a cell's last run.
pub(super) fn watch(ctx: Ctx, id: &str) -> Memo<Shared<CellRun>> {
    let id = id.to_owned();
    Memo::new(move |_| ctx.session.model.with(|model| model.cell(&id)))
}

/// A cell that runs: with its state.
pub(super) fn running(
    ctx: Ctx,
    cell: &Cell,
    kind: &'static str,
    run: Memo<Shared<CellRun>>,
    draft: Signal<Draft>,
    body: AnyView,
) -> AnyView {
    let look = Memo::new(move |_| run.with(|run| face(run, draft.get())));
    frame(
        ctx,
        cell,
        kind,
        Some(chip(ctx, look, run, draft)),
        body,
        Signal::derive(move || look.get().tone.word()),
    )
}

/// A cell that only shows something.
pub(super) fn still(ctx: Ctx, cell: &Cell, kind: &'static str, body: AnyView) -> AnyView {
    frame(ctx, cell, kind, None, body, Signal::stored("plain"))
}

fn frame(
    ctx: Ctx,
    cell: &Cell,
    kind: &'static str,
    state: Option<AnyView>,
    body: AnyView,
    tone: Signal<&'static str>,
) -> AnyView {
    let anchor = cell_anchor(&cell.id);
    let heading = format!("{anchor}-title");
    let persona = cell.persona.as_ref().and_then(|id| {
        let notebook = ctx.notebook();
        let persona = notebook.scenario.personas.iter().find(|persona| persona.id == *id)?;
        Some(ctx.text.with("persona-as", &[("persona", &ctx.text.pick(&persona.title))]))
    });
    article()
        .class(move || format!("cell cell--{kind} cell--{}", tone.get()))
        .id(anchor.clone())
        .attr("data-cell", cell.id.clone())
        .attr("tabindex", "-1")
        .attr("aria-labelledby", format!("{anchor}-kind {heading}"))
        .attr("aria-busy", move || (tone.get() == "busy").then_some("true"))
        .child((
            div().class("cell__head").child((
                span()
                    .class("cell__kind")
                    .id(format!("{anchor}-kind"))
                    .child((icon(kind_icon(kind)), ctx.text.say(kind_word(kind)))),
                persona.map(|persona| span().class("cell__persona").child(persona)),
                state,
                h3().class("cell__title").id(heading).child(ctx.text.pick(&cell.title)),
            )),
            body,
        ))
        .into_any()
}

fn kind_icon(kind: &str) -> &'static str {
    match kind {
        "manifest" => "pencil",
        "action" => "play",
        "console" => "terminal",
        "check" => "check",
        "diagram" => "eye",
        "load" => "gauge",
        "note" => "keyboard",
        _ => "question",
    }
}

fn kind_word(kind: &str) -> &'static str {
    match kind {
        "manifest" => "kind-manifest",
        "action" => "kind-action",
        "console" => "kind-console",
        "check" => "kind-check",
        "diagram" => "kind-diagram",
        "load" => "kind-load",
        "quiz" => "kind-quiz",
        "observe" => "kind-observe",
        _ => "kind-note",
    }
}

fn chip(ctx: Ctx, look: Memo<Face>, run: Memo<Shared<CellRun>>, draft: Signal<Draft>) -> AnyView {
    let since = move || {
        let started =
            run.with(|run| (run.phase == Phase::Running).then_some(run.started_millis))?;
        let now = ctx.session.model.with(|model| model.clock.map(|clock| clock.now_millis))?;
        Some(span().class("chip__time").child(time::length(now - started)))
    };
    let word = move || {
        let errors = draft.get().errors.to_string();
        ctx.text.with(look.get().word, &[("errors", &errors)])
    };
    span()
        .class(move || format!("chip chip--{}", look.get().tone.word()))
        .attr("data-state", move || look.get().word)
        .attr("role", "status")
        .child((move || icon(look.get().icon), word, since))
        .into_any()
}
