//! Nothing is at this address.

use leptos::html::{a, div, h1, main, p};
use leptos::prelude::*;

use crate::features::chrome::plain_bar;
use crate::routes::{Place, Route};
use crate::state::context::Hall;
use crate::state::words::Text;

/// The page; `cause` is what went wrong, if it was not merely the address.
pub(crate) fn not_found(
    hall: &'static Hall,
    text: Text,
    place: &Place,
    cause: Option<String>,
) -> AnyView {
    let (title, words) = match cause {
        None => (text.say("missing-title"), text.say("missing-text")),
        Some(cause) => (text.say("broken-title"), text.with("broken-text", &[("cause", &cause)])),
    };
    div()
        .class("page")
        .child((
            plain_bar(text, hall, place),
            main().class("message").id("main").child((
                h1().child(title),
                p().child(words),
                a().class("press press--primary")
                    .attr("href", Route::path(text.language, &Place::Catalog))
                    .attr("data-route", "true")
                    .child(text.say("missing-home")),
            )),
        ))
        .into_any()
}
