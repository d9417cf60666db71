//! What the scheduler looks at when it decides: the nodes, and the pods that are on them or that room is
//! kept for (`pkg/scheduler/framework/types.go NodeInfo`).

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;

use super::resources::{Resources, assumed_requests, requests};
use crate::fields;
use crate::store::{Store, in_order_of_keys};

/// Namespace and labels.
type Kin = (String, BTreeMap<String, String>);

/// A node with its pods.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct NodeView {
    pub(super) node: Arc<Value>,
    pub(super) labels: Arc<BTreeMap<String, String>>,
    /// In the order of the store.
    pub(super) pods: Vec<Arc<Value>>,
    /// Those of them that want to be near others, or far from them.
    pub(super) with_affinity: Vec<Arc<Value>>,
    /// How many of them, that are not on their way out, look the same.
    kin: BTreeMap<Kin, i64>,
    pub(super) allocatable: Resources,
    pub(super) requested: Resources,
    /// With an assumption for containers that say nothing; what scores are computed from.
    pub(super) assumed: Resources,
}

impl NodeView {
    pub(super) fn new(node: Arc<Value>) -> Self {
        Self {
            labels: Arc::new(fields::labels(&node)),
            allocatable: Resources::at(&node, "/status/allocatable"),
            requested: Resources::default(),
            assumed: Resources::default(),
            pods: Vec::new(),
            with_affinity: Vec::new(),
            kin: BTreeMap::new(),
            node,
        }
    }

    /// The same pods on a node that says something else about itself.
    pub(super) fn renewed(&self, node: Arc<Value>) -> Self {
        let Self { node, labels, allocatable, .. } = Self::new(node);
        Self { node, labels, allocatable, ..self.clone() }
    }

    pub(super) fn name(&self) -> &str {
        fields::name(&self.node)
    }

    /// How many pods of a namespace, that are not on their way out, have such labels.
    pub(super) fn count(
        &self,
        namespace: &str,
        like: impl Fn(&BTreeMap<String, String>) -> bool,
    ) -> i64 {
        let meant = |((home, labels), _): &(&Kin, &i64)| home == namespace && like(labels);
        self.kin.iter().filter(meant).map(|(_, count)| count).sum()
    }

    pub(super) fn add(&mut self, pod: &Arc<Value>) {
        self.requested.add(&requests(pod));
        self.assumed.add(&assumed_requests(pod));
        put(&mut self.pods, pod);
        if fields::at(pod, "/spec/affinity").is_some() {
            put(&mut self.with_affinity, pod);
        }
        if !fields::deleting(pod) {
            *self.kin.entry(kin(pod)).or_default() += 1;
        }
    }

    pub(super) fn remove(&mut self, pod: &Value) {
        // What was counted is the pod as it was then.
        let Some(pod) = take(&mut self.pods, pod) else { return };
        take(&mut self.with_affinity, &pod);
        self.requested.subtract(&requests(&pod));
        self.assumed.subtract(&assumed_requests(&pod));
        if !fields::deleting(&pod) {
            let kin = kin(&pod);
            if let Some(count) = self.kin.get_mut(&kin) {
                *count -= 1;
                if *count == 0 {
                    self.kin.remove(&kin);
                }
            }
        }
    }
}

fn kin(pod: &Value) -> Kin {
    (fields::namespace(pod).to_owned(), fields::labels(pod))
}

fn in_order(one: &Value, other: &Value) -> Ordering {
    in_order_of_keys(fields::namespace(one), fields::namespace(other))
        .then_with(|| fields::name(one).cmp(fields::name(other)))
}

/// Puts a pod into its place.
pub(super) fn put(pods: &mut Vec<Arc<Value>>, pod: &Arc<Value>) {
    let at = pods.binary_search_by(|one| in_order(one, pod)).unwrap_or_else(|at| at);
    pods.insert(at, Arc::clone(pod));
}

/// Takes a pod out, as it is there.
pub(super) fn take(pods: &mut Vec<Arc<Value>>, pod: &Value) -> Option<Arc<Value>> {
    let found = pods.binary_search_by(|one| in_order(one, pod)).ok();
    let same = |at: &usize| pods.get(*at).is_some_and(|one| fields::uid(one) == fields::uid(pod));
    found.filter(same).map(|at| pods.remove(at))
}

/// All nodes, in order of their names.
#[derive(Clone)]
pub(super) struct View<'a> {
    pub(super) store: &'a Store,
    pub(super) nodes: Vec<Arc<NodeView>>,
    /// Pods that a node was cleared for, and that are not on it yet.
    pub(super) nominated: Vec<Arc<Value>>,
}

impl View<'_> {
    pub(super) fn node(&self, name: &str) -> Option<&Arc<NodeView>> {
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
            change(Arc::make_mut(found));
        }
        view
    }
}

/// Whether room is kept for a pod: the queue knows those that it may try (`moveToActiveQ`).
pub(super) fn is_nominated(pod: &Value) -> bool {
    !fields::text(pod, "/status/nominatedNodeName").is_empty()
        && fields::text(pod, "/spec/schedulerName") == "default-scheduler"
        && fields::items(pod, "/spec/schedulingGates").is_empty()
}

/// Whether a pod has ended and takes no room any more.
pub(super) fn ended(pod: &Value) -> bool {
    matches!(fields::text(pod, "/status/phase"), "Succeeded" | "Failed")
}

/// The priority of a pod (`corev1helpers.PodPriority`).
pub(super) fn priority(pod: &Value) -> i64 {
    fields::number(pod, "/spec/priority").unwrap_or_default()
}
