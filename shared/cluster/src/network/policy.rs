//! NetworkPolicy: who is isolated, and which rule admits (`networking.k8s.io/v1`).
//!
//! A pod is isolated in a direction when a policy of its namespace selects it with that type; then only
//! the union of the rules of all those policies is allowed.

use std::sync::Arc;

use apimachinery::selector::LabelSelector;
use serde_json::Value;

use super::address::in_block;
use super::{Decider, Reason};
use crate::fields;
use crate::store::Store;

const RESOURCE: &str = "networkpolicies.networking.k8s.io";

/// A connection between pods.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    /// Who connects.
    pub source: &'a Value,
    /// To whom.
    pub destination: &'a Value,
    /// Port at the destination.
    pub port: u16,
    /// Protocol.
    pub protocol: &'a str,
}

/// What the policies of one side say.
#[derive(Debug, Clone)]
pub enum Decision {
    /// No policy selects the pod in this direction.
    NotIsolated(Reason),
    /// A rule of this policy admits.
    Allowed(Reason, Decider),
    /// No rule admits; this is the first policy that isolates.
    Denied(Reason, Decider),
}

/// Which side of a connection is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// What may go out of the source.
    Egress,
    /// What may come into the destination.
    Ingress,
}

impl Direction {
    fn kind(self) -> &'static str {
        match self {
            Self::Egress => "Egress",
            Self::Ingress => "Ingress",
        }
    }

    /// The names of the list of rules and of its peers.
    fn fields(self) -> (&'static str, &'static str) {
        match self {
            Self::Egress => ("egress", "to"),
            Self::Ingress => ("ingress", "from"),
        }
    }

    /// The pod whose policies count, and the other one.
    fn sides<'a>(self, asked: &Asked<'a>) -> (&'a Value, &'a Value) {
        match self {
            Self::Egress => (asked.source, asked.destination),
            Self::Ingress => (asked.destination, asked.source),
        }
    }

    fn code(self, egress: &'static str, ingress: &'static str) -> &'static str {
        match self {
            Self::Egress => egress,
            Self::Ingress => ingress,
        }
    }
}

fn full(object: &Value) -> String {
    format!("{}/{}", fields::namespace(object), fields::name(object))
}

/// The policies that isolate a pod in a direction.
fn selecting(store: &Store, own: &Value, direction: Direction) -> Vec<Arc<Value>> {
    let mut policies = store.list(RESOURCE, Some(fields::namespace(own)));
    policies.retain(|policy| selects(policy, own, direction.kind()));
    policies
}

/// What the policies of one side say.
pub fn decide(store: &Store, asked: &Asked<'_>, direction: Direction) -> Decision {
    let (own, other) = direction.sides(asked);
    let (rules, _) = direction.fields();
    let selecting = selecting(store, own, direction);
    let (from, to) = (full(asked.source), full(asked.destination));
    let ends = [("from", from.as_str()), ("to", to.as_str())];
    // Whatever policies say, a node reaches its own pods: kubelets must probe them.
    let own_node = direction == Direction::Ingress
        && fields::flag(other, "/spec/hostNetwork")
        && fields::text(other, "/spec/nodeName") == fields::text(own, "/spec/nodeName");
    if own_node && !selecting.is_empty() {
        return Decision::NotIsolated(Reason::new("connect-own-node", &ends));
    }
    let Some(first) = selecting.first() else {
        let code = direction.code("connect-egress-open", "connect-ingress-open");
        return Decision::NotIsolated(Reason::new(code, &ends));
    };
    for policy in &selecting {
        for (index, rule) in fields::items(policy, &format!("/spec/{rules}")).iter().enumerate() {
            if admits(store, policy, rule, direction, asked) {
                let field = format!("spec.{rules}[{index}]");
                let name = full(policy);
                let code = direction.code("connect-egress-allowed", "connect-ingress-allowed");
                let args = [("policy", name.as_str()), ("field", &field), ends[0], ends[1]];
                return Decision::Allowed(Reason::new(code, &args), decider(policy));
            }
        }
    }
    let names: Vec<String> = selecting.iter().map(|policy| full(policy)).collect();
    let code = direction.code("connect-egress-denied", "connect-ingress-denied");
    let reason = Reason::new(code, &[("policies", &names.join(", ")), ends[0], ends[1]]);
    Decision::Denied(reason, decider(first))
}

/// For each rule that might have admitted a connection, the field that did not.
pub fn misses(store: &Store, asked: &Asked<'_>, direction: Direction) -> Vec<Reason> {
    let (own, other) = direction.sides(asked);
    let (rules, peers) = direction.fields();
    let mut reasons = Vec::new();
    for policy in selecting(store, own, direction) {
        let name = full(&policy);
        let list = fields::items(&policy, &format!("/spec/{rules}"));
        if list.is_empty() {
            let field = format!("spec.{rules}");
            let args = [("policy", name.as_str()), ("field", &field)];
            reasons.push(Reason::new("connect-no-rules", &args));
        }
        for (index, rule) in list.iter().enumerate() {
            let (code, part) = if peers_match(store, &policy, rule, peers, other) {
                ("connect-rule-other-port", "ports")
            } else {
                ("connect-rule-other-peer", peers)
            };
            let field = format!("spec.{rules}[{index}].{part}");
            reasons.push(Reason::new(code, &[("policy", &name), ("field", &field)]));
        }
    }
    reasons
}

fn decider(policy: &Value) -> Decider {
    Decider {
        api_version: "networking.k8s.io/v1",
        kind: "NetworkPolicy",
        namespace: fields::namespace(policy).to_owned(),
        name: fields::name(policy).to_owned(),
    }
}

fn selector_matches(selector: &Value, labels: &std::collections::BTreeMap<String, String>) -> bool {
    LabelSelector::from_object(selector).is_ok_and(|selector| selector.matches(labels))
}

fn selects(policy: &Value, pod: &Value, kind: &str) -> bool {
    let types = fields::items(policy, "/spec/policyTypes");
    let typed = if types.is_empty() {
        kind == "Ingress" || !fields::items(policy, "/spec/egress").is_empty()
    } else {
        types.iter().any(|one| one.as_str() == Some(kind))
    };
    // Pods on the host's network look like their node: no selector reaches them.
    typed
        && !fields::flag(pod, "/spec/hostNetwork")
        && selector_matches(
            policy.pointer("/spec/podSelector").unwrap_or(&Value::Null),
            &fields::labels(pod),
        )
}

fn admits(
    store: &Store,
    policy: &Value,
    rule: &Value,
    direction: Direction,
    asked: &Asked<'_>,
) -> bool {
    let ports = fields::items(rule, "/ports");
    let port_fits = ports.is_empty() || ports.iter().any(|port| port_matches(port, asked));
    let ((_, other), (_, peers)) = (direction.sides(asked), direction.fields());
    port_fits && peers_match(store, policy, rule, peers, other)
}

fn peers_match(store: &Store, policy: &Value, rule: &Value, peers: &str, other: &Value) -> bool {
    let list = fields::items(rule, &format!("/{peers}"));
    list.is_empty() || list.iter().any(|peer| peer_matches(store, policy, peer, other))
}

fn port_matches(port: &Value, asked: &Asked<'_>) -> bool {
    let protocol = match fields::text(port, "/protocol") {
        "" => "TCP",
        protocol => protocol,
    };
    if protocol != asked.protocol {
        return false;
    }
    let number = i64::from(asked.port);
    match port.get("port") {
        None | Some(Value::Null) => true,
        Some(Value::String(name)) => named_port(asked.destination, name, protocol) == Some(number),
        Some(value) => {
            let first = value.as_i64().unwrap_or_default();
            let last = fields::number(port, "/endPort").unwrap_or(first);
            (first..=last).contains(&number)
        }
    }
}

fn named_port(pod: &Value, name: &str, protocol: &str) -> Option<i64> {
    let sidecars = fields::items(pod, "/spec/initContainers").iter();
    sidecars
        .filter(|container| fields::text(container, "/restartPolicy") == "Always")
        .chain(fields::items(pod, "/spec/containers"))
        .flat_map(|container| fields::items(container, "/ports"))
        .find(|port| {
            let own = match fields::text(port, "/protocol") {
                "" => "TCP",
                own => own,
            };
            fields::text(port, "/name") == name && own == protocol
        })
        .and_then(|port| fields::number(port, "/containerPort"))
}

fn peer_matches(store: &Store, policy: &Value, peer: &Value, other: &Value) -> bool {
    if let Some(block) = peer.get("ipBlock").filter(|block| !block.is_null()) {
        let address = fields::text(other, "/status/podIP");
        let except = fields::items(block, "/except").iter().filter_map(Value::as_str);
        return in_block(address, fields::text(block, "/cidr"))
            && !except.into_iter().any(|inner| in_block(address, inner));
    }
    if fields::flag(other, "/spec/hostNetwork") {
        return false;
    }
    let namespace_fits = match peer.get("namespaceSelector").filter(|selector| !selector.is_null())
    {
        None => fields::namespace(other) == fields::namespace(policy),
        Some(selector) => store
            .get("namespaces", "", fields::namespace(other))
            .is_some_and(|namespace| selector_matches(selector, &fields::labels(&namespace))),
    };
    let pod_fits = peer
        .get("podSelector")
        .filter(|selector| !selector.is_null())
        .is_none_or(|selector| selector_matches(selector, &fields::labels(other)));
    namespace_fits && pod_fits
}
