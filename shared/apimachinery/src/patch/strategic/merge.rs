//! Putting a patch into an object, or into another patch (`mergeMap` and what it calls).

use serde_json::{Map, Value, json};

use super::lists::{
    Identity, LIST, are_maps, bad_type, deduplicate, key_of, map_of, no_merge_key, normalized,
    without_deleted,
};
use super::{
    DELETE_PRIMITIVES, DIRECTIVE, ELEMENT_ORDER, PatchError, RETAIN_KEYS, Shape, malformed,
};
use crate::go;
use crate::schema::{Field, Schema};

const BAD_RETAIN_KEYS: &str = "invalid patch format of retainKeys";
const BAD_PRIMITIVES: &str = "invalid patch format of primitive list";
const BAD_ORDER: &str = "invalid patch format of setElementOrder list";

type Object = Map<String, Value>;

/// How patches are merged.
pub(super) struct Merge<'a> {
    pub(super) schema: &'a Schema,
    /// Into an object; otherwise into another patch, whose directives and nulls stay.
    pub(super) into_object: bool,
}

impl<'a> Merge<'a> {
    pub(super) fn map(
        &self,
        shape: Shape<'a>,
        mut original: Object,
        mut patch: Object,
    ) -> Result<Object, PatchError> {
        if let Some(directive) = patch.get(DIRECTIVE) {
            if *directive == json!("replace") {
                patch.remove(DIRECTIVE);
                return Ok(patch);
            }
            if *directive == json!("delete") {
                return Ok(Object::new());
            }
            return Err(bad_directive(directive, &patch));
        }
        self.retain_keys(&mut original, &mut patch)?;
        self.ordered_lists(shape, &mut original, &mut patch)?;
        for (key, value) in patch {
            self.member(shape, &mut original, key, value)?;
        }
        Ok(original)
    }

    fn member(
        &self,
        shape: Shape<'a>,
        original: &mut Object,
        key: String,
        value: Value,
    ) -> Result<(), PatchError> {
        let deletes = key.starts_with(DELETE_PRIMITIVES);
        if deletes && !self.into_object {
            original.insert(key, value);
            return Ok(());
        }
        let key =
            if deletes { named(&key, DELETE_PRIMITIVES, BAD_PRIMITIVES)?.to_owned() } else { key };
        if value.is_null() {
            original.remove(&key);
            if self.into_object {
                return Ok(());
            }
        }
        let same = original.get(&key).filter(|there| go::type_name(there) == go::type_name(&value));
        match (same, value) {
            (Some(Value::Object(_)), Value::Object(value)) => {
                let (inner, field) = shape.inner(self.schema, &key)?;
                let Some(Value::Object(before)) = original.remove(&key) else { return Ok(()) };
                let merged =
                    if field.patch_replace { value } else { self.map(inner, before, value)? };
                original.insert(key, Value::Object(merged));
            }
            (Some(Value::Array(_)), Value::Array(value)) => {
                let (inner, field) = shape.items(self.schema, &key)?;
                let Some(Value::Array(before)) = original.remove(&key) else { return Ok(()) };
                let (merged, _) = self.field_list(inner, field, before, value, deletes)?;
                original.insert(key, Value::Array(merged));
            }
            (Some(_), value) => put(original, key, value, false),
            (None, _) if deletes => {}
            (None, value) => put(original, key, value, self.into_object),
        }
        Ok(())
    }

    /// `applyRetainKeysDirective`.
    fn retain_keys(&self, original: &mut Object, patch: &mut Object) -> Result<(), PatchError> {
        let Some(wanted) = patch.remove(RETAIN_KEYS) else { return Ok(()) };
        if !self.into_object {
            match original.get(RETAIN_KEYS) {
                Some(there) if *there != wanted => {
                    return malformed(format!(
                        "{} and {} are not deep equal: this may happen when calculating the 3-way diff patch",
                        go::print(there),
                        go::print(&wanted)
                    ));
                }
                Some(_) => {}
                None => {
                    original.insert(RETAIN_KEYS.to_owned(), wanted);
                }
            }
            return Ok(());
        }
        let Value::Array(kept) = wanted else { return malformed(BAD_RETAIN_KEYS) };
        let is_kept = |key: &str| kept.iter().any(|one| one.as_str() == Some(key));
        for (key, value) in patch.iter() {
            let directive = key.starts_with(DELETE_PRIMITIVES) || key.starts_with(ELEMENT_ORDER);
            if !(value.is_null() || directive || is_kept(key)) {
                return malformed(BAD_RETAIN_KEYS);
            }
        }
        original.retain(|key, _| is_kept(key));
        Ok(())
    }

    /// `mergePatchIntoOriginal`: the lists whose order the patch asks for.
    fn ordered_lists(
        &self,
        shape: Shape<'a>,
        original: &mut Object,
        patch: &mut Object,
    ) -> Result<(), PatchError> {
        let directives = patch.keys().filter(|key| key.starts_with(ELEMENT_ORDER));
        for directive in directives.cloned().collect::<Vec<_>>() {
            let Some(wanted) = patch.remove(&directive) else { continue };
            if !self.into_object {
                match original.get(&directive) {
                    Some(there) if *there != wanted => return malformed(BAD_ORDER),
                    Some(_) => {}
                    None => {
                        original.insert(directive.clone(), wanted.clone());
                    }
                }
            }
            let Value::Array(order) = &wanted else { return Err(bad_type(LIST, &wanted)) };
            let key = named(&directive, ELEMENT_ORDER, BAD_ORDER)?;
            let list = |value: Option<&Value>| match value {
                None => Ok(None),
                Some(Value::Array(list)) => Ok(Some(list.clone())),
                Some(other) => Err(bad_type(LIST, other)),
            };
            let (before, changes) = (list(original.get(key))?, list(patch.get(key))?);
            let (items, field) = shape.items(self.schema, key)?;
            let merge_key = field.merge_key.as_deref();
            check_order(changes.as_deref().unwrap_or_default(), order, merge_key)?;
            let mut memory = before.clone().unwrap_or_default();
            let merged = match (before, changes.clone()) {
                (None, None) => continue,
                (Some(before), None) => before,
                (None, Some(changes)) => {
                    changes.into_iter().filter_map(without_directives).collect()
                }
                (Some(before), Some(changes)) => {
                    let merged = self.field_list(items, field, before, changes, false)?;
                    memory = merged.1;
                    merged.0
                }
            };
            let identity = Identity::of(merge_key, merge_key.is_some());
            let (named, others) = partitioned(merged, order, identity)?;
            let maps = are_maps(&[&memory, changes.as_deref().unwrap_or_default()])?;
            let identity = Identity::of(merge_key, maps);
            let both = normalized(named, others, (order, &memory), identity)?;
            original.insert(key.to_owned(), Value::Array(both));
            patch.remove(key);
        }
        Ok(())
    }

    /// `mergeSliceHandler`.
    fn field_list(
        &self,
        items: Shape<'a>,
        field: &Field,
        original: Vec<Value>,
        patch: Vec<Value>,
        deletes: bool,
    ) -> Result<(Vec<Value>, Vec<Value>), PatchError> {
        if field.patch_merge || deletes {
            self.list(items, field.merge_key.as_deref(), original, patch, deletes)
        } else {
            Ok((patch, original))
        }
    }

    /// `mergeSlice`: the merged list, and what then stands where the original one stood. Upstream goes by it when it
    /// orders the list: it has written into that memory.
    fn list(
        &self,
        items: Shape<'a>,
        merge_key: Option<&str>,
        original: Vec<Value>,
        patch: Vec<Value>,
        deletes: bool,
    ) -> Result<(Vec<Value>, Vec<Value>), PatchError> {
        if original.is_empty() && patch.is_empty() {
            return Ok((original, Vec::new()));
        }
        let mut memory = original.clone();
        let maps = are_maps(&[&original, &patch])?;
        let (original, patch, merged) = if maps {
            let Some(key) = merge_key else {
                let kind = match items {
                    Shape::Struct(..) => "struct",
                    Shape::Other(kind) => kind,
                };
                return malformed(format!("cannot merge lists without merge key for {kind}"));
            };
            let (original, patch, replaced) = special_items(original, patch, key)?;
            let merged = self.items(items, key, original.clone(), &patch)?;
            if !replaced {
                for (place, item) in memory.iter_mut().zip(&merged) {
                    *place = item.clone();
                }
            }
            (original, patch, merged)
        } else {
            if self.into_object && deletes {
                let kept = original.into_iter().filter(|item| !patch.contains(item)).collect();
                return Ok((kept, memory));
            }
            let both = original.iter().chain(&patch).cloned().collect();
            (original, patch, deduplicate(both))
        };
        let identity = Identity::of(merge_key, merge_key.is_some());
        let (named, others) = partitioned(merged, &patch, identity)?;
        let order = (patch.as_slice(), original.as_slice());
        let all = normalized(named, others, order, Identity::of(merge_key, maps))?;
        Ok((all, memory))
    }

    /// `mergeSliceWithoutSpecialElements`.
    fn items(
        &self,
        shape: Shape<'a>,
        key: &str,
        mut original: Vec<Value>,
        patch: &[Value],
    ) -> Result<Vec<Value>, PatchError> {
        for item in patch {
            let value = key_of(item, key)?;
            match place_of(&original, key, value)?.and_then(|at| original.get_mut(at)) {
                Some(place) => {
                    let before = place.as_object().cloned().unwrap_or_default();
                    let merged = self.map(shape, before, map_of(item)?.clone())?;
                    *place = Value::Object(merged);
                }
                None => original.push(item.clone()),
            }
        }
        Ok(original)
    }
}

fn put(original: &mut Object, key: String, mut value: Value, without_nulls: bool) {
    if without_nulls {
        discard_nulls(&mut value);
    }
    match without_directives(value) {
        Some(value) => original.insert(key, value),
        None => original.remove(&key),
    };
}

fn bad_directive(directive: &Value, map: &Object) -> PatchError {
    let (directive, map) = (go::print(directive), go::print(&Value::Object(map.clone())));
    PatchError::Malformed(format!("unknown patch type: {directive} in map: {map}"))
}

/// `extractKey`: what stands behind the slash of a directive.
fn named<'k>(key: &'k str, prefix: &str, why: &str) -> Result<&'k str, PatchError> {
    match key.split_once('/') {
        Some((first, name)) if first == prefix => Ok(name),
        _ => malformed(why),
    }
}

/// `mergeSliceWithSpecialElements`: deletes, or replaces all, and leaves what is to be merged.
fn special_items(
    mut original: Vec<Value>,
    patch: Vec<Value>,
    key: &str,
) -> Result<(Vec<Value>, Vec<Value>, bool), PatchError> {
    let (mut plain, mut replace) = (Vec::new(), false);
    for item in patch {
        let map = map_of(&item)?;
        let Some(directive) = map.get(DIRECTIVE) else {
            plain.push(item);
            continue;
        };
        match directive.as_str() {
            Some("delete") => {
                let gone = map.get(key).ok_or_else(|| no_merge_key(map, key))?;
                while let Some(at) = place_of(&original, key, gone)? {
                    original.remove(at);
                }
            }
            Some("replace") => replace = true,
            Some("merge") => {
                return malformed("merging lists cannot yet be specified in the patch");
            }
            _ => return Err(bad_directive(directive, map)),
        }
    }
    Ok(if replace { (plain, Vec::new(), true) } else { (original, plain, false) })
}

/// `findMapInSliceBasedOnKeyValue`.
fn place_of(list: &[Value], key: &str, value: &Value) -> Result<Option<usize>, PatchError> {
    for (at, item) in list.iter().enumerate() {
        let Value::Object(map) = item else {
            return malformed(format!("value for key {at} is not a map"));
        };
        if map.get(key) == Some(value) {
            return Ok(Some(at));
        }
    }
    Ok(None)
}

/// `partitionPrimitivesByPresentInList`, `partitionMapsByPresentInList`.
fn partitioned(
    list: Vec<Value>,
    by: &[Value],
    identity: Identity<'_>,
) -> Result<(Vec<Value>, Vec<Value>), PatchError> {
    let (mut named, mut others) = (Vec::new(), Vec::new());
    for item in list {
        let there = match identity {
            Identity::Key(key) => place_of(by, key, key_of(&item, key)?)?.is_some(),
            Identity::Whole => by.contains(&item),
        };
        if there { named.push(item) } else { others.push(item) }
    }
    Ok((named, others))
}

/// `validatePatchWithSetOrderList`: the items of the patch stand in the order that it asks for.
fn check_order(
    patch: &[Value],
    order: &[Value],
    merge_key: Option<&str>,
) -> Result<(), PatchError> {
    if patch.is_empty() || order.is_empty() {
        return Ok(());
    }
    let kept = match merge_key {
        Some(_) => without_deleted(patch.to_vec())?.0,
        None => patch.to_vec(),
    };
    let (mut items, mut wanted) = (kept.iter().peekable(), order.iter().peekable());
    while let (Some(item), Some(next)) = (items.peek(), wanted.peek()) {
        if item.get(DIRECTIVE).is_some() {
            items.next();
            continue;
        }
        let same = match merge_key {
            Some(key) => {
                // Both are looked at before they are compared.
                map_of(item).and_then(|_| map_of(next))?;
                key_of(item, key)? == key_of(next, key)?
            }
            None => item == next,
        };
        if same {
            items.next();
        }
        wanted.next();
    }
    if items.peek().is_none() || wanted.peek().is_some() {
        return Ok(());
    }
    malformed(format!(
        "The order in patch list:\n{}\n doesn't match {ELEMENT_ORDER} list:\n{}\n",
        go::print(&json!(patch)),
        go::print(&json!(order))
    ))
}

/// `removeDirectives`: nothing when the value itself is one.
fn without_directives(value: Value) -> Option<Value> {
    match value {
        Value::Object(map) => {
            if map.contains_key(DIRECTIVE) {
                return None;
            }
            let kept = map.into_iter();
            let kept = kept.filter_map(|(key, value)| Some((key, without_directives(value)?)));
            Some(Value::Object(kept.collect()))
        }
        Value::Array(list) => {
            Some(Value::Array(list.into_iter().filter_map(without_directives).collect()))
        }
        other => Some(other),
    }
}

/// `discardNullValuesFromPatch`.
fn discard_nulls(value: &mut Value) {
    match value {
        Value::Object(map) => {
            map.retain(|_, value| !value.is_null());
            map.values_mut().for_each(discard_nulls);
        }
        Value::Array(list) => list.iter_mut().for_each(discard_nulls),
        _ => {}
    }
}
