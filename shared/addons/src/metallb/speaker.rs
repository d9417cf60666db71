//! Which node answers for an address (`speaker/layer2_controller.go`): of those that may, the one whose name comes
//! first when it is mixed with the address.

use cluster::addon::Aggregation;
use cluster::event_loop::{Component, Controller, EventNote, Key, Plan, reference};
use cluster::fields;
use cluster::rng::Stream;
use cluster::store::{Change, Store};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::{ADVERTISEMENTS, FROM, NAMESPACE, addresses, is_balancer, nodes_of};

const SLICES: &str = "endpointslices.discovery.k8s.io";
/// Nodes with this label announce nothing.
const EXCLUDED: &str = "node.kubernetes.io/exclude-from-external-load-balancers";

/// The control loop.
pub(super) struct Announcements;

impl Controller for Announcements {
    fn name(&self) -> &'static str {
        "metallb-speaker"
    }

    fn component(&self) -> Component {
        Component::account(NAMESPACE, "speaker", "metallb-speaker")
    }

    fn triggers(&self, store: &Store, change: &Change) -> Vec<Key> {
        match change.resource.as_str() {
            "services" => vec![Key::new(&change.namespace, &change.name)],
            SLICES => {
                let slice = change.new.as_ref().or(change.old.as_ref());
                let name = slice.and_then(|slice| {
                    fields::labels(slice).get("kubernetes.io/service-name").cloned()
                });
                name.map(|name| vec![Key::new(&change.namespace, &name)]).unwrap_or_default()
            }
            ADVERTISEMENTS => balancers(store),
            "pods" if change.namespace == NAMESPACE => balancers(store),
            _ => Vec::new(),
        }
    }

    fn reconcile(&self, _store: &Store, _key: &Key, _now: Timestamp) -> Plan {
        Plan::nothing()
    }

    fn reconcile_with(&self, seen: &Aggregation<'_>, key: &Key) -> Plan {
        let mut plan = Plan::nothing();
        let Some(service) = seen.store.get("services", &key.namespace, &key.name) else {
            return plan;
        };
        let node = announcer(seen.store, &service);
        let before = seen.memory.as_str().unwrap_or_default();
        if node.as_deref().unwrap_or_default() == before {
            return plan;
        }
        if let Some(node) = &node {
            let text = format!("announcing from node \"{node}\" with protocol \"layer2\"");
            let about = reference(&service, "v1", "Service");
            plan.events.push(EventNote::normal(about, "nodeAssigned", text));
        }
        plan.remember = Some(json!(node.unwrap_or_default()));
        plan
    }
}

fn balancers(store: &Store) -> Vec<Key> {
    let mut services = store.list("services", None);
    services.retain(|service| is_balancer(service));
    services.iter().map(|service| Key::of(service)).collect()
}

/// The node that answers for the address of a Service.
fn announcer(store: &Store, service: &Value) -> Option<String> {
    let address = addresses(service).into_iter().next()?;
    let pool = fields::annotation(service, FROM);
    let mut advertised = store.list(ADVERTISEMENTS, Some(NAMESPACE)).into_iter();
    if !advertised.any(|one| {
        let pools = fields::items(&one, "/spec/ipAddressPools");
        pools.is_empty() || pools.iter().any(|one| one.as_str() == Some(pool))
    }) {
        return None;
    }
    let mut serving = Vec::new();
    for slice in store.list(SLICES, Some(fields::namespace(service))) {
        let of = fields::labels(&slice);
        if of.get("kubernetes.io/service-name").is_none_or(|name| name != fields::name(service)) {
            continue;
        }
        let ready = fields::items(&slice, "/endpoints").iter().filter(|one| {
            one.pointer("/conditions/ready").and_then(Value::as_bool).unwrap_or(true)
        });
        serving.extend(ready.map(|one| fields::text(one, "/nodeName").to_owned()));
    }
    if serving.is_empty() {
        return None;
    }
    let local = fields::text(service, "/spec/externalTrafficPolicy") == "Local";
    let mut nodes = nodes_of(store, "speaker");
    nodes.retain(|name| {
        let node = store.get("nodes", "", name);
        let able = node.is_some_and(|node| {
            fields::condition_true(&node, "Ready") && !fields::labels(&node).contains_key(EXCLUDED)
        });
        able && (!local || serving.contains(name))
    });
    nodes.into_iter().min_by_key(|node| Stream::new(0, &format!("{node}#{address}")).next())
}
