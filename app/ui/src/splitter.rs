//! A border between two zones that can be moved with the pointer and with arrow keys.

use leptos::ev;
use leptos::html::div;
use leptos::prelude::*;
use wasm_bindgen::JsCast as _;

/// How wide the zone after the border may be, pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// At least.
    pub min: i32,
    /// At most.
    pub max: i32,
}

/// The border. `width` is the width of the zone after it.
pub fn splitter(label: String, width: RwSignal<i32>, limits: Limits) -> AnyView {
    let drag = RwSignal::new(None::<(i32, i32)>);
    let down = move |event: web_sys::PointerEvent| {
        event.prevent_default();
        drag.set(Some((event.client_x(), width.get_untracked())));
        let target = event.target().and_then(|target| target.dyn_into::<web_sys::Element>().ok());
        if let Some(target) = target {
            // Without capture the drag ends at the border's edge, nothing worse.
            let _captured = target.set_pointer_capture(event.pointer_id());
        }
    };
    let moved = move |event: web_sys::PointerEvent| {
        if let Some((from, before)) = drag.get_untracked() {
            width.set((before + from - event.client_x()).clamp(limits.min, limits.max));
        }
    };
    let key = move |event: web_sys::KeyboardEvent| {
        if let Some(next) = after_key(width.get_untracked(), &event.key(), limits) {
            event.prevent_default();
            width.set(next);
        }
    };
    div()
        .class("splitter")
        .attr("role", "separator")
        .attr("tabindex", "0")
        .attr("aria-orientation", "vertical")
        .attr("aria-label", label)
        .attr("aria-valuemin", limits.min.to_string())
        .attr("aria-valuemax", limits.max.to_string())
        .attr("aria-valuenow", move || width.get().to_string())
        .on(ev::pointerdown, down)
        .on(ev::pointermove, moved)
        .on(ev::pointerup, move |_| drag.set(None))
        .on(ev::keydown, key)
        .into_any()
}

fn after_key(width: i32, key: &str, limits: Limits) -> Option<i32> {
    let next = match key {
        "ArrowLeft" => width + 24,
        "ArrowRight" => width - 24,
        "Home" => limits.max,
        "End" => limits.min,
        _ => return None,
    };
    Some(next.clamp(limits.min, limits.max))
}

#[cfg(test)]
mod tests {
    use super::{Limits, after_key};

    #[test]
    fn arrows_move_the_border_within_its_limits() {
        let limits = Limits { min: 300, max: 700 };
        assert_eq!(after_key(400, "ArrowLeft", limits), Some(424));
        assert_eq!(after_key(310, "ArrowRight", limits), Some(300));
        assert_eq!(after_key(400, "Home", limits), Some(700));
        assert_eq!(after_key(400, "a", limits), None);
    }
}
