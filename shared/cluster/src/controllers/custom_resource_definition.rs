//! Definitions of custom resources: which names they get, when they are served, and what becomes of their
//! instances when they go (`apiextensions-apiserver/pkg/controller/{status,establish,finalizer}`).

use std::collections::BTreeSet;
use std::time::Duration;

use apimachinery::identity::Identity;
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::apiserver::CLEANUP;
use crate::event_loop::{Component, Controller, Key, Plan, Write};
use crate::fields;
use crate::store::{Change, Store};

const RESOURCE: &str = "customresourcedefinitions.apiextensions.k8s.io";

/// Its name.
pub(super) const NAME: &str = "custom-resource-definition-controller";

/// The control loop.
pub(crate) struct Definitions;

impl Controller for Definitions {
    fn name(&self) -> &'static str {
        NAME
    }

    /// The API server itself.
    fn component(&self) -> Component {
        Component {
            identity: Identity::user("system:apiserver", &["system:masters"]),
            field_manager: "kube-apiserver",
            source: "kube-apiserver".to_owned(),
            host: String::new(),
        }
    }

    fn triggers(&self, store: &Store, change: &Change) -> Vec<Key> {
        if change.resource == RESOURCE {
            // A name that becomes free may be wanted by another definition.
            return store.list(RESOURCE, None).iter().map(|one| Key::of(one)).collect();
        }
        let leaving = change.new.is_none()
            && store
                .get(RESOURCE, "", &change.resource)
                .is_some_and(|definition| fields::deleting(&definition));
        if leaving { vec![Key::new("", &change.resource)] } else { Vec::new() }
    }

    fn reconcile(&self, store: &Store, key: &Key, now: Timestamp) -> Plan {
        let mut plan = Plan::nothing();
        let Some(definition) = store.get(RESOURCE, "", &key.name) else { return plan };
        if fields::deleting(&definition) {
            finalize(store, &definition, now, &mut plan);
            return plan;
        }
        let mut changed = (*definition).clone();
        if !name(store, &definition, &mut changed, now) && !establish(&mut changed, now) {
            return plan;
        }
        plan.writes.push(Write::update_subresource(RESOURCE, changed, "status"));
        plan
    }
}

fn set_condition(
    definition: &mut Value,
    now: Timestamp,
    kind: &str,
    (status, reason, message): (&str, &str, &str),
) {
    let since = fields::condition(definition, kind)
        .filter(|known| fields::text(known, "/status") == status)
        .map_or_else(
            || fields::seconds(now),
            |known| fields::text(known, "/lastTransitionTime").to_owned(),
        );
    let condition = json!({
        "type": kind, "status": status, "reason": reason, "message": message,
        "lastTransitionTime": since,
    });
    let mut all = fields::items(definition, "/status/conditions").to_vec();
    match all.iter_mut().find(|one| fields::text(one, "/type") == kind) {
        Some(known) => *known = condition,
        None => all.push(condition),
    }
    fields::put(definition, "/status/conditions", Value::Array(all));
}

/// The names that others of the group have.
fn taken(store: &Store, definition: &Value) -> (BTreeSet<String>, BTreeSet<String>) {
    let group = fields::text(definition, "/spec/group");
    let (mut resources, mut kinds) = (BTreeSet::new(), BTreeSet::new());
    for one in store.list(RESOURCE, None) {
        if fields::text(&one, "/spec/group") != group
            || fields::name(&one) == fields::name(definition)
        {
            continue;
        }
        let names =
            |field: &str| fields::text(&one, &format!("/status/acceptedNames/{field}")).to_owned();
        resources.extend([names("plural"), names("singular")]);
        let short = fields::items(&one, "/status/acceptedNames/shortNames");
        resources.extend(short.iter().filter_map(Value::as_str).map(str::to_owned));
        kinds.extend([names("kind"), names("listKind")]);
    }
    (resources, kinds)
}

/// `naming_controller.go calculateNamesAndConditions`; says whether something changed.
fn name(store: &Store, definition: &Value, changed: &mut Value, now: Timestamp) -> bool {
    let wanted = definition.pointer("/spec/names").cloned().unwrap_or_default();
    if definition.pointer("/status/acceptedNames") == Some(&wanted) {
        return false;
    }
    let (resources, kinds) = taken(store, definition);
    let mut accepted = definition.pointer("/status/acceptedNames").cloned().unwrap_or_default();
    let mut refused: Option<(&str, String)> = None;
    let used = |name: &str| format!("{name:?} is already in use");
    for (field, reason, names) in
        [("plural", "PluralConflict", &resources), ("singular", "SingularConflict", &resources)]
    {
        take(field, reason, &wanted, names, (&mut accepted, &mut refused));
    }
    let short = fields::items(&wanted, "/shortNames");
    let mut conflict =
        short.iter().filter_map(Value::as_str).filter(|one| resources.contains(*one));
    if let Some(one) = conflict.next_back() {
        refused = Some(("ShortNamesConflict", used(one)));
    } else if !short.is_empty() {
        fields::put(&mut accepted, "/shortNames", Value::Array(short.to_vec()));
    } else if let Some(map) = accepted.as_object_mut() {
        map.remove("shortNames");
    }
    for (field, reason) in [("kind", "KindConflict"), ("listKind", "ListKindConflict")] {
        take(field, reason, &wanted, &kinds, (&mut accepted, &mut refused));
    }
    match (wanted.get("categories"), accepted.as_object_mut()) {
        (Some(all), Some(map)) => drop(map.insert("categories".to_owned(), all.clone())),
        (None, Some(map)) => drop(map.remove("categories")),
        _ => {}
    }
    fields::put(changed, "/status/acceptedNames", accepted);
    let said = refused.as_ref().map_or(("True", "NoConflicts", "no conflicts found"), |refused| {
        ("False", refused.0, refused.1.as_str())
    });
    set_condition(changed, now, "NamesAccepted", said);
    if !fields::condition_true(changed, "Established") {
        let said = if refused.is_none() {
            ("False", "Installing", "the initial names have been accepted")
        } else {
            ("False", "NotAccepted", "not all names are accepted")
        };
        set_condition(changed, now, "Established", said);
    }
    changed.get("status") != definition.get("status")
}

/// Takes a name, unless another definition has it.
fn take<'a>(
    field: &str,
    reason: &'a str,
    wanted: &Value,
    taken: &BTreeSet<String>,
    (accepted, refused): (&mut Value, &mut Option<(&'a str, String)>),
) {
    let name = fields::text(wanted, &format!("/{field}"));
    if fields::text(accepted, &format!("/{field}")) != name && taken.contains(name) {
        *refused = Some((reason, format!("{name:?} is already in use")));
    } else {
        fields::put(accepted, &format!("/{field}"), json!(name));
    }
}

/// `establishing_controller.go`.
fn establish(changed: &mut Value, now: Timestamp) -> bool {
    if !fields::condition_true(changed, "NamesAccepted")
        || fields::condition_true(changed, "Established")
    {
        return false;
    }
    let said = ("True", "InitialNamesAccepted", "the initial names have been accepted");
    set_condition(changed, now, "Established", said);
    true
}

/// `crd_finalizer.go`: the instances first, then the definition.
fn finalize(store: &Store, definition: &Value, now: Timestamp, plan: &mut Plan) {
    let finalizers = fields::items(definition, "/metadata/finalizers");
    if !finalizers.iter().any(|one| one == CLEANUP) {
        return;
    }
    let resource = fields::name(definition);
    let instances = store.list(resource, None);
    if instances.is_empty() {
        let left: Vec<&Value> = finalizers.iter().filter(|one| *one != CLEANUP).collect();
        let mut changed = definition.clone();
        set_condition(
            &mut changed,
            now,
            "Terminating",
            ("False", "InstanceDeletionCompleted", "removed all instances"),
        );
        fields::put(&mut changed, "/metadata/finalizers", json!(left));
        plan.writes.push(Write::update_subresource(RESOURCE, changed, "status"));
        return;
    }
    let reason =
        fields::condition(definition, "Terminating").map_or("", |one| fields::text(one, "/reason"));
    if reason != "InstanceDeletionInProgress" {
        let mut changed = definition.clone();
        let said = ("True", "InstanceDeletionInProgress", "CustomResource deletion is in progress");
        set_condition(&mut changed, now, "Terminating", said);
        plan.writes.push(Write::update_subresource(RESOURCE, changed, "status"));
    }
    for instance in instances.iter().filter(|one| !fields::deleting(one)) {
        plan.writes.push(Write::delete(resource, instance, "Background"));
    }
    plan.again(Duration::from_secs(5));
}
