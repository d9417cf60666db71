//! The page in a real browser: starting what it needs, driving it, and listening for what went wrong.
//!
//! *Invariant:* the tests see what a person sees: they find things by role, label and text or by the
//! `data-cell` of a cell, wait for what must become visible with a deadline, and never sleep.

pub mod audit;
pub mod browser;
pub mod serve;
pub mod walk;

/// What every test returns.
pub type Outcome<T = ()> = Result<T, Box<dyn std::error::Error + Send + Sync>>;
