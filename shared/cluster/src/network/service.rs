//! From a Service's address to an endpoint, as kube-proxy does it (`pkg/proxy/iptables/proxier.go`,
//! `pkg/proxy/topology.go`).

use std::sync::Arc;

use serde_json::Value;

use super::{Decider, Dial, Outcome, Reason, Verdict, verdict};
use crate::fields;
use crate::store::Store;

const SLICES: &str = "endpointslices.discovery.k8s.io";

/// An address and a port of a pod.
pub(super) struct Backend {
    pub(super) address: String,
    pub(super) port: u16,
}

/// A Service that an address leads to, with the port of it that was dialled.
pub(super) struct Entrance {
    service: Arc<Value>,
    port: Option<Value>,
}

/// The Service behind an address: its cluster IP, an address from outside, or a node with its node port.
pub(super) fn entrance(
    store: &Store,
    address: &str,
    dial: Dial<'_>,
    path: &mut Vec<Reason>,
) -> Option<Entrance> {
    let services = store.list("services", None);
    let number = dial.port.to_string();
    for service in &services {
        let full = full(service);
        let inside = fields::text(service, "/spec/clusterIP") == address;
        if !inside && !from_outside(service, address) {
            continue;
        }
        if !inside {
            path.push(Reason::new(
                "connect-load-balancer",
                &[("service", &full), ("address", address)],
            ));
        }
        let port = port_with(service, "/port", dial);
        return Some(Entrance { service: Arc::clone(service), port });
    }
    let node = node_with(store, address)?;
    let found = services.iter().find_map(|service| {
        let port = port_with(service, "/nodePort", dial)?;
        Some((Arc::clone(service), port))
    });
    let (service, port) = found?;
    let args =
        [("service", full(&service)), ("node", fields::name(&node).to_owned()), ("port", number)];
    let args: Vec<(&'static str, &str)> =
        args.iter().map(|(key, value)| (*key, value.as_str())).collect();
    path.push(Reason::new("connect-node-port", &args));
    Some(Entrance { service, port: Some(port) })
}

fn full(object: &Value) -> String {
    format!("{}/{}", fields::namespace(object), fields::name(object))
}

fn from_outside(service: &Value, address: &str) -> bool {
    fields::items(service, "/spec/externalIPs").iter().any(|one| one.as_str() == Some(address))
        || fields::items(service, "/status/loadBalancer/ingress").iter().any(|one| {
            fields::text(one, "/ip") == address && fields::text(one, "/ipMode") != "Proxy"
        })
}

fn node_with(store: &Store, address: &str) -> Option<Arc<Value>> {
    store.list("nodes", None).into_iter().find(|node| {
        fields::items(node, "/status/addresses")
            .iter()
            .any(|one| fields::text(one, "/address") == address)
    })
}

fn port_with(service: &Value, field: &str, dial: Dial<'_>) -> Option<Value> {
    fields::items(service, "/spec/ports")
        .iter()
        .find(|port| {
            let protocol = match fields::text(port, "/protocol") {
                "" => "TCP",
                protocol => protocol,
            };
            fields::number(port, field) == Some(i64::from(dial.port)) && protocol == dial.protocol
        })
        .cloned()
}

/// One endpoint of a port.
struct Endpoint<'a> {
    value: &'a Value,
    port: u16,
}

impl Endpoint<'_> {
    fn is(&self, condition: &str, usual: bool) -> bool {
        let known = self.value.pointer(&format!("/conditions/{condition}"));
        known.and_then(Value::as_bool).unwrap_or(usual)
    }

    fn address(&self) -> &str {
        fields::text(self.value, "/addresses/0")
    }
}

impl Entrance {
    /// The endpoint that a connection gets, or why it gets none.
    pub(super) fn endpoint(
        &self,
        store: &Store,
        dial: Dial<'_>,
        path: &mut Vec<Reason>,
    ) -> Result<Backend, Box<Verdict>> {
        let service = &self.service;
        let full = full(service);
        let Some(port) = &self.port else {
            let number = dial.port.to_string();
            let code = "connect-service-has-no-port";
            return Err(Box::new(self.refuse(
                Outcome::Blocked,
                Reason::new(code, &[("service", &full), ("port", &number)]),
            )));
        };
        let slices = self.slices(store);
        let all = endpoints(&slices, fields::text(port, "/name"));
        let mut usable: Vec<&Endpoint<'_>> =
            all.iter().filter(|one| one.is("ready", true)).collect();
        if usable.is_empty() {
            // Where no endpoint is ready, those that end and still serve take the new connections.
            usable = all
                .iter()
                .filter(|one| one.is("serving", true) && one.is("terminating", false))
                .collect();
            if !usable.is_empty() {
                path.push(Reason::new("connect-only-terminating", &[("service", &full)]));
            }
        }
        if usable.is_empty() {
            let code = "connect-service-without-endpoints";
            let reason = Reason::new(code, &[("service", &full)]);
            return Err(Box::new(self.refuse(Outcome::Refused, reason)));
        }
        if fields::text(service, "/spec/internalTrafficPolicy") == "Local" {
            let node = fields::text(dial.source, "/spec/nodeName");
            usable.retain(|one| fields::text(one.value, "/nodeName") == node);
            if usable.is_empty() {
                let code = "connect-no-local-endpoint";
                let reason = Reason::new(code, &[("service", &full), ("node", node)]);
                return Err(Box::new(self.refuse(Outcome::Blocked, reason)));
            }
        }
        let chosen = self.choose(&usable, dial, path);
        let (address, number) = (chosen.address().to_owned(), chosen.port.to_string());
        path.push(Reason::new(
            "connect-service",
            &[("service", &full), ("address", &address), ("port", &number)],
        ));
        Ok(Backend { address, port: chosen.port })
    }

    /// By chance; with affinity the same client gets the same endpoint for as long as it is there.
    fn choose<'a>(
        &self,
        usable: &[&'a Endpoint<'a>],
        dial: Dial<'_>,
        path: &mut Vec<Reason>,
    ) -> &'a Endpoint<'a> {
        if fields::text(&self.service, "/spec/sessionAffinity") == "ClientIP" {
            let client = fields::text(dial.source, "/status/podIP");
            path.push(Reason::new(
                "connect-affinity",
                &[("service", &full(&self.service)), ("client", client)],
            ));
            let uid = fields::uid(&self.service);
            let weight =
                |one: &Endpoint<'_>| crate::rng::hash(&format!("{uid}{client}{}", one.address()));
            if let Some(chosen) = usable.iter().max_by_key(|one| weight(one)) {
                return chosen;
            }
        }
        let count = u64::try_from(usable.len()).unwrap_or(1).max(1);
        let index = usize::try_from(dial.pick % count).unwrap_or_default();
        usable.get(index).or_else(|| usable.first()).copied().unwrap_or(&NOBODY)
    }

    fn slices(&self, store: &Store) -> Vec<Arc<Value>> {
        let mut slices = store.list(SLICES, Some(fields::namespace(&self.service)));
        let name = fields::name(&self.service);
        slices.retain(|slice| {
            fields::labels(slice).get("kubernetes.io/service-name").is_some_and(|one| one == name)
        });
        slices
    }

    fn refuse(&self, outcome: Outcome, reason: Reason) -> Verdict {
        let decider = Decider {
            api_version: "v1",
            kind: "Service",
            namespace: fields::namespace(&self.service).to_owned(),
            name: fields::name(&self.service).to_owned(),
        };
        verdict(outcome, reason, Some(decider))
    }
}

/// Never reached: nothing is chosen of nothing.
static NOBODY: Endpoint<'static> = Endpoint { value: &Value::Null, port: 0 };

/// All endpoints of a port by its name, with the number that each slice gives it.
fn endpoints<'a>(slices: &'a [Arc<Value>], name: &str) -> Vec<Endpoint<'a>> {
    let mut all = Vec::new();
    for slice in slices {
        let port = fields::items(slice, "/ports")
            .iter()
            .find(|one| fields::text(one, "/name") == name)
            .and_then(|one| fields::number(one, "/port"))
            .and_then(|number| u16::try_from(number).ok());
        let Some(port) = port else { continue };
        let own = fields::items(slice, "/endpoints").iter();
        all.extend(own.map(|value| Endpoint { value, port }));
    }
    all
}
