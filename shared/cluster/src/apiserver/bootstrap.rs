//! What a fresh cluster has. The RBAC roles and bindings, the priority classes, the service accounts of the
//! control plane, the API services, the range of Services, flow schemas and priority levels are data taken from a
//! real server (`data/bootstrap.jsonl`). They are read once per process and shared by all clusters; what differs
//! between clusters, their creation time, is filled in when they are read.

use std::sync::{Arc, OnceLock};

use apimachinery::gvk::GroupVersionKind;
use apimachinery::object;
use apimachinery::time::format_rfc3339;
use serde_json::{Value, json};

use super::{Apiserver, first_fields, following, uuid, view};
use crate::config::{ClusterConfig, Controllers};
use crate::fields::put;
use crate::rng::Stream;
use crate::store::{Object, Store};

const OBJECTS: &str = include_str!("../../data/bootstrap.jsonl");
/// The address of the API server inside the cluster.
const ADDRESS: &str = "10.96.0.1";
/// The address of the node that runs the control plane.
const HOST: &str = "172.18.0.2";

/// The objects that are the same in every cluster.
pub(crate) fn base() -> Store {
    static BASE: OnceLock<Store> = OnceLock::new();
    BASE.get_or_init(read).clone()
}

fn read() -> Store {
    let mut store = Store::default();
    let mut uids = Stream::new(0, "bootstrap-uid");
    for line in OBJECTS.lines() {
        let Ok(mut value) = serde_json::from_str::<Value>(line) else { continue };
        let gvk = GroupVersionKind::of(object::api_version(&value), object::kind(&value));
        let resource = apimachinery::schema::Schema::builtin().resource_of(&gvk);
        let Some(resource) = resource else { continue };
        let key = view::storage_key(&resource.group, &resource.plural);
        put(&mut value, "/metadata/uid", json!(uuid(&mut uids)));
        if gvk.kind == "PriorityClass" {
            put(&mut value, "/metadata/generation", json!(1));
        }
        let (namespace, name) =
            (object::namespace(&value).to_owned(), object::name(&value).to_owned());
        store.put(&key, &namespace, &name, value);
    }
    let revision = store.revision();
    store.forget_changes(revision);
    store
}

impl Apiserver {
    /// Adds what is this cluster's own: namespaces, and the Service of the API server.
    pub(crate) fn install(&mut self, config: &ClusterConfig) {
        let created = format_rfc3339(config.epoch);
        match config.controllers {
            Controllers::None => self.forget_aggregated(),
            Controllers::All => self.hold_range(),
            Controllers::Only(_) => {}
        }
        for name in ["default", "kube-node-lease", "kube-public", "kube-system"] {
            let value = json!({
                "apiVersion": "v1", "kind": "Namespace",
                "metadata": {"name": name, "labels": {"kubernetes.io/metadata.name": name}},
                "spec": {"finalizers": ["kubernetes"]}, "status": {"phase": "Active"},
            });
            self.install_one("namespaces", "", &created, value);
        }
        let port = json!({"name": "https", "port": 443, "protocol": "TCP", "targetPort": 6443});
        let service = json!({
            "apiVersion": "v1", "kind": "Service",
            "metadata": {"name": "kubernetes", "namespace": "default",
                "labels": {"component": "apiserver", "provider": "kubernetes"}},
            "spec": {"clusterIP": ADDRESS, "clusterIPs": [ADDRESS], "internalTrafficPolicy": "Cluster",
                "ipFamilies": ["IPv4"], "ipFamilyPolicy": "SingleStack", "ports": [port],
                "sessionAffinity": "None", "type": "ClusterIP"},
            "status": {"loadBalancer": {}},
        });
        self.install_one("services", "default", &created, service);
        let mut address = following::address(ADDRESS, "default", "kubernetes");
        put(&mut address, "/metadata/uid", json!(uuid(&mut self.own_uids)));
        put(&mut address, "/metadata/creationTimestamp", json!(created));
        first_fields::own(&mut address, config.epoch);
        self.store.put(following::ADDRESSES, "", ADDRESS, address);
        let port = json!({"name": "https", "port": 6443, "protocol": "TCP"});
        let endpoints = json!({
            "apiVersion": "v1", "kind": "Endpoints",
            "metadata": {"name": "kubernetes", "namespace": "default",
                "labels": {"endpointslice.kubernetes.io/skip-mirror": "true"}},
            "subsets": [{"addresses": [{"ip": HOST}], "ports": [&port]}],
        });
        self.install_one("endpoints", "default", &created, endpoints);
        let slice = json!({
            "apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "addressType": "IPv4",
            "metadata": {"name": "kubernetes", "namespace": "default", "generation": 1,
                "labels": {"kubernetes.io/service-name": "kubernetes"}},
            "endpoints": [{"addresses": [HOST], "conditions": {"ready": true}}], "ports": [port],
        });
        self.install_one("endpointslices.discovery.k8s.io", "default", &created, slice);
    }

    /// Without its controller nobody has filled in the aggregated roles.
    fn forget_aggregated(&mut self) {
        let key = "clusterroles.rbac.authorization.k8s.io";
        for role in self.store.list(key, None) {
            if role.get("aggregationRule").is_some() {
                let mut empty = (*role).clone();
                put(&mut empty, "/rules", Value::Null);
                let name = object::name(&empty).to_owned();
                self.store.put(key, "", &name, empty);
            }
        }
    }

    /// What `pkg/controller/servicecidrs/servicecidrs_controller.go` does first.
    fn hold_range(&mut self) {
        let key = "servicecidrs.networking.k8s.io";
        if let Some(range) = self.store.get(key, "", "kubernetes") {
            let mut held = (*range).clone();
            let finalizer = "networking.k8s.io/service-cidr-finalizer";
            put(&mut held, "/metadata/finalizers", json!([finalizer]));
            self.store.put(key, "", "kubernetes", held);
        }
    }

    fn install_one(&mut self, key: &str, namespace: &str, created: &str, mut value: Value) {
        first_fields::own(&mut value, self.settings.epoch);
        put(&mut value, "/metadata/creationTimestamp", json!(created));
        let uid = self.new_uid();
        put(&mut value, "/metadata/uid", json!(uid));
        let name = object::name(&value).to_owned();
        self.store.put(key, namespace, &name, value);
    }

    /// An object with all its fields; those of the shared base get their creation time here.
    pub(crate) fn complete(&self, value: &Value) -> Value {
        let mut value = value.clone();
        if !is_complete(&value) {
            let created = format_rfc3339(self.settings.epoch);
            put(&mut value, "/metadata/creationTimestamp", json!(created));
            let conditions = value.pointer_mut("/status/conditions").and_then(Value::as_array_mut);
            for condition in conditions.into_iter().flatten() {
                put(condition, "/lastTransitionTime", json!(created));
            }
            first_fields::own(&mut value, self.settings.epoch);
        }
        value
    }

    /// A live object, to be read. Most are as they are stored.
    pub(crate) fn present(&self, key: &str, namespace: &str, name: &str) -> Option<Arc<Value>> {
        let stored = self.store.get(key, namespace, name)?;
        Some(if is_complete(&stored) { stored } else { Arc::new(self.complete(&stored)) })
    }

    /// A live object.
    pub(crate) fn live(&self, key: &str, namespace: &str, name: &str) -> Option<Value> {
        self.store.get(key, namespace, name).map(|value| self.complete(&value))
    }

    /// An object as it is answered. Most are as they are stored, and share their text.
    pub(crate) fn shown(&self, object: &Object, gvk: &GroupVersionKind) -> Object {
        let custom = self.customs.of_kind(gvk);
        if custom.is_none() && is_complete(object) && view::is_stored(gvk) {
            return object.clone();
        }
        let mut value = self.complete(object);
        match custom {
            Some(custom) => custom.show(&mut value),
            None => view::in_version(&mut value, &gvk.group, &gvk.version),
        }
        value.into()
    }
}

/// Whether nothing of it is filled in when it is read.
fn is_complete(value: &Value) -> bool {
    object::at(value, &["metadata", "creationTimestamp"]).is_some()
}
