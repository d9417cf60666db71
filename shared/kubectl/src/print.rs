//! How objects are printed.

mod columns;
mod format;
mod json;
mod table;
mod tabwriter;
mod template;

pub(crate) use format::{Format, Printer, name_line, without_managed_fields};
pub(crate) use json::{compact, pretty, pretty_by_two};
pub(crate) use table::{
    TableOptions, TablePrinter, format_labels, relaxed, sort_objects, sort_rows,
};
pub(crate) use tabwriter::{TabWriter, escape};
