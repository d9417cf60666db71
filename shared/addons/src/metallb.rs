//! MetalLB v0.15 in layer 2 mode: addresses for Services of type LoadBalancer (`metallb/metallb`).
//!
//! Its controller gives addresses out of pools, its speakers decide which node answers for one. Both do so only while
//! their pods run. Inside the cluster kube-proxy leads an address to the Service's pods wherever it is announced.

mod allocation;
mod controller;
mod installer;
mod manifest;
mod speaker;

use std::sync::Arc;

use cluster::addon::Addon;
use cluster::event_loop::Controller;
use cluster::fields;
use cluster::store::Store;
use serde_json::Value;

/// Where it runs.
const NAMESPACE: &str = "metallb-system";
const POOLS: &str = "ipaddresspools.metallb.io";
const ADVERTISEMENTS: &str = "l2advertisements.metallb.io";

/// Which pool the address of a Service came from.
const FROM: &str = "metallb.io/ip-allocated-from-pool";

/// The add-on.
#[derive(Debug, Clone, Copy)]
pub struct MetalLb;

impl Addon for MetalLb {
    fn name(&self) -> &'static str {
        "metallb"
    }

    fn objects(&self) -> Vec<(&'static str, Value)> {
        manifest::objects()
    }

    fn controllers(&self) -> Vec<Arc<dyn Controller>> {
        vec![
            Arc::new(installer::Installer),
            Arc::new(controller::Addresses),
            Arc::new(speaker::Announcements),
        ]
    }
}

/// The nodes on which a part of it is ready.
fn nodes_of(store: &Store, component: &str) -> Vec<String> {
    let pods = store.list("pods", Some(NAMESPACE));
    let mine = pods.iter().filter(|pod| {
        fields::labels(pod).get("component").is_some_and(|one| one == component)
            && fields::condition_true(pod, "Ready")
    });
    mine.map(|pod| fields::text(pod, "/spec/nodeName").to_owned()).collect()
}

/// Addresses that a Service has.
fn addresses(service: &Value) -> Vec<String> {
    let given = fields::items(service, "/status/loadBalancer/ingress").iter();
    given.map(|one| fields::text(one, "/ip").to_owned()).filter(|ip| !ip.is_empty()).collect()
}

fn is_balancer(service: &Value) -> bool {
    fields::text(service, "/spec/type") == "LoadBalancer"
        && fields::text(service, "/spec/loadBalancerClass").is_empty()
}
