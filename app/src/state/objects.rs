//! The objects of the cluster as the page knows them: one table for all kinds.

use std::collections::BTreeMap;
use std::sync::Arc;

use protocol::v1::ObjectKey;
use serde_json::Value;

use super::face::Tone;

/// All objects.
#[derive(Debug, Clone, Default)]
pub(crate) struct Objects {
    entries: BTreeMap<ObjectKey, Arc<Value>>,
}

/// One line of the object list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ObjectRow {
    /// Which object.
    pub key: ObjectKey,
    /// What its status says, in the API's words; empty when the kind has none.
    pub status: String,
    /// How that is.
    pub tone: Tone,
    /// When it was created, RFC 3339.
    pub created: String,
    /// Whether it is going.
    pub deleting: bool,
}

/// One Kubernetes Event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct EventRow {
    /// When it was last seen, RFC 3339.
    pub at: String,
    /// Whether its type is `Warning`.
    pub warning: bool,
    /// Reason.
    pub reason: String,
    /// Kind and name of the object it is about.
    pub about: String,
    /// Namespace.
    pub namespace: String,
    /// Message, word for word.
    pub message: String,
    /// How often.
    pub count: i64,
}

impl Objects {
    /// Puts in objects and takes out those that are gone.
    pub(crate) fn change(&mut self, replace: bool, upserts: &[String], deletes: &[ObjectKey]) {
        if replace {
            self.entries.clear();
        }
        for key in deletes {
            self.entries.remove(key);
        }
        for text in upserts {
            let Ok(value) = serde_json::from_str::<Value>(text) else { continue };
            self.entries.insert(key_of(&value), Arc::new(value));
        }
    }

    /// One object.
    pub(crate) fn get(&self, key: &ObjectKey) -> Option<&Arc<Value>> {
        self.entries.get(key)
    }

    /// Whether nothing is known.
    pub(crate) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// All objects of a kind.
    pub(crate) fn of_kind<'a>(
        &'a self,
        kind: &'a str,
    ) -> impl Iterator<Item = (&'a ObjectKey, &'a Arc<Value>)> {
        self.entries.iter().filter(move |(key, _)| key.kind == kind)
    }

    /// Kinds with their rows, without Events. Kinds that a learner works with come first.
    pub(crate) fn by_kind(&self) -> Vec<(String, Vec<ObjectRow>)> {
        let mut kinds: BTreeMap<(usize, String), Vec<ObjectRow>> = BTreeMap::new();
        for (key, value) in self.entries.iter().filter(|(key, _)| key.kind != "Event") {
            let rank = FIRST.iter().position(|kind| *kind == key.kind).unwrap_or(FIRST.len());
            kinds.entry((rank, key.kind.clone())).or_default().push(row(key, value));
        }
        kinds.into_iter().map(|((_, kind), rows)| (kind, rows)).collect()
    }

    /// Events, newest first.
    pub(crate) fn events(&self) -> Vec<EventRow> {
        let mut rows: Vec<((String, u64), EventRow)> = self
            .of_kind("Event")
            .map(|(_, value)| {
                let row = event(value);
                ((second(&row.at).to_owned(), revision(value)), row)
            })
            .collect();
        rows.sort_by(|(one, _), (other, _)| other.cmp(one));
        rows.into_iter().map(|(_, row)| row).collect()
    }
}

const FIRST: [&str; 12] = [
    "Pod",
    "Deployment",
    "ReplicaSet",
    "Service",
    "NetworkPolicy",
    "ResourceQuota",
    "LimitRange",
    "Role",
    "RoleBinding",
    "ConfigMap",
    "Namespace",
    "Node",
];

/// A text in a document; empty when it is not there.
pub(crate) fn text<'a>(value: &'a Value, path: &str) -> &'a str {
    value.pointer(path).and_then(Value::as_str).unwrap_or_default()
}

fn number(value: &Value, path: &str) -> i64 {
    value.pointer(path).and_then(Value::as_i64).unwrap_or_default()
}

fn key_of(value: &Value) -> ObjectKey {
    ObjectKey {
        api_version: text(value, "/apiVersion").to_owned(),
        kind: text(value, "/kind").to_owned(),
        namespace: text(value, "/metadata/namespace").to_owned(),
        name: text(value, "/metadata/name").to_owned(),
    }
}

fn row(key: &ObjectKey, value: &Value) -> ObjectRow {
    let deleting = value.pointer("/metadata/deletionTimestamp").is_some();
    let (status, tone) = match key.kind.as_str() {
        _ if deleting => ("Terminating".to_owned(), Tone::Warn),
        "Pod" => pod_status(value),
        "Deployment" | "ReplicaSet" => workload_status(value),
        "Namespace" => (text(value, "/status/phase").to_owned(), Tone::Good),
        "Node" => node_status(value),
        "Service" => (text(value, "/spec/clusterIP").to_owned(), Tone::Plain),
        _ => (String::new(), Tone::Plain),
    };
    ObjectRow {
        key: key.clone(),
        status,
        tone,
        created: text(value, "/metadata/creationTimestamp").to_owned(),
        deleting,
    }
}

/// As the STATUS column of kubectl (`pkg/printers/internalversion/printers.go printPod`), in short.
pub(crate) fn pod_status(pod: &Value) -> (String, Tone) {
    let containers = pod.pointer("/status/containerStatuses").and_then(Value::as_array);
    let statuses = containers.map(Vec::as_slice).unwrap_or_default();
    let waiting = statuses
        .iter()
        .map(|status| text(status, "/state/waiting/reason"))
        .chain(statuses.iter().map(|status| text(status, "/state/terminated/reason")))
        .find(|reason| !reason.is_empty());
    let phase = text(pod, "/status/phase");
    let ready = statuses.iter().all(|status| status.get("ready") == Some(&Value::Bool(true)));
    match (waiting, phase) {
        (Some("Completed"), _) => ("Completed".to_owned(), Tone::Plain),
        (Some(reason), _) => {
            let bad = reason.ends_with("BackOff") || reason.contains("Err");
            (reason.to_owned(), if bad { Tone::Bad } else { Tone::Warn })
        }
        (None, "Running") if ready => ("Running".to_owned(), Tone::Good),
        (None, "Succeeded") => ("Succeeded".to_owned(), Tone::Plain),
        (None, "Failed") => ("Failed".to_owned(), Tone::Bad),
        (None, "") => ("Pending".to_owned(), Tone::Warn),
        (None, phase) => (phase.to_owned(), Tone::Warn),
    }
}

fn workload_status(value: &Value) -> (String, Tone) {
    let wanted = number(value, "/spec/replicas");
    let ready = number(value, "/status/readyReplicas");
    let tone = if ready >= wanted { Tone::Good } else { Tone::Warn };
    (format!("{ready}/{wanted}"), tone)
}

fn node_status(node: &Value) -> (String, Tone) {
    let conditions = node.pointer("/status/conditions").and_then(Value::as_array);
    let ready = conditions.into_iter().flatten().any(|condition| {
        text(condition, "/type") == "Ready" && text(condition, "/status") == "True"
    });
    if ready { ("Ready".to_owned(), Tone::Good) } else { ("NotReady".to_owned(), Tone::Bad) }
}

/// A time without its fraction: some reporters write one, some do not, and text would not sort them.
fn second(at: &str) -> &str {
    at.split_once(['.', 'Z']).map_or(at, |(second, _)| second)
}

/// Within a second the order of writing is the order of happening.
fn revision(value: &Value) -> u64 {
    text(value, "/metadata/resourceVersion").parse().unwrap_or_default()
}

fn event(value: &Value) -> EventRow {
    let at = ["/series/lastObservedTime", "/lastTimestamp", "/eventTime", "/firstTimestamp"]
        .into_iter()
        .map(|path| text(value, path))
        .find(|at| !at.is_empty())
        .unwrap_or_else(|| text(value, "/metadata/creationTimestamp"));
    let about = |field: &str| {
        let involved = text(value, &format!("/involvedObject/{field}"));
        if involved.is_empty() { text(value, &format!("/regarding/{field}")) } else { involved }
    };
    let message = text(value, "/message");
    EventRow {
        at: at.to_owned(),
        warning: text(value, "/type") == "Warning",
        reason: text(value, "/reason").to_owned(),
        about: format!("{}/{}", about("kind"), about("name")),
        namespace: about("namespace").to_owned(),
        message: if message.is_empty() { text(value, "/note") } else { message }.to_owned(),
        count: number(value, "/count").max(1),
    }
}

/// Events that followed an apply: of the applied objects and of what they own, from a moment on.
pub(crate) fn followed(objects: &Objects, applied: &[ObjectKey], since: &str) -> Vec<EventRow> {
    let mut rows = objects.events();
    rows.retain(|row| {
        row.at.as_str() >= since
            && applied.iter().any(|key| {
                let name = row.about.split_once('/').map_or("", |(_, name)| name);
                key.namespace == row.namespace
                    && (name == key.name || name.starts_with(&format!("{}-", key.name)))
            })
    });
    rows.reverse();
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pod(name: &str, status: &str) -> String {
        format!(
            r#"{{"apiVersion":"v1","kind":"Pod","metadata":{{"name":"{name}","namespace":"dev"}},"status":{status}}}"#
        )
    }

    fn happening(name: &str, about: &str, at: &str) -> String {
        format!(
            r#"{{"apiVersion":"v1","kind":"Event","metadata":{{"name":"{name}","namespace":"dev"}},"reason":"Started",
            "involvedObject":{{"kind":"Pod","name":"{about}","namespace":"dev"}},"lastTimestamp":"{at}","message":"m"}}"#
        )
    }

    #[test]
    fn a_pod_shows_the_word_that_kubectl_shows() {
        for (status, word, tone) in [
            (r#"{"phase":"Running","containerStatuses":[{"ready":true}]}"#, "Running", Tone::Good),
            (r#"{"phase":"Running","containerStatuses":[{"ready":false}]}"#, "Running", Tone::Warn),
            (
                r#"{"phase":"Pending","containerStatuses":[{"state":{"waiting":{"reason":"ImagePullBackOff"}}}]}"#,
                "ImagePullBackOff",
                Tone::Bad,
            ),
            ("{}", "Pending", Tone::Warn),
        ] {
            let mut objects = Objects::default();
            objects.change(false, &[pod("a", status)], &[]);
            let rows = objects.by_kind();
            assert_eq!((rows[0].1[0].status.as_str(), rows[0].1[0].tone), (word, tone), "{status}");
        }
    }

    #[test]
    fn objects_come_and_go_and_a_relist_replaces_them() {
        let mut objects = Objects::default();
        objects.change(false, &[pod("a", "{}"), pod("b", "{}")], &[]);
        let gone = objects.by_kind()[0].1[0].key.clone();
        objects.change(false, &[], &[gone]);
        assert_eq!(objects.of_kind("Pod").count(), 1);
        objects.change(true, &[pod("c", "{}")], &[]);
        assert_eq!(
            objects.of_kind("Pod").map(|(key, _)| key.name.as_str()).collect::<Vec<_>>(),
            ["c"]
        );
    }

    #[test]
    fn the_newest_event_comes_first_whoever_wrote_its_time() {
        let mut objects = Objects::default();
        let at = |name: &str, field: &str, at: &str, revision: &str| {
            serde_json::json!({
                "apiVersion": "v1", "kind": "Event",
                "metadata": { "name": name, "namespace": "dev", "resourceVersion": revision },
                "involvedObject": { "kind": "Pod", "name": name, "namespace": "dev" },
                field: at,
            })
            .to_string()
        };
        let events = [
            at("scheduled", "eventTime", "2026-01-01T00:00:05.250000Z", "9"),
            at("started", "lastTimestamp", "2026-01-01T00:00:05Z", "11"),
            at("pulled", "lastTimestamp", "2026-01-01T00:00:05Z", "10"),
            at("earlier", "lastTimestamp", "2026-01-01T00:00:04Z", "12"),
        ];
        objects.change(false, &events, &[]);
        let about: Vec<String> = objects.events().into_iter().map(|row| row.about).collect();
        assert_eq!(about, ["Pod/started", "Pod/pulled", "Pod/scheduled", "Pod/earlier"]);
    }

    #[test]
    fn events_of_an_object_and_of_what_it_owns_follow_it() {
        let mut objects = Objects::default();
        objects.change(
            false,
            &[
                happening("1", "web-7d4-x", "2026-01-01T00:00:05Z"),
                happening("2", "web", "2026-01-01T00:00:04Z"),
                happening("3", "other", "2026-01-01T00:00:06Z"),
                happening("4", "web", "2026-01-01T00:00:01Z"),
            ],
            &[],
        );
        let web = ObjectKey {
            api_version: "apps/v1".to_owned(),
            kind: "Deployment".to_owned(),
            namespace: "dev".to_owned(),
            name: "web".to_owned(),
        };
        let rows = followed(&objects, &[web], "2026-01-01T00:00:04Z");
        let about: Vec<&str> = rows.iter().map(|row| row.about.as_str()).collect();
        assert_eq!(about, ["Pod/web", "Pod/web-7d4-x"]);
    }
}
