//! What surrounds the notebook: top bar, rail, status bar, bottom tabs, dialogs.

mod badge;
mod bottom_tabs;
mod dialogs;
mod help;
mod line;
mod rail;
mod real;
mod status_bar;
mod time_controls;
mod timeline;
mod top_bar;
mod visitor;

pub(crate) use bottom_tabs::bottom_tabs;
pub(crate) use dialogs::dialogs;
pub(crate) use help::help;
pub(crate) use rail::rail;
pub(crate) use status_bar::status_bar;
pub(crate) use top_bar::{plain_bar, top_bar};
