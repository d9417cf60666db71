//! The question before cells run on a real cluster: under which names, and what becomes of it.

use std::collections::BTreeMap;

use app_ui::dialog::dialog;
use app_ui::press::{Kind, Press};
use leptos::ev;
use leptos::html::{div, input, label, li, p, span, ul};
use leptos::prelude::*;
use notebook::scenario::Variable;
use protocol::v1::Executor;

use crate::services::browser;
use crate::state::context::Ctx;
use crate::state::namespaces::{fault, offered};

type Names = RwSignal<BTreeMap<String, String>>;

/// The dialog.
pub(super) fn real_dialog(ctx: Ctx) -> AnyView {
    let open = ctx.desk.real;
    let content = move || question(ctx, open);
    dialog("real-dialog", ctx.text.say("real-title"), open, content)
}

fn question(ctx: Ctx, open: RwSignal<bool>) -> AnyView {
    let text = ctx.text;
    let variables = ctx.notebook().scenario.variables.clone();
    let names: Names = RwSignal::new(offered(&variables, &mark()));
    let found = ctx.session.offered.get_untracked();
    let real = found.into_iter().find(|one| one.kind == Executor::Real);
    let about = real.map(|one| {
        let arguments = [("cluster", one.cluster.as_str()), ("version", one.kubernetes.as_str())];
        p().child(text.with("real-about", &arguments))
    });
    let named = !variables.is_empty();
    let fields = variables.iter().map(|variable| field(ctx, variable, names)).collect_view();
    let wrong = Signal::derive(move || {
        names.with(|names| names.keys().any(|name| fault(names, name).is_some()))
    });
    let go = move || {
        let names = names.get_untracked();
        open.set(false);
        ctx.session.switch(Executor::Real, names);
    };
    div()
        .child((
            about,
            named.then(|| p().child(text.say("real-names"))),
            fields,
            ul().child((
                li().child(text.say("real-makes")),
                li().child(text.say("real-removes")),
                named.then(|| li().child(text.say("real-texts"))),
            )),
            div().class("dialog__tools").child((
                Press::new(text.say("real-go"))
                    .kind(Kind::Primary)
                    .icon("cloud")
                    .name("real-go")
                    .disabled(wrong)
                    .draw(go),
                Press::new(text.say("cancel")).draw(move || open.set(false)),
            )),
        ))
        .into_any()
}

/// The name of one namespace.
fn field(ctx: Ctx, variable: &Variable, names: Names) -> AnyView {
    let id = format!("real-name-{}", variable.name);
    let told = format!("{id}-fault");
    let name = StoredValue::new(variable.name.clone());
    let value = move || names.with(|names| names.get(&name.get_value()).cloned());
    let wrong = move || names.with(|names| fault(names, &name.get_value()));
    div()
        .class("field")
        .child((
            label().attr("for", id.clone()).child(ctx.text.pick(&variable.title)),
            input()
                .class("field__input")
                .id(id)
                .attr("autocomplete", "off")
                .attr("autocapitalize", "off")
                .attr("spellcheck", "false")
                .attr("data-variable", variable.name.clone())
                .attr("aria-describedby", told.clone())
                .attr("aria-invalid", move || wrong().map(|_| "true"))
                .prop("value", value)
                .on(ev::input, move |event| {
                    names.update(|names| {
                        names.insert(name.get_value(), event_target_value(&event));
                    });
                }),
            span()
                .class("field__fault")
                .id(told)
                .attr("role", "status")
                .child(move || wrong().map(|key| ctx.text.say(key))),
        ))
        .into_any()
}

/// What tells the names of this browser from those of others on the same cluster.
fn mark() -> String {
    const KEY: &str = "podium-mark";
    browser::remembered(KEY).unwrap_or_else(|| {
        let mark: String = browser::unique().chars().take(4).collect();
        browser::remember(KEY, Some(&mark));
        mark
    })
}
