//! What an apply would change, in words and lines.

use app_ui::press::{Kind, Press};
use leptos::html::{code, div, h4, p, pre, section, span};
use leptos::prelude::*;
use protocol::v1::{DiffLine, DiffSign, ObjectDiff};

use crate::state::context::Ctx;

/// The difference to the live objects.
pub(super) fn difference(ctx: Ctx, list: Vec<ObjectDiff>, close: impl Fn() + 'static) -> AnyView {
    let objects = list.into_iter().map(move |diff| {
        let ObjectDiff { object, created, lines } = diff;
        let word = match (created, lines.is_empty()) {
            (true, _) => ctx.text.say("diff-created"),
            (false, true) => ctx.text.say("diff-unchanged"),
            (false, false) => {
                let count =
                    |sign| lines.iter().filter(|line| line.sign == sign).count().to_string();
                let (added, removed) = (count(DiffSign::Added), count(DiffSign::Removed));
                ctx.text.with("diff-changed", &[("added", &added), ("removed", &removed)])
            }
        };
        let name = format!("{} {}/{}", object.kind, object.namespace, object.name);
        let label = name.clone();
        let text = (!lines.is_empty()).then(|| {
            pre()
                .class("diff__text")
                .attr("tabindex", "0")
                .attr("role", "region")
                .attr("aria-label", label)
                .child(lines.into_iter().map(line).collect_view())
        });
        div().class("diff__object").child((p().child((code().child(name), " ", word)), text))
    });
    section()
        .class("diff")
        .attr("aria-label", ctx.text.say("diff-title"))
        .child((
            div().class("diff__head").child((
                h4().child(ctx.text.say("diff-title")),
                Press::new(ctx.text.say("close"))
                    .icon("cross")
                    .kind(Kind::Quiet)
                    .only_icon()
                    .draw(close),
            )),
            objects.collect_view(),
        ))
        .into_any()
}

fn line(line: DiffLine) -> AnyView {
    let (class, sign) = match line.sign {
        DiffSign::Added => ("diff__line diff__line--added", "+ "),
        DiffSign::Removed => ("diff__line diff__line--removed", "- "),
        DiffSign::Context => ("diff__line", "  "),
        DiffSign::Gap => ("diff__line diff__line--gap", "\u{22ef} "),
    };
    span().class(class).child((sign, line.text, "\n")).into_any()
}
