//! The YAML editor: Monaco behind a small interface, loaded when the first cell wants it.
//!
//! *Invariant:* the only crate that calls foreign JavaScript. Knows no Kubernetes and no protocol;
//! everything that is Monaco's stays in `bundle/editor.js`.

mod editor;
mod sys;

pub use editor::{Calls, Editor, Finding, Offer, Options};
