//! What the API server itself keeps in step with objects: the IPAddress of a Service's address
//! (`pkg/registry/core/service/ipallocator/ipallocator.go`), and the APIService of each version of a group of custom
//! resources (`pkg/controlplane/controller/crdregistration/crdregistration_controller.go`).

use std::collections::BTreeSet;

use apimachinery::object;
use apimachinery::time::format_rfc3339;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::{Apiserver, first_fields, uuid};
use crate::fields::{flag, items, put, text};
use crate::store::Change;

/// Where addresses are kept.
pub(crate) const ADDRESSES: &str = "ipaddresses.networking.k8s.io";
const API_SERVICES: &str = "apiservices.apiregistration.k8s.io";
const DEFINITIONS: &str = "customresourcedefinitions.apiextensions.k8s.io";
/// On API services that come and go with what they are made of.
const MANAGED: &str = "kube-aggregator.kubernetes.io/automanaged";
/// `crdregistration_controller.go`: after all that is built in.
const GROUP_PRIORITY: i64 = 1000;
const VERSION_PRIORITY: i64 = 100;

/// An address that belongs to a Service.
pub(super) fn address(address: &str, namespace: &str, service: &str) -> Value {
    json!({
        "apiVersion": "networking.k8s.io/v1", "kind": "IPAddress",
        "metadata": {"name": address, "labels": {
            "ipaddress.kubernetes.io/ip-family": "IPv4",
            "ipaddress.kubernetes.io/managed-by": "ipallocator.k8s.io",
        }},
        "spec": {"parentRef": {"name": service, "namespace": namespace, "resource": "services"}},
    })
}

fn api_service(group: &str, version: &str, now: &str) -> Value {
    json!({
        "apiVersion": "apiregistration.k8s.io/v1", "kind": "APIService",
        "metadata": {"name": format!("{version}.{group}"), "labels": {MANAGED: "true"}},
        "spec": {
            "group": group, "groupPriorityMinimum": GROUP_PRIORITY,
            "version": version, "versionPriority": VERSION_PRIORITY,
        },
        "status": {"conditions": [{
            "type": "Available", "status": "True", "reason": "Local",
            "message": "Local APIServices are always available", "lastTransitionTime": now,
        }]},
    })
}

impl Apiserver {
    /// Keeps what follows from the changes since a revision.
    pub(super) fn follow_up(&mut self, since: u64, now: Timestamp) {
        if self.store.revision() == since {
            return;
        }
        let mut groups = BTreeSet::new();
        for change in self.store.changes_since(since) {
            match change.resource.as_str() {
                "services" => self.keep_addresses(&change, now),
                DEFINITIONS => {
                    let either = change.new.iter().chain(&change.old);
                    groups.extend(either.map(|one| text(one, "/spec/group").to_owned()));
                }
                _ => {}
            }
        }
        for group in groups {
            self.keep_api_services(&group, now);
        }
    }

    fn keep_addresses(&mut self, change: &Change, now: Timestamp) {
        let of = |service: Option<&Value>| -> BTreeSet<String> {
            let all = service.into_iter().flat_map(|service| items(service, "/spec/clusterIPs"));
            let all = all.filter_map(Value::as_str).filter(|one| *one != "None");
            all.map(str::to_owned).collect()
        };
        let (old, new) = (of(change.old.as_deref()), of(change.new.as_deref()));
        for gone in old.difference(&new) {
            self.store.remove(ADDRESSES, "", gone);
        }
        for come in new.difference(&old) {
            self.add(ADDRESSES, address(come, &change.namespace, &change.name), now);
        }
    }

    /// One for each version that some definition of the group serves.
    fn keep_api_services(&mut self, group: &str, now: Timestamp) {
        let definitions = self.store.list(DEFINITIONS, None);
        let wanted: BTreeSet<&str> = definitions
            .iter()
            .filter(|one| text(one, "/spec/group") == group)
            .flat_map(|one| items(one, "/spec/versions"))
            .filter(|version| flag(version, "/served"))
            .map(|version| text(version, "/name"))
            .collect();
        for known in self.store.list(API_SERVICES, None) {
            let managed = object::labels(&known).get(MANAGED).is_some_and(|word| word == "true");
            let own = managed && text(&known, "/spec/group") == group;
            if own && !wanted.contains(text(&known, "/spec/version")) {
                self.store.remove(API_SERVICES, "", object::name(&known));
            }
        }
        for version in wanted {
            if self.store.get(API_SERVICES, "", &format!("{version}.{group}")).is_none() {
                let service = api_service(group, version, &format_rfc3339(now));
                self.add(API_SERVICES, service, now);
            }
        }
    }

    fn add(&mut self, key: &str, mut value: Value, now: Timestamp) {
        put(&mut value, "/metadata/creationTimestamp", json!(format_rfc3339(now)));
        put(&mut value, "/metadata/uid", json!(uuid(&mut self.own_uids)));
        first_fields::own(&mut value, now);
        let name = object::name(&value).to_owned();
        self.store.put(key, "", &name, value);
    }
}
