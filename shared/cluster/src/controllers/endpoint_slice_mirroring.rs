//! EndpointSlices of Endpoints that somebody wrote by hand, for a Service without a selector
//! (`pkg/controller/endpointslicemirroring`).

mod subsets;

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Value, json};

use self::subsets::Mirrored;
use super::pod_template::owner_reference;
use crate::event_loop::{Component, Controller, EventNote, Key, Plan, Write, reference};
use crate::fields;
use crate::store::{Change, Store};

const SLICES: &str = "endpointslices.discovery.k8s.io";
const SERVICE: &str = "kubernetes.io/service-name";
const MANAGER: &str = "endpointslice.kubernetes.io/managed-by";
const OURS: &str = "endpointslicemirroring-controller.k8s.io";
const SKIP: &str = "endpointslice.kubernetes.io/skip-mirror";
const LEADER: &str = "control-plane.alpha.kubernetes.io/leader";
/// Annotations that are about the Endpoints themselves.
const OWN: [&str; 2] = [
    "endpoints.kubernetes.io/last-change-trigger-time",
    "kubectl.kubernetes.io/last-applied-configuration",
];
/// `--mirroring-max-endpoints-per-subset`.
const MOST: usize = 1000;

/// The control loop.
pub(crate) struct Mirroring;

impl Controller for Mirroring {
    fn name(&self) -> &'static str {
        "endpointslice-mirroring-controller"
    }

    fn component(&self) -> Component {
        Component::controller(
            "endpointslicemirroring-controller",
            "endpoint-slice-mirroring-controller",
        )
    }

    fn triggers(&self, _store: &Store, change: &Change) -> Vec<Key> {
        match change.resource.as_str() {
            "services" | "endpoints" => vec![Key::new(&change.namespace, &change.name)],
            SLICES => [&change.old, &change.new]
                .into_iter()
                .flatten()
                .map(|slice| fields::labels(slice))
                .filter(|labels| labels.get(MANAGER).is_some_and(|name| name == OURS))
                .filter_map(|labels| Some(Key::new(&change.namespace, labels.get(SERVICE)?)))
                .collect(),
            _ => Vec::new(),
        }
    }

    fn reconcile(&self, store: &Store, key: &Key, _now: Timestamp) -> Plan {
        let mut plan = Plan::nothing();
        let mut known = store.list(SLICES, Some(&key.namespace));
        known.retain(|slice| {
            let labels = fields::labels(slice);
            labels.get(SERVICE) == Some(&key.name)
                && labels.get(MANAGER).is_some_and(|name| name == OURS)
        });
        match mirrored(store, key) {
            Some(endpoints) => mirror(&endpoints, known, &mut plan),
            None => plan
                .writes
                .extend(known.iter().map(|slice| Write::delete(SLICES, slice, "Background"))),
        }
        plan
    }
}

/// The Endpoints of this name, if slices are to be made of them.
fn mirrored(store: &Store, key: &Key) -> Option<Arc<Value>> {
    let endpoints = store.get("endpoints", &key.namespace, &key.name)?;
    let service = store.get("services", &key.namespace, &key.name)?;
    let selects = service.pointer("/spec/selector").is_some_and(|selector| !selector.is_null());
    let skipped = fields::labels(&endpoints).get(SKIP).is_some_and(|value| value == "true");
    let leads = endpoints
        .pointer("/metadata/annotations")
        .is_some_and(|annotations| annotations.get(LEADER).is_some());
    (!selects && !skipped && !leads).then_some(endpoints)
}

/// One slice for each family of addresses and list of ports (`reconciler.reconcile`); slices that would go are used
/// again for others (`recycleSlices`).
fn mirror(endpoints: &Value, mut known: Vec<Arc<Value>>, plan: &mut Plan) {
    let (wanted, skipped) = subsets::mirrored(fields::items(endpoints, "/subsets"), MOST);
    if skipped > 0 {
        let text = format!(
            "A max of {MOST} addresses can be mirrored to EndpointSlices per Endpoints subset. {skipped} addresses \
             were skipped"
        );
        let about = reference(endpoints, "v1", "Endpoints");
        plan.events.push(EventNote::warning(about, "TooManyAddressesToMirror", text));
    }
    let mut left = Vec::new();
    for one in wanted {
        let same = |slice: &Arc<Value>| {
            fields::text(slice, "/addressType") == one.family
                && fields::items(slice, "/ports") == one.ports
        };
        match known.iter().position(same) {
            Some(index) => refresh(endpoints, &known.remove(index), &one, plan),
            None => left.push(one),
        }
    }
    for one in left {
        let recycled =
            known.iter().position(|slice| fields::text(slice, "/addressType") == one.family);
        match recycled {
            Some(index) => refresh(endpoints, &known.remove(index), &one, plan),
            None if fields::deleting(endpoints) => {}
            None => plan.writes.push(Write::create(SLICES, slice(endpoints, None, &one))),
        }
    }
    plan.writes.extend(known.iter().map(|slice| Write::delete(SLICES, slice, "Background")));
}

/// Writes a slice again where it is not what it should be.
fn refresh(endpoints: &Value, known: &Value, one: &Mirrored, plan: &mut Plan) {
    let next = slice(endpoints, Some(fields::name(known)), one);
    let owner = |slice: &Value| {
        fields::controller_of(slice).map(|one| fields::text(one, "/uid").to_owned())
    };
    let same = fields::items(known, "/endpoints") == one.endpoints
        && fields::items(known, "/ports") == one.ports
        && fields::labels(known) == fields::labels(&next)
        && fields::texts(known, "/metadata/annotations")
            == fields::texts(&next, "/metadata/annotations")
        && owner(known) == owner(&next);
    if !same {
        plan.writes.push(Write::update(SLICES, next));
    }
}

/// `newEndpointSlice`.
fn slice(endpoints: &Value, name: Option<&str>, one: &Mirrored) -> Value {
    let mut labels = fields::labels(endpoints);
    labels.insert(SERVICE.to_owned(), fields::name(endpoints).to_owned());
    labels.insert(MANAGER.to_owned(), OURS.to_owned());
    let mut annotations: BTreeMap<String, String> =
        fields::texts(endpoints, "/metadata/annotations");
    annotations.retain(|key, _| !OWN.contains(&key.as_str()));
    let mut slice = json!({
        "apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice",
        "metadata": {
            "namespace": fields::namespace(endpoints), "labels": labels,
            "ownerReferences": [owner_reference(endpoints, "v1", "Endpoints")],
        },
        "addressType": one.family, "endpoints": one.endpoints, "ports": one.ports,
    });
    if let Some(name) = name {
        fields::put(&mut slice, "/metadata/name", json!(name));
    } else {
        let prefix = format!("{}-", fields::name(endpoints));
        fields::put(&mut slice, "/metadata/generateName", json!(prefix));
    }
    if !annotations.is_empty() {
        fields::put(&mut slice, "/metadata/annotations", json!(annotations));
    }
    slice
}
