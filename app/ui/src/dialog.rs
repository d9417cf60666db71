//! Dialogs: the browser's own, which keeps the focus inside and closes on Escape.

use leptos::ev;
use leptos::html::{self, div, h2};
use leptos::prelude::*;

/// A dialog that is open while `open` is true. `id` must be unique in the document.
pub fn dialog(
    id: &'static str,
    title: String,
    open: RwSignal<bool>,
    content: impl Fn() -> AnyView + Send + 'static,
) -> AnyView {
    let place: NodeRef<html::Dialog> = NodeRef::new();
    Effect::new(move |_| {
        let Some(element) = place.get() else { return };
        if open.get() && !element.open() {
            // Fails only when it is open already.
            let _open = element.show_modal();
        } else if !open.get() && element.open() {
            element.close();
        }
    });
    let title_id = format!("{id}-title");
    html::dialog()
        .node_ref(place)
        .class("dialog")
        .attr("aria-labelledby", title_id.clone())
        .on(ev::close, move |_| open.set(false))
        .child((
            h2().class("dialog__title").id(title_id).child(title),
            div().class("dialog__body").child(move || open.get().then(&content)),
        ))
        .into_any()
}
