//! Deployments: one ReplicaSet a revision, and rolling from one to the next (`pkg/controller/deployment`).

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::event_loop::{Component, Controller, EventNote, Key, Plan, Write, reference};
use crate::store::{Change, Store};
use crate::{fields, rng};

const RESOURCE: &str = "deployments.apps";
const SETS: &str = "replicasets.apps";
const REVISION: &str = "deployment.kubernetes.io/revision";
const HASH: &str = "pod-template-hash";
/// `k8s.io/apimachinery/pkg/util/rand SafeEncodeString`.
const SAFE: &[u8; 27] = b"bcdfghjklmnpqrstvwxz2456789";

/// The control loop.
pub(crate) struct Deployments;

impl Controller for Deployments {
    fn name(&self) -> &'static str {
        "deployment-controller"
    }

    fn component(&self) -> Component {
        Component::controller("deployment-controller", "deployment-controller")
    }

    fn triggers(&self, _store: &Store, change: &Change) -> Vec<Key> {
        match change.resource.as_str() {
            RESOURCE => vec![Key::new(&change.namespace, &change.name)],
            SETS => [&change.old, &change.new]
                .into_iter()
                .flatten()
                .filter_map(|set| fields::controller_of(set))
                .map(|owner| Key::new(&change.namespace, fields::text(owner, "/name")))
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
        let sets: Vec<Arc<Value>> = store
            .list(SETS, Some(&key.namespace))
            .into_iter()
            .filter(|set| fields::controlled_by(set, &deployment))
            .collect();
        let hash = template_hash(&deployment);
        let current = sets.iter().find(|set| same_template(set, &deployment));
        let paused = fields::flag(&deployment, "/spec/paused");
        match current {
            None if !paused => create_set(&deployment, &sets, &hash, &mut plan),
            None => {}
            Some(current) => {
                mark_revision(&deployment, current, &sets, &mut plan);
                if !paused {
                    roll(&deployment, current, &sets, &mut plan);
                }
            }
        }
        clean_up(&deployment, current, &sets, &mut plan);
        status(&deployment, current, &sets, now, &mut plan);
        plan
    }
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
    number
        .to_string()
        .bytes()
        .map(|byte| SAFE.get(usize::from(byte) % SAFE.len()).copied().map_or('b', char::from))
        .collect()
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
    if recreates(deployment) && running > 0 {
        for set in sets.iter().filter(|set| replicas(set) > 0) {
            scale(deployment, set, 0, plan);
        }
        return;
    }
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
    note_scaling(deployment, &name, 0, count, plan);
    annotate(deployment, number, plan);
}

/// The deployment's own revision. Its controller may update deployments, not patch them.
fn annotate(deployment: &Value, number: u64, plan: &mut Plan) {
    if fields::annotation(deployment, REVISION) != number.to_string() {
        let mut changed = deployment.clone();
        let pointer = format!("/metadata/annotations/{}", REVISION.replace('/', "~1"));
        fields::put(&mut changed, &pointer, json!(number.to_string()));
        plan.writes.push(Write::update(RESOURCE, changed));
    }
}

/// A rolled-back template gets a new revision on its old set.
fn mark_revision(deployment: &Value, current: &Value, sets: &[Arc<Value>], plan: &mut Plan) {
    let others = sets.iter().filter(|set| fields::uid(set) != fields::uid(current));
    let newest = others.map(|set| revision(set)).max().unwrap_or_default();
    let number = if revision(current) > newest { revision(current) } else { newest + 1 };
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
    annotate(deployment, number, plan);
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

/// `rolling.go`: up within the surge, down within what may be unavailable.
fn roll(deployment: &Value, current: &Value, sets: &[Arc<Value>], plan: &mut Plan) {
    let wanted = replicas(deployment);
    let old: Vec<_> = sets.iter().filter(|set| fields::uid(set) != fields::uid(current)).collect();
    let old_total: i64 = old.iter().map(|set| replicas(set)).sum();
    if old_total == 0 || recreates(deployment) {
        if old_total > 0 {
            for set in old {
                scale(deployment, set, 0, plan);
            }
            return;
        }
        let still: i64 =
            old.iter().map(|set| fields::number(set, "/status/replicas").unwrap_or_default()).sum();
        if still == 0 || !recreates(deployment) {
            scale(deployment, current, wanted, plan);
        }
        return;
    }
    let (surge, unavailable) = limits(deployment);
    let total = old_total + replicas(current);
    if replicas(current) < wanted && total < wanted + surge {
        let more = (wanted + surge - total).min(wanted - replicas(current));
        scale(deployment, current, replicas(current) + more, plan);
        return;
    }
    let available =
        |set: &Value| fields::number(set, "/status/availableReplicas").unwrap_or_default();
    let mut may_go = total - (wanted - unavailable) - (replicas(current) - available(current));
    for set in old {
        if may_go <= 0 {
            break;
        }
        let sick = replicas(set) - available(set);
        let gone = replicas(set).min(may_go.max(sick.min(may_go)));
        scale(deployment, set, replicas(set) - gone, plan);
        may_go -= gone;
    }
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
    old.sort_by_key(|set| revision(set));
    for set in old.iter().take(old.len().saturating_sub(limit)) {
        plan.writes.push(Write::delete(SETS, set, "Background"));
    }
}

fn status(
    deployment: &Value,
    current: Option<&Arc<Value>>,
    sets: &[Arc<Value>],
    now: Timestamp,
    plan: &mut Plan,
) {
    let sum = |key: &str| -> i64 {
        sets.iter()
            .map(|set| fields::number(set, &format!("/status/{key}")).unwrap_or_default())
            .sum()
    };
    let wanted = replicas(deployment);
    let (total, ready, available) =
        (sum("replicas"), sum("readyReplicas"), sum("availableReplicas"));
    let updated =
        current.map_or(0, |set| fields::number(set, "/status/replicas").unwrap_or_default());
    let (_, unavailable) = limits(deployment);
    let enough = available >= wanted - if recreates(deployment) { 0 } else { unavailable };
    let complete = updated == wanted && total == wanted && available == wanted;
    let set_name = current.map_or("", |set| fields::name(set));
    let availability = if enough {
        ("True", "MinimumReplicasAvailable", "Deployment has minimum availability.".to_owned())
    } else {
        (
            "False",
            "MinimumReplicasUnavailable",
            "Deployment does not have minimum availability.".to_owned(),
        )
    };
    let progress = if complete {
        (
            "True",
            "NewReplicaSetAvailable",
            format!("ReplicaSet \"{set_name}\" has successfully progressed."),
        )
    } else if current.is_none() {
        (
            "True",
            "NewReplicaSetCreated",
            format!(
                "Created new replica set \"{}-{}\"",
                fields::name(deployment),
                template_hash(deployment)
            ),
        )
    } else {
        ("True", "ReplicaSetUpdated", format!("ReplicaSet \"{set_name}\" is progressing."))
    };
    let progress = expired(deployment, complete, now, set_name, plan).unwrap_or(progress);
    let conditions = [
        condition(deployment, "Available", availability, now),
        condition(deployment, "Progressing", progress, now),
    ];
    let mut status = json!({
        "observedGeneration": fields::number(deployment, "/metadata/generation"),
        "replicas": total, "updatedReplicas": updated, "readyReplicas": ready, "availableReplicas": available,
        "unavailableReplicas": (wanted - available).max(0), "terminatingReplicas": 0,
        "conditions": conditions,
    });
    if let Some(map) = status.as_object_mut() {
        map.retain(|key, value| key == "terminatingReplicas" || value.as_i64() != Some(0));
    }
    if deployment.get("status") != Some(&status) {
        let mut changed = deployment.clone();
        fields::put(&mut changed, "/status", status);
        plan.writes.push(Write::update_subresource(RESOURCE, changed, "status"));
    }
}

/// The progress deadline.
fn expired(
    deployment: &Value,
    complete: bool,
    now: Timestamp,
    set: &str,
    plan: &mut Plan,
) -> Option<(&'static str, &'static str, String)> {
    let deadline = fields::number(deployment, "/spec/progressDeadlineSeconds")?;
    let known = fields::condition(deployment, "Progressing")?;
    if complete || fields::text(known, "/reason") == "NewReplicaSetAvailable" {
        return None;
    }
    let since = fields::time(known, "/lastUpdateTime")?;
    let passed = now.as_second() - since.as_second();
    if passed >= deadline || fields::text(known, "/reason") == "ProgressDeadlineExceeded" {
        return Some((
            "False",
            "ProgressDeadlineExceeded",
            format!("ReplicaSet \"{set}\" has timed out progressing."),
        ));
    }
    plan.again(Duration::from_secs(u64::try_from(deadline - passed).unwrap_or_default()));
    None
}

fn condition(
    deployment: &Value,
    kind: &str,
    (status, reason, message): (&str, &str, String),
    now: Timestamp,
) -> Value {
    let known = fields::condition(deployment, kind);
    let same =
        |key: &str, value: &str| known.is_some_and(|known| fields::text(known, key) == value);
    let at = fields::seconds(now);
    let keep =
        |key: &str| known.map_or_else(|| at.clone(), |known| fields::text(known, key).to_owned());
    let changed =
        !(same("/reason", reason) && same("/message", &message) && same("/status", status));
    json!({
        "type": kind, "status": status, "reason": reason, "message": message,
        "lastUpdateTime": if changed { at.clone() } else { keep("/lastUpdateTime") },
        "lastTransitionTime": if same("/status", status) { keep("/lastTransitionTime") } else { at.clone() },
    })
}
