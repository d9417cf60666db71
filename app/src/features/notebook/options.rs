//! Answers to choose from, and why they are right or wrong.

use app_ui::icon::icon;
use leptos::ev;
use leptos::html::{div, fieldset, input, label, legend, p, span, strong};
use leptos::prelude::*;
use notebook::cell::QuizOption;

use crate::state::context::Ctx;

/// What was chosen, and whether it was answered.
#[derive(Clone, Copy)]
pub(super) struct Choice {
    pub(super) chosen: RwSignal<Option<String>>,
    pub(super) answered: RwSignal<bool>,
}

impl Choice {
    pub(super) fn new() -> Self {
        Self { chosen: RwSignal::new(None), answered: RwSignal::new(false) }
    }
}

/// The answers as a group of radio buttons.
pub(super) fn options(
    ctx: Ctx,
    cell: &str,
    title: String,
    list: &[QuizOption],
    choice: Choice,
) -> AnyView {
    let group = format!("choice-{cell}");
    let rows = list.iter().map(|one| {
        let (id, value, same) = (one.id.clone(), one.id.clone(), one.id.clone());
        let chosen = move || choice.chosen.get().as_ref() == Some(&same);
        let right = one.correct;
        let mark = move || {
            choice.answered.get().then(|| {
                span().class("option__mark").child(icon(if right { "check" } else { "cross" }))
            })
        };
        let class = {
            let id = id.clone();
            move || match (choice.answered.get(), right, choice.chosen.get().as_ref() == Some(&id))
            {
                (true, true, _) => "option option--right",
                (true, false, true) => "option option--wrong",
                _ => "option",
            }
        };
        label().class(class).child((
            input()
                .attr("type", "radio")
                .attr("name", group.clone())
                .attr("value", value)
                .prop("checked", chosen)
                .attr("disabled", move || choice.answered.get())
                .on(ev::change, move |_| choice.chosen.set(Some(id.clone()))),
            span().class("option__text").child(ctx.text.pick(&one.text)),
            mark,
        ))
    });
    fieldset()
        .class("options")
        .child((legend().class("visually-hidden").child(title), rows.collect_view()))
        .into_any()
}

/// Why the chosen answer is right or wrong, and which one is right.
pub(super) fn explanation(ctx: Ctx, list: Vec<QuizOption>, choice: Choice) -> AnyView {
    let shown = move || {
        let chosen = choice.answered.get().then(|| choice.chosen.get()).flatten()?;
        let chosen = list.iter().find(|one| one.id == chosen)?;
        let right = list.iter().find(|one| one.correct).filter(|_| !chosen.correct);
        let (word, tone) = if chosen.correct {
            (ctx.text.say("quiz-right"), "good")
        } else {
            (ctx.text.say("quiz-wrong"), "bad")
        };
        let right = right.map(|one| {
            p().child((strong().child(ctx.text.pick(&one.text)), ". ", ctx.text.pick(&one.why)))
        });
        Some(
            div()
                .class(format!("explanation explanation--{tone}"))
                .child((p().child((strong().child(word), " ", ctx.text.pick(&chosen.why))), right)),
        )
    };
    div().attr("role", "status").child(shown).into_any()
}
