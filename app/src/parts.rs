//! Views of state that several features show.

pub(crate) mod console;
pub(crate) mod events;
pub(crate) mod findings;
pub(crate) mod output;
pub(crate) mod scene;
pub(crate) mod table;
