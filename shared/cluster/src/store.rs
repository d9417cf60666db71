//! State: every object of the cluster, and what changed lately.
//!
//! The maps are persistent, so a clone is a snapshot and costs nothing. Lists of the past (continue
//! tokens, `resourceVersionMatch=Exact`) are computed by undoing the changes since.

mod delta;
mod history;

use std::sync::Arc;

use rpds::RedBlackTreeMapSync;
use serde_json::{Value, json};

use self::history::History;

/// Namespace (empty for cluster-scoped objects) and name.
type Place = (String, String);
type Objects = RedBlackTreeMapSync<Place, Arc<Value>>;

/// One write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The store's revision after it.
    pub revision: u64,
    /// For example `pods` or `deployments.apps`.
    pub resource: String,
    /// Namespace, empty for cluster-scoped objects.
    pub namespace: String,
    /// Name.
    pub name: String,
    /// The object before; none when it was created.
    pub old: Option<Arc<Value>>,
    /// The object after; none when it was removed.
    pub new: Option<Arc<Value>>,
}

/// A revision that the store no longer remembers the changes of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Compacted {
    /// The oldest revision that can be asked for.
    pub oldest: u64,
}

/// All objects. Only the API server writes to it.
#[derive(Debug, Clone)]
pub struct Store {
    resources: RedBlackTreeMapSync<String, Objects>,
    changes: History,
    revision: u64,
    compacted: u64,
}

impl Default for Store {
    fn default() -> Self {
        Self {
            resources: RedBlackTreeMapSync::new_sync(),
            changes: History::default(),
            revision: 1,
            compacted: 1,
        }
    }
}

impl Store {
    /// An object; `namespace` is empty for cluster-scoped resources.
    pub fn get(&self, resource: &str, namespace: &str, name: &str) -> Option<Arc<Value>> {
        let place = (namespace.to_owned(), name.to_owned());
        self.resources.get(resource)?.get(&place).map(Arc::clone)
    }

    /// The objects of a resource in order of namespace and name; of one namespace or of all.
    pub fn list(&self, resource: &str, namespace: Option<&str>) -> Vec<Arc<Value>> {
        self.resources.get(resource).map_or_else(Vec::new, |objects| within(objects, namespace))
    }

    /// The resources that have had objects.
    pub fn resources(&self) -> impl Iterator<Item = &str> {
        self.resources.keys().map(String::as_str)
    }

    /// The revision of the last write.
    pub fn revision(&self) -> u64 {
        self.revision
    }

    /// The oldest revision that [`Store::changes_after`] and [`Store::list_at`] can answer for.
    pub fn oldest(&self) -> u64 {
        self.compacted
    }

    /// The remembered changes after a revision, in order.
    pub fn changes_since(&self, revision: u64) -> Vec<Arc<Change>> {
        self.changes
            .after(revision, |resource, namespace, name| self.get(resource, namespace, name))
    }

    /// The changes after a revision, in order, unless some of them are forgotten.
    pub fn changes_after(&self, revision: u64) -> Result<Vec<Arc<Change>>, Compacted> {
        if revision < self.compacted {
            return Err(Compacted { oldest: self.compacted });
        }
        Ok(self.changes_since(revision))
    }

    /// [`Store::list`] as it was at a revision.
    pub fn list_at(
        &self,
        resource: &str,
        namespace: Option<&str>,
        revision: u64,
    ) -> Result<Vec<Arc<Value>>, Compacted> {
        let changes = self.changes_after(revision)?;
        let mut objects = self.objects(resource);
        for change in changes.iter().rev().filter(|change| change.resource == resource) {
            let place = (change.namespace.clone(), change.name.clone());
            match &change.old {
                Some(old) => objects.insert_mut(place, Arc::clone(old)),
                None => {
                    objects.remove_mut(&place);
                }
            }
        }
        Ok(within(&objects, namespace))
    }

    fn objects(&self, resource: &str) -> Objects {
        self.resources.get(resource).map_or_else(Objects::new_sync, Clone::clone)
    }

    /// Writes an object and gives it the new revision as its resourceVersion.
    pub(crate) fn put(
        &mut self,
        resource: &str,
        namespace: &str,
        name: &str,
        mut object: Value,
    ) -> Arc<Value> {
        let revision = self.revision + 1;
        if let Some(metadata) = object.get_mut("metadata").and_then(Value::as_object_mut) {
            metadata.insert("resourceVersion".to_owned(), json!(revision.to_string()));
        }
        let object = Arc::new(object);
        self.commit(resource, namespace, name, Some(Arc::clone(&object)));
        object
    }

    /// Removes an object.
    pub(crate) fn remove(&mut self, resource: &str, namespace: &str, name: &str) {
        self.commit(resource, namespace, name, None);
    }

    fn commit(&mut self, resource: &str, namespace: &str, name: &str, new: Option<Arc<Value>>) {
        let place = (namespace.to_owned(), name.to_owned());
        let mut objects = self.objects(resource);
        let old = objects.get(&place).map(Arc::clone);
        match &new {
            Some(object) => objects.insert_mut(place, Arc::clone(object)),
            None => {
                if !objects.remove_mut(&place) {
                    return;
                }
            }
        }
        self.resources.insert_mut(resource.to_owned(), objects);
        self.revision += 1;
        let change = Change {
            revision: self.revision,
            resource: resource.to_owned(),
            namespace: namespace.to_owned(),
            name: name.to_owned(),
            old,
            new,
        };
        if let Some(forgotten) = self.changes.push(change) {
            self.compacted = forgotten;
        }
    }

    /// Forgets all changes and goes on counting above `revision`: after a jump nobody may resume.
    pub(crate) fn forget_changes(&mut self, revision: u64) {
        self.revision = self.revision.max(revision) + 1;
        self.compacted = self.revision;
        self.changes = History::default();
    }
}

fn within(objects: &Objects, namespace: Option<&str>) -> Vec<Arc<Value>> {
    match namespace {
        None => objects.values().map(Arc::clone).collect(),
        Some(namespace) => objects
            .range((namespace.to_owned(), String::new())..)
            .take_while(|((found, _), _)| found == namespace)
            .map(|(_, object)| Arc::clone(object))
            .collect(),
    }
}

#[cfg(test)]
mod tests;
