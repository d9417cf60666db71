//! A step: a heading, prose and cells, with what can be done about all of it.

use app_ui::press::{Kind, Press};
use leptos::html::{div, h2, section, span};
use leptos::prelude::*;
use notebook::scenario::Step;
use protocol::v1::ResetScope;

use super::prose::blocks;
use crate::state::context::Ctx;
use crate::state::outline::step_anchor;

/// A step.
pub(super) fn step(ctx: Ctx, number: usize, step: &Step) -> AnyView {
    let heading = format!("{}-heading", step_anchor(&step.id));
    let (solve, reset) = (step.id.clone(), step.id.clone());
    let run_id = step.id.clone();
    let busy = Memo::new(move |_| ctx.session.model.with(|model| model.cell(&run_id).is_busy()));
    let idle = Signal::derive(move || !ctx.session.is_ready() || busy.get());
    // A real cluster can only begin the whole scenario anew.
    let going_back = Memo::new(move |_| ctx.session.can_go_back());
    section()
        .class("step")
        .id(step_anchor(&step.id))
        .attr("data-step", step.id.clone())
        .attr("aria-labelledby", heading.clone())
        .child((
            h2().class("step__title").id(heading).attr("tabindex", "-1").child((
                span().class("step__number").child(number.to_string()),
                span().child(step.title.clone()),
            )),
            div().class("prose").child(blocks(ctx, &step.blocks)),
            div().class("step__tools").child((
                Press::new(ctx.text.say("step-solve"))
                    .kind(Kind::Quiet)
                    .icon("check")
                    .name("solve-step")
                    .disabled(idle)
                    .draw(move || ctx.desk.solve.set(Some(solve.clone()))),
                move || {
                    let reset = reset.clone();
                    going_back.get().then(|| {
                        Press::new(ctx.text.say("step-reset"))
                            .kind(Kind::Quiet)
                            .icon("reset")
                            .name("reset-step")
                            .disabled(idle)
                            .draw(move || {
                                ctx.desk.reset.set(Some(ResetScope::Step { step: reset.clone() }));
                            })
                    })
                },
                move || {
                    busy.get().then(|| {
                        span()
                            .class("step__busy")
                            .attr("role", "status")
                            .child(ctx.text.say("step-solving"))
                    })
                },
            )),
        ))
        .into_any()
}
