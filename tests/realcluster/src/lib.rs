//! A real Kubernetes 1.36 under test: built once from Go modules, started and torn down by tests.
//!
//! The embedded cluster claims to answer like the real one; nobody should have to believe that. Two
//! tiers: [`ControlPlane`] (etcd, kube-apiserver, controllers, scheduler on loopback, no root) and
//! [`NodeTier`] (besides kubelet, containerd and kube-proxy in a network namespace, root).
//!
//! *Invariant:* nothing here knows the embedded cluster, and nothing here simulates: every answer
//! comes from the programs that Kubernetes publishes.

mod components;
pub mod control_plane;
mod daemon;
mod images;
pub mod node_tier;
pub mod programs;
pub mod schema;

pub use components::{Components, make_keys};
pub use control_plane::{Component, ControlPlane};
pub use node_tier::{JoinedNode, NodeTier, Place};

/// What can go wrong: one sentence with the cause and, where there is one, the remedy.
pub type Failure = String;
