//! On narrow pages: what fills the page.

use app_ui::icon::icon;
use leptos::ev;
use leptos::html::{button, nav, span};
use leptos::prelude::*;

use crate::state::context::Ctx;

/// The row at the foot.
pub(crate) fn bottom_tabs(ctx: Ctx) -> AnyView {
    let one =
        move |pane: &'static str, tab: Option<&'static str>, sign: &'static str, label: String| {
            let on = move || {
                ctx.desk.pane.get() == pane
                    && (pane == "notebook"
                        || (ctx.desk.tab.get() == "console") == (tab == Some("console")))
            };
            button()
                .attr("type", "button")
                .class("bottom__tab")
                .attr("data-pane-tab", label.clone())
                .attr("aria-current", move || on().then_some("true"))
                .on(ev::click, move |_| {
                    ctx.desk.pane.set(pane);
                    if let Some(tab) = tab {
                        ctx.desk.tab.set(tab);
                    }
                })
                .child((icon(sign), span().child(label)))
        };
    nav()
        .class("bottom")
        .attr("aria-label", ctx.text.say("bottom-title"))
        .child((
            one("notebook", None, "pencil", ctx.text.say("bottom-notebook")),
            one("cluster", Some("topology"), "cube", ctx.text.say("bottom-cluster")),
            one("cluster", Some("console"), "terminal", ctx.text.say("tab-console")),
        ))
        .into_any()
}
