//! A shell for containers: what people type in a lesson, over virtual files, network and time.
//!
//! It is an explicit machine: sleeping, connecting and waiting for input are states of it, so that a loop in
//! a container goes on for as long as the cluster's time does, and a snapshot holds it as plain data.

mod archive;
mod archive_commands;
mod commands;
mod expand;
mod files;
mod load_commands;
mod machine;
mod network_commands;
mod parse;
mod syntax;
mod text_commands;

pub(crate) use files::{Entry, Files, Modes, Mount, absolute};
pub(crate) use machine::{Facts, Input, Os, Shell, Waiting};
pub(crate) use network_commands::{Answer, Dialed, Network};
