//! Who executes, and how to go on elsewhere.

use std::collections::BTreeMap;

use app_ui::icon::icon;
use app_ui::menu::menu;
use app_ui::press::Press;
use leptos::html::{a, div, p, span, strong};
use leptos::prelude::*;
use protocol::v1::Executor;

use crate::services::remote::kubeconfig_address;
use crate::state::context::Ctx;
use crate::state::session::Connection;

/// The badge.
pub(super) fn badge(ctx: Ctx) -> AnyView {
    let kind = Memo::new(move |_| {
        ctx.session.view.with(|view| view.as_ref().map(|view| view.executor.kind))
    });
    let face = move || {
        let (sign, tone) = look(kind.get(), &ctx.session.connection.get());
        span()
            .class(format!("badge badge--{tone}"))
            .attr("data-executor", move || kind.get().map(name))
            .child((icon(sign), span().class("badge__text").child(move || words(ctx))))
            .into_any()
    };
    menu("executor", ctx.text.say("executor-menu"), move || face.into_any(), move || panel(ctx))
}

fn look(kind: Option<Executor>, connection: &Connection) -> (&'static str, &'static str) {
    match (kind, connection) {
        (_, Connection::Failed(_)) => ("alert", "bad"),
        (Some(Executor::EmbeddedServer), _) => ("server", "good"),
        (Some(Executor::EmbeddedTab), _) => ("tab", "good"),
        (Some(Executor::Real), _) => ("cloud", "real"),
        (None, _) => ("dots", "plain"),
    }
}

/// The name under which tests know an executor.
fn name(kind: Executor) -> &'static str {
    match kind {
        Executor::EmbeddedServer => "embedded-server",
        Executor::EmbeddedTab => "embedded-tab",
        Executor::Real => "real",
    }
}

fn words(ctx: Ctx) -> String {
    if matches!(ctx.session.connection.get(), Connection::Failed(_)) {
        return ctx.text.say("executor-none");
    }
    ctx.session.view.with(|view| match view.as_ref().map(|view| &view.executor) {
        None => ctx.text.say("executor-opening"),
        Some(executor) => match executor.kind {
            Executor::EmbeddedServer => ctx.text.say("executor-embedded-server"),
            Executor::EmbeddedTab => ctx.text.say("executor-embedded-tab"),
            Executor::Real => ctx.text.with(
                "executor-real",
                &[("cluster", &executor.cluster), ("version", &executor.kubernetes)],
            ),
        },
    })
}

fn panel(ctx: Ctx) -> AnyView {
    let text = ctx.text;
    let view = ctx.session.view.get_untracked();
    let now = view.as_ref().map(|view| view.executor.kind);
    let offered = ctx.session.offered.get_untracked();
    let server = !offered.is_empty();
    let about = view.as_ref().map(|view| {
        let word = match view.executor.kind {
            Executor::EmbeddedServer => text.say("executor-about-server"),
            Executor::EmbeddedTab => text.say("executor-about-tab"),
            Executor::Real => text.say("executor-about-real"),
        };
        let version = text.with("executor-version", &[("version", &view.executor.kubernetes)]);
        let removes = (view.executor.kind == Executor::Real)
            .then(|| p().class("badge__note").child(text.say("real-removes")));
        (p().child(word), p().class("badge__version").child(version), removes)
    });
    let choice = |wanted: Executor, label: String, sign: &'static str| {
        (now != Some(wanted)).then(|| {
            let press =
                Press::new(label).icon(sign).name(name(wanted)).draw(move || match wanted {
                    Executor::Real => ctx.desk.real.set(true),
                    other => ctx.session.switch(other, BTreeMap::new()),
                });
            div().attr("data-close", "true").child(press)
        })
    };
    let real = offered.iter().find(|one| one.kind == Executor::Real).map(|one| {
        let label = text.with("executor-switch-real", &[("cluster", &one.cluster)]);
        choice(Executor::Real, label, "cloud")
    });
    let kubeconfig = view.filter(|view| view.executor.kubeconfig).map(|view| {
        a().class("press")
            .attr("href", kubeconfig_address(&view.id.0))
            .attr("download", "podium.kubeconfig")
            .attr("data-press", "kubeconfig")
            .child((icon("download"), text.say("kubeconfig")))
    });
    div()
        .class("badge__panel")
        .child((
            strong().child(text.say("executor-title")),
            about,
            server.then(|| {
                choice(Executor::EmbeddedServer, text.say("executor-switch-server"), "server")
            }),
            choice(Executor::EmbeddedTab, text.say("executor-switch-tab"), "tab"),
            real,
            kubeconfig,
            p().class("badge__note").child(text.say("executor-keeps")),
        ))
        .into_any()
}
