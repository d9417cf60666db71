//! The bar at the foot: whether texts are safe, how the connection stands, how many errors there are.

use app_ui::icon::icon;
use leptos::html::{footer, span};
use leptos::prelude::*;

use crate::services::browser::timezone_offset;
use crate::state::context::Ctx;
use crate::state::drafts::Safety;
use crate::state::outline::expects_refusal;
use crate::state::run::Phase;
use crate::state::session::Connection;
use crate::state::time::{clock_time, rfc3339, short};

/// The bar.
pub(crate) fn status_bar(ctx: Ctx) -> AnyView {
    let text = ctx.text;
    let saved = move || match ctx.drafts.safety.get() {
        Safety::Nothing => ("ring", text.say("saved-nothing"), "plain"),
        Safety::Waiting => ("dots", text.say("saved-waiting"), "busy"),
        Safety::Kept(at) => (
            "check",
            text.with("saved-at", &[("time", &clock_time(at, timezone_offset()))]),
            "good",
        ),
        Safety::MemoryOnly => ("alert", text.say("saved-memory"), "bad"),
    };
    let connected = move || match ctx.session.connection.get() {
        Connection::Opening => ("dots", text.say("connection-opening"), "busy"),
        Connection::Online => ("check", text.say("connection-online"), "good"),
        Connection::Offline => ("alert", text.say("connection-offline"), "warn"),
        Connection::Failed(why) => ("cross", text.phrase(&why), "bad"),
    };
    let errors = Memo::new(move |_| {
        let notebook = ctx.notebook();
        // A cell that shows how the server refuses did what it is for.
        let cells = notebook.scenario.cells.iter().filter(|cell| !expects_refusal(cell));
        ctx.session
            .model
            .with(|model| cells.filter(|cell| model.cell(&cell.id).phase == Phase::Failed).count())
    });
    let clock = move || {
        let clock = ctx.session.model.with(|model| model.clock)?;
        let speed = if clock.speed == 0 {
            text.say("time-paused")
        } else {
            format!("\u{d7}{}", clock.speed)
        };
        let at = rfc3339(clock.now_millis);
        Some(text.with("status-clock", &[("time", short(&at)), ("speed", &speed)]))
    };
    footer()
        .class("statusbar")
        .attr("aria-label", text.say("status-title"))
        .child((
            move || part("saved", saved()),
            move || part("connection", connected()),
            span().class("statusbar__part statusbar__clock").child(clock),
            move || {
                let count = errors.get();
                (count > 0).then(|| {
                    part(
                        "errors",
                        (
                            "cross",
                            text.with("status-errors", &[("count", &count.to_string())]),
                            "bad",
                        ),
                    )
                })
            },
        ))
        .into_any()
}

fn part(name: &'static str, (sign, words, tone): (&'static str, String, &'static str)) -> AnyView {
    span()
        .class(format!("statusbar__part statusbar__part--{tone}"))
        .attr("data-status", name)
        .child((icon(sign), span().child(words)))
        .into_any()
}
