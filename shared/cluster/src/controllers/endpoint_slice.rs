//! EndpointSlices and Endpoints of Services (`pkg/controller/endpointslice`, `pkg/controller/endpoint`).

use std::sync::Arc;

use apimachinery::selector::LabelSelector;
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::event_loop::{Component, Controller, Key, Plan, Write};
use crate::fields;
use crate::store::{Change, Store};

const SLICES: &str = "endpointslices.discovery.k8s.io";

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

    fn reconcile(&self, store: &Store, key: &Key, _now: Timestamp) -> Plan {
        let mut plan = Plan::nothing();
        let Some(service) = store.get("services", &key.namespace, &key.name) else { return plan };
        let selector = fields::texts(&service, "/spec/selector");
        if selector.is_empty() || fields::deleting(&service) {
            return plan;
        }
        let selector = LabelSelector::from_map(&selector);
        let pods: Vec<Arc<Value>> = store
            .list("pods", Some(&key.namespace))
            .into_iter()
            .filter(|pod| selector.matches(&fields::labels(pod)))
            .filter(|pod| !fields::text(pod, "/status/podIP").is_empty())
            .filter(|pod| !matches!(fields::text(pod, "/status/phase"), "Succeeded" | "Failed"))
            .collect();
        let endpoints: Vec<Value> = pods.iter().map(|pod| endpoint(pod)).collect();
        // A slice without endpoints tells no ports: those of a slice are what its endpoints have.
        let ports = (!pods.is_empty()).then(|| {
            let all = fields::items(&service, "/spec/ports").iter();
            all.map(|port| slice_port(port, &pods)).collect::<Vec<Value>>()
        });
        let endpoints = (!endpoints.is_empty()).then_some(endpoints);
        let known = store.list(SLICES, Some(&key.namespace)).into_iter().find(|slice| {
            fields::labels(slice)
                .get("kubernetes.io/service-name")
                .is_some_and(|name| *name == key.name)
        });
        match known {
            None => plan.writes.push(Write::create(SLICES, slice(&service, endpoints, ports))),
            Some(known) => {
                let same = |key: &str, list: &Option<Vec<Value>>| {
                    fields::items(&known, key) == list.as_deref().unwrap_or_default()
                };
                if !same("/endpoints", &endpoints) || !same("/ports", &ports) {
                    let mut changed = (*known).clone();
                    fields::put(&mut changed, "/endpoints", json!(endpoints));
                    fields::put(&mut changed, "/ports", json!(ports));
                    plan.writes.push(Write::update(SLICES, changed));
                }
            }
        }
        plan
    }
}

fn endpoint(pod: &Value) -> Value {
    let terminating = fields::deleting(pod);
    let serving = fields::condition_true(pod, "Ready");
    json!({
        "addresses": [fields::text(pod, "/status/podIP")],
        "conditions": { "ready": serving && !terminating, "serving": serving, "terminating": terminating },
        "nodeName": fields::text(pod, "/spec/nodeName"),
        "targetRef": {
            "kind": "Pod", "name": fields::name(pod), "namespace": fields::namespace(pod), "uid": fields::uid(pod),
        },
    })
}

pub(super) fn slice_port(port: &Value, pods: &[Arc<Value>]) -> Value {
    let number = match port.get("targetPort") {
        Some(Value::String(name)) => pods
            .iter()
            .flat_map(|pod| fields::items(pod, "/spec/containers"))
            .flat_map(|container| fields::items(container, "/ports"))
            .find(|one| fields::text(one, "/name") == name)
            .and_then(|one| fields::number(one, "/containerPort")),
        Some(value) => value.as_i64(),
        None => fields::number(port, "/port"),
    };
    json!({ "name": fields::text(port, "/name"), "port": number, "protocol": fields::text(port, "/protocol") })
}

fn slice(service: &Value, endpoints: Option<Vec<Value>>, ports: Option<Vec<Value>>) -> Value {
    let mut labels = fields::labels(service);
    labels.insert("kubernetes.io/service-name".to_owned(), fields::name(service).to_owned());
    labels.insert(
        "endpointslice.kubernetes.io/managed-by".to_owned(),
        "endpointslice-controller.k8s.io".to_owned(),
    );
    json!({
        "apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice",
        "metadata": {
            "generateName": format!("{}-", fields::name(service)),
            "namespace": fields::namespace(service),
            "labels": labels,
            "ownerReferences": [{
                "apiVersion": "v1", "kind": "Service", "name": fields::name(service), "uid": fields::uid(service),
                "controller": true, "blockOwnerDeletion": true,
            }],
        },
        "addressType": "IPv4", "endpoints": endpoints, "ports": ports,
    })
}
