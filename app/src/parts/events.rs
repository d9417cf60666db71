//! Kubernetes Events as lines.

use leptos::html::{code, li, span, time, ul};
use leptos::prelude::*;

use app_ui::icon::icon;

use crate::state::objects::EventRow;
use crate::state::time::short;
use crate::state::words::Text;

/// Events in the order given.
pub(crate) fn events(text: Text, rows: Vec<EventRow>) -> AnyView {
    let items = rows.into_iter().map(move |row| {
        let EventRow { at, warning, reason, about, namespace, message, count } = row;
        let (sign, word) = if warning {
            ("alert", text.say("event-warning"))
        } else {
            ("ring", text.say("event-normal"))
        };
        let count =
            (count > 1).then(|| span().class("event__count").child(format!("\u{d7}{count}")));
        let class = if warning { "event event--warning" } else { "event" };
        li().class(class).child((
            icon(sign),
            span().class("visually-hidden").child(word),
            time().class("event__time").attr("datetime", at.clone()).child(short(&at).to_owned()),
            code().class("event__about").child(format!("{namespace} {about}")),
            span().class("event__reason").child((reason, count)),
            span().class("event__message").child(message),
        ))
    });
    ul().class("events").child(items.collect_view()).into_any()
}
