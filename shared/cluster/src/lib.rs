//! The embedded cluster: a Kubernetes API server over a store of documents, and a world of controllers,
//! scheduler, kubelets and network that changes state only through it. Time and chance are inputs.
//!
//! *Invariant:* no I/O, no clock, no entropy, no threads: the same requests at the same times give the
//! same bytes, native and in WebAssembly.

pub mod addon;
pub mod apiserver;
mod certificate_request;
mod cluster;
mod config;
mod controllers;
pub mod cron;
pub mod event_loop;
pub mod expressions;
pub mod fields;
pub mod images;
mod kubelet;
pub mod network;
mod placement;
pub mod rng;
pub mod scheduler;
mod shell;
pub mod signer;
pub mod store;
mod world;

pub use cluster::{Cluster, ClusterSnapshot};
pub use config::{ClusterConfig, Controllers, Machine, System};
pub use controllers::persistent_volume::provisioner::Provisioner;
