//! Pictures of a cluster as plain data: objects become a [`scene::Scene`], a scene becomes a
//! [`layout::Layout`] with integer coordinates, and a [`table::Table`] says the same in rows.
//!
//! - [`connections::scene`]: pods in their namespaces and who can connect to whom.
//! - [`workloads::scene`]: what owns and what selects whom.
//! - [`machines::scene`]: the machines and their roles.
//! - [`access::matrix`]: who may do what.
//! - [`rights::grant`]: which rule lets somebody do something.
//! - [`rollout::rollout`]: the versions of a Deployment while it is updated.
//! - [`policy::policy`]: a NetworkPolicy in three columns, and what a change of them makes of it.
//! - [`timeline::timeline`]: what was done along the clock, with the branches that were left.
//! - [`autoscaler::calculation`]: what a HorizontalPodAutoscaler calculates.
//!
//! *Invariant:* draws nothing and knows no SVG, no DOM and no sentences (summaries are codes); asks no
//! cluster: whoever calls hands in objects and the results of probes. The same input gives the same
//! picture.

pub mod access;
pub mod autoscaler;
pub mod connections;
pub mod layout;
pub mod machines;
mod object;
pub mod policy;
pub mod rights;
pub mod rollout;
pub mod scene;
pub mod table;
pub mod timeline;
pub mod workloads;
