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

/// Something that can go or be changed into something else; `read` makes a change of what was typed.
pub(super) fn editable(
    sheet: Sheet,
    word: String,
    key: String,
    gone: Change,
    read: impl Fn(&str) -> Option<Change> + Send + Sync + 'static,
) -> AnyView {
    let text = sheet.board.ctx.text;
    let open = RwSignal::new(false);
    let read = Callback::new(move |typed: String| read(&typed));
    let edit = format!("{key}-edit");
    let shown = move || {
        if open.get() {
            let now = Field {
                about: text.say("policy-label"),
                example: "app=shop",
                now: Some((word.clone(), open)),
            };
            return field(sheet, now, edit.clone(), move |typed| read.run(typed.to_owned()));
        }
        let (change, key) = (gone.clone(), key.clone());
        let remove = text.with("policy-remove", &[("what", &word)]);
        span()
            .class("policy__chip")
            .child((
                button()
                    .attr("type", "button")
                    .class("policy__word")
                    .attr("data-key", edit.clone())
                    .attr("title", text.say("policy-edit"))
                    .on(ev::click, move |_| open.set(true))
                    .child(word.clone()),
                cross(remove, key.clone(), move || sheet.change(&change, key.clone())),
            ))
            .into_any()
    };
    shown.into_any()
}

/// What a field is for.
pub(super) struct Field {
    about: String,
    example: &'static str,
    /// What it is to change, and whether it is open.
    now: Option<(String, RwSignal<bool>)>,
}

impl Field {
    /// A field for something more.
    pub(super) fn of(about: String, example: &'static str) -> Self {
        Self { about, example, now: None }
    }
}

/// A field; `read` makes a change of what was typed.
pub(super) fn field(
    sheet: Sheet,
    Field { about, example, now }: Field,
    key: String,
    read: impl Fn(&str) -> Option<Change> + 'static,
) -> AnyView {
    let text = sheet.board.ctx.text;
    let place: NodeRef<html::Input> = NodeRef::new();
    let wrong = RwSignal::new(false);
    let own = key.clone();
    let spoken = about.clone();
    let (before, open) = now.unzip();
    let known = before.clone();
    let submit = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        let Some(input) = place.get_untracked() else { return };
        let typed = input.value();
        if let Some(open) = open.filter(|_| known.as_deref() == Some(typed.trim())) {
            sheet.board.refocus(own.clone());
            return open.set(false);
        }
        let change = read(typed.trim());
        wrong.set(change.is_none());
        if let Some(change) = change {
            // The field may stay the same element when the picture is drawn anew.
            input.set_value("");
            sheet.change(&change, own.clone());
        }
    };
    let back = key.clone();
    let key_down = move |event: web_sys::KeyboardEvent| {
        if let Some(open) = open.filter(|_| event.key() == "Escape") {
            // The cell would take it as the wish to leave the picture.
            event.stop_propagation();
            sheet.board.refocus(back.clone());
            open.set(false);
        }
    };
    if before.is_some() {
        Effect::new(move |_| {
            if let Some(input) = place.get() {
                // An element that takes no focus leaves it where it was.
                let _focused = input.focus();
                input.select();
            }
        });
    }
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
                .attr("value", before)
                .attr("aria-invalid", move || wrong.get().then_some("true"))
                .attr("autocapitalize", "off")
                .attr("autocomplete", "off")
                .attr("spellcheck", "false")
                .on(ev::keydown, key_down),
            button()
                .attr("type", "submit")
                .class("policy__small")
                .attr(
                    "aria-label",
                    text.say(if open.is_some() { "policy-cidr-change" } else { "policy-add" }),
                )
                .child(if open.is_some() { "\u{2713}" } else { "+" }),
            move || {
                wrong.get().then(|| {
                    let said = text.with("policy-wrong", &[("example", &about)]);
                    p().class("policy__wrong").attr("role", "alert").child(said)
                })
            },
        ))
        .into_any()
}
