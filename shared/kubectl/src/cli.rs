//! Commands and flags as tables, parsed with the words of cobra and pflag.

mod duration;
mod flags;
mod help;
mod tables;
mod tree;

pub(crate) use duration::go_duration;
pub(crate) use flags::{Flag, Parsed};
pub(crate) use help::{global_flags, help_text};
pub(crate) use tables::GLOBAL;
pub(crate) use tree::{COMMANDS, Command, Found, Verb, find};
