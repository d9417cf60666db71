//! The words that the page and whoever executes for it share.
//!
//! The page talks to an *executor*: the server (over HTTP and server-sent events) or a worker in the
//! tab (over `postMessage`). Both speak [`v1`]; the page does not know which one it talks to.
//!
//! *Invariant:* plain data with serde only. No Kubernetes types, no sentences: what a person reads is a
//! [`v1::Phrase`] (a code with arguments) that the page puts into the reader's language, or text that a
//! Kubernetes API server or kubectl wrote, word for word.

pub mod v1;
