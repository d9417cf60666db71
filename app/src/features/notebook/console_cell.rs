//! A console among the prose.

use leptos::prelude::*;
use notebook::cell::Cell;

use super::frame::{running, watch};
use crate::parts::console::console;
use crate::state::context::Ctx;
use crate::state::face::Draft;

/// The cell.
pub(super) fn console_cell(ctx: Ctx, cell: Cell, suggest: Vec<String>) -> AnyView {
    let run = watch(ctx, &cell.id);
    let body = console(ctx, cell.id.clone(), suggest, cell.persona.clone());
    running(ctx, &cell, "console", run, Signal::stored(Draft::default()), body)
}
