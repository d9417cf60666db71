//! What the controllers that make pods share: a pod from a template, and the history of templates
//! (`pkg/controller/controller_utils.go`, `pkg/controller/history/controller_history.go`).

use apimachinery::order::Order as _;
use apimachinery::selector::LabelSelector;
use std::sync::Arc;

use serde_json::{Value, json};

use super::claim;
use crate::event_loop::{Plan, Write};
use crate::fields;
use crate::rng;
use crate::store::Store;

/// The label that names the revision a pod was made from.
pub(super) const REVISION_LABEL: &str = "controller-revision-hash";

const REVISIONS: &str = "controllerrevisions.apps";

/// A reference to the controlling owner.
pub(super) fn owner_reference(owner: &Value, api_version: &str, kind: &str) -> Value {
    json!({
        "apiVersion": api_version, "kind": kind, "name": fields::name(owner), "uid": fields::uid(owner),
        "controller": true, "blockOwnerDeletion": true,
    })
}

/// A pod of a template (`GetPodFromTemplate`), without a name.
pub(super) fn pod_of(template: &Value, owner: &Value, api_version: &str, kind: &str) -> Value {
    let mut pod = json!({
        "apiVersion": "v1", "kind": "Pod",
        "metadata": {
            "namespace": fields::namespace(owner),
            "ownerReferences": [owner_reference(owner, api_version, kind)],
        },
        "spec": template.get("spec"),
    });
    for key in ["labels", "annotations", "finalizers"] {
        if let Some(value) = template.pointer(&format!("/metadata/{key}")) {
            fields::put(&mut pod, &format!("/metadata/{key}"), value.clone());
        }
    }
    pod
}

/// Whether a pod is ready, and has been for as long as its owner demands (`IsPodAvailable`).
pub(super) fn available(pod: &Value, min_ready: i64, now: jiff::Timestamp) -> bool {
    if !fields::condition_true(pod, "Ready") {
        return false;
    }
    let since =
        fields::condition(pod, "Ready").and_then(|one| fields::time(one, "/lastTransitionTime"));
    min_ready == 0 || since.is_some_and(|since| now.as_second() - since.as_second() >= min_ready)
}

/// The revisions of an owner: its present template is always one of them.
pub(super) struct History {
    /// The label value of the present template.
    pub(super) hash: String,
    /// The name of its revision.
    pub(super) name: String,
    /// All revisions that exist already, oldest first.
    pub(super) known: Vec<Arc<Value>>,
}

impl History {
    /// Finds the revision of the present template, and plans to make it or to bring it to the front.
    pub(super) fn of(store: &Store, owner: &Value, kind: &str, plan: &mut Plan) -> Self {
        let mut known: Vec<Arc<Value>> = store
            .list(REVISIONS, Some(fields::namespace(owner)))
            .into_iter()
            .filter(|revision| {
                if fields::controller_of(revision).is_some() {
                    return fields::controlled_by(revision, owner);
                }
                // `AdoptOrphanRevisions`.
                let orphan = of_template(owner, revision);
                if orphan {
                    plan.writes.push(claim::take_in(REVISIONS, revision, (owner, kind)));
                }
                orphan
            })
            .collect();
        known.order_by_key(|revision| fields::number(revision, "/revision").unwrap_or_default());
        let data = data(owner);
        let newest = known.last().and_then(|one| fields::number(one, "/revision")).unwrap_or(0);
        if let Some(same) = known.iter().find(|one| one.get("data") == Some(&data)) {
            if fields::number(same, "/revision") != Some(newest) {
                let mut moved = Value::clone(same);
                fields::put(&mut moved, "/revision", json!(newest + 1));
                plan.writes.push(Write::update(REVISIONS, moved));
            }
            let (hash, name) = (hash_of(same), fields::name(same).to_owned());
            return Self { hash, name, known };
        }
        let hash = safe_hash(&format!("{}{data}", fields::uid(owner)));
        let name = format!("{}-{hash}", fields::name(owner));
        plan.writes.push(Write::create(REVISIONS, revision(owner, kind, &name, newest + 1, data)));
        Self { hash, name, known }
    }

    /// The template of a revision by its name.
    pub(super) fn template(&self, name: &str) -> Option<Value> {
        let found = self.known.iter().find(|one| fields::name(one) == name)?;
        let mut template = found.pointer("/data/spec/template")?.clone();
        template.as_object_mut()?.remove("$patch");
        Some(template)
    }

    /// Plans to delete the oldest revisions that no pod uses, beyond the owner's limit.
    pub(super) fn truncate(&self, owner: &Value, used: &[String], plan: &mut Plan) {
        let unused: Vec<&Arc<Value>> = self
            .known
            .iter()
            .filter(|one| fields::name(one) != self.name && !used.contains(&hash_of(one)))
            .collect();
        let limit = fields::number(owner, "/spec/revisionHistoryLimit").unwrap_or(10);
        let excess = unused.len().saturating_sub(usize::try_from(limit).unwrap_or_default());
        for revision in unused.into_iter().take(excess) {
            plan.writes.push(Write::delete(REVISIONS, revision, "Background"));
        }
    }
}

/// Whether a revision that nobody controls is of an owner's pods.
fn of_template(owner: &Value, revision: &Value) -> bool {
    let selector = owner.pointer("/spec/selector").map(LabelSelector::from_object);
    !fields::deleting(owner)
        && !fields::deleting(revision)
        && matches!(selector, Some(Ok(selector)) if selector.matches(&fields::labels(revision)))
}

/// What a revision keeps: a patch that puts the template back.
fn data(owner: &Value) -> Value {
    let mut template = owner.pointer("/spec/template").cloned().unwrap_or_default();
    fields::put(&mut template, "/$patch", json!("replace"));
    json!({ "spec": { "template": template } })
}

fn revision(owner: &Value, kind: &str, name: &str, number: i64, data: Value) -> Value {
    let hash = name.rsplit('-').next().unwrap_or_default();
    let mut labels = fields::texts(owner, "/spec/template/metadata/labels");
    // The two controllers name the hash differently.
    let label = if kind == "DaemonSet" { REVISION_LABEL } else { "controller.kubernetes.io/hash" };
    labels.insert(label.to_owned(), hash.to_owned());
    let annotations = fields::texts(owner, "/metadata/annotations");
    let mut object = json!({
        "apiVersion": "apps/v1", "kind": "ControllerRevision",
        "metadata": {
            "name": name, "namespace": fields::namespace(owner), "labels": labels,
            "ownerReferences": [owner_reference(owner, "apps/v1", kind)],
        },
        "data": data, "revision": number,
    });
    if !annotations.is_empty() {
        fields::put(&mut object, "/metadata/annotations", json!(annotations));
    }
    object
}

fn hash_of(revision: &Value) -> String {
    fields::name(revision).rsplit('-').next().unwrap_or_default().to_owned()
}

/// A number as the real controllers write hashes (`rand.SafeEncodeString`); the hash is one of ours.
fn safe_hash(text: &str) -> String {
    let number = rng::hash(text) % 10_000_000_000;
    apimachinery::names::safe_encode(&number.to_string())
}
