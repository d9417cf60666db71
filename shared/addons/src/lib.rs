//! Where simulated add-ons live: what a course shows beside Kubernetes itself (monitoring, logging, a mesh,
//! pipelines, backup), as controllers and HTTP endpoints that the embedded cluster is given.
//!
//! The crate is a layer of its own so that the cluster never learns of a product. [`named`] finds an add-on by the
//! name that users choose it by.
//!
//! *Invariant:* reaches into the cluster only through what it offers to every controller and endpoint, and
//! never pretends to be a product that it does not simulate.

mod metrics_server;

use std::sync::Arc;

use cluster::System;
use cluster::addon::Addon;

pub use metrics_server::MetricsServer;

/// The names of all add-ons.
pub const NAMES: [&str; 1] = ["metrics-server"];

/// What the cluster of a session has beside Kubernetes: kube-system as kubeadm makes it, and metrics-server.
pub fn of_sessions() -> System {
    System { kubeadm: true, addons: vec![Arc::new(MetricsServer)], ..System::default() }
}

/// The add-on of a name.
pub fn named(name: &str) -> Option<Arc<dyn Addon>> {
    match name {
        "metrics-server" => Some(Arc::new(MetricsServer)),
        _ => None,
    }
}
