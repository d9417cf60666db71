//! The bar on top of every page.

use leptos::html::{a, div, header, img, span};
use leptos::prelude::*;

use super::badge::badge;
use super::time_controls::time_controls;
use super::visitor::{language_menu, more_menu, theme_menu};
use crate::routes::{Place, Route};
use crate::state::context::{Ctx, Hall};
use crate::state::words::Text;

/// The bar of a scenario.
pub(crate) fn top_bar(ctx: Ctx, hall: &'static Hall, place: &Place) -> AnyView {
    let title = ctx.text.pick(&ctx.notebook().scenario.title);
    header()
        .class("topbar")
        .child((
            logo(ctx.text),
            span().class("topbar__title").child(title),
            badge(ctx),
            time_controls(ctx),
            div().class("topbar__rest").child((
                language_menu(ctx.text, place),
                theme_menu(ctx.text, hall.preferences),
                more_menu(ctx, place),
            )),
        ))
        .into_any()
}

/// The bar of pages without a scenario.
pub(crate) fn plain_bar(text: Text, hall: &'static Hall, place: &Place) -> AnyView {
    header()
        .class("topbar")
        .child((
            logo(text),
            span().class("topbar__gap").child(()),
            div()
                .class("topbar__rest")
                .child((language_menu(text, place), theme_menu(text, hall.preferences))),
        ))
        .into_any()
}

fn logo(text: Text) -> AnyView {
    a().class("topbar__logo")
        .attr("href", Route::path(text.language, &Place::Catalog))
        .attr("data-route", "true")
        .attr("aria-label", text.say("home"))
        .child((
            img()
                .attr("src", "/icons/podium.svg")
                .attr("alt", "")
                .attr("width", "28")
                .attr("height", "28"),
            span().child("Podium"),
        ))
        .into_any()
}
