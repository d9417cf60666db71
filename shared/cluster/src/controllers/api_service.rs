//! Whether the services behind API groups can be reached
//! (`kube-aggregator/pkg/controllers/status/remote/remote_available_controller.go`).

use apimachinery::identity::Identity;
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::event_loop::{Component, Controller, Key, Plan, Write};
use crate::fields;
use crate::store::{Change, Store};

const RESOURCE: &str = "apiservices.apiregistration.k8s.io";
const SLICES: &str = "endpointslices.discovery.k8s.io";

/// The control loop.
pub(crate) struct Availability;

impl Controller for Availability {
    fn name(&self) -> &'static str {
        "apiservice-availability-controller"
    }

    /// The API server itself.
    fn component(&self) -> Component {
        Component {
            identity: Identity::user("system:apiserver", &["system:masters"]),
            field_manager: "kube-apiserver",
            source: "kube-apiserver".to_owned(),
            host: String::new(),
        }
    }

    fn triggers(&self, store: &Store, change: &Change) -> Vec<Key> {
        match change.resource.as_str() {
            RESOURCE => vec![Key::new("", &change.name)],
            "services" | SLICES => store
                .list(RESOURCE, None)
                .iter()
                .filter(|one| fields::text(one, "/spec/service/namespace") == change.namespace)
                .map(|one| Key::of(one))
                .collect(),
            _ => Vec::new(),
        }
    }

    fn reconcile(&self, store: &Store, key: &Key, now: Timestamp) -> Plan {
        let mut plan = Plan::nothing();
        let Some(service) = store.get(RESOURCE, "", &key.name) else { return plan };
        let (status, reason, message) = availability(store, &service);
        let same = |one: &Value| {
            fields::text(one, "/status") == status
                && fields::text(one, "/reason") == reason
                && fields::text(one, "/message") == message
        };
        let known = fields::condition(&service, "Available");
        if known.is_some_and(same) {
            return plan;
        }
        let since = known.filter(|known| fields::text(known, "/status") == status).map_or_else(
            || fields::seconds(now),
            |known| fields::text(known, "/lastTransitionTime").to_owned(),
        );
        let condition = json!({
            "type": "Available", "status": status, "reason": reason, "message": message,
            "lastTransitionTime": since,
        });
        let mut changed = (*service).clone();
        fields::put(&mut changed, "/status/conditions", json!([condition]));
        plan.writes.push(Write::update_subresource(RESOURCE, changed, "status"));
        plan
    }
}

fn availability(store: &Store, api_service: &Value) -> (&'static str, &'static str, String) {
    let namespace = fields::text(api_service, "/spec/service/namespace");
    let name = fields::text(api_service, "/spec/service/name");
    if name.is_empty() {
        return ("True", "Local", "Local APIServices are always available".to_owned());
    }
    let Some(service) = store.get("services", namespace, name) else {
        let text = format!("service/{name} in \"{namespace}\" is not present");
        return ("False", "ServiceNotFound", text);
    };
    let number = fields::number(api_service, "/spec/service/port").unwrap_or(443);
    let port = fields::items(&service, "/spec/ports")
        .iter()
        .find(|port| fields::number(port, "/port") == Some(number));
    let Some(port) = port else {
        let text = format!("service/{name} in \"{namespace}\" is not listening on port {number}");
        return ("False", "ServicePortError", text);
    };
    let port = fields::text(port, "/name");
    let slices = store.list(SLICES, Some(namespace));
    let mut own = slices
        .iter()
        .filter(|slice| {
            fields::labels(slice).get("kubernetes.io/service-name").is_some_and(|of| of == name)
        })
        .peekable();
    if own.peek().is_none() {
        let text = format!("cannot find endpointslices for service/{name} in \"{namespace}\"");
        return ("False", "EndpointsNotFound", text);
    }
    let ready = own
        .flat_map(|slice| fields::items(slice, "/endpoints"))
        .any(|endpoint| fields::flag(endpoint, "/conditions/ready"));
    if ready {
        ("True", "Passed", "all checks passed".to_owned())
    } else {
        let text = format!(
            "endpoints for service/{name} in \"{namespace}\" have no addresses with port name \"{port}\""
        );
        ("False", "MissingEndpoints", text)
    }
}
