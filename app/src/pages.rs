//! Pages: what an address shows.

pub(crate) mod catalog;
pub(crate) mod not_found;
pub(crate) mod scenario;
