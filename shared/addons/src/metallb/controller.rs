//! Gives Services their addresses and takes them back (`controller/service.go`).

use cluster::event_loop::{Component, Controller, EventNote, Key, Plan, Write, reference};
use cluster::fields;
use cluster::store::{Change, Store};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::allocation::Wish;
use super::{FROM, NAMESPACE, POOLS, addresses, is_balancer, nodes_of};

/// The control loop.
pub(super) struct Addresses;

impl Controller for Addresses {
    fn name(&self) -> &'static str {
        "metallb-controller"
    }

    fn component(&self) -> Component {
        Component::account(NAMESPACE, "controller", "metallb-controller")
    }

    fn triggers(&self, store: &Store, change: &Change) -> Vec<Key> {
        let all = || {
            let mut services = store.list("services", None);
            services.retain(|service| is_balancer(service));
            services.iter().map(|service| Key::of(service)).collect::<Vec<_>>()
        };
        match change.resource.as_str() {
            POOLS => all(),
            "pods" if change.namespace == NAMESPACE => all(),
            // An address that is given back may be what another Service waits for.
            "services" => {
                let mut keys = vec![Key::new(&change.namespace, &change.name)];
                let had = change.old.as_ref().is_some_and(|old| !addresses(old).is_empty());
                let has = change.new.as_ref().is_some_and(|new| !addresses(new).is_empty());
                if had && !has {
                    keys.extend(all());
                }
                keys
            }
            _ => Vec::new(),
        }
    }

    fn reconcile(&self, store: &Store, key: &Key, _now: Timestamp) -> Plan {
        let mut plan = Plan::nothing();
        if nodes_of(store, "controller").is_empty() {
            return plan;
        }
        let Some(service) = store.get("services", &key.namespace, &key.name) else { return plan };
        if fields::deleting(&service) {
            return plan;
        }
        let pools = store.list(POOLS, Some(NAMESPACE));
        if !is_balancer(&service) || pools.is_empty() {
            clear(&service, &mut plan);
            return plan;
        }
        let mut others = store.list("services", None);
        others.retain(|other| fields::uid(other) != fields::uid(&service));
        let wish = Wish { service: &service, others: &others, pools: &pools };
        converge(&wish, &mut plan);
        plan
    }
}

/// Takes back what this loop has given.
fn clear(service: &Value, plan: &mut Plan) {
    if fields::annotation(service, FROM).is_empty() {
        return;
    }
    let (namespace, name) = (fields::namespace(service), fields::name(service));
    let annotations = json!({ "metadata": { "annotations": { FROM: null } } });
    plan.writes.push(Write::merge("services", namespace, name, annotations));
    if !addresses(service).is_empty() {
        let status = json!({ "status": { "loadBalancer": { "ingress": null } } });
        plan.writes.push(Write::merge_part("services", service, "status", status));
    }
}

fn converge(wish: &Wish<'_>, plan: &mut Plan) {
    let service = wish.service;
    let about = || reference(service, "v1", "Service");
    let key = format!("{}/{}", fields::namespace(service), fields::name(service));
    if let Some(address) = addresses(service).first().and_then(|one| one.parse().ok()) {
        match wish.keeps(address) {
            Ok(pool) if !wish.moves(address, &pool) => return,
            Ok(_) => {}
            Err(why) => {
                let text = format!(
                    "current IP for \"{key}\" not allowed by config, will attempt for new IP assignment: {why}"
                );
                plan.events.push(EventNote::normal(about(), "ClearAssignment", text));
            }
        }
    }
    match wish.address() {
        Ok((address, pool)) => {
            let (namespace, name) = (fields::namespace(service), fields::name(service));
            let annotations = json!({ "metadata": { "annotations": { FROM: pool } } });
            plan.writes.push(Write::merge("services", namespace, name, annotations));
            let status = json!({ "status": { "loadBalancer": { "ingress": [
                { "ip": address.to_string(), "ipMode": "VIP" },
            ] } } });
            let given =
                EventNote::normal(about(), "IPAllocated", format!("Assigned IP [\"{address}\"]"));
            plan.writes.push(Write::merge_part("services", service, "status", status).then(given));
        }
        Err(why) => {
            clear(service, plan);
            let text = format!("Failed to allocate IP for \"{key}\": {why}");
            plan.events.push(EventNote::warning(about(), "AllocationFailed", text));
        }
    }
}
