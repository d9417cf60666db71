//! Who may connect to whom, told by the cluster and reckoned here from the few shapes of policies that journeys make.

use std::sync::Arc;

use cluster::Cluster;
use cluster::fields;
use cluster::store::Store;
use serde_json::Value;

use crate::send;

const POLICIES: &str = "networkpolicies.networking.k8s.io";
/// So many pods are asked about each other.
const FEW: usize = 5;

pub(super) fn wrong(cluster: &mut Cluster) -> Vec<String> {
    let store = cluster.apiserver().store();
    if store.list(POLICIES, None).is_empty() {
        return Vec::new();
    }
    let mut pods = store.list("pods", None);
    pods.retain(|pod| serves(pod));
    // One of each app.
    let place = |pod: &Arc<Value>| (app(pod), fields::namespace(pod).to_owned());
    pods.sort_by_key(place);
    pods.dedup_by_key(|pod| place(pod));
    pods.truncate(FEW);
    let mut expected = Vec::new();
    for source in &pods {
        for target in pods.iter().filter(|one| fields::uid(one) != fields::uid(source)) {
            let open = admits(store, source, target, ("Egress", "egress", "to"))
                && admits(store, target, source, ("Ingress", "ingress", "from"));
            expected.push((source.clone(), target.clone(), open));
        }
    }
    expected.iter().filter_map(|one| differs(cluster, one)).collect()
}

fn app(pod: &Value) -> String {
    fields::labels(pod).remove("app").unwrap_or_default()
}

fn serves(pod: &Value) -> bool {
    fields::condition_true(pod, "Ready")
        && !fields::deleting(pod)
        && fields::text(pod, "/spec/containers/0/image").starts_with("nginx:")
}

/// Whether the policies of a pod let the other through.
fn admits(
    store: &Store,
    own: &Value,
    other: &Value,
    (direction, rules, peers): (&str, &str, &str),
) -> bool {
    let mut over = store.list(POLICIES, Some(fields::namespace(own)));
    over.retain(|policy| {
        fields::items(policy, "/spec/policyTypes").iter().any(|one| one == direction)
            && fields::text(policy, "/spec/podSelector/matchLabels/app") == app(own)
    });
    let place = "/namespaceSelector/matchLabels/kubernetes.io~1metadata.name";
    let lets = |policy: &Arc<Value>| {
        let rules = fields::items(policy, &format!("/spec/{rules}"));
        let mut peers = rules.iter().flat_map(|rule| fields::items(rule, &format!("/{peers}")));
        peers.any(|peer| match fields::text(peer, place) {
            "" => {
                fields::namespace(own) == fields::namespace(other)
                    && fields::text(peer, "/podSelector/matchLabels/app") == app(other)
            }
            named => named == fields::namespace(other),
        })
    };
    over.is_empty() || over.iter().any(lets)
}

fn differs(
    cluster: &mut Cluster,
    (source, target, open): &(Arc<Value>, Arc<Value>, bool),
) -> Option<String> {
    let full = |pod: &Value| format!("{}/{}", fields::namespace(pod), fields::name(pod));
    let (from, to) = (full(source), full(target));
    let path = format!("/podium/v1/connect?from={from}&to={to}&port=80");
    let answer = send(cluster, "GET", &path, &Value::Null);
    let answer: Value = serde_json::from_slice(&answer).unwrap_or_default();
    let told = fields::text(&answer, "/outcome");
    let expected = if *open { "allowed" } else { "blocked" };
    (told != expected).then(|| format!("{from} to {to} is {told} instead of {expected}"))
}
