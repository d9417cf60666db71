//! One check with its verdict; many questions in one check become a table.

use app_ui::icon::icon;
use leptos::html::{caption, dd, div, dl, dt, li, p, span, table, tbody, td, th, thead, tr, wbr};
use leptos::prelude::*;
use notebook::check::Condition;
use protocol::v1::{CheckState, CheckView};

use crate::state::context::Ctx;
use crate::state::verdicts::{Matrix, Row, Square, matrix};

/// A check.
pub(super) fn check_row(ctx: Ctx, row: Row) -> AnyView {
    let Row { check, view } = row;
    let (sign, word, tone) = match view.as_ref().map(|view| view.state) {
        Some(CheckState::Passed) => ("check", "check-passed", "good"),
        Some(CheckState::Failed) => ("cross", "check-failed", "bad"),
        Some(CheckState::Skipped) => ("skip", "check-skipped", "warn"),
        None => ("ring", "check-open", "plain"),
    };
    let title = check.title.as_ref().map_or_else(|| check.id.clone(), |title| ctx.text.pick(title));
    let edges = ctx.session.model.with(crate::state::model::Model::all_edges);
    let holds = view.as_ref().map(|view| view.state == CheckState::Passed);
    let name = title.clone();
    let squares = matrix(&check.condition, &edges, holds)
        .map(|matrix| matrix_table(ctx, name, named(ctx, &check.condition, matrix)));
    li().class(format!("verdict verdict--{tone}"))
        .attr("data-check", check.id)
        .attr("data-verdict", word)
        .child((
            p().class("verdict__title").child((
                icon(sign),
                span().class("verdict__word").child(ctx.text.say(word)),
                span().child(title),
            )),
            squares,
            view.filter(|view| view.state != CheckState::Passed).map(|view| details(ctx, &view)),
        ))
        .into_any()
}

fn details(ctx: Ctx, view: &CheckView) -> AnyView {
    let line = |word: &str, said: String| (dt().child(ctx.text.say(word)), dd().child(said));
    let cause = view.cause.as_ref().map(|cause| line("verdict-cause", ctx.text.phrase(cause)));
    dl().class("verdict__facts")
        .child((
            line("verdict-expected", ctx.text.phrase(&view.expected)),
            line("verdict-found", ctx.text.phrase(&view.found)),
            cause,
        ))
        .into_any()
}

/// Columns that are personas have their names.
fn named(ctx: Ctx, condition: &Condition, mut matrix: Matrix) -> Matrix {
    if let Condition::Can { .. } = condition {
        let personas = &ctx.notebook().scenario.personas;
        for column in &mut matrix.columns {
            if let Some(persona) = personas.iter().find(|persona| persona.id == *column) {
                *column = ctx.text.pick(&persona.title);
            }
        }
    }
    matrix
}

/// A pod's name that breaks after its namespace, not at a hyphen of the name.
fn heading(name: &str) -> AnyView {
    let end = name.find('/').map_or(0, |slash| slash + 1);
    let (namespace, pod) = name.split_at(end);
    let unbroken = |part: &str| span().class("unbroken").child(part.to_owned());
    (unbroken(namespace), wbr(), unbroken(pod)).into_any()
}

fn matrix_table(ctx: Ctx, name: String, matrix: Matrix) -> AnyView {
    let heads =
        matrix.columns.into_iter().map(|column| th().attr("scope", "col").child(heading(&column)));
    let shut = matrix.shut;
    let rows = matrix.rows.into_iter().map(move |(name, squares)| {
        tr().child((
            th().attr("scope", "row").child(name),
            squares.into_iter().map(move |one| square(ctx, one, shut)).collect_view(),
        ))
    });
    div()
        .class("table-scroll")
        .attr("tabindex", "0")
        .attr("role", "group")
        .attr("aria-label", name.clone())
        .child(table().class("matrix").child((
            caption().class("visually-hidden").child(name),
            thead().child(tr().child((td().child(()), heads.collect_view()))),
            tbody().child(rows.collect_view()),
        )))
        .into_any()
}

fn square(ctx: Ctx, square: Option<Square>, shut: &'static str) -> AnyView {
    let Some(Square { wanted, found }) = square else {
        return td().class("matrix__none").child(()).into_any();
    };
    let word = |open: bool| ctx.text.say(if open { "matrix-open" } else { shut });
    let (sign, class) = match found {
        Some(found) if found == wanted => (if found { "check" } else { "cross" }, "matrix__same"),
        Some(found) => (if found { "check" } else { "cross" }, "matrix__other"),
        None => (if wanted { "check" } else { "cross" }, "matrix__wanted"),
    };
    let spoken = match found {
        Some(found) => {
            ctx.text.with("matrix-both", &[("wanted", &word(wanted)), ("found", &word(found))])
        }
        None => ctx.text.with("matrix-only", &[("wanted", &word(wanted))]),
    };
    td().class(class)
        .attr("title", spoken.clone())
        .child((icon(sign), span().class("visually-hidden").child(spoken)))
        .into_any()
}
