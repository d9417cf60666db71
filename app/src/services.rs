//! The outside world: executors, content, storage, the browser. Services know nothing of the page.

pub(crate) mod browser;
pub(crate) mod content;
pub(crate) mod delivery;
pub(crate) mod drafts;
pub(crate) mod in_tab;
mod journal;
pub(crate) mod link;
pub(crate) mod remote;
mod reply;
pub(crate) mod tabs;
