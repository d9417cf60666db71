//! What the page knows, in plain structs that are tested natively, and the signals that hold them.

pub(crate) mod access;
pub(crate) mod context;
pub(crate) mod drafts;
pub(crate) mod explain;
pub(crate) mod face;
pub(crate) mod history;
pub(crate) mod keys;
pub(crate) mod line_keys;
pub(crate) mod load;
pub(crate) mod mend;
pub(crate) mod model;
pub(crate) mod namespaces;
pub(crate) mod objects;
pub(crate) mod outbox;
pub(crate) mod outline;
pub(crate) mod policy;
pub(crate) mod preferences;
pub(crate) mod run;
pub(crate) mod scene;
pub(crate) mod session;
pub(crate) mod shared;
pub(crate) mod strip;
pub(crate) mod time;
pub(crate) mod timeline;
pub(crate) mod verdicts;
pub(crate) mod words;
