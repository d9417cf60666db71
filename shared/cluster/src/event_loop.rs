//! What happens by itself, in order: a queue of keys by (time, controller rank, key), and the vocabulary
//! in which controllers say what they want.
//!
//! A controller never touches state. It reads the store, answers with a [`Plan`], and the world sends the
//! plan's requests to the API server under the identity of the real component.

mod queue;
mod recorder;
mod write;

use std::any::Any;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::Value;

pub(crate) use queue::Queue;
pub(crate) use recorder::Recorder;
pub use write::{Component, Write, reference};

use crate::addon::Aggregation;
use crate::store::{Change, Store};

/// What a controller works on: an object by namespace and name (either may be empty).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Key {
    /// Namespace, empty for cluster-scoped objects.
    pub namespace: String,
    /// Name.
    pub name: String,
}

impl Key {
    /// The key of `namespace/name`.
    pub fn new(namespace: &str, name: &str) -> Self {
        Self { namespace: namespace.to_owned(), name: name.to_owned() }
    }

    /// The key of an object.
    pub fn of(object: &Value) -> Self {
        Self::new(crate::fields::namespace(object), crate::fields::name(object))
    }
}

/// Something that `kubectl get events` shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventNote {
    /// Object reference of the object that this is about.
    pub regarding: Value,
    /// `Normal` or `Warning`.
    pub severity: &'static str,
    /// For programs.
    pub reason: String,
    /// For people.
    pub message: String,
    /// The verb of `events.k8s.io` for components that report through that API (the scheduler).
    pub action: Option<&'static str>,
}

impl EventNote {
    /// A `Normal` event.
    pub fn normal(regarding: Value, reason: &str, message: String) -> Self {
        Self { regarding, severity: "Normal", reason: reason.to_owned(), message, action: None }
    }

    /// A `Warning` event.
    pub fn warning(regarding: Value, reason: &str, message: String) -> Self {
        Self { regarding, severity: "Warning", reason: reason.to_owned(), message, action: None }
    }
}

/// What a reconciler wants.
#[derive(Debug, Clone, Default)]
pub struct Plan {
    /// Requests, in order.
    pub writes: Vec<Write>,
    /// Events to record after the writes.
    pub events: Vec<EventNote>,
    /// Creations go out in batches of 1, 2, 4 and so on; after a batch with a refusal the rest is left for
    /// later (`pkg/controller/replicaset/replica_set.go slowStartBatch`).
    pub slow_start: bool,
    /// The first refusal ends the plan, whatever its reason; [`Controller::refused`] says what follows.
    pub stops_when_refused: bool,
    /// What the controller remembers of the key until its next step (`Aggregation::memory`).
    pub remember: Option<Value>,
    /// The same in a form of the controller's own (`Aggregation::kept`).
    pub(crate) kept: Option<Kept>,
    /// When to look again although nothing changed.
    pub requeue_after: Option<Duration>,
}

/// What a controller keeps for itself. It never changes, so that snapshots share it; it follows from the store and from
/// what happened, so that the same happens with every seed again.
pub(crate) type Kept = Arc<dyn Any + Send + Sync>;

impl Plan {
    /// Nothing to do.
    pub fn nothing() -> Self {
        Self::default()
    }

    /// Asks to be called again after `delay`; the earliest wish counts.
    pub fn again(&mut self, delay: Duration) {
        self.requeue_after = Some(self.requeue_after.map_or(delay, |known| known.min(delay)));
    }
}

/// A write that the API server refused.
#[derive(Debug, Clone)]
pub struct Failure {
    /// Which write of the plan.
    pub write: Write,
    /// The `Status`.
    pub status: Value,
}

impl Failure {
    /// The message of the `Status`.
    pub fn message(&self) -> &str {
        crate::fields::text(&self.status, "/message")
    }

    /// The reason of the `Status`.
    pub fn reason(&self) -> &str {
        crate::fields::text(&self.status, "/reason")
    }
}

/// One control loop.
pub trait Controller: Sync + Send {
    /// Its name in `kube-controller-manager --controllers`.
    fn name(&self) -> &'static str;

    /// Under which identity and field manager it writes.
    fn component(&self) -> Component;

    /// Which keys a change concerns.
    fn triggers(&self, store: &Store, change: &Change) -> Vec<Key>;

    /// What should be done about a key now.
    fn reconcile(&self, store: &Store, key: &Key, now: Timestamp) -> Plan;

    /// The same for those that also read what add-ons serve.
    fn reconcile_with(&self, aggregation: &Aggregation<'_>, key: &Key) -> Plan {
        self.reconcile(aggregation.store, key, aggregation.now)
    }

    /// What follows from refused writes; the key is tried again with back-off in any case.
    fn refused(&self, _store: &Store, _key: &Key, _now: Timestamp, _failures: &[Failure]) -> Plan {
        Plan::nothing()
    }
}
