//! What the scheduler looks at when it decides: the nodes, and the pods that are on them or that room is
//! kept for (`pkg/scheduler/backend/cache/snapshot.go`).

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;

use super::resources::{Resources, assumed_requests, requests};
use crate::fields;
use crate::store::Store;

/// A node with its pods.
#[derive(Clone)]
pub(super) struct NodeView {
    pub(super) node: Arc<Value>,
    pub(super) labels: Arc<BTreeMap<String, String>>,
    pub(super) pods: Vec<Arc<Value>>,
    pub(super) allocatable: Resources,
    pub(super) requested: Resources,
    /// With an assumption for containers that say nothing; what scores are computed from.
    pub(super) assumed: Resources,
}

impl NodeView {
    fn new(node: Arc<Value>) -> Self {
        Self {
            labels: Arc::new(fields::labels(&node)),
            allocatable: Resources::at(&node, "/status/allocatable"),
            requested: Resources::default(),
            assumed: Resources::default(),
            pods: Vec::new(),
            node,
        }
    }

    pub(super) fn name(&self) -> &str {
        fields::name(&self.node)
    }

    fn add(&mut self, pod: &Arc<Value>) {
        self.requested.add(&requests(pod));
        self.assumed.add(&assumed_requests(pod));
        self.pods.push(Arc::clone(pod));
    }

    fn remove(&mut self, pod: &Value) {
        let before = self.pods.len();
        self.pods.retain(|one| fields::uid(one) != fields::uid(pod));
        if self.pods.len() < before {
            self.requested.subtract(&requests(pod));
            self.assumed.subtract(&assumed_requests(pod));
        }
    }
}

/// All nodes, in order of their names.
#[derive(Clone)]
pub(super) struct View<'a> {
    pub(super) store: &'a Store,
    pub(super) nodes: Vec<NodeView>,
    /// Pods that a node was cleared for, and that are not on it yet.
    pub(super) nominated: Vec<Arc<Value>>,
}

impl<'a> View<'a> {
    /// What the store says now.
    pub(super) fn of(store: &'a Store) -> Self {
        let nodes = store.list("nodes", None).into_iter().map(NodeView::new).collect();
        let mut view = Self { store, nodes, nominated: Vec::new() };
        for pod in store.list("pods", None) {
            let node = fields::text(&pod, "/spec/nodeName");
            if ended(&pod) {
                continue;
            }
            if let Some(found) = view.nodes.iter_mut().find(|one| one.name() == node) {
                found.add(&pod);
            } else if node.is_empty() && !fields::text(&pod, "/status/nominatedNodeName").is_empty()
            {
                view.nominated.push(pod);
            }
        }
        view
    }

    pub(super) fn node(&self, name: &str) -> Option<&NodeView> {
        self.nodes.iter().find(|one| one.name() == name)
    }

    /// The same with more pods on a node.
    pub(super) fn with(&self, node: &str, pods: &[Arc<Value>]) -> Self {
        self.changed(node, |found| pods.iter().for_each(|pod| found.add(pod)))
    }

    /// The same with fewer pods on a node.
    pub(super) fn without(&self, node: &str, pods: &[Arc<Value>]) -> Self {
        self.changed(node, |found| pods.iter().for_each(|pod| found.remove(pod)))
    }

    fn changed(&self, node: &str, change: impl FnOnce(&mut NodeView)) -> Self {
        let mut view = self.clone();
        if let Some(found) = view.nodes.iter_mut().find(|one| one.name() == node) {
            change(found);
        }
        view
    }
}

/// Whether a pod has ended and takes no room any more.
pub(super) fn ended(pod: &Value) -> bool {
    matches!(fields::text(pod, "/status/phase"), "Succeeded" | "Failed")
}

/// The priority of a pod (`corev1helpers.PodPriority`).
pub(super) fn priority(pod: &Value) -> i64 {
    fields::number(pod, "/spec/priority").unwrap_or_default()
}
