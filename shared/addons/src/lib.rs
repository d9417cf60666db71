//! Where simulated add-ons live: what a course shows beside Kubernetes itself (monitoring, logging, a mesh,
//! pipelines, backup), as controllers and HTTP endpoints that the embedded cluster is given.
//!
//! The crate is a layer of its own so that the cluster never learns of a product. [`named`] finds an add-on by the
//! name that users choose it by.
//!
//! *Invariant:* reaches into the cluster only through what it offers to every controller and endpoint, and
//! never pretends to be a product that it does not simulate.

mod fleet;
mod hypercloud;
mod metallb;
mod metrics_server;

use std::sync::Arc;

use cluster::System;
use cluster::addon::Addon;

use fleet::Fleet;
pub use hypercloud::HyperCloud;
pub use metallb::MetalLb;
pub use metrics_server::MetricsServer;

/// The names of all add-ons.
pub const NAMES: [&str; 3] = ["metrics-server", "hypercloud", "metallb"];

/// The names of all profiles.
pub const PROFILES: [&str; 2] = ["plain", "hypercloud-4.1"];

/// What the cluster of a session has beside Kubernetes: kube-system as kubeadm makes it, and metrics-server.
pub fn of_sessions() -> System {
    System { kubeadm: true, addons: vec![Arc::new(MetricsServer)], ..System::default() }
}

/// What the cluster of a session has when its scenario asks for a profile and for add-ons. Names that nobody knows are
/// left out; a scenario that has such a name cannot be read.
pub fn of_plan<'a>(of: &str, addons: impl IntoIterator<Item = &'a str>) -> System {
    let mut system = profile(of).unwrap_or_else(of_sessions);
    for addon in addons.into_iter().filter_map(named) {
        if system.addons.iter().all(|known| known.name() != addon.name()) {
            system.addons.push(addon);
        }
    }
    system
}

/// A whole cluster by the name of its profile.
pub fn profile(name: &str) -> Option<System> {
    match name {
        "plain" => Some(of_sessions()),
        "hypercloud-4.1" => Some(System {
            kubeadm: true,
            addons: vec![Arc::new(Fleet), Arc::new(MetricsServer), Arc::new(HyperCloud)],
            machines: fleet::machines(),
            ..System::default()
        }),
        _ => None,
    }
}

/// The add-on of a name.
pub fn named(name: &str) -> Option<Arc<dyn Addon>> {
    match name {
        "metrics-server" => Some(Arc::new(MetricsServer)),
        "hypercloud" => Some(Arc::new(HyperCloud)),
        "metallb" => Some(Arc::new(MetalLb)),
        _ => None,
    }
}
