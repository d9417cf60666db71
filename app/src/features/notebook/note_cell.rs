//! A note for whoever presents; shown only when asked for.

use leptos::html::{div, p};
use leptos::prelude::*;
use notebook::cell::Cell;
use notebook::scenario::Localized;

use super::frame::still;
use crate::state::context::Ctx;

/// The cell.
pub(super) fn note_cell(ctx: Ctx, cell: Cell, note: Localized) -> AnyView {
    let shown = move || {
        ctx.preferences.notes.get().then(|| {
            let body = div().class("note").child(p().child(ctx.text.pick(&note))).into_any();
            still(ctx, &cell, "note", body)
        })
    };
    shown.into_any()
}
