//! The nodes and their pods from one turn to the next (`pkg/scheduler/backend/cache/{cache,snapshot}.go`): what has changed
//! is brought up to date, everything else stands as it was.

use std::sync::Arc;

use rpds::RedBlackTreeMapSync;
use serde_json::Value;

use super::view::{NodeView, View, ended, is_nominated, put, take};
use crate::fields;
use crate::store::{Change, Store};

/// All nodes by name. A clone costs nothing.
#[derive(Debug, Clone)]
pub(super) struct Snapshot {
    nodes: RedBlackTreeMapSync<String, Arc<NodeView>>,
    /// Pods that a node was cleared for, and that are not on it yet.
    nominated: Vec<Arc<Value>>,
}

impl Default for Snapshot {
    fn default() -> Self {
        Self { nodes: RedBlackTreeMapSync::new_sync(), nominated: Vec::new() }
    }
}

impl Snapshot {
    /// What the store says now.
    pub(super) fn of(store: &Store) -> Self {
        let mut found = Self::default();
        found.learn(store, None);
        found
    }

    /// Takes notice of changes, or of everything.
    pub(super) fn learn(&mut self, store: &Store, changes: Option<&[Arc<Change>]>) {
        // On a node that is new there may be pods already.
        let comes = |change: &Arc<Change>| change.resource == "nodes" && change.old.is_none();
        match changes.filter(|changes| !changes.iter().any(comes)) {
            Some(changes) => changes.iter().for_each(|change| self.apply(change)),
            None => self.look_at_everything(store),
        }
    }

    fn look_at_everything(&mut self, store: &Store) {
        *self = Self::default();
        for node in store.list("nodes", None) {
            self.nodes.insert_mut(fields::name(&node).to_owned(), Arc::new(NodeView::new(node)));
        }
        store.list("pods", None).iter().for_each(|pod| self.place(pod));
    }

    fn apply(&mut self, change: &Change) {
        match (change.resource.as_str(), &change.new) {
            ("nodes", None) => drop(self.nodes.remove_mut(&change.name)),
            ("nodes", Some(node)) => {
                if let Some(known) = self.nodes.get_mut(&change.name) {
                    *known = Arc::new(known.renewed(Arc::clone(node.document())));
                }
            }
            ("pods", new) => {
                if let Some(old) = &change.old {
                    self.displace(old);
                }
                if let Some(new) = new {
                    self.place(new.document());
                }
            }
            _ => {}
        }
    }

    /// For a decision.
    pub(super) fn view<'a>(&self, store: &'a Store) -> View<'a> {
        let nodes = self.nodes.values().cloned().collect();
        View { store, nodes, nominated: self.nominated.clone() }
    }

    fn place(&mut self, pod: &Arc<Value>) {
        if ended(pod) {
            return;
        }
        let node = fields::text(pod, "/spec/nodeName");
        if let Some(found) = self.nodes.get_mut(node) {
            Arc::make_mut(found).add(pod);
        } else if node.is_empty() && is_nominated(pod) {
            put(&mut self.nominated, pod);
        }
    }

    fn displace(&mut self, pod: &Value) {
        let node = fields::text(pod, "/spec/nodeName");
        if let Some(found) = self.nodes.get_mut(node) {
            Arc::make_mut(found).remove(pod);
        } else {
            take(&mut self.nominated, pod);
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::Snapshot;
    use crate::rng::Stream;
    use crate::store::Store;

    fn pod(name: &str, chance: &mut Stream) -> Value {
        let mut of = |list: &'static [&'static str]| {
            let at = usize::try_from(chance.below(list.len() as u64)).unwrap_or_default();
            list[at]
        };
        let labels = json!({ "app": of(&["a", "b"]) });
        let mut pod = json!({
            "metadata": { "name": name, "namespace": "dev", "uid": of(&["1", "2"]), "labels": labels },
            "spec": {
                "nodeName": of(&["", "n0", "n1", "n2", "elsewhere"]),
                "schedulerName": of(&["default-scheduler", "other"]),
                "containers": [{ "resources": { "requests": { "cpu": of(&["1", "250m"]) } } }],
            },
            "status": {
                "phase": of(&["Running", "Succeeded"]), "nominatedNodeName": of(&["", "n0"]),
            },
        });
        if of(&["stays", "leaves"]) == "leaves" {
            pod["metadata"]["deletionTimestamp"] = json!("2026-01-01T00:00:00Z");
        }
        if of(&["alone", "social"]) == "social" {
            pod["spec"]["affinity"] = json!({});
        }
        pod
    }

    #[test]
    fn what_has_changed_leads_to_the_same_as_a_look_at_everything() {
        let mut chance = Stream::new(7, "snapshot");
        let mut store = Store::default();
        let mut followed = Snapshot::of(&store);
        for round in 0..400_u64 {
            let seen = store.revision();
            for _ in 0..=chance.below(4) {
                let index = chance.below(9);
                match chance.below(6) {
                    0 if index < 3 => store.remove("nodes", "", &format!("n{index}")),
                    1 if index < 3 => {
                        let name = format!("n{index}");
                        let cpu = json!({ "cpu": round.to_string() });
                        let node = json!({ "metadata": { "name": name }, "status": { "allocatable": cpu } });
                        store.put("nodes", "", &name, node);
                    }
                    2 => store.remove("pods", "dev", &format!("p{index}")),
                    _ => {
                        let name = format!("p{index}");
                        let pod = pod(&name, &mut chance);
                        store.put("pods", "dev", &name, pod);
                    }
                }
            }
            followed.learn(&store, Some(&store.changes_since(seen)));
            let (one, other) = (followed.view(&store), Snapshot::of(&store).view(&store));
            assert_eq!(one.nodes, other.nodes, "round {round}");
            assert_eq!(one.nominated, other.nominated, "round {round}");
        }
    }
}
