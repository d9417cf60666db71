//! Findings about a text as a list; each leads to its line.

use leptos::ev;
use leptos::html::{button, code, div, li, span, ul};
use leptos::prelude::*;
use protocol::v1::{Finding, Fix, Severity};

use app_ui::icon::icon;
use app_ui::press::Press;

use crate::state::words::Text;

/// The words of a finding: what is wrong and what to do, then the server's own words.
pub(crate) fn sentence(text: Text, finding: &Finding) -> String {
    let said = text.phrase(&finding.phrase);
    match &finding.message {
        Some(message) if !said.contains(message.as_str()) => format!("{said} ({message})"),
        _ => said,
    }
}

/// The class of a severity, which is also its name for the editor.
pub(crate) fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Info => "info",
    }
}

/// The list; `go` moves the cursor to a line and column, `mend` makes a change that a finding offers.
pub(crate) fn findings(
    text: Text,
    list: Vec<Finding>,
    go: impl Fn(u32, u32) + Copy + 'static,
    mend: impl Fn(&Fix) + Copy + 'static,
) -> AnyView {
    if list.is_empty() {
        return ().into_any();
    }
    let items = list.into_iter().map(move |finding| {
        let (line, column) = (finding.span.line, finding.span.column);
        let place = text.with("finding-place", &[("line", &line.to_string())]);
        let sign = match finding.severity {
            Severity::Error => "cross",
            Severity::Warning | Severity::Info => "alert",
        };
        let path = (!finding.path.is_empty())
            .then(|| code().class("finding__path").child(finding.path.clone()));
        let fix = finding.fix.clone().map(|fix| {
            Press::new(text.phrase(&fix.phrase))
                .icon("pencil")
                .name("mend")
                .draw(move || mend(&fix))
        });
        li().class(format!("finding finding--{}", severity(finding.severity))).child((
            button()
                .attr("type", "button")
                .class("finding__place")
                .on(ev::click, move |_| go(line, column))
                .child((icon(sign), place)),
            span().class("finding__text").child(sentence(text, &finding)),
            path,
            fix.map(|fix| div().class("finding__fix").child(fix)),
        ))
    });
    ul().class("findings")
        .attr("aria-label", text.say("findings-title"))
        .child(items.collect_view())
        .into_any()
}
