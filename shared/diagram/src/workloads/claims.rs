//! Cards of claims, and which pods keep files in them.

use serde_json::Value;

use super::{Shown, arrow, card, line};
use crate::object;
use crate::scene::{Edge, EdgeKind, Node, NodeState};

/// A claim as a card; its word is its phase.
pub(super) fn claim(object: &Value) -> Node {
    let phase = object::text(object, "/status/phase");
    let state = match phase {
        "Bound" => NodeState::Ready,
        "Lost" => NodeState::Failed,
        _ => NodeState::Progressing,
    };
    let size = object::text(object, "/spec/resources/requests/storage");
    let word = if phase.is_empty() { "Pending" } else { phase };
    card(object, state, word.to_owned(), vec![line("storage", size)])
}

/// Arrows from pods to the claims that they mount.
pub(super) fn mounts(inside: &[&Value], cards: &[Shown<'_>]) -> Vec<Edge> {
    let exists = |id: &str| {
        let mut claims = inside.iter().filter(|one| object::kind(one) == "PersistentVolumeClaim");
        claims.any(|one| super::id_of(one) == id)
    };
    let mut found = Vec::new();
    for Shown { pod, card } in cards {
        let volumes = pod.pointer("/spec/volumes").and_then(Value::as_array);
        for volume in volumes.into_iter().flatten() {
            let name = object::text(volume, "/persistentVolumeClaim/claimName");
            let id = object::id("PersistentVolumeClaim", object::namespace(pod), name);
            if exists(&id) {
                found.push(arrow(card, &id, EdgeKind::Mounts));
            }
        }
    }
    found
}
