//! The protocol's other end: what a page's commands and questions do to a cluster.
//!
//! A [`embedded::Embedded`] makes any engine usable through the two seams `Transport` and `Clock`.
//!
//! *Invariant:* no I/O, no clock, no entropy, no threads of its own: the host hands in requests and wall
//! time, polls, and carries events away. Sentences for people leave as phrases, never as text.

pub mod embedded;

#[cfg(test)]
mod fake_engine;
