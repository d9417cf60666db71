//! Cards of what makes pods, and of what decides how many.

use serde_json::Value;

use super::{arrow, card, id_of, line};
use crate::object;
use crate::scene::{Edge, EdgeKind, Line, Node, NodeState};

/// Whether pods or their owners are made by objects of this kind.
pub(super) fn is_owner(object: &Value) -> bool {
    ["Deployment", "ReplicaSet", "StatefulSet", "DaemonSet", "Job", "CronJob"]
        .contains(&object::kind(object))
}

/// The card of an owner; none for other kinds, and for what is only kept for a rollback.
pub(super) fn node(object: &Value) -> Option<Node> {
    let replicas = object.pointer("/spec/replicas").and_then(Value::as_u64).unwrap_or(1);
    Some(match object::kind(object) {
        "Deployment" => counted(object, "/status/availableReplicas", replicas, Vec::new()),
        "ReplicaSet" if is_idle(object) => return None,
        "ReplicaSet" => counted(object, "/status/readyReplicas", replicas, images(object)),
        "StatefulSet" => counted(object, "/status/readyReplicas", replicas, Vec::new()),
        "DaemonSet" => {
            let wanted = object::number(object, "/status/desiredNumberScheduled");
            counted(object, "/status/numberReady", wanted, Vec::new())
        }
        "Job" => job(object),
        "CronJob" => cron_job(object),
        _ => return None,
    })
}

/// An old ReplicaSet of a Deployment: nothing wanted, nothing there.
fn is_idle(object: &Value) -> bool {
    object::number(object, "/spec/replicas") == 0 && object::number(object, "/status/replicas") == 0
}

/// Two revisions of a Deployment differ in their images more visibly than in their hashes.
fn images(object: &Value) -> Vec<Line> {
    let containers = object.pointer("/spec/template/spec/containers").and_then(Value::as_array);
    let images = containers.into_iter().flatten();
    images.map(object::image).collect()
}

fn counted(object: &Value, ready: &str, wanted: u64, lines: Vec<Line>) -> Node {
    let ready = object::number(object, ready);
    let state = if ready >= wanted { NodeState::Ready } else { NodeState::Progressing };
    card(object, state, format!("{ready}/{wanted}"), lines)
}

/// The word is that of the column COMPLETIONS (`printers.go printJob`), unless it failed.
fn job(object: &Value) -> Node {
    let conditions = object.pointer("/status/conditions").and_then(Value::as_array);
    let holds = |wanted: &str| {
        let mut all = conditions.into_iter().flatten();
        all.any(|one| {
            object::text(one, "/type") == wanted && object::text(one, "/status") == "True"
        })
    };
    let wanted = object.pointer("/spec/completions").and_then(Value::as_u64).unwrap_or(1);
    let count = format!("{}/{wanted}", object::number(object, "/status/succeeded"));
    let (state, word) = if holds("Failed") {
        (NodeState::Failed, "Failed".to_owned())
    } else if holds("Complete") {
        (NodeState::Ready, count)
    } else {
        (NodeState::Progressing, count)
    };
    card(object, state, word, Vec::new())
}

/// The word is that of the column SCHEDULE (`printers.go printCronJob`), unless it is suspended.
fn cron_job(object: &Value) -> Node {
    let suspended = object.pointer("/spec/suspend").and_then(Value::as_bool) == Some(true);
    let schedule = object::text(object, "/spec/schedule");
    let word = if suspended { "Suspended" } else { schedule };
    let active = object.pointer("/status/active").and_then(Value::as_array).map_or(0, Vec::len);
    card(object, NodeState::Ready, word.to_owned(), vec![line("active", active.to_string())])
}

/// The word says how many replicas there are, and between which numbers they may be.
pub(super) fn autoscaler(object: &Value) -> Node {
    let current = object::number(object, "/status/currentReplicas");
    let wanted = object::number(object, "/status/desiredReplicas");
    let lowest = object.pointer("/spec/minReplicas").and_then(Value::as_u64).unwrap_or(1);
    let word = format!("{current} ({lowest}-{})", object::number(object, "/spec/maxReplicas"));
    let state = if current == wanted { NodeState::Ready } else { NodeState::Progressing };
    card(object, state, word, Vec::new())
}

/// The arrow from an autoscaler to what it scales.
pub(super) fn scales(autoscaler: &Value, inside: &[&Value]) -> Option<Edge> {
    let wanted = (
        object::text(autoscaler, "/spec/scaleTargetRef/kind"),
        object::namespace(autoscaler),
        object::text(autoscaler, "/spec/scaleTargetRef/name"),
    );
    let named =
        |one: &Value| (object::kind(one), object::namespace(one), object::name(one)) == wanted;
    let target = inside.iter().find(|one| named(one))?;
    Some(arrow(&id_of(autoscaler), &id_of(target), EdgeKind::Scales))
}
