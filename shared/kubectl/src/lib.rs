//! kubectl for the notebook's console.
pub mod manifest;
