//! Commands and flags as tables, parsed with the words of cobra and pflag.

mod catalogue;
mod duration;
mod flags;
mod groups;
mod help;
mod tables;
mod tree;

pub(crate) use catalogue::COMMANDS;
pub(crate) use duration::go_duration;
pub(crate) use flags::{Flag, Parsed};
pub(crate) use help::{global_flags, help_text};
pub(crate) use tables::GLOBAL;
pub(crate) use tree::{Command, Found, Verb, find};
