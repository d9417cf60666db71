//! Endpoints of Services, for those who still read them (`pkg/controller/endpoint`).

use apimachinery::order::Order as _;
use std::collections::BTreeMap;
use std::sync::Arc;

use apimachinery::selector::LabelSelector;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::endpoint_slice::slice_port;
use super::trigger_time;
use crate::addon::Aggregation;
use crate::event_loop::{Component, Controller, Key, Plan, Write};
use crate::fields;
use crate::store::{Change, Store};

const RESOURCE: &str = "endpoints";
const LABEL: &str = "endpoints.kubernetes.io/managed-by";

/// The control loop.
pub(crate) struct Endpoints;

impl Controller for Endpoints {
    fn name(&self) -> &'static str {
        "endpoints-controller"
    }

    fn component(&self) -> Component {
        Component::controller("endpoint-controller", "endpoints-controller")
    }

    fn triggers(&self, store: &Store, change: &Change) -> Vec<Key> {
        match change.resource.as_str() {
            "services" => vec![Key::new(&change.namespace, &change.name)],
            "pods" => store
                .list("services", Some(&change.namespace))
                .iter()
                .map(|service| Key::of(service))
                .collect(),
            _ => Vec::new(),
        }
    }

    fn reconcile(&self, _store: &Store, _key: &Key, _now: Timestamp) -> Plan {
        Plan::nothing()
    }

    fn reconcile_with(&self, aggregation: &Aggregation<'_>, key: &Key) -> Plan {
        let mut plan = Plan::nothing();
        let store = aggregation.store;
        let known = store.get(RESOURCE, &key.namespace, &key.name);
        let Some(service) = store.get("services", &key.namespace, &key.name) else {
            plan.remember = Some(Value::Null);
            if let Some(known) = known {
                plan.writes.push(Write::delete(RESOURCE, &known, "Background"));
            }
            return plan;
        };
        let selector = fields::texts(&service, "/spec/selector");
        if selector.is_empty() || fields::deleting(&service) {
            return plan;
        }
        let selector = LabelSelector::from_map(&selector);
        let publishes = fields::flag(&service, "/spec/publishNotReadyAddresses");
        let mut pods = store.list("pods", Some(&key.namespace));
        pods.retain(|pod| selector.matches(&fields::labels(pod)));
        let (time, memory) = trigger_time::since(&service, &pods, aggregation.memory);
        plan.remember = Some(memory);
        let pods: Vec<Arc<Value>> = pods
            .into_iter()
            .filter(|pod| !fields::text(pod, "/status/podIP").is_empty())
            .filter(|pod| !matches!(fields::text(pod, "/status/phase"), "Succeeded" | "Failed"))
            .filter(|pod| publishes || !fields::deleting(pod))
            .collect();
        let subsets = subsets(&service, &pods, publishes);
        let mut labels = fields::labels(&service);
        labels.insert(LABEL.to_owned(), "endpoint-controller".to_owned());
        if fields::text(&service, "/spec/clusterIP") == "None" {
            labels.insert("service.kubernetes.io/headless".to_owned(), String::new());
        }
        write(key, (known.as_deref(), time.as_deref()), &subsets, &labels, &mut plan);
        plan
    }
}

fn write(
    key: &Key,
    (known, time): (Option<&Value>, Option<&str>),
    subsets: &[Value],
    labels: &BTreeMap<String, String>,
    plan: &mut Plan,
) {
    let Some(known) = known else {
        let mut object = json!({
            "apiVersion": "v1", "kind": "Endpoints",
            "metadata": { "name": key.name, "namespace": key.namespace, "labels": labels },
        });
        if !subsets.is_empty() {
            fields::put(&mut object, "/subsets", json!(subsets));
        }
        trigger_time::annotate(&mut object, time);
        plan.writes.push(Write::create(RESOURCE, object));
        return;
    };
    if fields::items(known, "/subsets") != subsets || fields::labels(known) != *labels {
        let mut changed = known.clone();
        fields::put(&mut changed, "/metadata/labels", json!(labels));
        let subsets = if subsets.is_empty() { Value::Null } else { json!(subsets) };
        fields::put(&mut changed, "/subsets", subsets);
        trigger_time::annotate(&mut changed, time);
        plan.writes.push(Write::update(RESOURCE, changed));
    }
}

/// Ports, and the addresses that are ready and that are not.
type Subset = (Vec<Value>, Vec<Value>, Vec<Value>);

/// Addresses by the ports that they have (`RepackSubsets`).
fn subsets(service: &Value, pods: &[Arc<Value>], publishes: bool) -> Vec<Value> {
    let mut by_ports: BTreeMap<String, Subset> = BTreeMap::new();
    for pod in pods {
        let own = std::slice::from_ref(pod);
        let ports: Vec<Value> = fields::items(service, "/spec/ports")
            .iter()
            .map(|port| {
                let mut port = slice_port(port, own);
                if let Some(map) = port.as_object_mut() {
                    map.retain(|key, value| key != "name" || value.as_str() != Some(""));
                }
                port
            })
            .filter(|port| port.get("port").is_some_and(|port| !port.is_null()))
            .collect();
        let headless = fields::items(service, "/spec/ports").is_empty();
        if ports.is_empty() && !headless {
            continue;
        }
        let slot = by_ports.entry(json!(ports).to_string()).or_default();
        slot.0 = ports;
        let ready = publishes || fields::condition_true(pod, "Ready");
        if ready { slot.1.push(address(pod)) } else { slot.2.push(address(pod)) }
    }
    by_ports
        .into_values()
        .map(|(ports, mut ready, mut waiting)| {
            let mut subset = json!({});
            for (key, list) in [("addresses", &mut ready), ("notReadyAddresses", &mut waiting)] {
                list.order_by_key(|one| fields::text(one, "/ip").to_owned());
                if !list.is_empty() {
                    fields::put(&mut subset, &format!("/{key}"), json!(list));
                }
            }
            if !ports.is_empty() {
                fields::put(&mut subset, "/ports", json!(ports));
            }
            subset
        })
        .collect()
}

fn address(pod: &Value) -> Value {
    let mut address = json!({
        "ip": fields::text(pod, "/status/podIP"),
        "nodeName": fields::text(pod, "/spec/nodeName"),
        "targetRef": {
            "kind": "Pod", "name": fields::name(pod), "namespace": fields::namespace(pod), "uid": fields::uid(pod),
        },
    });
    let named = fields::text(pod, "/spec/hostname");
    if !named.is_empty() && !fields::text(pod, "/spec/subdomain").is_empty() {
        fields::put(&mut address, "/hostname", json!(named));
    }
    address
}
