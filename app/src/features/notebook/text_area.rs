//! The plain editor: a text area with line numbers. On touch screens and narrow pages it is the editor.

use leptos::ev;
use leptos::html::{self, div, pre, textarea};
use leptos::prelude::*;
use protocol::v1::Severity;

use super::manifest_cell::Manifest;
use super::manifest_tools::apply;
use crate::services::browser;
use crate::state::context::Ctx;
use crate::state::outline::cell_anchor;

/// The text area.
pub(super) fn text_area(ctx: Ctx, parts: Manifest, label: String) -> AnyView {
    let place: NodeRef<html::Textarea> = NodeRef::new();
    Effect::new(move |_| {
        let text = parts.text(ctx);
        if let Some(area) = place.get()
            && area.value() != text
        {
            area.set_value(&text);
        }
    });
    Effect::new(move |_| {
        let (Some((line, column)), Some(area)) = (parts.go.get(), place.get()) else { return };
        let at = offset(&area.value(), line, column);
        // Refused only for fields without a selection, which a text area has.
        let _focused = area.focus();
        let _selected = area.set_selection_range(at, at);
    });
    let key = move |event: web_sys::KeyboardEvent| {
        if event.is_composing() || event.key_code() == 229 {
            return;
        }
        match event.key().as_str() {
            "Enter" if event.shift_key() || event.ctrl_key() || event.meta_key() => {
                event.prevent_default();
                apply(ctx, parts);
                if event.shift_key() {
                    browser::focus_next_cell(&cell_anchor(&parts.id.get_value()));
                }
            }
            "Escape" => browser::focus(&cell_anchor(&parts.id.get_value())),
            _ => {}
        }
    };
    let rows = move || parts.text(ctx).lines().count().max(2) + 1;
    let numbers = move || {
        let wrong: Vec<u32> = parts.findings.with(|list| {
            list.iter()
                .filter(|one| one.severity == Severity::Error)
                .map(|one| one.span.line)
                .collect()
        });
        let numbers = (1..=u32::try_from(rows()).unwrap_or(1)).map(|line| {
            let class = if wrong.contains(&line) {
                "plain__number plain__number--wrong"
            } else {
                "plain__number"
            };
            html::span().class(class).child(format!("{line}\n"))
        });
        numbers.collect_view()
    };
    div()
        .class("plain")
        .child((
            pre().class("plain__numbers").attr("aria-hidden", "true").child(numbers),
            textarea()
                .node_ref(place)
                .class("plain__text")
                .attr("aria-label", label)
                .attr("spellcheck", "false")
                .attr("autocapitalize", "off")
                .attr("autocomplete", "off")
                .attr("wrap", "off")
                .attr("rows", move || rows().to_string())
                .on(ev::input, move |event| parts.typed(ctx, event_target_value(&event)))
                .on(ev::keydown, key),
        ))
        .into_any()
}

/// The offset of a line and column in UTF-16 units.
fn offset(text: &str, line: u32, column: u32) -> u32 {
    let before = text.split_inclusive('\n').take(line.saturating_sub(1) as usize);
    let units: usize = before.map(|line| line.encode_utf16().count()).sum();
    u32::try_from(units).unwrap_or(u32::MAX).saturating_add(column.saturating_sub(1))
}

#[cfg(test)]
mod tests {
    use super::offset;

    #[test]
    fn a_place_is_counted_as_the_browser_counts() {
        assert_eq!(offset("a: 1\nb: 2\n", 2, 4), 8);
        assert_eq!(offset("\u{ac00}\nb", 2, 1), 2);
        assert_eq!(offset("", 1, 1), 0);
    }
}
