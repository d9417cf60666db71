//! Claims for namespaces (`NamespaceClaimController.java`).
//!
//! The original reacts to its own write once more when an approval is handled, so that the last reason there is often
//! `namespace update success.`; here it stays what happened, a creation.

use cluster::event_loop::{Component, Controller, Failure, Key, Plan, Write};
use cluster::fields;
use cluster::store::{Change, Store};
use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::{claim, operator};

/// The resource.
pub(super) const RESOURCE: &str = "namespaceclaims.tmax.io";
/// Holds a namespace until the operator has seen that it ends.
pub(super) const FINALIZER: &str = "namespace/finalizers";

const BINDINGS: &str = "rolebindings.rbac.authorization.k8s.io";

/// The control loop.
pub(super) struct NamespaceClaims;

impl Controller for NamespaceClaims {
    fn name(&self) -> &'static str {
        "hypercloud-namespace-claim"
    }

    fn component(&self) -> Component {
        operator::component()
    }

    fn triggers(&self, store: &Store, change: &Change) -> Vec<Key> {
        operator::keys(store, change, RESOURCE)
    }

    fn reconcile(&self, store: &Store, key: &Key, _now: Timestamp) -> Plan {
        let mut plan = Plan::nothing();
        plan.stops_when_refused = true;
        let Some(found) = claim::open(store, RESOURCE, key) else { return plan };
        let there = store.get("namespaces", "", fields::text(&found, "/resourceName"));
        match (claim::status(&found), there) {
            ("", Some(_)) => {
                plan.writes.push(claim::say(
                    RESOURCE,
                    &found,
                    "Reject",
                    "Duplicated NameSpaceName",
                ));
                plan.writes.push(claim::close(RESOURCE, &found));
            }
            ("Success", None) => create(&found, &mut plan),
            ("Success", Some(namespace)) => update(store, &found, &namespace, &mut plan),
            _ => claim::first_steps(RESOURCE, &found, &mut plan),
        }
        plan
    }

    fn refused(&self, store: &Store, key: &Key, _now: Timestamp, failures: &[Failure]) -> Plan {
        claim::refused(store, RESOURCE, key, failures)
    }
}

/// The labels of a namespace that was claimed, and of what is made in it.
fn labels(claim: &Value) -> Value {
    let mut labels = Map::new();
    labels.insert("fromClaim".to_owned(), json!(fields::name(claim)));
    let given = fields::labels(claim);
    for label in ["trial", "period"] {
        if let Some(value) = given.get(label) {
            labels.insert(label.to_owned(), json!(value));
        }
    }
    Value::Object(labels)
}

fn annotations(claim: &Value) -> Value {
    match claim::owner(claim) {
        "" => json!({}),
        owner => json!({ "owner": owner }),
    }
}

fn quota(claim: &Value, name: &str) -> Value {
    json!({
        "apiVersion": "v1", "kind": "ResourceQuota",
        "metadata": {
            "name": name, "namespace": name, "labels": { "fromClaim": fields::name(claim) },
        },
        "spec": claim.get("spec"),
    })
}

fn create(claim: &Value, plan: &mut Plan) {
    let name = fields::text(claim, "/resourceName");
    let owner = claim::owner(claim);
    let namespace = json!({
        "apiVersion": "v1", "kind": "Namespace",
        "metadata": {
            "name": name, "labels": labels(claim), "annotations": annotations(claim),
            "finalizers": [FINALIZER],
        },
    });
    plan.writes.push(Write::create("namespaces", namespace));
    plan.writes.push(Write::create("resourcequotas", quota(claim, name)));
    let binding = json!({
        "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRoleBinding",
        "metadata": { "name": format!("CRB-{name}") },
        "subjects": [claim::subject(owner)],
        "roleRef": role("clusterrole-trial"),
    });
    plan.writes.push(Write::create("clusterrolebindings.rbac.authorization.k8s.io", binding));
    let trial = fields::labels(claim).contains_key("trial");
    let (binding, given) = if trial {
        (format!("trial-{name}"), "namespace-owner")
    } else {
        (format!("{name}-ns-listget"), "namespace-listget")
    };
    let binding = json!({
        "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding",
        "metadata": { "name": binding, "namespace": name, "labels": labels(claim) },
        "subjects": [claim::subject(owner)],
        "roleRef": role(given),
    });
    plan.writes.push(Write::create(BINDINGS, binding));
    plan.writes.push(claim::say(RESOURCE, claim, "Success", "namespace create success."));
    plan.writes.push(claim::close(RESOURCE, claim));
}

/// A claim of a namespace that is there: its marks and its quota become those of the claim.
fn update(store: &Store, claim: &Value, namespace: &Value, plan: &mut Plan) {
    let name = fields::name(namespace);
    let marks =
        json!({ "metadata": { "labels": labels(claim), "annotations": annotations(claim) } });
    plan.writes.push(Write::merge("namespaces", "", name, marks));
    plan.writes.push(match store.get("resourcequotas", name, name) {
        Some(known) => {
            let mut changed = (*known).clone();
            fields::put(&mut changed, "/spec", claim.get("spec").cloned().unwrap_or_default());
            Write::update("resourcequotas", changed)
        }
        None => Write::create("resourcequotas", quota(claim, name)),
    });
    plan.writes.push(claim::say(RESOURCE, claim, "Success", "namespace update success."));
    plan.writes.push(claim::close(RESOURCE, claim));
}

fn role(name: &str) -> Value {
    json!({ "apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": name })
}
