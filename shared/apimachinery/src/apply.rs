//! Server-side apply and the record of who manages which field, as
//! `k8s.io/apimachinery/pkg/util/managedfields` and `sigs.k8s.io/structured-merge-diff/merge`.

mod check;
mod managers;
mod order;
mod overlay;
pub mod set;
mod typed;

use jiff::Timestamp;
use serde_json::Value;

pub use self::overlay::overlay;

use self::managers::{Manager, Managers};
use self::set::FieldSet;
use self::typed::{Shape, compare, fields_of, merge, remove, with_named_fields};
use crate::decode;
use crate::gvk::GroupVersionKind;
use crate::object;
use crate::order::Order as _;
use crate::schema::Schema;
use crate::status::{Status, StatusCause, StatusDetails};

/// Who writes, in what way.
#[derive(Debug, Clone, Copy)]
pub struct Writer<'a> {
    /// Field manager.
    pub manager: &'a str,
    /// Subresource through which it writes; empty for the object itself.
    pub subresource: &'a str,
    /// Now.
    pub now: Timestamp,
}

/// Fields that nobody manages (`internal/stripmeta.go`).
const STRIPPED: [&str; 2] = ["f:apiVersion", "f:kind"];
const STRIPPED_METADATA: [&str; 9] = [
    "f:name",
    "f:namespace",
    "f:creationTimestamp",
    "f:selfLink",
    "f:uid",
    "f:clusterName",
    "f:generation",
    "f:managedFields",
    "f:resourceVersion",
];

fn stripped(mut set: FieldSet) -> FieldSet {
    for field in STRIPPED {
        set.children.remove(field);
    }
    let Some(metadata) = set.children.get_mut("f:metadata") else { return set };
    metadata.member = false;
    for field in STRIPPED_METADATA {
        metadata.children.remove(field);
    }
    if metadata.is_empty() {
        set.children.remove("f:metadata");
    }
    set
}

/// Records an ordinary write: `new` gets the `managedFields` that follow from `old` (the zero object of
/// the kind on create).
pub fn update(
    schema: &Schema,
    gvk: &GroupVersionKind,
    old: &Value,
    new: &mut Value,
    writer: Writer<'_>,
) {
    let mut managers = sent_or_kept(old, new, writer);
    object::remove(new, &["metadata", "managedFields"]);
    // An object whose fields nobody manages stays so until somebody applies (`internal/skipnonapplied.go`).
    if managers.entries.is_empty() && !object::uid(old).is_empty() {
        return;
    }
    let found = compare(schema, &Shape::root(schema, gvk), old, new);
    if found.keyless {
        // What cannot be told apart is managed by nobody (`internal/fieldmanager.go UpdateNoErrors`).
        return;
    }
    // As an operation of its own it takes what it writes from everybody, also from the same manager's former writes
    // (`internal/managedfieldsupdater.go`).
    for (_, set, _) in &mut managers.entries {
        *set = set.difference(&found.changed).difference(&found.removed);
    }
    let changed = stripped(found.changed);
    if !changed.is_empty() {
        let who = Manager::update(writer, gvk);
        let mut own = managers.set_of(&who);
        own.extend(&changed);
        managers.put(who, own, Some(writer.now));
    }
    managers.write(new);
}

/// `internal/fieldmanager.go decodeLiveOrNew`: a client that sends an empty list wants them cleared; one that sends
/// none keeps the old ones, as does one that writes through a subresource.
fn sent_or_kept(old: &Value, new: &Value, writer: Writer<'_>) -> Managers {
    let of = |object| object::at(object, &["metadata", "managedFields"]);
    match of(new) {
        _ if !writer.subresource.is_empty() => Managers::read(of(old)),
        Some(Value::Array(list)) if is_reset(list) => Managers::default(),
        Some(Value::Array(_)) => Managers::read(of(new)),
        _ => Managers::read(of(old)),
    }
}

/// Puts the entries of `managedFields` into their order, after one was changed by hand.
pub fn sort_managed_fields(object: &mut Value) {
    Managers::read(object::at(object, &["metadata", "managedFields"])).write(object);
}

fn is_reset(list: &[Value]) -> bool {
    matches!(list, [])
        || matches!(list, [one] if one.as_object().is_some_and(serde_json::Map::is_empty))
}

/// What is wrong with the shape of a document, in upstream's words; none when it is the schema's.
fn shape_errors(schema: &Schema, gvk: &GroupVersionKind, document: &Value) -> Option<String> {
    check::check(schema, schema.kind(gvk)?, document, false)
}

/// The result of an apply.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Applied {
    /// The object with its new `managedFields`.
    pub object: Value,
}

/// Applies a document. `live` is `None` when the object does not exist.
pub fn apply(
    schema: &Schema,
    gvk: &GroupVersionKind,
    live: Option<&Value>,
    applied: &Value,
    writer: Writer<'_>,
    force: bool,
) -> Result<Applied, Box<Status>> {
    let shape = Shape::root(schema, gvk);
    let who = Manager::apply(writer, gvk);
    let mut managers =
        Managers::read(live.and_then(|live| object::at(live, &["metadata", "managedFields"])));
    let mut base = live.cloned().unwrap_or_else(|| decode::zero(schema, gvk));
    object::remove(&mut base, &["metadata", "managedFields"]);
    if live.is_some() && managers.entries.is_empty() {
        let first = Writer { manager: "before-first-apply", ..writer };
        let all = compare(schema, &shape, &decode::zero(schema, gvk), &base);
        if all.keyless {
            return Err(Box::new(unmanageable(schema, gvk, &base)));
        }
        managers.put(Manager::update(first, gvk), stripped(all.changed), Some(writer.now));
    }
    acceptable(schema, gvk, applied)?;
    let last = managers.set_of(&who);
    let set = fields_of(schema, &shape, applied);
    let mut managed = set.clone();
    for (_, theirs, _) in managers.entries.iter().filter(|(other, ..)| *other != who) {
        managed.extend(theirs);
    }
    let merged = merge(schema, &shape, &base, applied);
    let mut merged = prune(schema, &shape, merged, (&last, &managed));
    let found = compare(schema, &shape, &base, &merged);
    settle_conflicts(schema, &shape, &base, &mut managers, (&who, &found.changed), force)?;
    for (other, theirs, _) in &mut managers.entries {
        if *other != who {
            *theirs = theirs.difference(&found.removed);
        }
    }
    // What changes nothing is at no time (`internal/managedfieldsupdater.go`).
    managers.put(who, stripped(set), (merged != base).then_some(writer.now));
    managers.write(&mut merged);
    Ok(Applied { object: merged })
}

/// Why nobody can manage the fields of an object that exists (`internal/skipnonapplied.go Apply`).
fn unmanageable(schema: &Schema, gvk: &GroupVersionKind, live: &Value) -> Status {
    let why = schema.kind(gvk).and_then(|kind| check::check(schema, kind, live, true));
    let (shown, why) = (shown(gvk, live), why.unwrap_or_default());
    let text = format!(
        "failed to create manager for existing fields: failed to convert new object ({shown}) to smd typed: {why}"
    );
    Status::failure(500, "", text)
}

/// `objectGVKNN`.
fn shown(gvk: &GroupVersionKind, object: &Value) -> String {
    let (namespace, name) = (object::namespace(object), object::name(object));
    format!("{namespace}/{name}; {}/{}, Kind={}", gvk.group, gvk.version, gvk.kind)
}

/// What keeps a document from being applied (`internal/structuredmerge.go Apply`).
fn acceptable(schema: &Schema, gvk: &GroupVersionKind, applied: &Value) -> Result<(), Box<Status>> {
    let fields = object::at(applied, &["metadata", "managedFields"]).and_then(Value::as_array);
    if fields.is_some_and(|list| !list.is_empty()) {
        return Err(Box::new(Status::bad_request("metadata.managedFields must be nil")));
    }
    match shape_errors(schema, gvk, applied) {
        None => Ok(()),
        Some(why) => {
            let shown = shown(gvk, applied);
            let text = format!("failed to create typed patch object ({shown}): {why}");
            Err(Box::new(Status::failure(500, "", text)))
        }
    }
}

/// Takes away what its manager has applied before, does not apply now, and nobody else manages
/// (`merge/update.go prune`).
fn prune(
    schema: &Schema,
    shape: &Shape<'_>,
    merged: Value,
    (last, managed): (&FieldSet, &FieldSet),
) -> Value {
    if last.is_empty() {
        return merged;
    }
    let named = |set: &FieldSet| with_named_fields(schema, shape, set);
    let all = |value: &Value| named(&fields_of(schema, shape, value));
    let last = named(last);
    let whole = all(&merged);
    let pruned = remove(schema, shape, &merged, &last);
    // What somebody manages comes back …
    let mut kept = all(&pruned);
    kept.extend(&named(managed));
    let pruned = remove(schema, shape, &merged, &whole.difference(&kept));
    // … and so does what its manager has never applied.
    let gone = whole.difference(&all(&pruned)).intersection(&last);
    remove(schema, shape, &merged, &gone)
}

/// Finds who else manages what changed, and takes it from them when that is allowed.
fn settle_conflicts(
    schema: &Schema,
    shape: &Shape<'_>,
    base: &Value,
    managers: &mut Managers,
    (who, changed): (&Manager, &FieldSet),
    force: bool,
) -> Result<(), Box<Status>> {
    let mut conflicts: Vec<(Manager, FieldSet)> = Vec::new();
    for (other, theirs, _) in managers.entries.iter().filter(|(other, ..)| other != who) {
        let both = theirs.intersection(changed);
        if !both.is_empty() {
            conflicts.push((other.clone(), both));
        }
    }
    if !force && !conflicts.is_empty() {
        // Only kubectl's own manager takes over what its client-side apply owned
        // (`managedfields/internal/lastappliedmanager.go Apply`).
        let allowed =
            if who.is("kubectl") { last_applied(schema, shape, base) } else { FieldSet::default() };
        let mut refused = conflicts.clone();
        for (_, set) in &mut refused {
            *set = set.difference(&allowed);
        }
        refused.retain(|(_, set)| !set.is_empty());
        if !refused.is_empty() {
            return Err(Box::new(conflict_status(&refused)));
        }
    }
    for (other, both) in &conflicts {
        for (one, theirs, _) in &mut managers.entries {
            if one == other {
                *theirs = theirs.difference(both);
            }
        }
    }
    Ok(())
}

/// What the annotation of client-side apply names and the live object still has, as it was applied.
fn last_applied(schema: &Schema, shape: &Shape<'_>, base: &Value) -> FieldSet {
    let document = object::annotations(base)
        .get("kubectl.kubernetes.io/last-applied-configuration")
        .and_then(|text| serde_json::from_str::<Value>(text).ok())
        .filter(|document| document.get("apiVersion") == base.get("apiVersion"));
    let Some(document) = document else { return FieldSet::default() };
    let live = compare(schema, shape, &document, base);
    stripped(fields_of(schema, shape, &document))
        .difference(&live.changed)
        .difference(&live.removed)
}

/// `internal/conflict.go NewConflictError`.
fn conflict_status(conflicts: &[(Manager, FieldSet)]) -> Status {
    let mut conflicts: Vec<&(Manager, FieldSet)> = conflicts.iter().collect();
    conflicts.order_by(|(one, _), (other, _)| one.identifier().cmp(&other.identifier()));
    let mut causes = Vec::new();
    let mut lines = Vec::new();
    for (manager, set) in conflicts {
        let shown = manager.show();
        lines.push(format!("conflicts with {shown}:"));
        for path in set.paths() {
            lines.push(format!("- {path}"));
            causes.push(StatusCause {
                reason: "FieldManagerConflict".to_owned(),
                message: format!("conflict with {shown}"),
                field: path,
            });
        }
    }
    let message = match causes.as_slice() {
        [one] => format!("Apply failed with 1 conflict: {}: {}", one.message, one.field),
        many => format!("Apply failed with {} conflicts: {}", many.len(), lines.join("\n")),
    };
    Status::failure(409, "Conflict", message)
        .with_details(StatusDetails { causes, ..StatusDetails::default() })
}
