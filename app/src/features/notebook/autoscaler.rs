//! The calculation of a HorizontalPodAutoscaler with its numbers, live.

use diagram::autoscaler::{Calculation, Metric, Policy, Rules, calculation};
use leptos::html::{code, dd, div, dl, dt, p, span};
use leptos::prelude::*;

use crate::state::context::Ctx;
use crate::state::words::Text;

/// The picture.
pub(super) fn autoscaler(ctx: Ctx, namespace: String, name: String) -> AnyView {
    let now = Memo::new(move |_| {
        let objects = ctx.session.model.with(|model| model.objects.clone());
        let mut all = objects.of_kind("HorizontalPodAutoscaler");
        let found = all.find(|(key, _)| key.namespace == namespace && key.name == name);
        found.map(|(_, value)| calculation(value))
    });
    let shown = move || match now.get() {
        Some(now) => drawn(ctx.text, &now),
        None => p().class("cluster__empty").child(ctx.text.say("diagram-empty")).into_any(),
    };
    div().class("formula").attr("role", "status").child(shown).into_any()
}

fn drawn(text: Text, now: &Calculation) -> AnyView {
    let metrics = now.metrics.iter().map(|metric| line(text, now, metric)).collect_view();
    let said = now.said.as_ref().map(|(reason, message)| {
        p().class("formula__said").child((code().child(reason.clone()), " ", message.clone()))
    });
    let differs =
        now.differs().then(|| p().class("formula__note").child(text.say("formula-differs")));
    let numbers = [
        ("least", now.least.to_string()),
        ("most", now.most.to_string()),
        ("wanted", now.wanted.to_string()),
    ];
    let numbers: Vec<(&str, &str)> =
        numbers.iter().map(|(key, one)| (*key, one.as_str())).collect();
    div()
        .child((
            metrics,
            p().class("scene__summary").child(text.with("formula-wanted", &numbers)),
            differs,
            rules(text, now),
            said,
        ))
        .into_any()
}

/// What bounds a change: the tolerance, and the rules of each direction.
fn rules(text: Text, now: &Calculation) -> AnyView {
    let percent = |rules: &Rules| {
        let (whole, part) = (rules.tolerance / 10, rules.tolerance % 10);
        if part == 0 { whole.to_string() } else { format!("{whole}.{part}") }
    };
    let tolerance =
        text.with("formula-tolerance", &[("up", &percent(&now.up)), ("down", &percent(&now.down))]);
    dl().class("formula__rules")
        .child((
            dt().child(text.say("formula-near")),
            dd().child(tolerance),
            dt().child(text.say("formula-up")),
            dd().child(direction(text, &now.up, "formula-least")),
            dt().child(text.say("formula-down")),
            dd().child(direction(text, &now.down, "formula-greatest")),
        ))
        .into_any()
}

/// From which recommendations, and how far.
fn direction(text: Text, rules: &Rules, of_window: &'static str) -> String {
    if rules.select == "Disabled" {
        return text.say("formula-never");
    }
    let when = match rules.window {
        0 => text.say("formula-at-once"),
        seconds => text.with(of_window, &[("seconds", &seconds.to_string())]),
    };
    let policy = |one: &Policy| {
        let word = if one.percent { "formula-percent" } else { "formula-pods" };
        let (value, seconds) = (one.value.to_string(), one.seconds.to_string());
        text.with(word, &[("value", &value), ("seconds", &seconds)])
    };
    let word = match (rules.policies.len(), rules.select.as_str()) {
        (0 | 1, _) => "formula-bound",
        (_, "Min") => "formula-bound-least",
        _ => "formula-bound-most",
    };
    let both =
        |one: String, other: String| text.with("formula-or", &[("one", &one), ("other", &other)]);
    let policies = rules.policies.iter().map(policy).reduce(both).unwrap_or_default();
    text.with(word, &[("when", &when), ("policies", &policies)])
}

/// Replicas times use by target, rounded up.
fn line(text: Text, now: &Calculation, metric: &Metric) -> AnyView {
    let percent = |number: i64| format!("{number}%");
    let unknown = || "?".to_owned();
    let use_now = metric.now.map_or_else(unknown, percent);
    let asks = metric.asks.map_or_else(unknown, |number| number.to_string());
    let sign = |sign: &'static str| span().class("formula__sign").child(sign);
    let steady =
        metric.steady.then(|| p().class("formula__note").child(text.say("formula-steady")));
    let missing =
        metric.now.is_none().then(|| p().class("formula__note").child(text.say("formula-unknown")));
    let used = text.with("formula-use", &[("metric", &metric.name)]);
    div()
        .class("formula__metric")
        .child((
            div().class("formula__line").child((
                sign("\u{2308}"),
                term(now.replicas.to_string(), text.say("formula-replicas"), ""),
                sign("\u{d7}"),
                term(use_now, used, ""),
                sign("\u{f7}"),
                term(percent(metric.target), text.say("formula-target"), ""),
                sign("\u{2309}"),
                sign("="),
                term(asks, text.say("formula-asks"), " formula__term--result"),
            )),
            steady,
            missing,
        ))
        .into_any()
}

fn term(number: String, name: String, more: &str) -> AnyView {
    span()
        .class(format!("formula__term{more}"))
        .child((
            span().class("formula__number").child(number),
            span().class("formula__name").child(name),
        ))
        .into_any()
}
