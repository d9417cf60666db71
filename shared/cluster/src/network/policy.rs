//! NetworkPolicy: who is isolated, and which rule admits (`networking.k8s.io/v1`).
//!
//! A pod is isolated in a direction when a policy of its namespace selects it with that type; then only
//! the union of the rules of all those policies is allowed.

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

/// What the ingress policies of the destination say.
pub fn ingress(store: &Store, asked: &Asked<'_>) -> Decision {
    decide(store, asked, "Ingress", "ingress", "from")
}

/// What the egress policies of the source say.
pub fn egress(store: &Store, asked: &Asked<'_>) -> Decision {
    decide(store, asked, "Egress", "egress", "to")
}

fn full(pod: &Value) -> String {
    format!("{}/{}", fields::namespace(pod), fields::name(pod))
}

fn decide(store: &Store, asked: &Asked<'_>, kind: &str, rules: &str, peers: &str) -> Decision {
    let (own, other) = match kind {
        "Ingress" => (asked.destination, asked.source),
        _ => (asked.source, asked.destination),
    };
    let namespace = fields::namespace(own);
    let selecting: Vec<_> = store
        .list(RESOURCE, Some(namespace))
        .into_iter()
        .filter(|policy| selects(policy, own, kind))
        .collect();
    let (from, to) = (full(asked.source), full(asked.destination));
    let Some(first) = selecting.first() else {
        let code = if kind == "Ingress" { "connect-ingress-open" } else { "connect-egress-open" };
        return Decision::NotIsolated(Reason::new(code, &[("from", &from), ("to", &to)]));
    };
    for policy in &selecting {
        for (index, rule) in fields::items(policy, &format!("/spec/{rules}")).iter().enumerate() {
            if admits(store, policy, rule, peers, other, asked) {
                let field = format!("spec.{rules}[{index}]");
                let name = format!("{namespace}/{}", fields::name(policy));
                let code = if kind == "Ingress" {
                    "connect-ingress-allowed"
                } else {
                    "connect-egress-allowed"
                };
                let reason = Reason::new(
                    code,
                    &[("policy", &name), ("field", &field), ("from", &from), ("to", &to)],
                );
                return Decision::Allowed(reason, decider(policy));
            }
        }
    }
    let names: Vec<String> =
        selecting.iter().map(|policy| format!("{namespace}/{}", fields::name(policy))).collect();
    let code = if kind == "Ingress" { "connect-ingress-denied" } else { "connect-egress-denied" };
    let reason =
        Reason::new(code, &[("policies", &names.join(", ")), ("from", &from), ("to", &to)]);
    Decision::Denied(reason, decider(first))
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
    peers: &str,
    other: &Value,
    asked: &Asked<'_>,
) -> bool {
    let ports = fields::items(rule, "/ports");
    let port_fits = ports.is_empty() || ports.iter().any(|port| port_matches(port, asked));
    let list = fields::items(rule, &format!("/{peers}"));
    let peer_fits =
        list.is_empty() || list.iter().any(|peer| peer_matches(store, policy, peer, other));
    port_fits && peer_fits
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
    fields::items(pod, "/spec/containers")
        .iter()
        .flat_map(|container| fields::items(container, "/ports"))
        .find(|port| {
            let own = fields::text(port, "/protocol");
            fields::text(port, "/name") == name && (own == protocol || own.is_empty())
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
