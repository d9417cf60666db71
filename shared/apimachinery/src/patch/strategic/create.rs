//! Making strategic merge patches: what `kubectl apply` and `kubectl edit` send (`diffMaps` and what it calls).

use serde_json::{Map, Value, json};

use super::lists::{Identity, are_maps, deduplicate, in_order, key_of, sort_by_text};
use super::{DELETE_PRIMITIVES, DIRECTIVE, ELEMENT_ORDER, Merge, RETAIN_KEYS, Shape, malformed};
use crate::go;
use crate::gvk::GroupVersionKind;
use crate::patch::PatchError;
use crate::schema::{Field, Schema};

type Object = Map<String, Value>;

/// Which differences a patch carries.
#[derive(Clone, Copy)]
struct Diff<'a> {
    schema: &'a Schema,
    changes: bool,
    deletions: bool,
    /// Whether the keys of this map are named in it.
    retain_keys: bool,
}

/// The patch that makes `modified` of `original`.
pub fn create_two_way(
    schema: &Schema,
    gvk: &GroupVersionKind,
    original: &Value,
    modified: &Value,
) -> Result<Value, PatchError> {
    let both = Diff { schema, changes: true, deletions: true, retain_keys: false };
    let shape = Shape::kind(schema, gvk);
    both.map(shape, object(original)?, object(modified)?).map(Value::Object)
}

/// The patch that brings `current` to `modified` and deletes what `original` had and `modified` has not.
pub fn create_three_way(
    schema: &Schema,
    gvk: &GroupVersionKind,
    original: &Value,
    modified: &Value,
    current: &Value,
) -> Result<Value, PatchError> {
    let shape = Shape::kind(schema, gvk);
    let modified = object(modified)?;
    let changes = Diff { schema, changes: true, deletions: false, retain_keys: false };
    let delta = changes.map(shape, object(current)?, modified)?;
    let deletions = Diff { changes: false, deletions: true, ..changes };
    let gone = deletions.map(shape, object(original)?, modified)?;
    Merge { schema, into_object: false }.map(shape, gone, delta).map(Value::Object)
}

fn object(value: &Value) -> Result<&Object, PatchError> {
    match value {
        Value::Object(map) => Ok(map),
        _ => malformed("invalid JSON document"),
    }
}

impl<'a> Diff<'a> {
    /// `diffMaps`.
    fn map(self, shape: Shape<'a>, before: &Object, after: &Object) -> Result<Object, PatchError> {
        let mut patch = Object::new();
        let mut kept = Vec::new();
        for (key, wanted) in after {
            if self.retain_keys && !wanted.is_null() {
                kept.push(json!(key));
            }
            match before.get(key) {
                Some(there) => self.member(shape, key, (there, wanted), &mut patch)?,
                None if self.changes => {
                    patch.insert(key.clone(), wanted.clone());
                }
                None => {}
            }
        }
        if self.deletions {
            let gone = before.keys().filter(|key| !after.contains_key(*key));
            patch.extend(gone.map(|key| (key.clone(), Value::Null)));
        }
        let lost = |(key, value): (&String, &Value)| !value.is_null() && !after.contains_key(key);
        if !kept.is_empty() && (!patch.is_empty() || before.iter().any(lost)) {
            sort_by_text(&mut kept, Identity::Whole);
            patch.insert(RETAIN_KEYS.to_owned(), Value::Array(kept));
        }
        Ok(patch)
    }

    fn member(
        self,
        shape: Shape<'a>,
        key: &str,
        (before, after): (&Value, &Value),
        patch: &mut Object,
    ) -> Result<(), PatchError> {
        if key == DIRECTIVE {
            if !before.is_string() || !after.is_string() {
                return malformed(format!("invalid value for special key: {DIRECTIVE}"));
            }
            if before != after {
                patch.insert(key.to_owned(), after.clone());
            }
            return Ok(());
        }
        match (before, after) {
            (Value::Object(before), Value::Object(after)) => {
                let (inner, field) = match shape.inner(self.schema, key) {
                    Err(_) if before == after => return Ok(()),
                    found => found?,
                };
                if field.patch_replace {
                    if self.changes {
                        patch.insert(key.to_owned(), Value::Object(after.clone()));
                    }
                    return Ok(());
                }
                let below = Self { retain_keys: field.patch_retain_keys, ..self };
                let found = below.map(inner, before, after)?;
                if !found.is_empty() {
                    patch.insert(key.to_owned(), Value::Object(found));
                }
            }
            (Value::Array(before), Value::Array(after)) => {
                let (items, field) = match shape.items(self.schema, key) {
                    Err(_) if before == after => return Ok(()),
                    found => found?,
                };
                if field.patch_merge {
                    let below = Self { retain_keys: field.patch_retain_keys, ..self };
                    return below.list(items, field, key, (before, after), patch);
                }
                self.replace(key, &json!(before), &json!(after), patch);
            }
            _ => self.replace(key, before, after, patch),
        }
        Ok(())
    }

    /// `replacePatchFieldIfNotEqual`.
    fn replace(self, key: &str, before: &Value, after: &Value, patch: &mut Object) {
        if self.changes && before != after {
            patch.insert(key.to_owned(), after.clone());
        }
    }

    /// `diffLists`.
    fn list(
        self,
        items: Shape<'a>,
        field: &Field,
        key: &str,
        (before, after): (&[Value], &[Value]),
        patch: &mut Object,
    ) -> Result<(), PatchError> {
        let mut put = |key: String, list: Vec<Value>| {
            if !list.is_empty() {
                patch.insert(key, Value::Array(list));
            }
        };
        if before.is_empty() {
            if self.changes {
                put(key.to_owned(), after.to_vec());
            }
            return Ok(());
        }
        let order_key = format!("{ELEMENT_ORDER}/{key}");
        if !are_maps(&[before, after])? {
            // Upstream sorts the old list where it stands, and compares it with the new one then.
            let mut sorted = before.to_vec();
            sort_by_text(&mut sorted, Identity::Whole);
            let (added, gone) = self.scalars(&sorted, after);
            if (self.deletions && !gone.is_empty()) || (self.changes && sorted != after) {
                put(order_key, after.to_vec());
            }
            put(format!("{DELETE_PRIMITIVES}/{key}"), gone);
            put(key.to_owned(), in_order(added, after, Identity::Whole)?);
            return Ok(());
        }
        let merge_key = field.merge_key.as_deref().unwrap_or_default();
        let (changed, gone) = self.maps(items, merge_key, before, after)?;
        let mut changed = in_order(changed, after, Identity::Key(merge_key))?;
        let same_order = same_order(before, after, merge_key)?;
        changed.extend(gone);
        if (self.changes && (!changed.is_empty() || !same_order))
            || (self.deletions && !changed.is_empty())
        {
            let order = after.iter().map(|item| json!({ merge_key: item.get(merge_key) }));
            put(order_key, order.collect());
        }
        put(key.to_owned(), changed);
        Ok(())
    }

    /// `diffListsOfScalars`: what is new and what is gone.
    fn scalars(self, before: &[Value], after: &[Value]) -> (Vec<Value>, Vec<Value>) {
        let mut after = after.to_vec();
        sort_by_text(&mut after, Identity::Whole);
        let (mut old, mut new) = (before.iter().peekable(), after.iter().peekable());
        let (mut added, mut gone) = (Vec::new(), Vec::new());
        loop {
            let order = match (old.peek(), new.peek()) {
                (None, None) => break,
                (Some(_), None) => std::cmp::Ordering::Less,
                (None, Some(_)) => std::cmp::Ordering::Greater,
                (Some(one), Some(other)) => go::print(one).cmp(&go::print(other)),
            };
            if order.is_le() {
                let item = old.next().filter(|_| order.is_lt() && self.deletions);
                gone.extend(item.cloned());
            }
            if order.is_ge() {
                let item = new.next().filter(|_| order.is_gt() && self.changes);
                added.extend(item.cloned());
            }
        }
        (added, deduplicate(gone))
    }

    /// `diffListsOfMaps`: what is new or changed, and the directives that delete.
    fn maps(
        self,
        items: Shape<'a>,
        merge_key: &str,
        before: &[Value],
        after: &[Value],
    ) -> Result<(Vec<Value>, Vec<Value>), PatchError> {
        let sorted = |list: &[Value]| {
            let mut list = list.to_vec();
            sort_by_text(&mut list, Identity::Key(merge_key));
            list
        };
        let (before, after) = (sorted(before), sorted(after));
        let (mut old, mut new) = (before.iter().peekable(), after.iter().peekable());
        let (mut changed, mut gone) = (Vec::new(), Vec::new());
        loop {
            let text = |item: Option<&&Value>| -> Result<Option<String>, PatchError> {
                item.map(|item| key_of(item, merge_key).map(go::print)).transpose()
            };
            let order = match (text(old.peek())?, text(new.peek())?) {
                (None, None) => return Ok((changed, gone)),
                (Some(_), None) => std::cmp::Ordering::Less,
                (None, Some(_)) => std::cmp::Ordering::Greater,
                (Some(one), Some(other)) => one.cmp(&other),
            };
            let there = if order.is_le() { old.next() } else { None };
            let wanted = if order.is_ge() { new.next() } else { None };
            match (there, wanted) {
                (Some(there), Some(wanted)) => {
                    let mut inner = self.map(items, object(there)?, object(wanted)?)?;
                    if !inner.is_empty() {
                        inner.insert(merge_key.to_owned(), key_of(wanted, merge_key)?.clone());
                        changed.push(Value::Object(inner));
                    }
                }
                (None, Some(wanted)) if self.changes => changed.push(wanted.clone()),
                (Some(there), None) if self.deletions => {
                    gone.push(json!({ DIRECTIVE: "delete", merge_key: there.get(merge_key) }));
                }
                _ => {}
            }
        }
    }
}

/// `isOrderSame`.
fn same_order(before: &[Value], after: &[Value], merge_key: &str) -> Result<bool, PatchError> {
    if before.len() != after.len() {
        return Ok(false);
    }
    for (one, other) in before.iter().zip(after) {
        if key_of(one, merge_key)? != key_of(other, merge_key)? {
            return Ok(false);
        }
    }
    Ok(true)
}
