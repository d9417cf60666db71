//! The steps of the scenario with what is done.

use app_ui::icon::icon;
use leptos::html::{a, div, li, nav, ol, p, progress, span};
use leptos::prelude::*;

use crate::state::context::Ctx;
use crate::state::outline::{deciding, step_anchor};

/// The rail.
pub(crate) fn rail(ctx: Ctx) -> AnyView {
    let notebook = ctx.notebook();
    let decisive = notebook.steps.iter().map(|step| deciding(&notebook.scenario, &step.id));
    let decisive = StoredValue::new(decisive.collect::<Vec<_>>());
    let done = Memo::new(move |_| {
        ctx.session.model.with(|model| {
            decisive.with_value(|steps| {
                steps.iter().map(|cells| model.step_done(cells)).collect::<Vec<_>>()
            })
        })
    });
    let total = notebook.steps.len();
    let count = move || done.with(|done| done.iter().filter(|done| **done).count());
    let items = notebook.steps.iter().enumerate().map(|(index, step)| {
        let is_done = move || done.with(|done| done.get(index).copied().unwrap_or_default());
        let word = move || ctx.text.say(if is_done() { "rail-done" } else { "rail-open" });
        li().class(move || if is_done() { "rail__step rail__step--done" } else { "rail__step" })
            .child(a().attr("href", format!("#{}", step_anchor(&step.id))).child((
                span().class("rail__mark").attr("aria-hidden", "true").child(move || {
                    if is_done() { icon("check") } else { (index + 1).to_string().into_any() }
                }),
                span().class("rail__title").child(step.title.clone()),
                span().class("visually-hidden").child(word),
            )))
    });
    let said = move || {
        ctx.text
            .with("rail-progress", &[("done", &count().to_string()), ("total", &total.to_string())])
    };
    nav()
        .class("rail")
        .attr("aria-label", ctx.text.say("rail-title"))
        .child((
            div().class("rail__progress").child((
                p().id("rail-progress").child(said),
                progress()
                    .attr("max", total.to_string())
                    .attr("aria-labelledby", "rail-progress")
                    .prop("value", move || count().to_string()),
            )),
            ol().attr("role", "list").child(items.collect_view()),
        ))
        .into_any()
}
