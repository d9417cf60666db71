//! The server: serves the page, holds the sessions, lends every embedded cluster a Kubernetes API, and
//! is the only place that knows credentials of a real cluster.
//!
//! *Invariant:* credentials never leave the process, and there is no way through it to a real cluster
//! but the commands of a session. What a session does is decided in `session`, not here.

pub mod authoring;
pub mod cli;
pub mod commands;
pub mod content;
pub mod error;
pub mod gateway;
pub mod kubernetes;
pub mod routes;
pub mod sessions;

mod audit_log;
mod authority;
mod certificates;
mod kubeconfig;
mod listen;
mod page;
mod random;
mod real_time;
mod system;
mod token_keys;
mod webhooks;
