//! What all claims of `tmax.io/v1` have in common: the label `handled`, the status, and who made them.

use cluster::event_loop::{Failure, Key, Plan, Write};
use cluster::fields;
use cluster::store::Store;
use http::StatusCode;
use serde_json::{Value, json};

use super::operator;

/// What is said of a claim that nobody has decided on.
pub(super) const WAITING: &str = "wait for admin permission";

/// A claim that the operator looks at: its watch selects `handled=f`, so any other stays as it is for ever.
pub(super) fn open(store: &Store, resource: &str, key: &Key) -> Option<std::sync::Arc<Value>> {
    if !operator::runs(store, operator::NAMESPACE, operator::OPERATOR) {
        return None;
    }
    let claim = store.get(resource, &key.namespace, &key.name)?;
    let open = fields::labels(&claim).get("handled").is_some_and(|handled| handled == "f");
    (open && !fields::deleting(&claim)).then_some(claim)
}

/// Its status.
pub(super) fn status(claim: &Value) -> &str {
    fields::text(claim, "/status/status")
}

/// Replaces the status: `replaceNscStatus` and its siblings write nothing but these two fields.
pub(super) fn say(resource: &str, claim: &Value, status: &str, reason: &str) -> Write {
    let patch = json!({ "status": {
        "status": status, "reason": reason, "message": null, "lastTransitionTime": null,
    } });
    Write::merge_part(resource, claim, "status", patch)
}

/// The claim is decided: the operator does not look at it again.
pub(super) fn close(resource: &str, claim: &Value) -> Write {
    let patch = json!({ "metadata": { "labels": { "handled": "t" } } });
    Write::merge_part(resource, claim, "", patch)
}

/// Who owns what the claim asks for. The webhook wrote the creator; names with a colon are those of the system, and
/// nobody owns what they make.
pub(super) fn owner(claim: &Value) -> &str {
    let creator = fields::annotation(claim, "creator");
    if creator.contains(':') { "" } else { creator }
}

/// Writes down the owner.
pub(super) fn own(resource: &str, claim: &Value) -> Option<Write> {
    let owner = owner(claim);
    let known = fields::annotation(claim, "owner");
    (!owner.is_empty() && known != owner).then(|| {
        let patch = json!({ "metadata": { "annotations": { "owner": owner } } });
        Write::merge_part(resource, claim, "", patch)
    })
}

/// What the operator does with a refused request: the claim is in error, and says what the Java client's exception
/// says, which is the phrase of the HTTP status.
pub(super) fn refused(store: &Store, resource: &str, key: &Key, failures: &[Failure]) -> Plan {
    let mut plan = Plan::nothing();
    let Some(claim) = store.get(resource, &key.namespace, &key.name) else { return plan };
    let Some(failure) = failures.first() else { return plan };
    let code = fields::number(&failure.status, "/code").and_then(|code| u16::try_from(code).ok());
    let phrase = code.and_then(|code| StatusCode::from_u16(code).ok()).map_or("", |code| {
        if code == 422 { "Unprocessable Entity" } else { code.canonical_reason().unwrap_or("") }
    });
    plan.writes.push(say(resource, &claim, "Error", phrase));
    plan
}

/// The first steps of a claim in a namespace: it waits, and a refusal closes it. Anything else is for its own loop.
pub(super) fn first_steps(resource: &str, claim: &Value, plan: &mut Plan) {
    match status(claim) {
        "" => {
            plan.writes.push(say(resource, claim, "Awaiting", WAITING));
            plan.writes.extend(own(resource, claim));
        }
        "Reject" => plan.writes.push(close(resource, claim)),
        _ => {}
    }
}

/// A subject of RBAC for the owner.
pub(super) fn subject(owner: &str) -> Value {
    json!({ "apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": owner })
}
