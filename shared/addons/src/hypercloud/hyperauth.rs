//! HyperAuth, a Keycloak with the realm `tmax`. Who signs up there is shown as a `KeycloakUser`
//! (`keycloak/keycloak-operator`, `keycloakuser_controller.go`): its fields are those that Keycloak's own
//! administration shows.

use std::time::Duration;

use cluster::event_loop::{Component, Controller, EventNote, Key, Plan, Write, reference};
use cluster::fields;
use cluster::store::{Change, Store};
use jiff::{Timestamp, ToSpan as _};
use serde_json::{Value, json};

use super::operator;

/// The resource.
pub(super) const RESOURCE: &str = "keycloakusers.keycloak.org";
/// Where it runs.
pub(super) const NAMESPACE: &str = "hyperauth";
/// The label of its pods.
pub(super) const LABEL: (&str, &str) = ("app", "hyperauth");
/// How long an address may stay unverified before the user is deleted.
const PATIENCE_MINUTES: i64 = 5;

/// The control loop.
pub(super) struct HyperAuth;

impl Controller for HyperAuth {
    fn name(&self) -> &'static str {
        "hyperauth"
    }

    fn component(&self) -> Component {
        Component::account(NAMESPACE, "hyperauth", "hyperauth")
    }

    fn triggers(&self, store: &Store, change: &Change) -> Vec<Key> {
        if change.resource == RESOURCE {
            return vec![Key::new(&change.namespace, &change.name)];
        }
        if operator::is_pod(change, NAMESPACE, LABEL) {
            return store.list(RESOURCE, Some(NAMESPACE)).iter().map(|one| Key::of(one)).collect();
        }
        Vec::new()
    }

    fn reconcile(&self, store: &Store, key: &Key, now: Timestamp) -> Plan {
        let mut plan = Plan::nothing();
        if key.namespace != NAMESPACE || !operator::runs(store, NAMESPACE, LABEL) {
            return plan;
        }
        let Some(user) = store.get(RESOURCE, &key.namespace, &key.name) else { return plan };
        if fields::deleting(&user) {
            return plan;
        }
        if registered(&user) {
            forget_unverified(&user, now, &mut plan);
        } else {
            register(store, &user, &mut plan);
        }
        plan
    }
}

/// Whether the realm has the user.
pub(super) fn registered(user: &Value) -> bool {
    fields::text(user, "/status/phase") == "reconciled"
}

/// Takes a user into the realm, or says why not.
fn register(store: &Store, user: &Value, plan: &mut Plan) {
    let say = |phase: &str, message: &str| {
        let patch = json!({ "status": { "phase": phase, "message": message } });
        Write::merge_part(RESOURCE, user, "status", patch)
    };
    if let Some(fault) = fault(store, user) {
        if fields::text(user, "/status/message") != fault {
            plan.writes.push(say("failing", &fault));
            let regarding = reference(user, "keycloak.org/v1alpha1", "KeycloakUser");
            plan.events.push(EventNote::warning(regarding, "ProcessingError", fault));
        }
        return;
    }
    plan.writes.push(say("reconciled", ""));
    // Keycloak keeps a hash, and gives no password back.
    let patch = json!({ "spec": { "user": { "credentials": null } } });
    plan.writes.push(Write::merge_part(RESOURCE, user, "", patch));
}

/// What the realm has against a user, in the words of Keycloak's `messages_en.properties`.
fn fault(store: &Store, user: &Value) -> Option<String> {
    let name = fields::text(user, "/spec/user/username");
    if !name.contains('@') || fields::text(user, "/spec/user/email") != name {
        return Some("Invalid email address.".to_owned());
    }
    let taken = store.list(RESOURCE, Some(NAMESPACE)).iter().any(|one| {
        registered(one)
            && fields::name(one) != fields::name(user)
            && fields::text(one, "/spec/user/username").eq_ignore_ascii_case(name)
    });
    if taken {
        return Some("Email already exists.".to_owned());
    }
    let password = fields::items(user, "/spec/user/credentials")
        .iter()
        .find(|one| fields::text(one, "/type") == "password")
        .map(|one| fields::text(one, "/value"));
    password.map_or_else(|| Some("Please specify password.".to_owned()), weakness)
}

/// `passwordPolicy` of the realm: length(9), digits(1), lowerCase(1), upperCase(1), specialChars(1).
fn weakness(password: &str) -> Option<String> {
    let lacks = |kind: fn(char) -> bool| !password.chars().any(kind);
    let must = |what: &str| Some(format!("Invalid password: must contain at least 1 {what}."));
    if password.chars().count() < 9 {
        return Some("Invalid password: minimum length 9.".to_owned());
    }
    if lacks(|one| one.is_ascii_digit()) {
        return must("numerical digits");
    }
    if lacks(char::is_lowercase) {
        return must("lower case characters");
    }
    if lacks(char::is_uppercase) {
        return must("upper case characters");
    }
    if lacks(|one| !one.is_alphanumeric()) {
        return must("special characters");
    }
    None
}

/// Deletes a user who has not verified the address in time (HyperAuth's timer of `SEND_VERIFY_EMAIL`).
fn forget_unverified(user: &Value, now: Timestamp, plan: &mut Plan) {
    if fields::flag(user, "/spec/user/emailVerified") {
        return;
    }
    let end = fields::time(user, "/metadata/creationTimestamp")
        .and_then(|made| made.checked_add(PATIENCE_MINUTES.minutes()).ok());
    let Some(end) = end else { return };
    if end <= now {
        plan.writes.push(Write::delete(RESOURCE, user, "Background"));
    } else {
        plan.again(Duration::try_from(end.duration_since(now)).unwrap_or_default());
    }
}
