//! What a command printed, word for word.

use leptos::html::{div, pre, span};
use leptos::prelude::*;
use protocol::v1::{OutputLine, Stream};

/// Lines of output. Aligned columns stay aligned; what is too wide scrolls.
pub(crate) fn output(label: String, lines: Vec<OutputLine>) -> AnyView {
    let lines = lines.into_iter().map(|OutputLine { stream, text, .. }| {
        let class = match stream {
            Stream::Command => "output__line output__line--command",
            Stream::Stdout => "output__line",
            Stream::Stderr => "output__line output__line--stderr",
            Stream::Warning => "output__line output__line--warning",
        };
        span().class(class).child((text, "\n"))
    });
    div()
        .class("output")
        .attr("role", "log")
        .attr("tabindex", "0")
        .attr("aria-label", label)
        .child(pre().class("output__text").child(lines.collect_view()))
        .into_any()
}
