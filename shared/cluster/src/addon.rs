//! What an add-on brings into a cluster: objects, control loops of its own, an API group that it serves behind the
//! API server (`staging/src/k8s.io/kube-aggregator`), and admission webhooks. The cluster itself knows no product.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::sync::Arc;

use apimachinery::selector::LabelSelector;
use apimachinery::status::Status;
use jiff::Timestamp;
use serde_json::Value;

use crate::event_loop::{Controller, Kept};
use crate::fields;
use crate::store::Store;

pub use crate::kubelet::usage::Used;

const API_SERVICES: &str = "apiservices.apiregistration.k8s.io";

/// Something that is installed beside Kubernetes itself.
pub trait Addon: Debug + Send + Sync {
    /// Its name, as users choose it.
    fn name(&self) -> &'static str;

    /// What its manifest creates: resource (`deployments.apps`) and object.
    fn objects(&self) -> Vec<(&'static str, Value)>;

    /// The API group that it serves.
    fn serves(&self) -> Option<Served> {
        None
    }

    /// Answers a request for its API group.
    fn answer(&self, _asked: &Asked<'_>) -> Result<Value, Box<Status>> {
        Err(Box::new(Status::no_such_path()))
    }

    /// Its control loops. They write through the API with the identity and the rights of their own service account.
    fn controllers(&self) -> Vec<Arc<dyn Controller>> {
        Vec::new()
    }

    /// Answers for an admission webhook whose configuration names a Service of the add-on; nothing when it is not its.
    fn admit(&self, _review: &Review<'_>) -> Option<Admission> {
        None
    }
}

/// A write that a mutating webhook is asked about (`admission.k8s.io/v1 AdmissionRequest`).
#[derive(Debug)]
pub struct Review<'a> {
    /// Namespace and name of the Service that is called.
    pub service: (&'a str, &'a str),
    /// The path that is called.
    pub path: &'a str,
    /// Who writes.
    pub user: &'a str,
    /// What would be written.
    pub object: &'a Value,
    /// What is there; nothing when it is created.
    pub old: Option<&'a Value>,
    /// The time.
    pub now: Timestamp,
}

/// What a webhook answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Admission {
    /// The write may go on, changed by this JSON patch.
    Allowed(Value),
    /// It may not.
    Denied {
        /// HTTP status.
        code: u16,
        /// Why.
        message: String,
    },
}

/// An API group version behind the API server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Served {
    /// API group.
    pub group: &'static str,
    /// Version.
    pub version: &'static str,
    /// Its resources.
    pub resources: Vec<ServedResource>,
}

impl Served {
    /// The name of its `APIService`.
    pub fn api_service(&self) -> String {
        format!("{}.{}", self.version, self.group)
    }
}

/// A resource of a [`Served`] group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServedResource {
    /// Plural name.
    pub plural: &'static str,
    /// Kind.
    pub kind: &'static str,
    /// Whether its objects are in namespaces.
    pub namespaced: bool,
}

/// A request for an add-on's API group, which may only read.
#[derive(Debug)]
pub struct Asked<'a> {
    /// Resource.
    pub resource: &'a str,
    /// Namespace; empty for all.
    pub namespace: &'a str,
    /// Name; empty for a list.
    pub name: &'a str,
    /// Which objects of a list.
    pub selector: Option<&'a LabelSelector>,
    /// The cluster's objects.
    pub store: &'a Store,
    /// What nodes and containers use.
    pub meter: &'a dyn Meter,
    /// The time.
    pub now: Timestamp,
}

/// What kubelets measure.
pub trait Meter: Debug {
    /// What a container used between two times; nothing when it did not run all the while.
    fn container(
        &self,
        pod: &Value,
        container: &str,
        from: Timestamp,
        to: Timestamp,
    ) -> Option<Used>;

    /// What a node used.
    fn node(&self, store: &Store, node: &str, from: Timestamp, to: Timestamp) -> Option<Used>;
}

/// A request for an add-on that the API server has admitted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AddonCall {
    /// API group.
    pub group: String,
    /// Resource.
    pub resource: String,
    /// Namespace; empty for all.
    pub namespace: String,
    /// Name; empty for a list.
    pub name: String,
    /// `labelSelector` as it was sent.
    pub selector: String,
}

/// Whether the API server passes requests for a group on: its `APIService` exists; and whether it answers.
pub(crate) fn availability(store: &Store, served: &Served) -> Option<bool> {
    let service = store.get(API_SERVICES, "", &served.api_service())?;
    Some(fields::condition_true(&service, "Available"))
}

/// All add-ons with what they may read.
#[derive(Debug)]
pub struct Aggregation<'a> {
    /// The add-ons.
    pub(crate) addons: &'a [Arc<dyn Addon>],
    pub(crate) meter: &'a dyn Meter,
    /// Nodes of which nothing is heard, and since when.
    pub(crate) silent: &'a BTreeMap<String, Timestamp>,
    /// The cluster's objects.
    pub store: &'a Store,
    /// The time.
    pub now: Timestamp,
    /// What the controller remembers of the key.
    pub memory: &'a Value,
    /// What it has worked out for the key.
    pub(crate) kept: Option<&'a Kept>,
}

impl Aggregation<'_> {
    /// Asks the add-on that serves a group.
    pub(crate) fn ask(&self, call: &AddonCall) -> Result<Value, Box<Status>> {
        let found = self.addons.iter().find_map(|addon| {
            let served = addon.serves().filter(|served| served.group == call.group)?;
            Some((addon, availability(self.store, &served)?))
        });
        let (addon, available) = found.ok_or_else(|| Box::new(Status::no_such_path()))?;
        if !available {
            return Err(Box::new(unavailable()));
        }
        let selector = match call.selector.as_str() {
            "" => None,
            text => {
                Some(LabelSelector::parse(text).map_err(|why| Box::new(Status::bad_request(why)))?)
            }
        };
        addon.answer(&Asked {
            resource: &call.resource,
            namespace: &call.namespace,
            name: &call.name,
            selector: selector.as_ref(),
            store: self.store,
            meter: self.meter,
            now: self.now,
        })
    }
}

/// Nobody answers for a group.
pub(crate) fn unavailable() -> Status {
    Status::failure(
        503,
        "ServiceUnavailable",
        "the server is currently unable to handle the request",
    )
}
