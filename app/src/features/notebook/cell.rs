//! A cell by its kind.

use leptos::prelude::*;
use notebook::cell::CellKind;

use super::{
    action_cell, check_cell, console_cell, diagram_cell, load_cell, manifest_cell, note_cell,
    observe_cell, quiz_cell,
};
use crate::state::context::Ctx;

/// The cell with this id; nothing when the content has none (its reader refuses that).
pub(super) fn cell(ctx: Ctx, id: &str) -> AnyView {
    let Some(cell) = ctx.cell(id) else { return ().into_any() };
    match cell.kind.clone() {
        CellKind::Manifest { file, .. } => manifest_cell::manifest_cell(ctx, cell, &file),
        CellKind::Action { run, .. } => action_cell::action_cell(ctx, cell, run),
        CellKind::Console { suggest } => console_cell::console_cell(ctx, cell, suggest),
        CellKind::Check { checks, explanation } => {
            check_cell::check_cell(ctx, cell, checks, explanation)
        }
        CellKind::Diagram { view } => diagram_cell::diagram_cell(ctx, cell, view),
        CellKind::Quiz { options } => quiz_cell::quiz_cell(ctx, cell, options),
        CellKind::Observe { options, run } => observe_cell::observe_cell(ctx, cell, options, run),
        CellKind::Load { .. } => load_cell::load_cell(ctx, cell),
        CellKind::Note { text } => note_cell::note_cell(ctx, cell, text),
    }
}
