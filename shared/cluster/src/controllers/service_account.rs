//! The default ServiceAccount and the root CA of each namespace (`pkg/controller/serviceaccount`,
//! `pkg/controller/certificates/rootcacertpublisher`).

use jiff::Timestamp;
use serde_json::json;

use crate::event_loop::{Component, Controller, Key, Plan, Write};
use crate::fields;
use crate::store::{Change, Store};

/// Makes `default` in every namespace.
pub(crate) struct ServiceAccounts;

/// Publishes the CA in every namespace.
pub(crate) struct RootCa {
    /// The certificate, PEM.
    pub(crate) authority: String,
}

/// Where the host has no certificate authority; pods of the embedded cluster never open a TLS connection, so this
/// text only has to be there.
pub(super) const CA: &str = "-----BEGIN CERTIFICATE-----\nUG9kaXVtJ3MgZW1iZWRkZWQgY2x1c3Rlcg==\n-----END CERTIFICATE-----\n";

fn namespaces(change: &Change, own: &str) -> Vec<Key> {
    match change.resource.as_str() {
        "namespaces" => vec![Key::new("", &change.name)],
        resource if resource == own => vec![Key::new("", &change.namespace)],
        _ => Vec::new(),
    }
}

fn alive(store: &Store, name: &str) -> bool {
    store.get("namespaces", "", name).is_some_and(|namespace| !fields::deleting(&namespace))
}

impl Controller for ServiceAccounts {
    fn name(&self) -> &'static str {
        "serviceaccount-controller"
    }

    fn component(&self) -> Component {
        Component::controller("service-account-controller", "serviceaccount-controller")
    }

    fn triggers(&self, _store: &Store, change: &Change) -> Vec<Key> {
        namespaces(change, "serviceaccounts")
    }

    fn reconcile(&self, store: &Store, key: &Key, _now: Timestamp) -> Plan {
        let mut plan = Plan::nothing();
        if alive(store, &key.name) && store.get("serviceaccounts", &key.name, "default").is_none() {
            let account = json!({
                "apiVersion": "v1", "kind": "ServiceAccount",
                "metadata": { "name": "default", "namespace": key.name },
            });
            plan.writes.push(Write::create("serviceaccounts", account));
        }
        plan
    }
}

impl Controller for RootCa {
    fn name(&self) -> &'static str {
        "root-ca-certificate-publisher-controller"
    }

    fn component(&self) -> Component {
        Component::controller("root-ca-cert-publisher", "root-ca-certificate-publisher-controller")
    }

    fn triggers(&self, _store: &Store, change: &Change) -> Vec<Key> {
        namespaces(change, "configmaps")
    }

    fn reconcile(&self, store: &Store, key: &Key, _now: Timestamp) -> Plan {
        let mut plan = Plan::nothing();
        if alive(store, &key.name)
            && store.get("configmaps", &key.name, "kube-root-ca.crt").is_none()
        {
            let text = "Contains a CA bundle that can be used to verify the kube-apiserver when using internal \
                        endpoints such as the internal service IP or kubernetes.default.svc. No other usage is \
                        guaranteed across distributions of Kubernetes clusters.";
            let map = json!({
                "apiVersion": "v1", "kind": "ConfigMap",
                "metadata": {
                    "name": "kube-root-ca.crt", "namespace": key.name,
                    "annotations": { "kubernetes.io/description": text },
                },
                "data": { "ca.crt": self.authority },
            });
            plan.writes.push(Write::create("configmaps", map));
        }
        plan
    }
}
