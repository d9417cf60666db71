//! Patches: `k8s.io/apimachinery/pkg/util/strategicpatch`, which is behind `kubectl patch`, `apply` and `edit`.

use apimachinery::gvk::GroupVersionKind;
use apimachinery::patch::{PatchError, strategic};
use apimachinery::schema::{Field, Schema, Type};
use cluster::rng::Stream;
use serde_json::{Map, Value, json};

use super::objects::{KINDS, Maker, unique};
use super::text;
use crate::pick::Pick as _;

fn kind(chance: &mut Stream) -> (&'static str, &'static str) {
    KINDS.get(chance.upto(KINDS.len())).copied().unwrap_or(("v1", "Pod"))
}

pub(super) fn patch(chance: &mut Stream) -> Value {
    let kind = kind(chance);
    let mut maker = Maker { schema: Schema::builtin(), chance };
    let mut object = maker.object(kind);
    each_once(&mut object);
    let gvk = GroupVersionKind::of(kind.0, kind.1);
    let patch = match Schema::builtin().kind(&gvk) {
        Some(definition) => patch_map(&mut maker, &Type::Ref(definition.name.clone()), &object),
        None => json!({}),
    };
    json!({ "APIVersion": kind.0, "Kind": kind.1, "Object": object, "Patch": patch })
}

/// Leaves out scalars that stand in their list already. Upstream takes them out of the list with the patch in it, which
/// lies in the same memory as the one whose order it asks for after that when Go happens to have reserved more
/// (`strategicpatch/patch.go mergeSliceWithSpecialElements`, `append` to the original).
fn each_once(value: &mut Value) {
    match value {
        Value::Array(list) => {
            let mut seen: Vec<Value> = Vec::new();
            list.retain(|item| {
                let again = !item.is_object() && seen.contains(item);
                seen.push(item.clone());
                !again
            });
            list.iter_mut().for_each(each_once);
        }
        Value::Object(map) => map.values_mut().for_each(each_once),
        _ => {}
    }
}

pub(super) fn patch_fits(case: &Value) -> bool {
    let told_apart = |object: &Value| {
        let mut once = object.clone();
        each_once(&mut once);
        once == *object
    };
    ["Object", "Patch"].iter().all(|key| case.get(*key).is_some_and(Value::is_object))
        && case.get("Object").is_some_and(told_apart)
        && known(case)
}

fn known(case: &Value) -> bool {
    KINDS.contains(&(text(case, "APIVersion"), text(case, "Kind")))
}

/// A patch of a map of some type.
fn patch_map(maker: &mut Maker<'_>, ty: &Type, before: &Value) -> Value {
    let schema = maker.schema;
    let mut map = Map::new();
    if maker.chance.once_in(25) {
        let directive = maker.chance.one(&["replace", "delete", "merge", "bogus"]);
        map.insert("$patch".to_owned(), json!(directive));
    }
    let fields = match ty {
        Type::Map(values) => {
            for key in ["a", "b", "c"] {
                if maker.chance.once_in(3) {
                    let null = maker.chance.once_in(3);
                    let value = if null { Value::Null } else { maker.value(values, 4) };
                    map.insert(key.to_owned(), value);
                }
            }
            return Value::Object(map);
        }
        ty => schema.resolve(ty).map(|definition| &definition.fields),
    };
    for (name, field) in fields.into_iter().flatten() {
        let there = before.get(name);
        let times = if there.is_some() { 2 } else { 40 };
        if !maker.chance.once_in(times) || matches!(name.as_str(), "apiVersion" | "kind") {
            continue;
        }
        patch_field(maker, name, field, there, &mut map);
    }
    if maker.chance.once_in(20) {
        let keys: Vec<&str> = (0..maker.chance.upto(3))
            .map(|_| maker.chance.one(&["emptyDir", "name", "type", "a"]))
            .collect();
        map.insert("$retainKeys".to_owned(), json!(keys));
    }
    Value::Object(map)
}

fn patch_field(
    maker: &mut Maker<'_>,
    name: &str,
    field: &Field,
    there: Option<&Value>,
    map: &mut Map<String, Value>,
) {
    let null = Value::Null;
    let before = there.unwrap_or(&null);
    if maker.chance.once_in(10) {
        map.insert(name.to_owned(), Value::Null);
        return;
    }
    let Type::List(items) = &field.ty else {
        let scalar = matches!(&field.ty, Type::Word(_)) || before.is_string() || before.is_number();
        let value = if scalar || maker.chance.once_in(12) {
            maker.field(field, 4)
        } else {
            patch_map(maker, &field.ty, before)
        };
        map.insert(name.to_owned(), value);
        return;
    };
    let list: Vec<Value> = before.as_array().cloned().unwrap_or_default();
    let keyed = field.merge_key.as_deref();
    let mut patches = Vec::new();
    for item in &list {
        match maker.chance.upto(6) {
            0 | 1 => patches.push(patch_item(maker, items, keyed, item)),
            2 if keyed.is_none() => patches.push(item.clone()),
            _ => {}
        }
    }
    if maker.chance.once_in(3) {
        patches.push(maker.item(field, items, 4));
    }
    if maker.chance.once_in(30) {
        patches.push(json!({ "$patch": maker.chance.one(&["replace", "delete", "bogus"]) }));
    }
    if !maker.chance.once_in(20) {
        unique(field, &mut patches);
    }
    if field.patch_merge && maker.chance.once_in(3) {
        let order = order(maker, keyed, &list, &patches);
        map.insert(format!("$setElementOrder/{name}"), json!(order));
    }
    // In which order upstream deletes and adds is chance; it tells only when both do something to an item.
    let deletes = keyed.is_none() && !list.is_empty() && maker.chance.once_in(4);
    if deletes {
        let left = list.iter().filter(|item| !patches.contains(item) && maker.chance.once_in(2));
        let gone: Vec<Value> = left.cloned().collect();
        map.insert(format!("$deleteFromPrimitiveList/{name}"), json!(gone));
    }
    if deletes && !field.patch_merge {
        return;
    }
    if !maker.chance.once_in(8) {
        map.insert(name.to_owned(), json!(patches));
    }
}

fn patch_item(maker: &mut Maker<'_>, items: &Type, keyed: Option<&str>, item: &Value) -> Value {
    let Some(key) = keyed else { return item.clone() };
    let mut patch = patch_map(maker, items, item);
    if let (Some(map), Some(value)) = (patch.as_object_mut(), item.get(key)) {
        map.insert(key.to_owned(), value.clone());
        if maker.chance.once_in(4) {
            map.insert("$patch".to_owned(), json!("delete"));
        }
    }
    patch
}

/// The order that a client asks for: what it keeps and what it adds, hardly ever something else.
fn order(
    maker: &mut Maker<'_>,
    keyed: Option<&str>,
    list: &[Value],
    patches: &[Value],
) -> Vec<Value> {
    let mut found: Vec<Value> = Vec::new();
    for item in list.iter().chain(patches) {
        let id = match keyed {
            Some(key) => item.get(key).map(|value| json!({ key: value })),
            None => Some(item.clone()),
        };
        let gone = item.get("$patch").is_some();
        let kept = patches.contains(item) || !maker.chance.once_in(4);
        found.extend(id.filter(|id| !found.contains(id) && !gone && kept));
    }
    if maker.chance.once_in(3) {
        found.reverse();
    }
    found
}

pub(super) fn patch_ours(case: &Value) -> Value {
    let gvk = GroupVersionKind::of(text(case, "APIVersion"), text(case, "Kind"));
    let (object, patch) = (case.get("Object"), case.get("Patch"));
    let (Some(object), Some(patch)) = (object, patch) else { return Value::Null };
    let patched = strategic::apply(Schema::builtin(), &gvk, object, patch);
    json!({ "patched": patched.unwrap_or_else(|error| json!({ "error": error.to_string() })) })
}

/// Go says all errors that there can be; ours is one of them.
pub(super) fn agree(ours: &Value, theirs: &Value) -> bool {
    let (Value::Object(ours), Value::Object(theirs)) = (ours, theirs) else { return false };
    ours.len() == theirs.len()
        && ours.iter().all(|(key, ours)| {
            let Some(theirs) = theirs.get(key) else { return false };
            match (ours.get("error").and_then(Value::as_str), theirs.get("errors")) {
                (Some(error), Some(errors)) => errors.get(error).is_some(),
                _ => ours == theirs,
            }
        })
}

pub(super) fn three_way(chance: &mut Stream) -> Value {
    let kind = kind(chance);
    let mut maker = Maker { schema: Schema::builtin(), chance };
    let original = maker.object(kind);
    let modified = maker.changed(kind, &original);
    let current = maker.changed(kind, &original);
    json!({
        "APIVersion": kind.0, "Kind": kind.1, "Original": original, "Modified": modified, "Current": current,
    })
}

pub(super) fn three_way_fits(case: &Value) -> bool {
    let parts = ["Original", "Modified", "Current"];
    parts.iter().all(|key| case.get(*key).is_some_and(Value::is_object)) && known(case)
}

pub(super) fn three_way_ours(case: &Value) -> Value {
    let gvk = GroupVersionKind::of(text(case, "APIVersion"), text(case, "Kind"));
    let at = |key: &str| case.get(key).cloned().unwrap_or_default();
    let (original, modified, current) = (at("Original"), at("Modified"), at("Current"));
    let schema = Schema::builtin();
    let mut said = Map::new();
    let mut put = |key: &str, found: &Result<Value, PatchError>| {
        let value = match found {
            Ok(found) => found.clone(),
            Err(error) => json!({ "error": error.to_string() }),
        };
        said.insert(key.to_owned(), value);
    };
    let three = strategic::create_three_way(schema, &gvk, &original, &modified, &current);
    put("three", &three);
    if let Ok(patch) = three {
        put("applied", &strategic::apply(schema, &gvk, &current, &patch));
    }
    put("two", &strategic::create_two_way(schema, &gvk, &current, &modified));
    Value::Object(said)
}
