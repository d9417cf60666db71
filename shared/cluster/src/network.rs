//! The network as one pure function: what a new connection from a pod does, and why.
//!
//! DNS, Service, ready endpoints, egress policies of the source, ingress policies of the destination, the
//! process that listens. The explanation names the object and the rule that decided.

pub mod address;
pub mod policy;
mod service;
mod socket;

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Value, json};

use self::policy::Direction;
pub use self::socket::{Protocol, Socket};
use crate::fields;
use crate::store::Store;

/// What a new connection does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It gets through to a process.
    Allowed,
    /// Nothing answers until the client gives up.
    Blocked,
    /// The destination refuses at once.
    Refused,
    /// The name is not known.
    UnknownHost,
}

/// A code of `app/locales/*/connect.ftl` with its arguments.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reason {
    /// For example `connect-no-rule`.
    pub code: &'static str,
    /// Arguments.
    pub args: BTreeMap<&'static str, String>,
}

impl Reason {
    /// A reason with arguments.
    pub fn new(code: &'static str, args: &[(&'static str, &str)]) -> Self {
        Self { code, args: args.iter().map(|(key, value)| (*key, (*value).to_owned())).collect() }
    }

    fn json(&self) -> Value {
        json!({ "code": self.code, "args": self.args })
    }
}

/// An object that decided.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decider {
    /// Group and version.
    pub api_version: &'static str,
    /// Kind.
    pub kind: &'static str,
    /// Namespace.
    pub namespace: String,
    /// Name.
    pub name: String,
}

/// The outcome with its explanation.
#[derive(Debug, Clone)]
pub struct Verdict {
    /// What happens.
    pub outcome: Outcome,
    /// Why.
    pub reason: Reason,
    /// Which object decided, when one did.
    pub decided_by: Option<Decider>,
    /// The steps that led there.
    pub path: Vec<Reason>,
    /// The pod and port that are reached (or would be), after Service translation.
    pub target: Option<(Arc<Value>, u16)>,
    /// The address that was dialled.
    pub address: String,
}

impl Verdict {
    /// As `/podium/v1/connect` answers.
    pub fn json(&self) -> Value {
        let outcome = match self.outcome {
            Outcome::Allowed => "allowed",
            Outcome::Blocked => "blocked",
            Outcome::Refused => "refused",
            Outcome::UnknownHost => "unknown",
        };
        let decider = self.decided_by.as_ref().map(|one| {
            json!({ "apiVersion": one.api_version, "kind": one.kind, "namespace": one.namespace, "name": one.name })
        });
        json!({
            "outcome": outcome,
            "reason": self.reason.json(),
            "decidedBy": decider,
            "path": self.path.iter().map(Reason::json).collect::<Vec<_>>(),
        })
    }
}

/// A connection to be made.
#[derive(Debug, Clone, Copy)]
pub struct Dial<'a> {
    /// The pod that connects.
    pub source: &'a Value,
    /// A host name or an address.
    pub host: &'a str,
    /// Port.
    pub port: u16,
    /// `TCP` or `UDP`.
    pub protocol: &'a str,
    /// Chance, as an input: which of several ready endpoints of a Service it is.
    pub pick: u64,
}

/// What the network has to know of machines and processes.
pub trait Wires {
    /// Whether a process of a running pod listens.
    fn listens(&self, pod: &Value, socket: Socket) -> bool;
    /// Why packets from or to a pod get nowhere.
    fn severed(&self, pod: &Value) -> Option<Reason>;
}

/// What a new connection does.
pub fn connect(store: &Store, dial: Dial<'_>, wires: &dyn Wires) -> Verdict {
    let mut path = Vec::new();
    if dial.host != "localhost"
        && let Some(cut) = wires.severed(dial.source)
    {
        // Without a network there is nobody to ask for names.
        let named = !address::is_address(dial.host);
        let reason = if named {
            path.push(cut);
            Reason::new("connect-dns-blocked", &[("host", dial.host)])
        } else {
            cut
        };
        let blocked = verdict(Outcome::Blocked, reason, None);
        return Verdict { path, address: dial.host.to_owned(), ..blocked };
    }
    let namespace = fields::namespace(dial.source);
    if let Some(verdict) = names_are_blocked(store, dial) {
        return verdict;
    }
    let Some(address) = address::resolve(store, namespace, dial.host) else {
        let reason = Reason::new("connect-unknown-host", &[("host", dial.host)]);
        return Verdict {
            outcome: Outcome::UnknownHost,
            reason,
            decided_by: None,
            path,
            target: None,
            address: dial.host.to_owned(),
        };
    };
    if address != dial.host {
        path.push(Reason::new("connect-resolved", &[("host", dial.host), ("address", &address)]));
    }
    let backend = match service::entrance(store, &address, dial, &mut path) {
        Some(entrance) => entrance.endpoint(store, dial, &mut path),
        None => Ok(service::Backend { address: address.clone(), port: dial.port }),
    };
    match backend {
        Err(verdict) => Verdict { path, address, ..*verdict },
        Ok(backend) => {
            let port = backend.port;
            let target = pod_of(store, &backend.address, |pod| {
                Protocol::parse(dial.protocol)
                    .is_some_and(|protocol| wires.listens(pod, Socket { protocol, port }))
            });
            arrive(store, dial, address, target.map(|pod| (pod, port)), wires, path)
        }
    }
}

fn verdict(outcome: Outcome, reason: Reason, decided_by: Option<Decider>) -> Verdict {
    Verdict { outcome, reason, decided_by, path: Vec::new(), target: None, address: String::new() }
}

/// The cluster's DNS has no pods here, but policies see it where they expect it: as the pods
/// `k8s-app=kube-dns` of kube-system, port 53. Who may not send there cannot look names up.
fn names_are_blocked(store: &Store, dial: Dial<'_>) -> Option<Verdict> {
    if address::is_address(dial.host) || dial.host == "localhost" {
        return None;
    }
    let dns = json!({ "metadata": { "namespace": "kube-system", "name": "coredns", "labels": { "k8s-app": "kube-dns" } } });
    let asked = policy::Asked { source: dial.source, destination: &dns, port: 53, protocol: "UDP" };
    let policy::Decision::Denied(denied, decider) =
        policy::decide(store, &asked, Direction::Egress)
    else {
        return None;
    };
    let reason = Reason::new("connect-dns-blocked", &[("host", dial.host)]);
    let blocked = verdict(Outcome::Blocked, reason, Some(decider));
    Some(Verdict { path: vec![denied], address: dial.host.to_owned(), ..blocked })
}

/// The running pod with this address. Pods on the network of a node share one; then it is the one that
/// listens.
pub(crate) fn pod_of(
    store: &Store,
    address: &str,
    listens: impl Fn(&Value) -> bool,
) -> Option<Arc<Value>> {
    let mut pods = store.list("pods", None);
    pods.retain(|pod| {
        fields::text(pod, "/status/podIP") == address
            && !matches!(fields::text(pod, "/status/phase"), "Succeeded" | "Failed")
    });
    let index = if pods.len() > 1 { pods.iter().position(|pod| listens(pod)) } else { None };
    let index = index.unwrap_or(0);
    (index < pods.len()).then(|| pods.swap_remove(index))
}

fn arrive(
    store: &Store,
    dial: Dial<'_>,
    address: String,
    target: Option<(Arc<Value>, u16)>,
    wires: &dyn Wires,
    mut path: Vec<Reason>,
) -> Verdict {
    let full = |pod: &Value| format!("{}/{}", fields::namespace(pod), fields::name(pod));
    let Some((pod, port)) = target else {
        let reason = Reason::new("connect-nobody-has-address", &[("address", &address)]);
        return Verdict { path, address, ..verdict(Outcome::Blocked, reason, None) };
    };
    let number = port.to_string();
    let asked =
        policy::Asked { source: dial.source, destination: &pod, port, protocol: dial.protocol };
    let itself = fields::uid(&pod) == fields::uid(dial.source);
    if itself {
        path.push(Reason::new("connect-loopback", &[]));
    }
    let sides = [Direction::Egress, Direction::Ingress];
    let mut admitted = None;
    for direction in sides.into_iter().filter(|_| !itself) {
        match policy::decide(store, &asked, direction) {
            policy::Decision::NotIsolated(reason) => path.push(reason),
            policy::Decision::Allowed(reason, decider) => {
                path.push(reason);
                admitted = (direction == Direction::Ingress).then_some(decider);
            }
            policy::Decision::Denied(reason, decider) => {
                path.extend(policy::misses(store, &asked, direction));
                let denied = verdict(Outcome::Blocked, reason, Some(decider));
                return Verdict { path, address, target: Some((pod, port)), ..denied };
            }
        }
    }
    if !itself && let Some(cut) = wires.severed(&pod) {
        let blocked = verdict(Outcome::Blocked, cut, None);
        return Verdict { path, address, target: Some((pod, port)), ..blocked };
    }
    let protocol = Protocol::parse(dial.protocol);
    if !protocol.is_some_and(|protocol| wires.listens(&pod, Socket { protocol, port })) {
        let reason =
            Reason::new("connect-nobody-listens", &[("pod", &full(&pod)), ("port", &number)]);
        let refused = verdict(Outcome::Refused, reason, None);
        return Verdict { path, address, target: Some((pod, port)), ..refused };
    }
    let reason = path.last().cloned().unwrap_or_else(|| Reason::new("connect-open", &[]));
    let allowed = verdict(Outcome::Allowed, reason, admitted);
    Verdict { path, address, target: Some((pod, port)), ..allowed }
}
