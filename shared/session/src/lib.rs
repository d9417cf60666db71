//! The protocol's other end: what a page's commands and questions do to a cluster.
//!
//! A [`Session`] is one learner's work on one scenario. Its host (the server, the worker, a test) hands
//! in commands, queries and wall time, polls it, and carries its events away. [`embedded::Embedded`]
//! makes any engine usable through the two seams `Transport` and `Clock`.
//!
//! *Invariant:* no I/O, no clock, no entropy, no threads of its own. Sentences for people leave as
//! phrases, never as text.

mod connections;
mod convert;
mod history;
mod keys;
mod lint;
mod log;
mod objects;
mod outbox;
mod query;
mod runs;
mod session;
mod time;

pub mod embedded;

pub use session::{Ends, Opening, Session};

#[cfg(test)]
mod fake_engine;
