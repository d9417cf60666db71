//! State: every object of the cluster, and what changed lately.
//!
//! The maps are persistent, so a clone is a snapshot and costs nothing. Lists of the past (continue
//! tokens, `resourceVersionMatch=Exact`) are computed by undoing the changes since.

mod delta;
mod history;
mod object;
mod objects;

use std::sync::Arc;

use rpds::RedBlackTreeMapSync;
use serde_json::{Value, json};

use self::history::History;
pub use self::object::Object;
pub use self::objects::Objects;
pub(crate) use self::objects::in_order_of_keys;

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
    pub old: Option<Object>,
    /// The object after; none when it was removed.
    pub new: Option<Object>,
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
        self.resources.get(resource)?.get(namespace, name).map(|one| Arc::clone(one.document()))
    }

    /// [`Store::get`] with its text.
    pub fn object(&self, resource: &str, namespace: &str, name: &str) -> Option<Object> {
        self.resources.get(resource)?.get(namespace, name).cloned()
    }

    /// The objects of a resource in order of namespace and name; of one namespace or of all.
    pub fn list(&self, resource: &str, namespace: Option<&str>) -> Vec<Arc<Value>> {
        let objects = self.resources.get(resource).into_iter();
        let objects = objects.flat_map(|objects| objects.within(namespace));
        objects.map(|one| Arc::clone(one.document())).collect()
    }

    /// The resources that have had objects.
    pub fn resources(&self) -> impl Iterator<Item = &str> {
        self.resources.keys().map(String::as_str)
    }

    /// The revision of the last write.
    pub fn revision(&self) -> u64 {
        self.revision
    }

    /// The oldest revision that [`Store::changes_after`] and [`Store::objects_at`] can answer for.
    pub fn oldest(&self) -> u64 {
        self.compacted
    }

    /// The remembered changes after a revision, in order.
    pub fn changes_since(&self, revision: u64) -> Vec<Arc<Change>> {
        self.changes
            .after(revision, |resource, namespace, name| self.object(resource, namespace, name))
    }

    /// The changes after a revision, in order, unless some of them are forgotten.
    pub fn changes_after(&self, revision: u64) -> Result<Vec<Arc<Change>>, Compacted> {
        if revision < self.compacted {
            return Err(Compacted { oldest: self.compacted });
        }
        Ok(self.changes_since(revision))
    }

    /// The objects of a resource.
    pub fn objects(&self, resource: &str) -> Objects {
        self.resources.get(resource).cloned().unwrap_or_default()
    }

    /// [`Store::objects`] as they were at a revision.
    pub fn objects_at(&self, resource: &str, revision: u64) -> Result<Objects, Compacted> {
        let changes = self.changes_after(revision)?;
        let mut objects = self.objects(resource);
        for change in changes.iter().rev().filter(|change| change.resource == resource) {
            match &change.old {
                Some(old) => objects.insert(&change.namespace, &change.name, old.clone()),
                None => {
                    objects.remove(&change.namespace, &change.name);
                }
            }
        }
        Ok(objects)
    }

    /// Writes an object and gives it the new revision as its resourceVersion.
    pub(crate) fn put(
        &mut self,
        resource: &str,
        namespace: &str,
        name: &str,
        mut object: Value,
    ) -> Object {
        let revision = self.revision + 1;
        if let Some(metadata) = object.get_mut("metadata").and_then(Value::as_object_mut) {
            metadata.insert("resourceVersion".to_owned(), json!(revision.to_string()));
        }
        let object = Object::from(object);
        self.commit(resource, namespace, name, Some(object.clone()));
        object
    }

    /// Removes an object.
    pub(crate) fn remove(&mut self, resource: &str, namespace: &str, name: &str) {
        self.commit(resource, namespace, name, None);
    }

    fn commit(&mut self, resource: &str, namespace: &str, name: &str, new: Option<Object>) {
        if self.resources.get(resource).is_none() {
            self.resources.insert_mut(resource.to_owned(), Objects::default());
        }
        let Some(objects) = self.resources.get_mut(resource) else { return };
        let old = objects.get(namespace, name).cloned();
        match &new {
            Some(object) => objects.insert(namespace, name, object.clone()),
            None => {
                if !objects.remove(namespace, name) {
                    return;
                }
            }
        }
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

#[cfg(test)]
mod tests;
