//! What the server answered, word for word, and what happened next.

use app_ui::icon::icon;
use app_ui::press::Press;
use leptos::html::{code, div, h4, li, p, span, ul};
use leptos::prelude::*;
use protocol::v1::{ApplyOutcome, ConnectionState, ObjectKey, ObjectOutcome, ResetScope};

use crate::parts::events::events;
use crate::parts::output::output;
use crate::parts::table::text_table;
use crate::state::context::Ctx;
use crate::state::explain::{Meaning, meaning};
use crate::state::objects::followed;
use crate::state::run::{CellRun, ConnectionChange};
use crate::state::shared::Shared;
use crate::state::time::rfc3339;
use crate::state::words::Text;

/// How many events are shown below a result.
const EVENTS_MAX: usize = 8;

/// Everything that came of the last run.
pub(super) fn results(ctx: Ctx, run: Memo<Shared<CellRun>>) -> AnyView {
    let parts = move || {
        run.with(|run| {
            (
                waiting(ctx, run),
                answers(ctx, &run.results),
                meanings(ctx, &run.results),
                (!run.output.is_empty())
                    .then(|| output(ctx.text.say("output-label"), run.output.clone())),
                next(ctx, run),
            )
        })
    };
    div().class("results").child(parts).into_any()
}

/// What a run waits for.
pub(super) fn waiting(ctx: Ctx, run: &CellRun) -> Option<AnyView> {
    let progress = run.progress.as_ref()?;
    let counted = (progress.total > 1).then(|| format!(" ({}/{})", progress.done, progress.total));
    Some(
        p().class("results__waiting")
            .attr("role", "status")
            .child((icon("spinner"), ctx.text.phrase(&progress.phrase), counted))
            .into_any(),
    )
}

fn answers(ctx: Ctx, list: &[ObjectOutcome]) -> Option<AnyView> {
    if list.is_empty() {
        return None;
    }
    let items = list.iter().map(|one| {
        let (sign, word, tone) = outcome(one.outcome);
        li().class(format!("answer answer--{tone}")).attr("data-outcome", word).child((
            icon(sign),
            span().class("visually-hidden").child(ctx.text.say(word)),
            code().class("answer__message").child(one.message.clone()),
        ))
    });
    Some(
        ul().class("answers")
            .attr("role", "list")
            .attr("aria-label", ctx.text.say("answers-title"))
            .child(items.collect_view())
            .into_any(),
    )
}

/// What refusals mean, and what can be done.
fn meanings(ctx: Ctx, list: &[ObjectOutcome]) -> AnyView {
    let mut found: Vec<Meaning> = Vec::new();
    for one in list.iter().filter_map(|one| meaning(&one.message)) {
        if !found.contains(&one) {
            found.push(one);
        }
    }
    let told = found.into_iter().map(|one| match one {
        Meaning::NoNamespace(name) => {
            let again = Press::new(ctx.text.say("reset-scenario"))
                .icon("reset")
                .name("again")
                .draw(move || ctx.desk.reset.set(Some(ResetScope::Scenario)));
            let words = ctx.text.with("answer-no-namespace", &[("namespace", &name)]);
            div().class("offer").child((p().child(words), again)).into_any()
        }
        Meaning::Quota(name, rows) => {
            let heads = ["quota-resource", "quota-requested", "quota-used", "quota-limited"];
            let heads = heads.map(|word| ctx.text.say(word)).to_vec();
            let title = ctx.text.with("answer-quota", &[("quota", &name)]);
            let rows = rows.into_iter().map(|row| row.to_vec()).collect();
            div()
                .class("offer offer--table")
                .child((p().child(title.clone()), text_table(title, heads, rows)))
                .into_any()
        }
    });
    told.collect_view().into_any()
}

fn outcome(outcome: ApplyOutcome) -> (&'static str, &'static str, &'static str) {
    match outcome {
        ApplyOutcome::Created => ("check", "outcome-created", "good"),
        ApplyOutcome::Configured => ("check", "outcome-configured", "good"),
        ApplyOutcome::Unchanged => ("check", "outcome-unchanged", "plain"),
        ApplyOutcome::Deleted => ("trash", "outcome-deleted", "good"),
        ApplyOutcome::Failed => ("cross", "outcome-failed", "bad"),
        ApplyOutcome::Unknown => ("question", "outcome-unknown", "warn"),
    }
}

/// Connections that changed, and events of what was applied.
fn next(ctx: Ctx, run: &CellRun) -> Option<AnyView> {
    let applied: Vec<ObjectKey> = run.results.iter().filter_map(|one| one.object.clone()).collect();
    let objects = ctx.session.model.with(|model| model.objects.clone());
    let mut rows = followed(&objects, &applied, &rfc3339(run.started_millis));
    rows.truncate(EVENTS_MAX);
    if rows.is_empty() && run.connections.is_empty() {
        return None;
    }
    let changes = run.connections.iter().map(|change| connection(ctx.text, change));
    Some(
        div()
            .class("next")
            .attr("role", "status")
            .child((
                h4().class("next__title").child(ctx.text.say("next-title")),
                (!run.connections.is_empty())
                    .then(|| ul().class("next__connections").child(changes.collect_view())),
                (!rows.is_empty()).then(|| events(ctx.text, rows)),
            ))
            .into_any(),
    )
}

fn connection(text: Text, change: &ConnectionChange) -> AnyView {
    let now = &change.now;
    let reason = now.reason.as_ref().map(|reason| text.phrase(reason));
    let way = format!(
        "{}/{} \u{2192} {}/{}:{}",
        now.from.namespace, now.from.name, now.to.namespace, now.to.name, now.port
    );
    let words = format!("{} \u{2192} {}", state(text, change.before), state(text, now.state));
    let (sign, tone) = match now.state {
        ConnectionState::Allowed => ("check", "good"),
        ConnectionState::Blocked => ("cross", "bad"),
        ConnectionState::Refused | ConnectionState::Unknown => ("question", "warn"),
    };
    li().class(format!("next__change next__change--{tone}"))
        .child((
            icon(sign),
            code().child(way),
            span().class("next__words").child(words),
            reason.map(|reason| p().child(reason)),
        ))
        .into_any()
}

fn state(text: Text, state: ConnectionState) -> String {
    match state {
        ConnectionState::Allowed => text.say("diagram-allowed"),
        ConnectionState::Blocked => text.say("diagram-blocked"),
        ConnectionState::Refused => text.say("diagram-refused"),
        ConnectionState::Unknown => text.say("diagram-not-known"),
    }
}
