//! The objects that the page shows: a list and a watch per kind, folded into deltas.

mod kinds;
mod watch;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use protocol::v1::{EventBody, ObjectKey};
use serde_json::Value;

pub(crate) use self::kinds::{KINDS, Kind};
pub(crate) use self::watch::{Scope, follow};

/// What the watches report, until the session takes it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Inbox(Arc<Mutex<Vec<Change>>>);

/// What a watch saw.
#[derive(Debug)]
pub(crate) enum Change {
    /// All objects of a kind in a namespace (`None`: in all).
    Listed { kind: &'static Kind, namespace: Option<String>, items: Vec<Value> },
    /// An object was created or changed.
    Stored { kind: &'static Kind, object: Value },
    /// An object is gone.
    Gone { kind: &'static Kind, object: Value },
    /// This kind may not be read.
    Forbidden { kind: &'static Kind },
}

impl Inbox {
    pub(crate) fn put(&self, change: Change) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(change);
    }

    fn take(&self) -> Vec<Change> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// What the page knows.
#[derive(Debug, Default)]
pub(crate) struct Objects {
    pub(crate) inbox: Inbox,
    known: BTreeMap<ObjectKey, String>,
    told: bool,
    forbidden: Vec<&'static str>,
}

/// What is new for the page.
#[derive(Debug, Default)]
pub(crate) struct News {
    /// An `Objects` event, if anything changed.
    pub(crate) event: Option<EventBody>,
    /// Whether something changed that can open or close connections.
    pub(crate) connections: bool,
    /// Kinds that turned out not to be readable.
    pub(crate) forbidden: Vec<&'static str>,
}

impl Objects {
    /// Everything, for a reader that knows nothing.
    pub(crate) fn present(&self) -> EventBody {
        EventBody::Objects {
            replace: true,
            upserts: self.known.values().cloned().collect(),
            deletes: Vec::new(),
        }
    }

    /// Folds what the watches saw.
    pub(crate) fn news(&mut self) -> News {
        let changes = self.inbox.take();
        if changes.is_empty() {
            return News::default();
        }
        let mut delta: BTreeMap<ObjectKey, Option<String>> = BTreeMap::new();
        let mut news = News::default();
        for change in changes {
            match change {
                Change::Listed { kind, namespace, items } => {
                    self.list(kind, namespace.as_deref(), items, &mut delta);
                }
                Change::Stored { kind, object } => self.store(kind, object, &mut delta),
                Change::Gone { kind, object } => {
                    let key = key(kind, &object);
                    if self.known.remove(&key).is_some() {
                        delta.insert(key, None);
                    }
                }
                Change::Forbidden { kind } => {
                    if !self.forbidden.contains(&kind.resource) {
                        self.forbidden.push(kind.resource);
                        news.forbidden.push(kind.resource);
                    }
                }
            }
        }
        news.connections = delta.keys().any(moves_connections);
        news.event = self.event(delta);
        news
    }

    fn event(&mut self, delta: BTreeMap<ObjectKey, Option<String>>) -> Option<EventBody> {
        let replace = !std::mem::replace(&mut self.told, true);
        if delta.is_empty() && !replace {
            return None;
        }
        let (mut upserts, mut deletes) = (Vec::new(), Vec::new());
        for (key, object) in delta {
            match object {
                Some(object) => upserts.push(object),
                None => deletes.push(key),
            }
        }
        Some(EventBody::Objects { replace, upserts, deletes })
    }

    fn list(
        &mut self,
        kind: &'static Kind,
        namespace: Option<&str>,
        items: Vec<Value>,
        delta: &mut BTreeMap<ObjectKey, Option<String>>,
    ) {
        let listed: Vec<ObjectKey> = items.iter().map(|item| key(kind, item)).collect();
        let gone: Vec<ObjectKey> = self
            .known
            .keys()
            .filter(|key| key.kind == kind.kind && key.api_version == kind.api_version)
            .filter(|key| namespace.is_none_or(|namespace| key.namespace == namespace))
            .filter(|key| !listed.contains(key))
            .cloned()
            .collect();
        for key in gone {
            self.known.remove(&key);
            delta.insert(key, None);
        }
        for item in items {
            self.store(kind, item, delta);
        }
    }

    fn store(
        &mut self,
        kind: &'static Kind,
        object: Value,
        delta: &mut BTreeMap<ObjectKey, Option<String>>,
    ) {
        let key = key(kind, &object);
        let text = shown(kind, object).to_string();
        if self.known.get(&key) != Some(&text) {
            self.known.insert(key.clone(), text.clone());
            delta.insert(key, Some(text));
        }
    }
}

fn key(kind: &Kind, object: &Value) -> ObjectKey {
    let text = |name: &str| {
        let value = object.get("metadata").and_then(|metadata| metadata.get(name));
        value.and_then(Value::as_str).unwrap_or("").to_owned()
    };
    ObjectKey {
        api_version: kind.api_version.to_owned(),
        kind: kind.kind.to_owned(),
        namespace: text("namespace"),
        name: text("name"),
    }
}

/// An object as the page gets it: with its kind (items of lists have none), without managed fields,
/// without the values of Secrets.
fn shown(kind: &Kind, mut object: Value) -> Value {
    if let Some(map) = object.as_object_mut() {
        map.insert("apiVersion".to_owned(), Value::String(kind.api_version.to_owned()));
        map.insert("kind".to_owned(), Value::String(kind.kind.to_owned()));
    }
    if let Some(metadata) = object.get_mut("metadata").and_then(Value::as_object_mut) {
        metadata.remove("managedFields");
    }
    if kind.kind == "Secret" {
        cut_secret(&mut object);
    }
    object
}

/// Takes the values out of a Secret, wherever it repeats them.
pub(crate) fn cut_secret(object: &mut Value) {
    for field in ["data", "stringData"] {
        let values = object.get_mut(field).and_then(Value::as_object_mut);
        for value in values.into_iter().flat_map(|map| map.values_mut()) {
            *value = Value::String(String::new());
        }
    }
    let annotations = object.pointer_mut("/metadata/annotations").and_then(Value::as_object_mut);
    if let Some(annotations) = annotations {
        annotations.remove("kubectl.kubernetes.io/last-applied-configuration");
    }
}

fn moves_connections(key: &ObjectKey) -> bool {
    matches!(key.kind.as_str(), "Pod" | "Service" | "EndpointSlice" | "Namespace" | "NetworkPolicy")
}

#[cfg(test)]
mod tests {
    use expect_test::expect;
    use serde_json::json;

    use super::*;

    fn kind(name: &str) -> &'static Kind {
        KINDS.iter().find(|kind| kind.kind == name).unwrap()
    }

    fn pod(name: &str, phase: &str) -> Value {
        json!({ "metadata": { "name": name, "namespace": "dev", "managedFields": [{}] },
            "status": { "phase": phase } })
    }

    fn tell(objects: &mut Objects) -> String {
        match objects.news().event {
            Some(EventBody::Objects { replace, upserts, deletes }) => {
                let deletes: Vec<String> = deletes.into_iter().map(|key| key.name).collect();
                format!("replace {replace}\n+ {}\n- {deletes:?}", upserts.join("\n+ "))
            }
            other => format!("{other:?}"),
        }
    }

    #[test]
    fn lists_and_changes_become_deltas() {
        let mut objects = Objects::default();
        let inbox = objects.inbox.clone();
        let items = vec![pod("a", "Pending"), pod("b", "Running")];
        inbox.put(Change::Listed { kind: kind("Pod"), namespace: None, items });
        expect![[r#"
            replace true
            + {"apiVersion":"v1","kind":"Pod","metadata":{"name":"a","namespace":"dev"},"status":{"phase":"Pending"}}
            + {"apiVersion":"v1","kind":"Pod","metadata":{"name":"b","namespace":"dev"},"status":{"phase":"Running"}}
            - []"#]]
        .assert_eq(&tell(&mut objects));
        inbox.put(Change::Stored { kind: kind("Pod"), object: pod("a", "Running") });
        inbox.put(Change::Gone { kind: kind("Pod"), object: pod("b", "Running") });
        expect![[r#"
            replace false
            + {"apiVersion":"v1","kind":"Pod","metadata":{"name":"a","namespace":"dev"},"status":{"phase":"Running"}}
            - ["b"]"#]]
        .assert_eq(&tell(&mut objects));
    }

    #[test]
    fn a_relist_tells_only_what_is_different() {
        let mut objects = Objects::default();
        let inbox = objects.inbox.clone();
        let items = vec![pod("a", "Running"), pod("b", "Running")];
        inbox.put(Change::Listed { kind: kind("Pod"), namespace: None, items });
        tell(&mut objects);
        let items = vec![pod("a", "Running"), pod("c", "Pending")];
        inbox.put(Change::Listed { kind: kind("Pod"), namespace: None, items });
        expect![[r#"
            replace false
            + {"apiVersion":"v1","kind":"Pod","metadata":{"name":"c","namespace":"dev"},"status":{"phase":"Pending"}}
            - ["b"]"#]]
        .assert_eq(&tell(&mut objects));
        let items = vec![pod("a", "Running"), pod("c", "Pending")];
        inbox.put(Change::Listed { kind: kind("Pod"), namespace: None, items });
        assert!(objects.news().event.is_none(), "nothing is different");
    }

    #[test]
    fn the_values_of_secrets_do_not_leave() {
        let mut objects = Objects::default();
        let annotation = "kubectl.kubernetes.io/last-applied-configuration";
        let object = json!({ "metadata": { "name": "s", "namespace": "dev",
            "annotations": { annotation: "hunter2" } }, "data": { "password": "aHVudGVyMg==" } });
        objects.inbox.put(Change::Stored { kind: kind("Secret"), object });
        let told = tell(&mut objects);
        assert!(told.contains(r#""data":{"password":""}"#), "{told}");
        assert!(!told.contains("hunter2") && !told.contains("aHVudGVyMg"), "{told}");
    }
}
