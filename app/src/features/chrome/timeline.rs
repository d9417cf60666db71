//! Time that is let pass, and what was done, to go back to before it.

use app_ui::icon::icon;
use app_ui::menu::menu;
use app_ui::press::{Kind, Press};
use leptos::ev;
use leptos::html::{self, details, div, form, h2, input, li, ol, p, span, summary};
use leptos::prelude::*;
use protocol::v1::{ClockCommand, ClockView, Command};

use super::line::{back, go, line};
use crate::parts::output::output;
use crate::state::context::Ctx;
use crate::state::model::{CLOCK, Model};
use crate::state::strip::Words as _;
use crate::state::time;

const MINUTE: u64 = 60_000;
/// What `kubectl wait` takes, for example.
const EXAMPLE: &str = "deployment/web -n dev --for=condition=Available";

/// The button with the cluster's time, and its panel.
pub(super) fn timeline(ctx: Ctx, clock: Memo<Option<ClockView>>) -> AnyView {
    let face = move || {
        let elapsed = move || clock.get().map(|clock| time::length(clock.elapsed_millis));
        (icon("clock"), span().class("time__clock").child(elapsed)).into_any()
    };
    let panel = move || {
        div()
            .class("timeline")
            .child((
                h2().child(ctx.text.say("time-ahead")),
                ahead(ctx),
                until(ctx),
                h2().child(ctx.text.say("time-past")),
                line(ctx),
                details().class("scene__table").child((
                    summary().child(ctx.text.say("time-as-list")),
                    move || left(ctx),
                    past(ctx),
                )),
            ))
            .into_any()
    };
    menu("timeline", ctx.text.say("time-menu"), face, panel)
}

/// Steps of time.
fn ahead(ctx: Ctx) -> AnyView {
    let steer = move |clock| ctx.session.steer(Command::Clock { clock });
    let steps = [
        (MINUTE, ctx.text.say("time-minute")),
        (10 * MINUTE, ctx.text.say("time-minutes")),
        (60 * MINUTE, ctx.text.say("time-hour")),
    ];
    let steps = steps.map(|(millis, word)| {
        Press::new(word).draw(move || steer(ClockCommand::Advance { millis }))
    });
    let day = Press::new(ctx.text.say("time-day"))
        .name("time-day")
        .draw(move || steer(ClockCommand::Daily { hour: 2, minute: 0 }));
    div().class("timeline__steps").child((steps.into_iter().collect_view(), day)).into_any()
}

/// Waits until something is true, which moves the clock.
fn until(ctx: Ctx) -> AnyView {
    let place: NodeRef<html::Input> = NodeRef::new();
    let submit = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        let typed = place.get_untracked().map(|input| input.value()).unwrap_or_default();
        let condition = typed.trim().to_owned();
        if !condition.is_empty() {
            ctx.session.send(CLOCK, Command::Clock { clock: ClockCommand::Until { condition } });
        }
    };
    // What kubectl says to it.
    let said = move || {
        let lines = ctx.session.model.with(|model| model.cell(CLOCK).output.clone());
        (!lines.is_empty()).then(|| output(ctx.text.say("output-label"), lines))
    };
    div()
        .child((
            form().class("timeline__until").on(ev::submit, submit).child((
                input()
                    .node_ref(place)
                    .attr("type", "text")
                    .attr("aria-label", ctx.text.say("time-until"))
                    .attr("title", ctx.text.say("time-until"))
                    .attr("placeholder", EXAMPLE)
                    .attr("autocapitalize", "off")
                    .attr("autocomplete", "off")
                    .attr("spellcheck", "false"),
                html::button()
                    .attr("type", "submit")
                    .class("press")
                    .child(ctx.text.say("time-until-go")),
            )),
            said,
        ))
        .into_any()
}

/// The branches that were left.
fn left(ctx: Ctx) -> AnyView {
    let rows = ctx.session.model.with(Model::left).into_iter().map(|(moment, last)| {
        let word = ctx.text.with("time-left", &[("title", &ctx.title(&last))]);
        div().class("timeline__left").child((
            span().child(word),
            Press::new(ctx.text.say("time-return"))
                .icon("undo")
                .name("time-return")
                .draw(move || go(ctx, &moment.run)),
        ))
    });
    rows.collect_view().into_any()
}

/// What was done, the newest first.
fn past(ctx: Ctx) -> AnyView {
    let moments = move || ctx.session.model.with(Model::past);
    let begin = move || {
        let clock = ctx.session.model.with_untracked(|model| model.clock);
        clock.map_or(0, |clock| clock.now_millis - clock.elapsed_millis)
    };
    let shown = move || {
        let moments = moments();
        if moments.is_empty() {
            return p().class("menu__note").child(ctx.text.say("time-past-none")).into_any();
        }
        let rows = moments.into_iter().map(|moment| {
            let at = time::length(moment.at_millis - begin());
            li().class("timeline__moment").child((
                span().class("timeline__at").child(at),
                span().child(ctx.title(&moment.cell)),
                Press::new(ctx.text.say("time-back"))
                    .icon("undo")
                    .kind(Kind::Quiet)
                    .only_icon()
                    .name("time-back")
                    .draw(move || back(ctx, &moment.run)),
            ))
        });
        ol().attr("role", "list").child(rows.collect_view()).into_any()
    };
    shown.into_any()
}
