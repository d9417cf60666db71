//! Small controls of the picture: what is there and can go, and what can be put in.

use app_ui::icon::icon;
use diagram::policy::Change;
use leptos::ev;
use leptos::html::{self, button, form, input, p, span};
use leptos::prelude::*;

use super::Sheet;

/// A small button.
pub(super) fn small(label: String, key: String, act: impl Fn() + 'static) -> AnyView {
    button()
        .attr("type", "button")
        .class("policy__small")
        .attr("data-key", key)
        .on(ev::click, move |_| act())
        .child(label)
        .into_any()
}

/// Something that can go.
pub(super) fn chip(sheet: Sheet, word: String, key: String, change: Change) -> AnyView {
    let remove = sheet.board.ctx.text.with("policy-remove", &[("what", &word)]);
    span()
        .class("policy__chip")
        .child((
            span().child(word),
            cross(remove, key.clone(), move || {
                sheet.change(&change, key.clone());
            }),
        ))
        .into_any()
}

/// A button with a cross.
pub(super) fn cross(label: String, key: String, act: impl Fn() + 'static) -> AnyView {
    button()
        .attr("type", "button")
        .class("policy__cross")
        .attr("data-key", key)
        .attr("aria-label", label.clone())
        .attr("title", label)
        .on(ev::click, move |_| act())
        .child(icon("cross"))
        .into_any()
}

/// A field for something more; `read` makes a change of what was typed.
pub(super) fn field(
    sheet: Sheet,
    (about, example): (String, &'static str),
    key: String,
    read: impl Fn(&str) -> Option<Change> + 'static,
) -> AnyView {
    let text = sheet.board.ctx.text;
    let place: NodeRef<html::Input> = NodeRef::new();
    let wrong = RwSignal::new(false);
    let own = key.clone();
    let spoken = about.clone();
    let submit = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        let Some(input) = place.get_untracked() else { return };
        let change = read(input.value().trim());
        wrong.set(change.is_none());
        if let Some(change) = change {
            // The field may stay the same element when the picture is drawn anew.
            input.set_value("");
            sheet.change(&change, own.clone());
        }
    };
    form()
        .class("policy__field")
        .on(ev::submit, submit)
        .child((
            input()
                .node_ref(place)
                .attr("type", "text")
                .attr("data-key", key)
                .attr("aria-label", spoken.clone())
                .attr("title", spoken)
                .attr("placeholder", example)
                .attr("aria-invalid", move || wrong.get().then_some("true"))
                .attr("autocapitalize", "off")
                .attr("autocomplete", "off")
                .attr("spellcheck", "false"),
            button()
                .attr("type", "submit")
                .class("policy__small")
                .attr("aria-label", text.say("policy-add"))
                .child("+"),
            move || {
                wrong.get().then(|| {
                    let said = text.with("policy-wrong", &[("example", &about)]);
                    p().class("policy__wrong").attr("role", "alert").child(said)
                })
            },
        ))
        .into_any()
}
