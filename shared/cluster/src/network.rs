//! The network as one pure function: what a new connection from a pod does, and why.
//!
//! DNS, Service, ready endpoints, egress policies of the source, ingress policies of the destination, the
//! process that listens. The explanation names the object and the rule that decided.

pub mod address;
pub mod policy;

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Value, json};

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

/// Says whether a process of a running pod listens on a port.
pub type Listens<'a> = &'a dyn Fn(&Value, u16, &str) -> bool;

/// What a new connection does.
pub fn connect(store: &Store, dial: Dial<'_>, listens: Listens<'_>) -> Verdict {
    let mut path = Vec::new();
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
    let end = match service_of(store, &address) {
        Some(service) => through_service(store, &service, dial, &mut path),
        None => Ok(pod_of(store, &address).map(|pod| (pod, dial.port))),
    };
    match end {
        Err(verdict) => Verdict { path, address, ..*verdict },
        Ok(target) => arrive(store, dial, address, target, listens, path),
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
    let policy::Decision::Denied(denied, decider) = policy::egress(store, &asked) else {
        return None;
    };
    let reason = Reason::new("connect-dns-blocked", &[("host", dial.host)]);
    let blocked = verdict(Outcome::Blocked, reason, Some(decider));
    Some(Verdict { path: vec![denied], address: dial.host.to_owned(), ..blocked })
}

/// The Service with this cluster address.
fn service_of(store: &Store, address: &str) -> Option<Arc<Value>> {
    store
        .list("services", None)
        .into_iter()
        .find(|service| fields::text(service, "/spec/clusterIP") == address)
}

/// The running pod with this address.
pub(crate) fn pod_of(store: &Store, address: &str) -> Option<Arc<Value>> {
    store.list("pods", None).into_iter().find(|pod| {
        fields::text(pod, "/status/podIP") == address
            && !matches!(fields::text(pod, "/status/phase"), "Succeeded" | "Failed")
    })
}

/// Translates a Service's port to a ready endpoint, as kube-proxy does.
fn through_service(
    store: &Store,
    service: &Value,
    dial: Dial<'_>,
    path: &mut Vec<Reason>,
) -> Result<Option<(Arc<Value>, u16)>, Box<Verdict>> {
    let (namespace, name) = (fields::namespace(service), fields::name(service));
    let decider = || Decider {
        api_version: "v1",
        kind: "Service",
        namespace: namespace.to_owned(),
        name: name.to_owned(),
    };
    let full = format!("{namespace}/{name}");
    let port = fields::items(service, "/spec/ports").iter().find(|port| {
        fields::number(port, "/port") == Some(i64::from(dial.port))
            && protocol_of(port) == dial.protocol
    });
    let Some(port) = port else {
        let number = dial.port.to_string();
        let reason =
            Reason::new("connect-service-has-no-port", &[("service", &full), ("port", &number)]);
        return Err(Box::new(verdict(Outcome::Blocked, reason, Some(decider()))));
    };
    let port_name = fields::text(port, "/name");
    for slice in store.list("endpointslices.discovery.k8s.io", Some(namespace)) {
        let of_service =
            fields::labels(&slice).get("kubernetes.io/service-name").is_some_and(|one| one == name);
        if !of_service {
            continue;
        }
        let target = fields::items(&slice, "/ports")
            .iter()
            .find(|one| fields::text(one, "/name") == port_name);
        let Some(target) = target.and_then(|one| fields::number(one, "/port")) else { continue };
        let all: Vec<&Value> = fields::items(&slice, "/endpoints")
            .iter()
            .filter(|one| one.pointer("/conditions/ready").and_then(Value::as_bool).unwrap_or(true))
            .collect();
        let count = u64::try_from(all.len()).unwrap_or_default().max(1);
        let ready = all.get(usize::try_from(dial.pick % count).unwrap_or_default());
        let address = ready.and_then(|one| one.pointer("/addresses/0")).and_then(Value::as_str);
        if let Some(address) = address {
            let number = target.to_string();
            path.push(Reason::new(
                "connect-service",
                &[("service", &full), ("address", address), ("port", &number)],
            ));
            let target = u16::try_from(target).unwrap_or_default();
            return Ok(pod_of(store, address).map(|pod| (pod, target)));
        }
    }
    let reason = Reason::new("connect-service-without-endpoints", &[("service", &full)]);
    Err(Box::new(verdict(Outcome::Refused, reason, Some(decider()))))
}

fn protocol_of(port: &Value) -> &str {
    match fields::text(port, "/protocol") {
        "" => "TCP",
        protocol => protocol,
    }
}

fn arrive(
    store: &Store,
    dial: Dial<'_>,
    address: String,
    target: Option<(Arc<Value>, u16)>,
    listens: Listens<'_>,
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
    let decisions = if itself {
        Vec::new()
    } else {
        vec![policy::egress(store, &asked), policy::ingress(store, &asked)]
    };
    for decision in decisions {
        match decision {
            policy::Decision::NotIsolated(reason) | policy::Decision::Allowed(reason, _) => {
                path.push(reason);
            }
            policy::Decision::Denied(reason, decider) => {
                let denied = verdict(Outcome::Blocked, reason, Some(decider));
                return Verdict { path, address, target: Some((pod, port)), ..denied };
            }
        }
    }
    if !listens(&pod, port, dial.protocol) {
        let reason =
            Reason::new("connect-nobody-listens", &[("pod", &full(&pod)), ("port", &number)]);
        let refused = verdict(Outcome::Refused, reason, None);
        return Verdict { path, address, target: Some((pod, port)), ..refused };
    }
    let decided_by = match policy::ingress(store, &asked) {
        policy::Decision::Allowed(_, decider) => Some(decider),
        policy::Decision::NotIsolated(_) | policy::Decision::Denied(..) => None,
    };
    let reason = path.last().cloned().unwrap_or_else(|| Reason::new("connect-open", &[]));
    let allowed = verdict(Outcome::Allowed, reason, decided_by);
    Verdict { path, address, target: Some((pod, port)), ..allowed }
}
