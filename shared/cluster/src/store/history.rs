//! The changes that a store remembers. The latest are there as they were made; from older ones only the way
//! back is kept, and their documents are made again from the present ones when somebody asks.

use std::collections::BTreeMap;
use std::sync::Arc;

use rpds::RedBlackTreeMapSync;

use super::delta::Delta;
use super::{Change, Object};

/// How many changes are remembered; a watch that resumes from before them gets 410 Gone.
const REMEMBERED: usize = 4096;
/// How many of them are kept as they were made: what controllers and watches have not seen yet.
const FRESH: usize = 128;

/// Resource, namespace and name.
type Place = (Box<str>, Box<str>, Box<str>);

/// An older change.
#[derive(Debug)]
struct Packed {
    resource: Box<str>,
    namespace: Box<str>,
    name: Box<str>,
    back: Back,
}

#[derive(Debug)]
enum Back {
    Created,
    Changed(Delta),
    Removed(Object),
}

impl Packed {
    fn of(change: &Change) -> Self {
        let back = match (&change.new, &change.old) {
            (_, None) => Back::Created,
            (None, Some(old)) => Back::Removed(old.clone()),
            (Some(new), Some(old)) => Back::Changed(Delta::between(new, old)),
        };
        let Change { resource, namespace, name, .. } = change;
        Self {
            resource: resource.as_str().into(),
            namespace: namespace.as_str().into(),
            name: name.as_str().into(),
            back,
        }
    }

    fn place(&self) -> Place {
        (self.resource.clone(), self.namespace.clone(), self.name.clone())
    }

    /// The change again; `new` is the object as it was after it.
    fn unpack(&self, revision: u64, new: Option<Object>) -> Change {
        let old = match (&self.back, &new) {
            (Back::Created, _) | (Back::Changed(_), None) => None,
            (Back::Removed(old), _) => Some(old.clone()),
            (Back::Changed(delta), Some(new)) => Some(delta.undo(new).into()),
        };
        Change {
            revision,
            resource: self.resource.to_string(),
            namespace: self.namespace.to_string(),
            name: self.name.to_string(),
            old,
            new,
        }
    }
}

/// What changed, by revision.
#[derive(Debug, Clone)]
pub(super) struct History {
    fresh: RedBlackTreeMapSync<u64, Arc<Change>>,
    packed: RedBlackTreeMapSync<u64, Arc<Packed>>,
}

impl Default for History {
    fn default() -> Self {
        Self { fresh: RedBlackTreeMapSync::new_sync(), packed: RedBlackTreeMapSync::new_sync() }
    }
}

impl History {
    /// Remembers a change; gives the revision of one that is forgotten for it.
    pub(super) fn push(&mut self, change: Change) -> Option<u64> {
        self.fresh.insert_mut(change.revision, Arc::new(change));
        if self.fresh.size() <= FRESH {
            return None;
        }
        let (revision, oldest) = self.fresh.first().map(|(at, one)| (*at, Arc::clone(one)))?;
        self.fresh.remove_mut(&revision);
        self.packed.insert_mut(revision, Arc::new(Packed::of(&oldest)));
        if self.packed.size() <= REMEMBERED - FRESH {
            return None;
        }
        let forgotten = self.packed.first().map(|(at, _)| *at)?;
        self.packed.remove_mut(&forgotten);
        Some(forgotten)
    }

    /// The changes after a revision, in order. `present` gives objects as they are now.
    pub(super) fn after(
        &self,
        revision: u64,
        present: impl Fn(&str, &str, &str) -> Option<Object>,
    ) -> Vec<Arc<Change>> {
        let from = revision.saturating_add(1);
        let fresh = self.fresh.range(from..).map(|(_, change)| Arc::clone(change));
        if self.packed.last().is_none_or(|(last, _)| *last < from) {
            return fresh.collect();
        }
        // From the present back: what an object was before a change is what it was after the one before.
        let mut before: BTreeMap<Place, Option<Object>> = BTreeMap::new();
        let mut found: Vec<Arc<Change>> = fresh.rev().collect();
        for change in &found {
            let Change { resource, namespace, name, old, .. } = &**change;
            let place = (resource.as_str().into(), namespace.as_str().into(), name.as_str().into());
            before.insert(place, old.clone());
        }
        for (at, packed) in self.packed.range(from..).rev() {
            let Packed { resource, namespace, name, .. } = &**packed;
            let new = before
                .remove(&packed.place())
                .unwrap_or_else(|| present(resource, namespace, name));
            let change = packed.unpack(*at, new);
            before.insert(packed.place(), change.old.clone());
            found.push(Arc::new(change));
        }
        found.reverse();
        found
    }
}
