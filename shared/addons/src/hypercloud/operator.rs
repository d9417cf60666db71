//! What the control loops of the operator share: who they are, and whether its pod runs.

use cluster::event_loop::{Component, Key};
use cluster::fields;
use cluster::store::{Change, Store};

/// Where the operator runs.
pub(super) const NAMESPACE: &str = "hypercloud4-system";
/// The label of the operator's pods.
pub(super) const OPERATOR: (&str, &str) = ("hypercloud4", "operator");

/// The operator with its service account.
pub(super) fn component() -> Component {
    Component::account(NAMESPACE, "hypercloud4-admin", "hypercloud4-operator")
}

/// Whether a pod with this label is ready.
pub(super) fn runs(store: &Store, namespace: &str, (label, value): (&str, &str)) -> bool {
    store.list("pods", Some(namespace)).iter().any(|pod| {
        fields::labels(pod).get(label).is_some_and(|found| found == value)
            && fields::condition_true(pod, "Ready")
    })
}

/// Whether a change is one of the operator's pods: a new one looks at everything that is there.
pub(super) fn is_pod(change: &Change, namespace: &str, (label, value): (&str, &str)) -> bool {
    let labelled = |object: &serde_json::Value| {
        fields::labels(object).get(label).is_some_and(|found| found == value)
    };
    change.resource == "pods"
        && change.namespace == namespace
        && change.new.as_ref().is_some_and(|pod| labelled(pod))
}

/// The keys of a resource that a change concerns: the object itself, and all when the operator comes up.
pub(super) fn keys(store: &Store, change: &Change, resource: &str) -> Vec<Key> {
    if change.resource == resource {
        return vec![Key::new(&change.namespace, &change.name)];
    }
    if is_pod(change, NAMESPACE, OPERATOR) {
        return store.list(resource, None).iter().map(|one| Key::of(one)).collect();
    }
    Vec::new()
}
