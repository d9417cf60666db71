//! What a run tells while it is on its way.

use kubectl::apply::DocumentResult;

use crate::{Said, Verdict};

/// Where a text of a command came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stream {
    /// The command line itself.
    Command,
    /// Standard output.
    Stdout,
    /// Standard error.
    Stderr,
}

/// Listens to a run. Every method does nothing by default.
pub trait Progress: Send + Sync {
    /// The run waits for something; so many of so many parts are done.
    fn waiting(&self, _what: &Said, _done: usize, _total: usize) {}

    /// A command wrote something.
    fn output(&self, _cell: &str, _stream: Stream, _text: &str) {}

    /// What a command wrote is to be seen now, also a line that has not ended.
    fn shows(&self, _cell: &str) {}

    /// Documents of a cell were applied or deleted.
    fn applied(&self, _cell: &str, _results: &[DocumentResult]) {}

    /// Checks of a cell were evaluated.
    fn checked(&self, _cell: &str, _verdicts: &[Verdict]) {}
}

/// Listens to nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct Silent;

impl Progress for Silent {}
