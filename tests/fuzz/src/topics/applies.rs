//! Server-side apply: `k8s.io/apimachinery/pkg/util/managedfields` over `sigs.k8s.io/structured-merge-diff`.

use apimachinery::apply::{Writer, apply, update};
use apimachinery::decode::{decode_value, zero};
use apimachinery::gvk::GroupVersionKind;
use apimachinery::object;
use apimachinery::schema::Schema;
use cluster::rng::Stream;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::objects::{KINDS, Maker};
use super::text;
use crate::pick::Pick as _;

const KEPT: [&str; 2] = ["apiVersion", "kind"];
const MANAGERS: [&str; 3] = ["one", "two", "three"];

pub(super) fn case(chance: &mut Stream) -> Value {
    let kind = KINDS.get(chance.upto(KINDS.len())).copied().unwrap_or(("v1", "Pod"));
    let mut maker = Maker { schema: Schema::builtin(), chance };
    let mut next = maker.object(kind);
    let mut steps = Vec::new();
    for _ in 0..2 + maker.chance.upto(4) {
        let apply = !maker.chance.once_in(4);
        let mut object = next.clone();
        if maker.chance.once_in(6) {
            nothing(maker.chance, &mut object);
        }
        if !apply && maker.chance.once_in(8) {
            // Whoever sends this wants to forget who manages what.
            let none = if maker.chance.once_in(2) { json!([]) } else { json!([{}]) };
            object::set(&mut object, &["metadata", "managedFields"], none);
        }
        steps.push(json!({
            "Manager": maker.chance.one(&MANAGERS),
            "Apply": apply,
            "Force": maker.chance.once_in(2),
            "Object": object,
        }));
        next = maker.changed(kind, &next);
    }
    json!({ "APIVersion": kind.0, "Kind": kind.1, "Steps": steps })
}

/// Puts null somewhere.
fn nothing(chance: &mut Stream, value: &mut Value) {
    let Some(map) = value.as_object_mut() else { return };
    let mut members: Vec<(&String, &mut Value)> = map.iter_mut().collect();
    if members.is_empty() {
        return;
    }
    let at = chance.upto(members.len());
    if let Some((_, inner)) = members.get_mut(at).filter(|(key, _)| !KEPT.contains(&key.as_str())) {
        if chance.once_in(3) {
            **inner = if chance.once_in(4) { json!({}) } else { Value::Null };
        } else {
            nothing(chance, inner);
        }
    }
}

pub(super) fn fits(case: &Value) -> bool {
    let known = KINDS.contains(&(text(case, "APIVersion"), text(case, "Kind")));
    let whole = |step: &Value| {
        let object = step.get("Object").filter(|object| object.is_object());
        object.is_some_and(|object| {
            object.get("apiVersion") == case.get("APIVersion")
                && object.get("kind") == case.get("Kind")
        }) && MANAGERS.contains(&text(step, "Manager"))
    };
    known && steps(case).iter().all(whole)
}

fn steps(case: &Value) -> &[Value] {
    case.get("Steps").and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

pub(super) fn ours(case: &Value) -> Value {
    let gvk = GroupVersionKind::of(text(case, "APIVersion"), text(case, "Kind"));
    let mut live = None;
    let mut said = Vec::new();
    for (number, step) in (1..).zip(steps(case)) {
        match taken(&gvk, live.as_ref(), (number, step)) {
            Ok(mut object) => {
                object::set(&mut object, &["metadata", "uid"], json!("uid"));
                said.push(shown(&object));
                live = Some(object);
            }
            Err(why) => said.push(json!({ "error": why })),
        }
    }
    Value::Array(said)
}

/// The object after a step.
fn taken(
    gvk: &GroupVersionKind,
    live: Option<&Value>,
    (number, step): (i64, &Value),
) -> Result<Value, String> {
    let schema = Schema::builtin();
    let object = step.get("Object").cloned().unwrap_or_default();
    let now = Timestamp::from_second(number).unwrap_or_default();
    let writer = Writer { manager: text(step, "Manager"), subresource: "", now };
    let flag = |key: &str| step.get(key).and_then(Value::as_bool).unwrap_or_default();
    let typed = |object| decode_value(schema, gvk, object, Vec::new()).map(|found| found.value);
    if !flag("Apply") {
        let (old, mut new) = (zero(schema, gvk), typed(object)?);
        update(schema, gvk, live.unwrap_or(&old), &mut new, writer);
        return Ok(new);
    }
    let applied = apply(schema, gvk, live, &object, writer, flag("Force"));
    let applied = applied.map_err(|status| status.message.clone())?.object;
    let fields = object::at(&applied, &["metadata", "managedFields"]).cloned();
    let kind = format!("{}/{}, Kind={}", gvk.group, gvk.version, gvk.kind);
    let mut merged = typed(applied).map_err(|why| {
        format!(
            "failed to convert new object ({}/{}; {kind}) to proper version: unable to convert \
             unstructured object to {kind}: {why}",
            object::namespace(&object),
            object::name(&object)
        )
    })?;
    if let Some(fields) = fields {
        object::set(&mut merged, &["metadata", "managedFields"], fields);
    }
    Ok(merged)
}

/// An object and its managed fields.
fn shown(live: &Value) -> Value {
    let mut object = live.clone();
    let fields = object::remove(&mut object, &["metadata", "managedFields"]);
    let fields = fields.unwrap_or_else(|| json!([]));
    json!({ "object": object, "fields": fields })
}

/// The same but for the order in which Go walks over maps.
pub(super) fn agree(ours: &Value, theirs: &Value) -> bool {
    let steps = |said: &Value| said.as_array().cloned().unwrap_or_default();
    let (ours, theirs) = (steps(ours), steps(theirs));
    ours.len() == theirs.len() && ours.iter().map(settled).eq(theirs.iter().map(settled))
}

fn settled(step: &Value) -> Value {
    if let Some((head, errors)) = text(step, "error").split_once("errors:\n  ") {
        let mut errors: Vec<&str> = errors.split("\n  ").collect();
        errors.sort_unstable();
        return json!([head, errors]);
    }
    step.clone()
}
