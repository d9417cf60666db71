//! EndpointSlices and Endpoints of Services (`pkg/controller/endpointslice`, `pkg/controller/endpoint`).

use std::collections::BTreeMap;
use std::sync::Arc;

use apimachinery::selector::LabelSelector;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::trigger_time;
use crate::addon::Aggregation;
use crate::event_loop::{Component, Controller, Key, Plan, Write};
use crate::fields;
use crate::store::{Change, Store};

const SLICES: &str = "endpointslices.discovery.k8s.io";
const SERVICE: &str = "kubernetes.io/service-name";
const MANAGER: &str = "endpointslice.kubernetes.io/managed-by";
const OURS: &str = "endpointslice-controller.k8s.io";
const HEADLESS: &str = "service.kubernetes.io/headless";
/// `--max-endpoints-per-slice`.
const LARGEST: usize = 100;

/// The control loop.
pub(crate) struct EndpointSlices;

impl Controller for EndpointSlices {
    fn name(&self) -> &'static str {
        "endpointslice-controller"
    }

    fn component(&self) -> Component {
        Component::controller("endpointslice-controller", "endpointslice-controller")
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
        let Some(service) = store.get("services", &key.namespace, &key.name) else {
            plan.remember = Some(Value::Null);
            return plan;
        };
        let selector = fields::texts(&service, "/spec/selector");
        if selector.is_empty()
            || fields::deleting(&service)
            || fields::text(&service, "/spec/type") == "ExternalName"
        {
            return plan;
        }
        let selector = LabelSelector::from_map(&selector);
        let mut pods = store.list("pods", Some(&key.namespace));
        pods.retain(|pod| selector.matches(&fields::labels(pod)));
        let (time, memory) = trigger_time::since(&service, &pods, aggregation.memory);
        plan.remember = Some(memory);
        pods.retain(|pod| {
            !fields::text(pod, "/status/podIP").is_empty()
                && !matches!(fields::text(pod, "/status/phase"), "Succeeded" | "Failed")
        });
        let mut known = store.list(SLICES, Some(&key.namespace));
        known.retain(|slice| {
            let labels = fields::labels(slice);
            labels.get(SERVICE).is_some_and(|name| *name == key.name)
                && labels.get(MANAGER).is_some_and(|name| name == OURS)
        });
        write((&service, time.as_deref()), wanted(store, &service, &pods), known, &mut plan);
        plan
    }
}

/// Endpoints of the same ports share slices (`reconciler.go reconcileByAddressType`); without any there is one
/// slice that has neither.
type Wanted = Vec<(Option<Vec<Value>>, Option<Vec<Value>>)>;

fn wanted(store: &Store, service: &Value, pods: &[Arc<Value>]) -> Wanted {
    let mut by_ports: BTreeMap<String, (Vec<Value>, Vec<Value>)> = BTreeMap::new();
    for pod in pods {
        let ports: Vec<Value> = fields::items(service, "/spec/ports")
            .iter()
            .map(|port| slice_port(port, std::slice::from_ref(pod)))
            .filter(|port| port.get("port").is_some_and(|port| !port.is_null()))
            .collect();
        let slot = by_ports.entry(json!(ports).to_string()).or_default();
        slot.0 = ports;
        slot.1.push(endpoint(store, service, pod));
    }
    let mut wanted: Wanted = Vec::new();
    for (ports, endpoints) in by_ports.into_values() {
        for chunk in endpoints.chunks(LARGEST) {
            wanted.push((Some(ports.clone()), Some(chunk.to_vec())));
        }
    }
    if wanted.is_empty() {
        wanted.push((None, None));
    }
    wanted
}

/// Slices with the same ports are kept; of the others as many as possible are used again (`recycleSlices`).
fn write(
    (service, time): (&Value, Option<&str>),
    mut wanted: Wanted,
    mut known: Vec<Arc<Value>>,
    plan: &mut Plan,
) {
    let mut pairs = Vec::new();
    for exact in [true, false] {
        let mut left = Vec::new();
        for (ports, endpoints) in wanted {
            let found = known.iter().position(|slice| {
                !exact || fields::items(slice, "/ports") == ports.as_deref().unwrap_or_default()
            });
            match found {
                Some(index) => pairs.push((known.remove(index), ports, endpoints)),
                None => left.push((ports, endpoints)),
            }
        }
        wanted = left;
    }
    let labels = labels(service);
    for (slice, ports, endpoints) in pairs {
        let same = |key: &str, list: &Option<Vec<Value>>| {
            fields::items(&slice, key) == list.as_deref().unwrap_or_default()
        };
        if !same("/endpoints", &endpoints)
            || !same("/ports", &ports)
            || fields::labels(&slice) != labels
        {
            let mut changed = (*slice).clone();
            fields::put(&mut changed, "/metadata/labels", json!(labels));
            fields::put(&mut changed, "/endpoints", json!(endpoints));
            fields::put(&mut changed, "/ports", json!(ports));
            trigger_time::annotate(&mut changed, time);
            plan.writes.push(Write::update(SLICES, changed));
        }
    }
    for (ports, endpoints) in wanted {
        let mut slice = slice(service, endpoints, ports);
        trigger_time::annotate(&mut slice, time);
        plan.writes.push(Write::create(SLICES, slice));
    }
    for slice in known {
        plan.writes.push(Write::delete(SLICES, &slice, "Background"));
    }
}

/// `podToEndpoint`.
fn endpoint(store: &Store, service: &Value, pod: &Value) -> Value {
    let terminating = fields::deleting(pod);
    let serving = fields::condition_true(pod, "Ready");
    let published = fields::flag(service, "/spec/publishNotReadyAddresses");
    let node = fields::text(pod, "/spec/nodeName");
    let mut endpoint = json!({
        "addresses": [fields::text(pod, "/status/podIP")],
        "conditions": {
            "ready": published || (serving && !terminating), "serving": serving,
            "terminating": terminating,
        },
        "nodeName": node,
        "targetRef": {
            "kind": "Pod", "name": fields::name(pod), "namespace": fields::namespace(pod), "uid": fields::uid(pod),
        },
    });
    let zone = store
        .get("nodes", "", node)
        .and_then(|node| fields::labels(&node).get("topology.kubernetes.io/zone").cloned());
    if let Some(zone) = zone.filter(|zone| !zone.is_empty()) {
        fields::put(&mut endpoint, "/zone", json!(zone));
    }
    // `ShouldSetHostname`: what a headless Service is asked for by name.
    let hostname = fields::text(pod, "/spec/hostname");
    if !hostname.is_empty() && fields::text(pod, "/spec/subdomain") == fields::name(service) {
        fields::put(&mut endpoint, "/hostname", json!(hostname));
    }
    endpoint
}

/// `FindPort`.
pub(super) fn slice_port(port: &Value, pods: &[Arc<Value>]) -> Value {
    let protocol = fields::text(port, "/protocol");
    let number = match port.get("targetPort") {
        Some(Value::String(name)) => pods
            .iter()
            .flat_map(|pod| {
                let sidecars = fields::items(pod, "/spec/initContainers").iter();
                let sidecars =
                    sidecars.filter(|one| fields::text(one, "/restartPolicy") == "Always");
                fields::items(pod, "/spec/containers").iter().chain(sidecars)
            })
            .flat_map(|container| fields::items(container, "/ports"))
            .find(|one| {
                fields::text(one, "/name") == name && fields::text(one, "/protocol") == protocol
            })
            .and_then(|one| fields::number(one, "/containerPort")),
        Some(value) => value.as_i64(),
        None => fields::number(port, "/port"),
    };
    let mut shown =
        json!({ "name": fields::text(port, "/name"), "port": number, "protocol": protocol });
    if let Some(application) = port.get("appProtocol") {
        fields::put(&mut shown, "/appProtocol", application.clone());
    }
    shown
}

fn labels(service: &Value) -> BTreeMap<String, String> {
    let mut labels = fields::labels(service);
    labels.remove(HEADLESS);
    if fields::text(service, "/spec/clusterIP") == "None" {
        labels.insert(HEADLESS.to_owned(), String::new());
    }
    labels.insert(SERVICE.to_owned(), fields::name(service).to_owned());
    labels.insert(MANAGER.to_owned(), OURS.to_owned());
    labels
}

fn slice(service: &Value, endpoints: Option<Vec<Value>>, ports: Option<Vec<Value>>) -> Value {
    json!({
        "apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice",
        "metadata": {
            "generateName": format!("{}-", fields::name(service)),
            "namespace": fields::namespace(service),
            "labels": labels(service),
            "ownerReferences": [{
                "apiVersion": "v1", "kind": "Service", "name": fields::name(service), "uid": fields::uid(service),
                "controller": true, "blockOwnerDeletion": true,
            }],
        },
        "addressType": "IPv4", "endpoints": endpoints, "ports": ports,
    })
}
