//! The objects of one resource.

use std::cmp::Ordering;
use std::ops::Bound;

use rpds::RedBlackTreeMapSync;

use super::Object;

/// By name.
type Named = RedBlackTreeMapSync<String, Object>;

/// The objects of one resource by namespace (empty for cluster-scoped ones) and name. A clone costs nothing, and the
/// objects of a namespace are counted without a walk.
#[derive(Debug, Clone)]
pub struct Objects(RedBlackTreeMapSync<String, Named>);

impl Default for Objects {
    fn default() -> Self {
        Self(RedBlackTreeMapSync::new_sync())
    }
}

impl Objects {
    pub(super) fn get(&self, namespace: &str, name: &str) -> Option<&Object> {
        self.0.get(namespace)?.get(name)
    }

    pub(super) fn insert(&mut self, namespace: &str, name: &str, object: Object) {
        if let Some(named) = self.0.get_mut(namespace) {
            named.insert_mut(name.to_owned(), object);
            return;
        }
        let mut named = Named::new_sync();
        named.insert_mut(name.to_owned(), object);
        self.0.insert_mut(namespace.to_owned(), named);
    }

    /// Says whether it was there.
    pub(super) fn remove(&mut self, namespace: &str, name: &str) -> bool {
        let Some(named) = self.0.get_mut(namespace) else { return false };
        let found = named.remove_mut(name);
        if named.is_empty() {
            self.0.remove_mut(namespace);
        }
        found
    }

    /// Those of one namespace or of all, in the order of etcd's keys.
    pub fn within<'a>(&'a self, namespace: Option<&'a str>) -> impl Iterator<Item = &'a Object> {
        self.after(namespace, None)
    }

    /// How many there are in one namespace or in all.
    pub fn count(&self, namespace: Option<&str>) -> usize {
        match namespace {
            Some(namespace) => self.0.get(namespace).map_or(0, Named::size),
            None => self.0.values().map(Named::size).sum(),
        }
    }

    /// Those of one namespace or of all that come after a place (a namespace and a name).
    pub fn after<'a>(
        &'a self,
        namespace: Option<&'a str>,
        place: Option<(&'a str, &'a str)>,
    ) -> impl Iterator<Item = &'a Object> {
        let mut walked: Vec<(&String, &Named)> = match namespace {
            Some(one) => self.0.get_key_value(one).into_iter().collect(),
            None => self.0.iter().collect(),
        };
        if let (None, Some((from, _))) = (namespace, place) {
            walked.retain(|(within, _)| in_order_of_keys(within, from).is_ge());
        }
        walked.sort_by(|(one, _), (other, _)| in_order_of_keys(one, other));
        walked.into_iter().flat_map(move |(within, named)| {
            let name = place.filter(|(namespace, _)| namespace == within).map(|(_, name)| name);
            let start = name.map_or(Bound::Unbounded, Bound::Excluded);
            named.range::<str, _>((start, Bound::Unbounded)).map(|(_, object)| object)
        })
    }
}

/// The order of namespaces within keys of etcd, where a slash ends them (`/registry/pods/NAMESPACE/NAME`,
/// k8s.io/apiserver/pkg/registry/generic/registry/store.go, `NamespaceKeyFunc`): `a-b` comes before `a`.
pub(crate) fn in_order_of_keys(one: &str, other: &str) -> Ordering {
    one.bytes().chain([b'/']).cmp(other.bytes().chain([b'/']))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::Objects;

    #[test]
    fn a_walk_goes_on_after_a_place_that_need_not_be_there() {
        let mut objects = Objects::default();
        for (namespace, name) in [("a", "x"), ("a", "z"), ("a-b", "w"), ("b", "y")] {
            objects.insert(namespace, name, json!(format!("{namespace}/{name}")).into());
        }
        let walk = |namespace, place| -> Vec<String> {
            objects
                .after(namespace, place)
                .filter_map(|one| one.as_str().map(str::to_owned))
                .collect()
        };
        assert_eq!(walk(None, None), ["a-b/w", "a/x", "a/z", "b/y"]);
        assert_eq!(walk(None, Some(("a", "y"))), ["a/z", "b/y"]);
        assert_eq!(walk(None, Some(("a-b", "w"))), ["a/x", "a/z", "b/y"]);
        assert_eq!(walk(Some("a"), Some(("a", "x"))), ["a/z"]);
        assert_eq!(walk(Some("b"), None), ["b/y"]);
        assert_eq!(walk(Some("c"), None), [""; 0]);
        assert_eq!((objects.count(None), objects.count(Some("a"))), (4, 2));
        assert!(objects.remove("b", "y") && !objects.remove("b", "y"));
        assert_eq!((objects.count(None), objects.count(Some("b"))), (3, 0));
    }
}
