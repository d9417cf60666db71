//! A button that opens a small panel below it.

use leptos::ev;
use leptos::html::{self, button, div, span};
use leptos::prelude::*;
use wasm_bindgen::JsCast as _;

use crate::icon::icon;

/// A menu. `face` is what the button shows; the panel closes on Escape, on a press inside that says so by
/// `data-close`, and when the focus goes elsewhere.
pub fn menu(
    name: &'static str,
    label: String,
    face: impl Fn() -> AnyView + Send + 'static,
    panel: impl Fn() -> AnyView + Send + Sync + 'static,
) -> AnyView {
    let open = RwSignal::new(false);
    let root: NodeRef<html::Div> = NodeRef::new();
    let left = move |event: web_sys::FocusEvent| {
        let to = event.related_target().and_then(|to| to.dyn_into::<web_sys::Node>().ok());
        let inside = root.get_untracked().is_some_and(|root| root.contains(to.as_ref()));
        if to.is_some() && !inside {
            open.set(false);
        }
    };
    let key = move |event: web_sys::KeyboardEvent| {
        if event.key() == "Escape" && open.get_untracked() {
            event.stop_propagation();
            open.set(false);
        }
    };
    let pressed = move |event: web_sys::MouseEvent| {
        let target = event.target().and_then(|target| target.dyn_into::<web_sys::Element>().ok());
        if target
            .is_some_and(|target| target.closest("[data-close]").is_ok_and(|found| found.is_some()))
        {
            open.set(false);
        }
    };
    div()
        .node_ref(root)
        .class("menu")
        .on(ev::focusout, left)
        .on(ev::keydown, key)
        .child((
            button()
                .attr("type", "button")
                .class("menu__button")
                .attr("data-menu", name)
                .attr("aria-expanded", move || if open.get() { "true" } else { "false" })
                .on(ev::click, move |_| open.update(|open| *open = !*open))
                .child((span().class("visually-hidden").child(label), face, icon("chevron"))),
            move || {
                open.get().then(|| {
                    div().class("menu__panel").on(ev::click, pressed).child(panel()).into_any()
                })
            },
        ))
        .into_any()
}
