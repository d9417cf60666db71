//! The cluster's time: pause, step, speed. A real cluster's is everybody's and has none of it.

use app_ui::press::{Kind, Press};
use leptos::ev;
use leptos::html::{div, label, option, select};
use leptos::prelude::*;
use protocol::v1::{ClockCommand, ClockView, Command};

use super::timeline::timeline;
use crate::state::context::Ctx;

const SPEEDS: [u32; 4] = [1, 4, 16, 64];

/// The controls.
pub(super) fn time_controls(ctx: Ctx) -> AnyView {
    let clock = Memo::new(move |_| {
        let known = ctx.session.model.with(|model| model.clock);
        known.or_else(|| ctx.session.view.with(|view| view.as_ref().map(|view| view.clock)))
    });
    let movable = Memo::new(move |_| clock.with(|clock| clock.is_some_and(|clock| clock.movable)));
    let shown = move || {
        movable.get().then(|| {
            div()
                .class("time")
                .attr("role", "group")
                .attr("aria-label", ctx.text.say("time-title"))
                .child((controls(ctx, clock), timeline(ctx, clock)))
        })
    };
    shown.into_any()
}

fn controls(ctx: Ctx, clock: Memo<Option<ClockView>>) -> AnyView {
    let speed = Memo::new(move |_| clock.get().map_or(0, |clock| clock.speed));
    let last = StoredValue::new(1_u32);
    Effect::new(move |_| {
        if speed.get() > 0 {
            last.set_value(speed.get());
        }
    });
    let steer = move |clock| ctx.session.steer(Command::Clock { clock });
    let runs = Signal::derive(move || speed.get() > 0);
    let toggle = Press::new(ctx.text.say("time-play"))
        .icon("play")
        .turned(runs, ctx.text.say("time-pause"), "pause")
        .kind(Kind::Quiet)
        .only_icon()
        .name("time-toggle")
        .draw(move || {
            steer(if runs.get_untracked() {
                ClockCommand::Pause
            } else {
                ClockCommand::Run { speed: last.get_value() }
            });
        });
    let options = SPEEDS.into_iter().map(move |one| {
        option()
            .attr("value", one.to_string())
            .prop("selected", move || speed.get() == one)
            .child(format!("\u{d7}{one}"))
    });
    div()
        .class("time__controls")
        .child((
            toggle,
            Press::new(ctx.text.say("time-step"))
                .icon("step")
                .kind(Kind::Quiet)
                .only_icon()
                .name("time-step")
                .draw(move || steer(ClockCommand::Step)),
            label()
                .class("visually-hidden")
                .attr("for", "time-speed")
                .child(ctx.text.say("time-speed")),
            select()
                .id("time-speed")
                .class("time__speed")
                .on(ev::change, move |event| {
                    if let Ok(speed) = event_target_value(&event).parse() {
                        steer(ClockCommand::Run { speed });
                    }
                })
                .child(options.collect_view()),
        ))
        .into_any()
}
