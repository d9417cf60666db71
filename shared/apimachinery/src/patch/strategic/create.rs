//! Making strategic merge patches: what `kubectl apply` and `kubectl edit` send.

use serde_json::{Map, Value, json};

use super::{DELETE_PRIMITIVES, DIRECTIVE, ELEMENT_ORDER, RETAIN_KEYS, Shape};
use crate::gvk::GroupVersionKind;
use crate::patch::PatchError;
use crate::schema::{Field, Schema};

/// Which differences a patch carries.
#[derive(Clone, Copy)]
struct Wanted {
    changes: bool,
    deletions: bool,
}

/// The patch that makes `modified` of `original`.
#[expect(clippy::unnecessary_wraps, reason = "the same shape as applying")]
pub fn create_two_way(
    schema: &Schema,
    gvk: &GroupVersionKind,
    original: &Value,
    modified: &Value,
) -> Result<Value, PatchError> {
    let both = Wanted { changes: true, deletions: true };
    Ok(Value::Object(diff_map(schema, Shape::kind(schema, gvk), original, modified, both)))
}

/// The patch that brings `current` to `modified` and deletes what `original` had and `modified` has not.
#[expect(clippy::unnecessary_wraps, reason = "the same shape as applying")]
pub fn create_three_way(
    schema: &Schema,
    gvk: &GroupVersionKind,
    original: &Value,
    modified: &Value,
    current: &Value,
) -> Result<Value, PatchError> {
    let shape = Shape::kind(schema, gvk);
    let changes = Wanted { changes: true, deletions: false };
    let deletions = Wanted { changes: false, deletions: true };
    let mut patch = diff_map(schema, shape, current, modified, changes);
    let gone = diff_map(schema, shape, original, modified, deletions);
    merge_patches(schema, shape, &mut patch, gone);
    Ok(Value::Object(patch))
}

/// Puts the deletions into the patch of changes.
fn merge_patches(
    schema: &Schema,
    shape: Shape<'_>,
    patch: &mut Map<String, Value>,
    gone: Map<String, Value>,
) {
    for (key, value) in gone {
        match (patch.get_mut(&key), value) {
            (Some(Value::Object(into)), Value::Object(value)) => {
                merge_patches(schema, shape.inner(schema, &key), into, value);
            }
            (Some(Value::Array(into)), Value::Array(list)) if !key.starts_with('$') => {
                let merge_key = shape.field(&key).and_then(|field| field.merge_key.clone());
                let Some(merge_key) = merge_key else { continue };
                for item in list {
                    merge_item(schema, shape.items(schema, &key), into, item, &merge_key);
                }
            }
            (Some(_), _) => {}
            (None, value) => {
                patch.insert(key, value);
            }
        }
    }
}

fn merge_item(
    schema: &Schema,
    shape: Shape<'_>,
    into: &mut Vec<Value>,
    item: Value,
    merge_key: &str,
) {
    let place = into.iter_mut().find(|one| one.get(merge_key) == item.get(merge_key));
    match (place, item) {
        (Some(Value::Object(place)), Value::Object(item)) => {
            merge_patches(schema, shape, place, item);
        }
        (_, item) => into.push(item),
    }
}

fn diff_map(
    schema: &Schema,
    shape: Shape<'_>,
    from: &Value,
    to: &Value,
    wanted: Wanted,
) -> Map<String, Value> {
    let empty = Map::new();
    let from = from.as_object().unwrap_or(&empty);
    let to = to.as_object().unwrap_or(&empty);
    let mut patch = Map::new();
    for (key, before) in from {
        let Some(after) = to.get(key) else {
            if wanted.deletions {
                patch.insert(key.clone(), Value::Null);
            }
            continue;
        };
        diff_value(schema, shape, key, (before, after), wanted, &mut patch);
    }
    if wanted.changes {
        for (key, after) in to.iter().filter(|(key, _)| !from.contains_key(*key)) {
            patch.insert(key.clone(), after.clone());
        }
    }
    patch
}

fn diff_value(
    schema: &Schema,
    shape: Shape<'_>,
    key: &str,
    (before, after): (&Value, &Value),
    wanted: Wanted,
    patch: &mut Map<String, Value>,
) {
    let field = shape.field(key);
    match (before, after) {
        (Value::Object(_), Value::Object(after_map)) => {
            if field.is_some_and(|field| field.patch_replace) {
                if wanted.changes && before != after {
                    patch.insert(key.to_owned(), after.clone());
                }
                return;
            }
            let mut inner = diff_map(schema, shape.inner(schema, key), before, after, wanted);
            if field.is_some_and(|field| field.patch_retain_keys) && !inner.is_empty() {
                let keys: Vec<Value> = after_map.keys().map(|key| json!(key)).collect();
                inner.insert(RETAIN_KEYS.to_owned(), Value::Array(keys));
            }
            if !inner.is_empty() {
                patch.insert(key.to_owned(), Value::Object(inner));
            }
        }
        (Value::Array(before), Value::Array(after_list)) => {
            match field.filter(|field| field.patch_merge) {
                Some(field) => {
                    let items = shape.items(schema, key);
                    diff_list(schema, items, field, key, (before, after_list), wanted, patch);
                }
                None if wanted.changes && before != after_list => {
                    patch.insert(key.to_owned(), after.clone());
                }
                None => {}
            }
        }
        _ if wanted.changes && before != after => {
            patch.insert(key.to_owned(), after.clone());
        }
        _ => {}
    }
}

#[expect(clippy::too_many_arguments, reason = "one place of the walk with its two sides")]
fn diff_list(
    schema: &Schema,
    items: Shape<'_>,
    field: &Field,
    key: &str,
    (before, after): (&[Value], &[Value]),
    wanted: Wanted,
    patch: &mut Map<String, Value>,
) {
    let Some(merge_key) = &field.merge_key else {
        diff_primitives(key, (before, after), wanted, patch);
        return;
    };
    let find = |list: &[Value], wanted: &Value| {
        list.iter().find(|one| one.get(merge_key) == wanted.get(merge_key)).cloned()
    };
    let mut found = Vec::new();
    for item in after {
        match find(before, item) {
            Some(old) => {
                let mut inner = diff_map(schema, items, &old, item, wanted);
                if !inner.is_empty() {
                    if let Some(value) = item.get(merge_key) {
                        inner.insert(merge_key.clone(), value.clone());
                    }
                    found.push(Value::Object(inner));
                }
            }
            None if wanted.changes => found.push(item.clone()),
            None => {}
        }
    }
    if wanted.deletions {
        for item in before.iter().filter(|item| find(after, item).is_none()) {
            let value = item.get(merge_key).cloned().unwrap_or(Value::Null);
            found.push(json!({ DIRECTIVE: "delete", merge_key.as_str(): value }));
        }
    }
    if found.is_empty() && !(wanted.changes && order(before, merge_key) != order(after, merge_key))
    {
        return;
    }
    if !found.is_empty() {
        patch.insert(key.to_owned(), Value::Array(found));
    }
    let order: Vec<Value> = order(after, merge_key)
        .into_iter()
        .map(|value| json!({ merge_key.as_str(): value }))
        .collect();
    patch.insert(format!("{ELEMENT_ORDER}{key}"), Value::Array(order));
}

fn order(list: &[Value], merge_key: &str) -> Vec<Value> {
    list.iter().filter_map(|item| item.get(merge_key).cloned()).collect()
}

fn diff_primitives(
    key: &str,
    (before, after): (&[Value], &[Value]),
    wanted: Wanted,
    patch: &mut Map<String, Value>,
) {
    let missing = |from: &[Value], in_list: &[Value]| -> Vec<Value> {
        from.iter().filter(|item| !in_list.contains(item)).cloned().collect()
    };
    let added = missing(after, before);
    let gone = missing(before, after);
    let mut changed = false;
    if wanted.changes && !added.is_empty() {
        patch.insert(key.to_owned(), Value::Array(added));
        changed = true;
    }
    if wanted.deletions && !gone.is_empty() {
        patch.insert(format!("{DELETE_PRIMITIVES}{key}"), Value::Array(gone));
        changed = true;
    }
    if changed {
        patch.insert(format!("{ELEMENT_ORDER}{key}"), Value::Array(after.to_vec()));
    }
}
