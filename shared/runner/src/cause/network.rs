//! Why a connection is blocked that should not be, or is open that should be blocked.
//!
//! Follows the semantics of `networking.k8s.io/v1 NetworkPolicy` for ingress: a pod that some policy
//! selects accepts what the rules of all selecting policies allow together.

use std::collections::BTreeMap;

use apimachinery::selector::LabelSelector;
use notebook::check::ConnectionExpectation;
use serde_json::Value;

use crate::check::connects::{connection, fits};
use crate::connect::{Outcome, Probe};
use crate::{Runner, Said};

type Labels = BTreeMap<String, String>;

/// One end of a connection.
struct End {
    namespace: String,
    pod: Labels,
    namespace_labels: Labels,
}

impl Runner {
    pub(super) async fn cause_of_connections(
        &self,
        connections: &[ConnectionExpectation],
    ) -> Option<Said> {
        for expectation in connections {
            let probe = self.probe_connection(&connection(expectation)).await;
            if !fits(expectation, &probe) {
                return self.cause_of_connection(expectation, probe).await;
            }
        }
        None
    }

    async fn cause_of_connection(
        &self,
        expectation: &ConnectionExpectation,
        probe: Probe,
    ) -> Option<Said> {
        let wanted = &expectation.connection;
        for pod in [&wanted.from, &wanted.to] {
            if let Some(cause) = self.cause_of_pod(pod).await {
                return Some(cause);
            }
        }
        let cause = match probe.outcome {
            Outcome::Unknown => return probe.reason,
            Outcome::Refused if !expectation.allowed => self.why_open(expectation).await,
            Outcome::Refused => None,
            Outcome::Allowed => self.why_open(expectation).await,
            Outcome::Blocked => self.why_blocked(expectation).await,
        };
        cause.or(probe.reason)
    }

    async fn end(&self, pod: &str) -> Option<End> {
        let (namespace, name) = pod.split_once('/')?;
        let live = self.client.get(&format!("/api/v1/namespaces/{namespace}/pods/{name}")).await;
        let space = self.client.get(&format!("/api/v1/namespaces/{namespace}")).await;
        Some(End {
            namespace: namespace.to_owned(),
            pod: labels(&live.ok()?, "/metadata/labels"),
            namespace_labels: labels(&space.ok()?, "/metadata/labels"),
        })
    }

    async fn policies(&self, namespace: &str) -> Option<Vec<Value>> {
        let path = format!("/apis/networking.k8s.io/v1/namespaces/{namespace}/networkpolicies");
        self.client.list(&path).await.ok()
    }

    /// It should be blocked and is open: nothing selects the target, or a rule admits the source.
    async fn why_open(&self, expectation: &ConnectionExpectation) -> Option<Said> {
        let target = self.end(&expectation.connection.to).await?;
        let source = self.end(&expectation.connection.from).await?;
        let policies = self.policies(&target.namespace).await?;
        let mut selecting = policies.iter().filter(|policy| isolates(policy, &target)).peekable();
        if selecting.peek().is_none() {
            let to = &expectation.connection.to;
            return Some(match policies.first() {
                None => Said::new("cause-no-policy").with("namespace", &target.namespace),
                Some(policy) => Said::new("cause-policy-selects-other")
                    .with("policy", name(policy))
                    .with("selector", selector_text(policy.pointer("/spec/podSelector")))
                    .with("pod", to),
            });
        }
        for policy in selecting {
            for rule in items(policy.pointer("/spec/ingress")) {
                let peers: Vec<&Value> = items(rule.get("from")).collect();
                if peers.is_empty() {
                    return Some(Said::new("cause-rule-admits-all").with("policy", name(policy)));
                }
                if let Some(peer) = peers.iter().find(|peer| admits(peer, &source, &target)) {
                    return Some(why_admitted(policy, &peers, peer));
                }
            }
        }
        None
    }

    /// It should be open and is blocked: the peer that comes nearest says what is missing.
    async fn why_blocked(&self, expectation: &ConnectionExpectation) -> Option<Said> {
        let target = self.end(&expectation.connection.to).await?;
        let source = self.end(&expectation.connection.from).await?;
        let policies = self.policies(&target.namespace).await?;
        let selecting = || policies.iter().filter(|policy| isolates(policy, &target));
        let mut nearest: Option<(u8, Said)> = None;
        for policy in selecting() {
            for peer in
                items(policy.pointer("/spec/ingress")).flat_map(|rule| items(rule.get("from")))
            {
                let Some(miss) = miss(policy, peer, &source, &target) else { continue };
                if nearest.as_ref().is_none_or(|(rank, _)| miss.0 < *rank) {
                    nearest = Some(miss);
                }
            }
        }
        if let Some((_, said)) = nearest {
            return Some(said);
        }
        let names: Vec<&str> = selecting().map(name).collect();
        let from = &expectation.connection.from;
        (!names.is_empty()).then(|| {
            Said::new("cause-no-rule").with("policies", names.join(", ")).with("pod", from)
        })
    }
}

/// Whether a policy selects a pod for ingress.
fn isolates(policy: &Value, target: &End) -> bool {
    let types: Vec<&str> =
        items(policy.pointer("/spec/policyTypes")).filter_map(Value::as_str).collect();
    (types.is_empty() || types.contains(&"Ingress"))
        && matches(policy.pointer("/spec/podSelector"), &target.pod)
}

/// Whether a peer admits a source.
fn admits(peer: &Value, source: &End, target: &End) -> bool {
    let (pods, namespaces) = (peer.get("podSelector"), peer.get("namespaceSelector"));
    if pods.is_none() && namespaces.is_none() {
        return false;
    }
    let namespace = match namespaces {
        Some(selector) => matches(Some(selector), &source.namespace_labels),
        None => source.namespace == target.namespace,
    };
    namespace && matches(pods, &source.pod)
}

fn why_admitted(policy: &Value, peers: &[&Value], peer: &Value) -> Said {
    let has = |peer: &Value, key: &str| peer.get(key).is_some();
    let whole_namespace = has(peer, "namespaceSelector") && !has(peer, "podSelector");
    let pods_alone =
        peers.iter().any(|other| has(other, "podSelector") && !has(other, "namespaceSelector"));
    let said = if whole_namespace && pods_alone {
        Said::new("cause-dash")
    } else {
        Said::new("cause-admitted")
    };
    let selector = peer.get("podSelector").or_else(|| peer.get("namespaceSelector"));
    said.with("policy", name(policy)).with("selector", selector_text(selector))
}

/// How a peer misses a source; smaller ranks are nearer.
fn miss(policy: &Value, peer: &Value, source: &End, target: &End) -> Option<(u8, Said)> {
    let (pods, namespaces) = (peer.get("podSelector"), peer.get("namespaceSelector"));
    let pod_fits = pods.is_some() && matches(pods, &source.pod);
    let policy = name(policy);
    match namespaces {
        Some(selector) => {
            let namespace_fits = matches(Some(selector), &source.namespace_labels);
            match (pods.is_none() || pod_fits, namespace_fits) {
                (true, false) => {
                    let said = Said::new("cause-namespace-label").with("policy", policy);
                    let said = said.with("namespace", &source.namespace);
                    Some((0, said.with("selector", selector_text(Some(selector)))))
                }
                (false, true) => {
                    let said = Said::new("cause-pod-label").with("policy", policy);
                    Some((1, said.with("selector", selector_text(pods))))
                }
                (true, true) | (false, false) => None,
            }
        }
        None if pod_fits && source.namespace != target.namespace => {
            let said = Said::new("cause-own-namespace-only").with("policy", policy);
            Some((2, said.with("namespace", &target.namespace)))
        }
        None if pods.is_some() && source.namespace == target.namespace => {
            let said = Said::new("cause-pod-label").with("policy", policy);
            Some((1, said.with("selector", selector_text(pods))))
        }
        None => None,
    }
}

/// A label selector; an absent one selects everything.
fn matches(selector: Option<&Value>, labels: &Labels) -> bool {
    selector.is_none_or(|selector| {
        LabelSelector::from_object(selector).is_ok_and(|selector| selector.matches(labels))
    })
}

fn selector_text(selector: Option<&Value>) -> String {
    let Some(selector) = selector else { return "{}".to_owned() };
    let pairs: Vec<String> = labels(selector, "/matchLabels")
        .iter()
        .map(|(key, value)| format!("{key}={value}"))
        .collect();
    if pairs.is_empty() { selector.to_string() } else { pairs.join(",") }
}

fn labels(object: &Value, pointer: &str) -> Labels {
    let map = object.pointer(pointer).and_then(Value::as_object);
    map.into_iter()
        .flatten()
        .filter_map(|(key, value)| Some((key.clone(), value.as_str()?.to_owned())))
        .collect()
}

fn items(value: Option<&Value>) -> impl Iterator<Item = &Value> {
    value.and_then(Value::as_array).into_iter().flatten()
}

fn name(object: &Value) -> &str {
    object.pointer("/metadata/name").and_then(Value::as_str).unwrap_or_default()
}
