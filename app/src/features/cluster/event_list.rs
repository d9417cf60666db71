//! All Events of the cluster, newest first.

use leptos::html::{div, p};
use leptos::prelude::*;

use crate::parts::events::events;
use crate::state::context::Ctx;

/// How many are shown.
const SHOWN_MAX: usize = 200;

/// The list.
pub(super) fn event_list(ctx: Ctx) -> AnyView {
    let rows = Memo::new(move |_| {
        let objects = ctx.session.model.with(|model| model.objects.clone());
        let mut rows = objects.events();
        rows.truncate(SHOWN_MAX);
        rows
    });
    let list = move || {
        let rows = rows.get();
        if rows.is_empty() {
            return p().class("cluster__empty").child(ctx.text.say("events-empty")).into_any();
        }
        events(ctx.text, rows)
    };
    div().class("event-list").child(list).into_any()
}
