//! Notebooks as content: the model of a scenario and the reader of its folder.
//!
//! A scenario is written once as structure (`scenario.yaml`: order, cells, checks, personas) and once
//! per language as prose (`ko.md`, `en.md`). [`Notebook`] is both put together for one language: plain
//! data that the page draws and the runner executes. Reading folders needs the `read` feature; the page
//! is built without it, because it gets notebooks as JSON.
//!
//! *Invariant:* knows nothing of Kubernetes, clusters or pages; reads no files (the caller hands in their
//! texts); prose never becomes HTML here.

pub mod cell;
pub mod check;
pub mod duration;
pub mod operator;
pub mod prose;
#[cfg(feature = "read")]
pub mod read;
pub mod scenario;
#[cfg(feature = "schema")]
pub mod schema;
pub mod variables;
pub mod words;
