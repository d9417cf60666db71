//! managedFields: who set which field. The algebra is `apimachinery::apply`; this is when it is used.

use apimachinery::apply::{Writer, update};
use apimachinery::gvk::GroupVersionKind;
use apimachinery::schema::Schema;
use serde_json::{Value, json};

use super::call::Call;
use super::write::Target;

fn record(call: &Call, subresource: &str, old: &Value, new: &mut Value) {
    let schema = call.custom.as_ref().map_or_else(|| Schema::builtin(), |custom| &custom.schema);
    let gvk = GroupVersionKind::of(
        apimachinery::object::api_version(new),
        apimachinery::object::kind(new),
    );
    let manager = call.field_manager();
    let writer = Writer { manager: &manager, subresource, now: call.now };
    update(schema, &gvk, old, new, writer);
}

/// A new object belongs to who creates it, with all that defaulting has filled in.
pub(crate) fn on_create(call: &Call, gvk: &GroupVersionKind, value: &mut Value) {
    let kind = json!({
        "apiVersion": apimachinery::object::api_version(value),
        "kind": apimachinery::object::kind(value),
    });
    // What Go writes for an object without any field is there before anybody sets something.
    let zero = super::decode::shaped(call.custom.as_deref(), gvk, kind)
        .map_or_else(|_| json!({}), |(zero, _)| zero);
    record(call, "", &zero, value);
}

/// The scale handler of the real server forgets the time of its entry.
pub(crate) fn forget_scale_time(value: &mut Value) {
    let entries = value.pointer_mut("/metadata/managedFields").and_then(Value::as_array_mut);
    for entry in entries.into_iter().flatten().filter_map(Value::as_object_mut) {
        if entry.get("subresource") == Some(&json!("scale")) {
            entry.remove("time");
        }
    }
    // They are sorted by time, so the next write would move the entry otherwise, and be a change.
    apimachinery::apply::sort_managed_fields(value);
}

/// What changed belongs to who changed it.
pub(crate) fn on_update(call: &Call, target: &Target, live: &Value, value: &mut Value) {
    record(call, &target.subresource, live, value);
}

/// Whether two records say the same; the times of their entries say nothing about the object.
pub(crate) fn same_but_times(one: Option<&Value>, other: Option<&Value>) -> bool {
    let (own, theirs) = (entries(one), entries(other));
    own.len() == theirs.len() && own.iter().zip(theirs).all(|(one, other)| same_entry(one, other))
}

fn entries(managed: Option<&Value>) -> &[Value] {
    managed.and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

fn same_entry(one: &Value, other: &Value) -> bool {
    let (Value::Object(own), Value::Object(theirs)) = (one, other) else { return one == other };
    let said = |(name, _): &(&String, &Value)| *name != "time";
    own.iter().filter(said).eq(theirs.iter().filter(said))
}
