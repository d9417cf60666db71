//! A plain table of texts.

use leptos::html::{caption, div, table, tbody, td, th, thead, tr};
use leptos::prelude::*;

/// A table with a caption for those who do not see the picture beside it.
pub(crate) fn text_table(name: String, heads: Vec<String>, rows: Vec<Vec<String>>) -> AnyView {
    let heads = heads.into_iter().map(|head| th().attr("scope", "col").child(head)).collect_view();
    let rows = rows
        .into_iter()
        .map(|row| tr().child(row.into_iter().map(|cell| td().child(cell)).collect_view()))
        .collect_view();
    div()
        .class("table-scroll")
        .attr("tabindex", "0")
        .attr("role", "group")
        .attr("aria-label", name.clone())
        .child(table().class("table").child((
            caption().class("visually-hidden").child(name),
            thead().child(tr().child(heads)),
            tbody().child(rows),
        )))
        .into_any()
}
