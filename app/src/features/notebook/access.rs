//! Who may do what, asked of the API server itself (`kubectl auth can-i` as each persona).

use app_ui::icon::icon;
use app_ui::press::Press;
use diagram::rights::Grant;
use leptos::html::{caption, details, div, p, span, summary, table, tbody, td, th, thead, tr};
use leptos::prelude::*;
use notebook::cell::Cell;
use notebook::check::AccessRequest;
use protocol::v1::Command;

use crate::parts::table::text_table;
use crate::state::access::{AccessPlan, Answered, Decided};
use crate::state::context::Ctx;
use crate::state::run::Phase;

/// The table of personas and requests.
pub(super) fn access(
    ctx: Ctx,
    cell: &Cell,
    requests: Vec<AccessRequest>,
    personas: Vec<String>,
) -> AnyView {
    let notebook = ctx.notebook();
    let plan = StoredValue::new(AccessPlan::new(
        &cell.id,
        &notebook.scenario.personas,
        requests,
        &personas,
    ));
    let answers = Memo::new(move |_| {
        ctx.session.model.with(|model| plan.with_value(|plan| plan.answers(|id| model.cell(id))))
    });
    let ask = questions(ctx, plan);
    // What was asked is out of date when roles or bindings change.
    let rules =
        Memo::new(move |_| ctx.session.model.with(|model| AccessPlan::rules(&model.objects)));
    Effect::new(move |_| {
        rules.track();
        if ctx.session.is_ready() {
            ask();
        }
    });
    let title = ctx.text.pick(&cell.title);
    div()
        .class("access")
        .child((
            move || access_table(ctx, &title, &plan.get_value(), &answers.get()),
            p().class("scene__summary").attr("role", "status").child(move || {
                let (allowed, total) = answers.with(|answers| AccessPlan::count(answers));
                let (allowed, total) = (allowed.to_string(), total.to_string());
                ctx.text.with("access-summary", &[("allowed", &allowed), ("total", &total)])
            }),
            details()
                .class("scene__table")
                .child((summary().child(ctx.text.say("access-why")), move || {
                    reasons(ctx, &plan.get_value(), &answers.get())
                })),
            div().class("tools").child(
                Press::new(ctx.text.say("access-again"))
                    .icon("reset")
                    .name("access-again")
                    .disabled(Signal::derive(move || !ctx.session.is_ready()))
                    .draw(ask),
            ),
        ))
        .into_any()
}

/// Asks one question after the other: an executor takes only a few runs at a time.
fn questions(ctx: Ctx, plan: StoredValue<AccessPlan>) -> impl Fn() + Copy + Send + Sync + 'static {
    let at = RwSignal::new(None::<usize>);
    let send = move |index: usize| {
        let question = plan.with_value(|plan| plan.questions().into_iter().nth(index));
        let known = question.is_some();
        if let Some((id, persona, line)) = question {
            let command =
                Command::Console { cell: id.clone(), line, persona: Some(persona), stdin: None };
            ctx.session.send(&id, command);
        }
        at.set(known.then_some(index));
    };
    Effect::new(move |_| {
        let Some(index) = at.get() else { return };
        let id = plan.with_value(|plan| plan.questions().into_iter().nth(index).map(|(id, ..)| id));
        let phase = id.map(|id| ctx.session.model.with(|model| model.cell(&id).phase));
        if phase.is_some_and(|phase| {
            !matches!(phase, Phase::Queued | Phase::Unsent | Phase::Running | Phase::Pristine)
        }) {
            send(index + 1);
        }
    });
    move || send(0)
}

fn access_table(ctx: Ctx, name: &str, plan: &AccessPlan, answers: &[Vec<Answered>]) -> AnyView {
    let heads = plan
        .personas
        .iter()
        .map(|persona| th().attr("scope", "col").child(ctx.text.pick(&persona.title)));
    let rows = plan.requests().into_iter().enumerate().map(|(index, request)| {
        let squares =
            answers.iter().filter_map(|row| row.get(index)).map(|answer| square(ctx, *answer));
        tr().child((th().attr("scope", "row").child(request), squares.collect_view()))
    });
    div()
        .class("table-scroll")
        .attr("tabindex", "0")
        .attr("role", "group")
        .attr("aria-label", name.to_owned())
        .child(table().class("matrix").child((
            caption().class("visually-hidden").child(name.to_owned()),
            thead().child(tr().child((td().child(()), heads.collect_view()))),
            tbody().child(rows.collect_view()),
        )))
        .into_any()
}

/// The rule that decided each answer.
fn reasons(ctx: Ctx, plan: &AccessPlan, answers: &[Vec<Answered>]) -> AnyView {
    let text = ctx.text;
    let requests = plan.requests();
    let decided = ctx.session.model.with(|model| plan.decided(&model.objects, answers)).into_iter();
    let rows = decided.map(|(row, column, found)| {
        let persona = plan.personas.get(row).map(|persona| text.pick(&persona.title));
        let why = match found {
            Decided::Nothing => text.say("access-why-nothing"),
            Decided::Own => text.say("access-why-own"),
            Decided::Elsewhere => text.say("access-why-elsewhere"),
            Decided::Rule(Grant { binding, role, rule }) => {
                let parts = [Some(binding), Some(role), rule];
                parts.into_iter().flatten().collect::<Vec<_>>().join(" \u{2192} ")
            }
        };
        let request = requests.get(column).cloned();
        vec![persona.unwrap_or_default(), request.unwrap_or_default(), why]
    });
    let heads = ["access-who", "access-what", "access-rule"];
    let heads = heads.map(|word| text.say(word)).to_vec();
    text_table(text.say("access-why"), heads, rows.collect())
}

fn square(ctx: Ctx, answer: Answered) -> AnyView {
    let (sign, class, word) = match answer {
        Answered::Yes => ("check", "matrix__same", ctx.text.say("matrix-open")),
        Answered::No => ("cross", "matrix__shut", ctx.text.say("matrix-no")),
        Answered::NotYet => ("dots", "matrix__wanted", ctx.text.say("diagram-not-known")),
    };
    td().class(class)
        .attr("title", word.clone())
        .child((icon(sign), span().class("visually-hidden").child(word)))
        .into_any()
}
