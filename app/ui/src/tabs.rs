//! Tabs: one row of names, one panel.

use leptos::ev;
use leptos::html::{button, div};
use leptos::prelude::*;
use wasm_bindgen::JsCast as _;

/// One tab.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tab {
    /// Id of the tab.
    pub id: &'static str,
    /// What it shows.
    pub label: String,
}

/// The row of tabs. The panel is the caller's: an element with `role=tabpanel` and the id
/// `<name>-panel`.
pub fn tabs(
    name: &'static str,
    label: String,
    tabs: Vec<Tab>,
    active: RwSignal<&'static str>,
) -> AnyView {
    let ids: Vec<&'static str> = tabs.iter().map(|tab| tab.id).collect();
    let key = move |event: web_sys::KeyboardEvent| {
        let Some(next) = neighbour(&ids, active.get_untracked(), &event.key()) else { return };
        event.prevent_default();
        active.set(next);
        let row = event.current_target().and_then(|row| row.dyn_into::<web_sys::Element>().ok());
        let tab =
            row.and_then(|row| row.query_selector(&format!("[data-tab={next}]")).ok().flatten());
        if let Some(tab) = tab.and_then(|tab| tab.dyn_into::<web_sys::HtmlElement>().ok()) {
            // Only elements outside the document cannot be focused.
            let _focused = tab.focus();
        }
    };
    let buttons = tabs.into_iter().map(|Tab { id, label }| {
        let on = move || active.get() == id;
        button()
            .attr("type", "button")
            .class("tabs__tab")
            .attr("role", "tab")
            .attr("id", format!("{name}-{id}"))
            .attr("data-tab", id)
            .attr("aria-selected", move || if on() { "true" } else { "false" })
            .attr("aria-controls", format!("{name}-panel"))
            .attr("tabindex", move || if on() { "0" } else { "-1" })
            .on(ev::click, move |_| active.set(id))
            .child(label)
    });
    div()
        .class("tabs")
        .attr("role", "tablist")
        .attr("aria-label", label)
        .on(ev::keydown, key)
        .child(buttons.collect_view())
        .into_any()
}

/// The tab that an arrow key leads to.
fn neighbour(ids: &[&'static str], active: &str, key: &str) -> Option<&'static str> {
    let at = ids.iter().position(|id| *id == active)?;
    let to = match key {
        "ArrowRight" => (at + 1) % ids.len(),
        "ArrowLeft" => (at + ids.len() - 1) % ids.len(),
        "Home" => 0,
        "End" => ids.len() - 1,
        _ => return None,
    };
    ids.get(to).copied()
}

#[cfg(test)]
mod tests {
    use super::neighbour;

    #[test]
    fn arrows_go_around_the_row() {
        let ids = ["a", "b", "c"];
        assert_eq!(neighbour(&ids, "c", "ArrowRight"), Some("a"));
        assert_eq!(neighbour(&ids, "a", "ArrowLeft"), Some("c"));
        assert_eq!(neighbour(&ids, "b", "Home"), Some("a"));
        assert_eq!(neighbour(&ids, "b", "x"), None);
    }
}
