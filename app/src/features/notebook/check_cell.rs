//! Checks: what must hold, what was found, and why.

use app_ui::press::{Kind, Press};
use leptos::html::{details, div, li, p, summary, ul};
use leptos::prelude::*;
use notebook::cell::{Cell, Hint};
use notebook::check::Check;
use notebook::scenario::Localized;
use protocol::v1::{CheckState, Command};

use super::check_row::check_row;
use super::frame::{running, watch};
use super::results::waiting;
use crate::state::context::Ctx;
use crate::state::face::Draft;
use crate::state::run::CellRun;
use crate::state::shared::Shared;
use crate::state::verdicts::{passed, rows};

/// Failures in a row after which the solution is offered.
const OFFER_AFTER: u32 = 2;

/// The cell.
pub(super) fn check_cell(
    ctx: Ctx,
    cell: Cell,
    checks: Vec<Check>,
    explanation: Option<Localized>,
) -> AnyView {
    let run = watch(ctx, &cell.id);
    let id = cell.id.clone();
    let idle = Signal::derive(move || !ctx.session.is_ready() || run.with(|run| run.is_busy()));
    let list = move || {
        let run = run.get();
        let rows = rows(&checks, &run.checks).into_iter().map(move |row| check_row(ctx, row));
        ul().class("checks").attr("role", "list").child(rows.collect_view())
    };
    let hints = cell.hints.clone();
    let body = div()
        .class("check")
        .child((
            list,
            div().class("tools").child((
                Press::new(ctx.text.say("check"))
                    .kind(Kind::Primary)
                    .icon("check")
                    .name("check")
                    .disabled(idle)
                    .draw(move || {
                        ctx.session.send(&id, Command::Check { cell: id.clone() });
                    }),
                move || score(ctx, &run.get()),
            )),
            move || waiting(ctx, &run.get()),
            move || advice(ctx, &run.get(), &hints),
            move || reason(ctx, &run.get(), explanation.as_ref()),
            solution(ctx, &cell.id, run),
        ))
        .into_any();
    running(ctx, &cell, "check", run, Signal::stored(Draft::default()), body)
}

fn score(ctx: Ctx, run: &CellRun) -> Option<AnyView> {
    if run.checks.is_empty() {
        return None;
    }
    let (good, all) = passed(&run.checks);
    let (good, all) = (good.to_string(), all.to_string());
    let said = ctx.text.with("check-score", &[("passed", &good), ("total", &all)]);
    Some(p().class("check__score").attr("role", "status").child(said).into_any())
}

/// Why it holds, once everything does: it would give the solution away before.
fn reason(ctx: Ctx, run: &Shared<CellRun>, explanation: Option<&Localized>) -> Option<AnyView> {
    let (good, all) = passed(&run.checks);
    let text = explanation.filter(|_| all > 0 && good == all)?;
    let title = p().class("reason__title").child(ctx.text.say("check-reason"));
    let text = p().child(ctx.text.pick(text));
    Some(div().class("reason").attr("role", "note").child((title, text)).into_any())
}

/// Hints that fit what is wrong now.
fn advice(ctx: Ctx, run: &Shared<CellRun>, hints: &[Hint]) -> Option<AnyView> {
    let failed: Vec<_> =
        run.checks.iter().filter(|check| check.state == CheckState::Failed).collect();
    if failed.is_empty() {
        return None;
    }
    let fitting =
        hints.iter().filter(|hint| failed.iter().any(|check| check.hints.contains(&hint.id)));
    let items: Vec<AnyView> =
        fitting.map(|hint| li().child(ctx.text.pick(&hint.text)).into_any()).collect();
    if items.is_empty() {
        return None;
    }
    let title = ctx.text.with("hints-title", &[("count", &items.len().to_string())]);
    Some(details().class("hints").child((summary().child(title), ul().child(items))).into_any())
}

/// After two failures the solution of the step is offered here too.
fn solution(ctx: Ctx, cell: &str, run: Memo<Shared<CellRun>>) -> AnyView {
    let notebook = ctx.notebook();
    let step = notebook.scenario.steps.iter().find(|step| step.cells.iter().any(|id| id == cell));
    let Some(step) = step.map(|step| step.id.clone()) else { return ().into_any() };
    let shown = move || {
        let step = step.clone();
        run.with(|run| run.failures >= OFFER_AFTER).then(|| {
            div().class("offer").child((
                p().child(ctx.text.say("solve-offer")),
                Press::new(ctx.text.say("step-solve"))
                    .name("solve-offer")
                    .draw(move || ctx.desk.solve.set(Some(step.clone()))),
            ))
        })
    };
    shown.into_any()
}
