//! Deployments: one ReplicaSet a revision, and rolling from one to the next (`pkg/controller/deployment`).

mod rolling;
mod scale;
mod status;

use apimachinery::order::Order as _;
use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::claim;
use crate::event_loop::{Component, Controller, EventNote, Key, Plan, Write, reference};
use crate::store::{Change, Store};
use crate::{fields, rng};

const RESOURCE: &str = "deployments.apps";
const SETS: &str = "replicasets.apps";
const REVISION: &str = "deployment.kubernetes.io/revision";
const HASH: &str = "pod-template-hash";

/// The control loop.
pub(crate) struct Deployments;

impl Controller for Deployments {
    fn name(&self) -> &'static str {
        "deployment-controller"
    }

    fn component(&self) -> Component {
        Component::controller("deployment-controller", "deployment-controller")
    }

    fn triggers(&self, store: &Store, change: &Change) -> Vec<Key> {
        match change.resource.as_str() {
            RESOURCE => vec![Key::new(&change.namespace, &change.name)],
            SETS => [&change.old, &change.new]
                .into_iter()
                .flatten()
                .filter_map(|set| fields::controller_of(set))
                .map(|owner| Key::new(&change.namespace, fields::text(owner, "/name")))
                .chain(claim::adopters(store, RESOURCE, change))
                .collect(),
            _ => Vec::new(),
        }
    }

    fn reconcile(&self, store: &Store, key: &Key, now: Timestamp) -> Plan {
        let mut plan = Plan::nothing();
        let Some(deployment) = store.get(RESOURCE, &key.namespace, &key.name) else { return plan };
        if fields::deleting(&deployment) {
            return plan;
        }
        let owner = (deployment.as_ref(), "Deployment");
        let sets = claim::claimed(store, owner, SETS, |_| true, &mut plan);
        let hash = template_hash(&deployment);
        let current = sets.iter().find(|set| same_template(set, &deployment));
        let rollout = Rollout { deployment: &deployment, current, sets: &sets };
        if let Some(current) = current {
            mark_revision(current, &sets, &mut plan);
        }
        let estimates = if fields::flag(&deployment, "/spec/paused") || rollout.was_scaled() {
            rollout.scale(&mut plan);
            false
        } else {
            if recreates(&deployment) {
                rollout.recreate(store, &hash, &mut plan);
            } else {
                rollout.roll(&hash, &mut plan);
            }
            true
        };
        clean_up(&deployment, current, &sets, &mut plan);
        rollout.status(estimates, now, &mut plan);
        plan
    }
}

/// A Deployment with its ReplicaSets.
struct Rollout<'a> {
    deployment: &'a Value,
    /// The set of the Deployment's template.
    current: Option<&'a Arc<Value>>,
    sets: &'a [Arc<Value>],
}

fn template(object: &Value) -> Value {
    let mut template = object.pointer("/spec/template").cloned().unwrap_or_default();
    if let Some(labels) = template.pointer_mut("/metadata/labels").and_then(Value::as_object_mut) {
        labels.remove(HASH);
    }
    template
}

fn same_template(set: &Value, deployment: &Value) -> bool {
    template(set) == template(deployment)
}

/// Ten characters, as the real controller's are; the number behind them is a hash of ours.
fn template_hash(deployment: &Value) -> String {
    let collisions = fields::number(deployment, "/status/collisionCount").unwrap_or_default();
    let number = rng::hash(&format!("{}{collisions}", template(deployment))) % 10_000_000_000;
    apimachinery::names::safe_encode(&number.to_string())
}

fn revision(set: &Value) -> u64 {
    fields::annotation(set, REVISION).parse().unwrap_or_default()
}

fn replicas(object: &Value) -> i64 {
    fields::number(object, "/spec/replicas").unwrap_or(1)
}

/// `intstr.GetScaledValueFromIntOrPercent`.
fn bound(deployment: &Value, field: &str, up: bool) -> i64 {
    let wanted = replicas(deployment);
    match deployment.pointer(&format!("/spec/strategy/rollingUpdate/{field}")) {
        Some(Value::String(percent)) => {
            let percent: i64 = percent.trim_end_matches('%').parse().unwrap_or_default();
            if up { (wanted * percent + 99) / 100 } else { wanted * percent / 100 }
        }
        Some(value) => value.as_i64().unwrap_or_default(),
        None => 0,
    }
}

fn limits(deployment: &Value) -> (i64, i64) {
    let (surge, mut unavailable) =
        (bound(deployment, "maxSurge", true), bound(deployment, "maxUnavailable", false));
    if surge == 0 && unavailable == 0 {
        unavailable = 1;
    }
    (surge, unavailable)
}

fn recreates(deployment: &Value) -> bool {
    fields::text(deployment, "/spec/strategy/type") == "Recreate"
}

fn create_set(deployment: &Value, sets: &[Arc<Value>], hash: &str, plan: &mut Plan) {
    let running: i64 = sets.iter().map(|set| replicas(set)).sum();
    let (surge, _) = limits(deployment);
    let count = if recreates(deployment) {
        replicas(deployment)
    } else {
        (replicas(deployment) + surge - running).clamp(0, replicas(deployment))
    };
    let number = sets.iter().map(|set| revision(set)).max().unwrap_or_default() + 1;
    let mut template = deployment.pointer("/spec/template").cloned().unwrap_or_default();
    fields::put(&mut template, &format!("/metadata/labels/{HASH}"), json!(hash));
    let mut selector = deployment.pointer("/spec/selector").cloned().unwrap_or_default();
    fields::put(&mut selector, &format!("/matchLabels/{HASH}"), json!(hash));
    let name = format!("{}-{hash}", fields::name(deployment));
    let mut annotations = fields::texts(deployment, "/metadata/annotations");
    annotations.remove("kubectl.kubernetes.io/last-applied-configuration");
    annotations.insert(REVISION.to_owned(), number.to_string());
    annotations.insert(
        "deployment.kubernetes.io/desired-replicas".to_owned(),
        replicas(deployment).to_string(),
    );
    annotations.insert(
        "deployment.kubernetes.io/max-replicas".to_owned(),
        (replicas(deployment) + surge).to_string(),
    );
    let set = json!({
        "apiVersion": "apps/v1", "kind": "ReplicaSet",
        "metadata": {
            "name": name, "namespace": fields::namespace(deployment),
            "labels": template.pointer("/metadata/labels"),
            "annotations": annotations,
            "ownerReferences": [{
                "apiVersion": "apps/v1", "kind": "Deployment", "name": fields::name(deployment),
                "uid": fields::uid(deployment), "controller": true, "blockOwnerDeletion": true,
            }],
        },
        "spec": {
            "replicas": count, "selector": selector, "template": template,
            "minReadySeconds": fields::number(deployment, "/spec/minReadySeconds").unwrap_or_default(),
        },
    });
    plan.writes.push(Write::create(SETS, set));
    if count > 0 {
        note_scaling(deployment, &name, 0, count, plan);
    }
}

/// The revision of a set: the highest of all.
fn next_revision(current: &Value, sets: &[Arc<Value>]) -> u64 {
    let others = sets.iter().filter(|set| fields::uid(set) != fields::uid(current));
    let newest = others.map(|set| revision(set)).max().unwrap_or_default();
    if revision(current) > newest { revision(current) } else { newest + 1 }
}

/// A rolled-back template gets a new revision on its old set.
fn mark_revision(current: &Value, sets: &[Arc<Value>], plan: &mut Plan) {
    let number = next_revision(current, sets);
    if number != revision(current) {
        let patch = json!({ "metadata": { "annotations": { REVISION: number.to_string() } } });
        plan.writes.push(Write::patch(
            SETS,
            fields::namespace(current),
            fields::name(current),
            "",
            patch,
        ));
    }
}

fn note_scaling(deployment: &Value, set: &str, from: i64, to: i64, plan: &mut Plan) {
    let direction = if to > from { "up" } else { "down" };
    let text = format!("Scaled {direction} replica set {set} from {from} to {to}");
    plan.events.push(EventNote::normal(
        reference(deployment, "apps/v1", "Deployment"),
        "ScalingReplicaSet",
        text,
    ));
}

fn scale(deployment: &Value, set: &Value, to: i64, plan: &mut Plan) {
    let from = replicas(set);
    if from == to {
        return;
    }
    let (surge, _) = limits(deployment);
    let patch = json!({
        "metadata": { "annotations": {
            "deployment.kubernetes.io/desired-replicas": replicas(deployment).to_string(),
            "deployment.kubernetes.io/max-replicas": (replicas(deployment) + surge).to_string(),
        } },
        "spec": { "replicas": to },
    });
    plan.writes.push(Write::patch(SETS, fields::namespace(set), fields::name(set), "", patch));
    note_scaling(deployment, fields::name(set), from, to, plan);
}

fn clean_up(
    deployment: &Value,
    current: Option<&Arc<Value>>,
    sets: &[Arc<Value>],
    plan: &mut Plan,
) {
    let limit =
        usize::try_from(fields::number(deployment, "/spec/revisionHistoryLimit").unwrap_or(10))
            .unwrap_or(10);
    let mut old: Vec<_> = sets
        .iter()
        .filter(|set| current.is_none_or(|current| fields::uid(set) != fields::uid(current)))
        .filter(|set| {
            replicas(set) == 0 && fields::number(set, "/status/replicas").unwrap_or_default() == 0
        })
        .collect();
    old.order_by_key(|set| revision(set));
    for set in old.iter().take(old.len().saturating_sub(limit)) {
        plan.writes.push(Write::delete(SETS, set, "Background"));
    }
}
