//! A slider that puts a Service under load, and what an autoscaler makes of it.

use gloo_timers::callback::Timeout;
use leptos::ev;
use leptos::html::{code, details, div, input, label, output, p, pre, span, strong, summary};
use leptos::prelude::*;
use notebook::cell::{Cell, CellKind};
use protocol::v1::Command;

use super::autoscaler::autoscaler;
use super::frame::{running, watch};
use super::results::results;
use crate::state::context::Ctx;
use crate::state::face::Draft;
use crate::state::load::{Load, load};
use crate::state::run::Phase;

/// How long the slider must rest before the load follows it.
const REST_MILLIS: u32 = 350;

/// The cell.
pub(super) fn load_cell(ctx: Ctx, cell: Cell) -> AnyView {
    let CellKind::Load { file, namespace, name, each, most, autoscaler: scaler, .. } =
        cell.kind.clone()
    else {
        return ().into_any();
    };
    let run = watch(ctx, &cell.id);
    let text = ctx.file(&file);
    let place = format!("{namespace}/{name}");
    let formula = scaler.map(|scaler| {
        div().class("load__formula").child(autoscaler(ctx, namespace.clone(), scaler)).into_any()
    });
    let now =
        Memo::new(move |_| ctx.session.model.with(|model| load(&model.objects, &namespace, &name)));
    // Where the slider was put, until the cluster is there.
    let chosen = RwSignal::new(None::<u32>);
    Effect::new(move |_| {
        let there = chosen.get_untracked() == Some(now.get().wanted);
        let over = run.with(|run| !run.is_busy() && run.phase != Phase::Ok);
        if there || over {
            chosen.set(None);
        }
    });
    let pods = Memo::new(move |_| chosen.get().unwrap_or_else(|| now.get().wanted));
    let made = details().class("load__made").child((
        summary().child(ctx.text.with("load-made", &[("name", &place)])),
        pre().class("action__lines").child(code().child(text)),
    ));
    let body = div()
        .class("load")
        .child((
            slider(ctx, &cell, chosen, pods, (each, most)),
            p().class("load__state").attr("role", "status").child(move || state(ctx, now.get())),
            formula,
            made,
            results(ctx, run),
        ))
        .into_any();
    running(ctx, &cell, "load", run, Signal::stored(Draft::default()), body)
}

/// How many requests a second; the load follows when it rests.
fn slider(
    ctx: Ctx,
    cell: &Cell,
    chosen: RwSignal<Option<u32>>,
    pods: Memo<u32>,
    (each, most): (u32, u32),
) -> AnyView {
    let id = cell.id.clone();
    let field = format!("load-{id}");
    let timer = StoredValue::new_local(None::<Timeout>);
    let rate = move |pods: u32| ctx.text.with("load-rate", &[("rate", &(pods * each).to_string())]);
    let moved = move |value: String| {
        let Ok(wanted) = value.parse::<u32>() else { return };
        chosen.set(Some(wanted));
        let id = id.clone();
        let send = move || {
            ctx.session.send(&id, Command::Load { cell: id.clone(), pods: wanted });
        };
        timer.set_value(Some(Timeout::new(REST_MILLIS, send)));
    };
    div()
        .class("load__slider")
        .child((
            label()
                .class("load__label")
                .attr("for", field.clone())
                .child(ctx.text.say("load-label")),
            output().class("load__rate").attr("for", field.clone()).child((
                strong().child(move || (pods.get() * each).to_string()),
                span().child(ctx.text.say("load-unit")),
            )),
            input()
                .attr("type", "range")
                .id(field)
                .attr("min", "0")
                .attr("max", most.to_string())
                .attr("step", "1")
                .prop("value", move || pods.get().to_string())
                .attr("aria-valuetext", move || rate(pods.get()))
                .attr("disabled", move || !ctx.session.is_ready())
                .on(ev::input, move |event| moved(event_target_value(&event))),
            span().class("load__end").attr("aria-hidden", "true").child("0"),
            span()
                .class("load__end load__end--most")
                .attr("aria-hidden", "true")
                .child((most * each).to_string()),
        ))
        .into_any()
}

/// How many pods make the load.
fn state(ctx: Ctx, now: Load) -> String {
    if now.wanted == 0 {
        return ctx.text.say("load-none");
    }
    let numbers = [("ready", now.ready.to_string()), ("wanted", now.wanted.to_string())];
    let numbers: Vec<(&str, &str)> =
        numbers.iter().map(|(key, one)| (*key, one.as_str())).collect();
    ctx.text.with("load-pods", &numbers)
}
