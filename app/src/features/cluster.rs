//! The cluster pane: the picture, the objects, the events, a console.

mod drawer;
mod event_list;
mod objects;
mod topology;

use app_ui::splitter::{Limits, splitter};
use app_ui::tabs::{Tab, tabs};
use leptos::html::{div, h1, section};
use leptos::prelude::*;

use crate::parts::console::console;
use crate::state::context::Ctx;
use crate::state::model::CONSOLE;

/// The pane.
pub(crate) fn cluster(ctx: Ctx) -> AnyView {
    let text = ctx.text;
    let list = vec![
        Tab { id: "topology", label: text.say("tab-topology") },
        Tab { id: "objects", label: text.say("tab-objects") },
        Tab { id: "events", label: text.say("tab-events") },
        Tab { id: "console", label: text.say("tab-console") },
    ];
    let panel = move || match ctx.desk.tab.get() {
        "objects" => objects::objects(ctx),
        "events" => event_list::event_list(ctx),
        "console" => console(ctx, CONSOLE.to_owned(), Vec::new(), None),
        _ => topology::topology(ctx),
    };
    section()
        .class("cluster")
        .id("cluster")
        .attr("aria-label", text.say("cluster-title"))
        .attr("tabindex", "-1")
        .child((
            h1().class("cluster__heading").child(text.pick(&ctx.notebook().scenario.title)),
            splitter(text.say("splitter"), ctx.desk.width, Limits { min: 320, max: 760 }),
            tabs("cluster", text.say("cluster-title"), list, ctx.desk.tab),
            div()
                .class("cluster__panel")
                .id("cluster-panel")
                .attr("role", "tabpanel")
                .attr("aria-labelledby", move || format!("cluster-{}", ctx.desk.tab.get()))
                .child(panel),
            drawer::drawer(ctx),
        ))
        .into_any()
}
