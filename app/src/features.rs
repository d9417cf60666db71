//! The parts of pages that know what they show. A feature never imports another.

pub(crate) mod chrome;
pub(crate) mod cluster;
pub(crate) mod keyboard;
pub(crate) mod notebook;
