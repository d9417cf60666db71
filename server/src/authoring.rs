//! What authors need: rules for scenario folders, wrong states for their checks, new folders.

pub mod engine;
pub mod finding;
pub mod folder;
pub mod lint;
pub mod mutate;
pub mod preview;
pub mod scaffold;
