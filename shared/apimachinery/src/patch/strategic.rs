//! Strategic merge patch, as `k8s.io/apimachinery/pkg/util/strategicpatch/patch.go`: lists with a merge
//! key are merged by it, and directives delete, replace, keep or order.

mod create;

use crate::order::Order as _;
use serde_json::{Map, Value};

pub use self::create::{create_three_way, create_two_way};
use super::PatchError;
use crate::gvk::GroupVersionKind;
use crate::schema::{Definition, Field, Schema, Type};

const DIRECTIVE: &str = "$patch";
const RETAIN_KEYS: &str = "$retainKeys";
const DELETE_PRIMITIVES: &str = "$deleteFromPrimitiveList/";
const ELEMENT_ORDER: &str = "$setElementOrder/";

/// What the schema says of a map: its fields, or the type of its values.
#[derive(Debug, Clone, Copy)]
pub(super) enum Shape<'a> {
    Struct(&'a Definition),
    MapOf(&'a Type),
    Unknown,
}

impl<'a> Shape<'a> {
    pub(super) fn of(schema: &'a Schema, ty: &'a Type) -> Self {
        match ty {
            Type::Ref(name) => schema.definition(name).map_or(Self::Unknown, Self::Struct),
            Type::Map(values) => Self::MapOf(values),
            Type::Word(_) | Type::List(_) => Self::Unknown,
        }
    }

    pub(super) fn kind(schema: &'a Schema, gvk: &GroupVersionKind) -> Self {
        schema.kind(gvk).map_or(Self::Unknown, Self::Struct)
    }

    pub(super) fn field(self, key: &str) -> Option<&'a Field> {
        match self {
            Self::Struct(definition) => definition.fields.get(key),
            Self::MapOf(_) | Self::Unknown => None,
        }
    }

    pub(super) fn inner(self, schema: &'a Schema, key: &str) -> Self {
        match self {
            Self::Struct(definition) => definition
                .fields
                .get(key)
                .map_or(Self::Unknown, |field| Self::of(schema, &field.ty)),
            Self::MapOf(values) => Self::of(schema, values),
            Self::Unknown => Self::Unknown,
        }
    }

    /// The shape of the items of a list field.
    pub(super) fn items(self, schema: &'a Schema, key: &str) -> Self {
        match self.field(key).map(|field| &field.ty) {
            Some(Type::List(items)) => Self::of(schema, items),
            _ => Self::Unknown,
        }
    }
}

/// The object with the patch applied.
pub fn apply(
    schema: &Schema,
    gvk: &GroupVersionKind,
    object: &Value,
    patch: &Value,
) -> Result<Value, PatchError> {
    let (Value::Object(original), Value::Object(patch)) = (object, patch) else {
        return Err(PatchError::Malformed("Invalid JSON document".to_owned()));
    };
    merge_map(schema, Shape::kind(schema, gvk), original, patch).map(Value::Object)
}

fn malformed<T>(message: String) -> Result<T, PatchError> {
    Err(PatchError::Malformed(message))
}

fn merge_map(
    schema: &Schema,
    shape: Shape<'_>,
    original: &Map<String, Value>,
    patch: &Map<String, Value>,
) -> Result<Map<String, Value>, PatchError> {
    match patch.get(DIRECTIVE).and_then(Value::as_str) {
        Some("replace") => {
            return Ok(patch.iter().filter(|(key, _)| *key != DIRECTIVE).map(clone_pair).collect());
        }
        Some("delete") => return Ok(Map::new()),
        Some("merge") | None => {}
        Some(other) => return malformed(format!("Unknown patch type found: {other}")),
    }
    let mut found = original.clone();
    if let Some(keys) = patch.get(RETAIN_KEYS).and_then(Value::as_array) {
        found.retain(|key, _| keys.iter().any(|kept| kept.as_str() == Some(key)));
    }
    for (key, value) in patch.iter().filter(|(key, _)| !key.starts_with('$')) {
        if value.is_null() {
            found.remove(key);
            continue;
        }
        let after = merge_value(schema, shape, key, found.get(key), value, patch)?;
        found.insert(key.clone(), after);
    }
    primitives_and_orders(schema, shape, &mut found, patch)?;
    Ok(found)
}

fn clone_pair((key, value): (&String, &Value)) -> (String, Value) {
    (key.clone(), value.clone())
}

fn merge_value(
    schema: &Schema,
    shape: Shape<'_>,
    key: &str,
    before: Option<&Value>,
    patch: &Value,
    parent: &Map<String, Value>,
) -> Result<Value, PatchError> {
    match (before, patch) {
        (Some(Value::Object(before)), Value::Object(patch)) => {
            let replace = shape.field(key).is_some_and(|field| field.patch_replace);
            if replace {
                return Ok(Value::Object(patch.clone()));
            }
            merge_map(schema, shape.inner(schema, key), before, patch).map(Value::Object)
        }
        (None, Value::Object(patch)) => {
            merge_map(schema, shape.inner(schema, key), &Map::new(), patch).map(Value::Object)
        }
        (before, Value::Array(list)) => {
            let empty = Vec::new();
            let before = before.and_then(Value::as_array).unwrap_or(&empty);
            let field = shape.field(key).filter(|field| field.patch_merge);
            match field {
                Some(field) => match &field.merge_key {
                    Some(merge_key) => {
                        merge_objects(schema, shape.items(schema, key), merge_key, before, list)
                    }
                    None => Ok(merge_primitives(before, list)),
                },
                None if parent.contains_key(&format!("{DELETE_PRIMITIVES}{key}")) => {
                    Ok(merge_primitives(before, list))
                }
                None => Ok(Value::Array(without_directives(list))),
            }
        }
        (_, other) => Ok(other.clone()),
    }
}

fn without_directives(list: &[Value]) -> Vec<Value> {
    list.iter().filter(|item| item.get(DIRECTIVE).is_none()).cloned().collect()
}

fn merge_primitives(before: &[Value], list: &[Value]) -> Value {
    let mut found = before.to_vec();
    for item in list {
        if !found.contains(item) {
            found.push(item.clone());
        }
    }
    Value::Array(found)
}

fn merge_objects(
    schema: &Schema,
    items: Shape<'_>,
    merge_key: &str,
    before: &[Value],
    patch: &[Value],
) -> Result<Value, PatchError> {
    let replace =
        patch.iter().any(|item| item.get(DIRECTIVE).and_then(Value::as_str) == Some("replace"));
    if replace {
        return Ok(Value::Array(without_directives(patch)));
    }
    let mut found = before.to_vec();
    let mut added = Vec::new();
    for item in patch {
        let Value::Object(item) = item else {
            return malformed("list element is not a map".to_owned());
        };
        let Some(key) = item.get(merge_key) else {
            return malformed(format!(
                "map: {} does not contain declared merge key: {merge_key}",
                go_map(item)
            ));
        };
        let at = found.iter().position(|one| one.get(merge_key) == Some(key));
        if item.get(DIRECTIVE).and_then(Value::as_str) == Some("delete") {
            found.retain(|one| one.get(merge_key) != Some(key));
            continue;
        }
        let empty = Map::new();
        let original = at.and_then(|at| found.get(at)).and_then(Value::as_object).unwrap_or(&empty);
        let merged = Value::Object(merge_map(schema, items, original, item)?);
        match at.and_then(|at| found.get_mut(at)) {
            Some(place) => *place = merged,
            None => added.push(merged),
        }
    }
    found.extend(added);
    Ok(Value::Array(interleaved(&found, patch, before, |item| item.get(merge_key))))
}

/// The merged items in their final order (`normalizeElementOrder`, `mergeSortedSlice`): those of the patch
/// in its order, and each other one before the first of them that it preceded in the live list.
fn interleaved<'a, K: PartialEq>(
    merged: &'a [Value],
    patch: &'a [Value],
    live: &'a [Value],
    key: impl Fn(&'a Value) -> K,
) -> Vec<Value> {
    let place =
        |list: &'a [Value], item: &'a Value| list.iter().position(|one| key(one) == key(item));
    let (mut named, others): (Vec<&Value>, Vec<&Value>) =
        merged.iter().partition(|item| place(patch, item).is_some());
    named.order_by_key(|item| place(patch, item));
    let mut found = Vec::with_capacity(merged.len());
    let (mut named, mut others) = (named.into_iter().peekable(), others.into_iter().peekable());
    loop {
        let other_first = match (others.peek(), named.peek()) {
            (None, None) => return found,
            (Some(_), None) => true,
            (None, Some(_)) => false,
            (Some(other), Some(one)) => match (place(live, other), place(live, one)) {
                (Some(left), Some(right)) => left < right,
                _ => false,
            },
        };
        let next = if other_first { others.next() } else { named.next() };
        found.extend(next.cloned());
    }
}

/// How Go prints a map.
fn go_map(map: &Map<String, Value>) -> String {
    let pairs: Vec<String> = map
        .iter()
        .map(|(key, value)| {
            format!("{key}:{}", value.as_str().map_or_else(|| value.to_string(), str::to_owned))
        })
        .collect();
    format!("map[{}]", pairs.join(" "))
}

fn primitives_and_orders(
    schema: &Schema,
    shape: Shape<'_>,
    found: &mut Map<String, Value>,
    patch: &Map<String, Value>,
) -> Result<(), PatchError> {
    let _ = schema;
    for (directive, value) in patch {
        if let Some(key) = directive.strip_prefix(DELETE_PRIMITIVES) {
            let gone = value.as_array().map_or(&[][..], Vec::as_slice);
            if let Some(Value::Array(list)) = found.get_mut(key) {
                list.retain(|item| !gone.contains(item));
            }
        }
    }
    for (directive, value) in patch {
        let Some(key) = directive.strip_prefix(ELEMENT_ORDER) else { continue };
        let Some(order) = value.as_array() else {
            return malformed(format!("{directive} is not a list"));
        };
        let merge_key = shape.field(key).and_then(|field| field.merge_key.as_deref());
        if let Some(Value::Array(list)) = found.get_mut(key) {
            *list = ordered(list, order, merge_key);
        }
    }
    Ok(())
}

/// Items that the order names come in its order; the others keep their place relative to the item
/// before them.
fn ordered(list: &[Value], order: &[Value], merge_key: Option<&str>) -> Vec<Value> {
    let rank = |item: &Value| {
        order.iter().position(|wanted| match merge_key {
            Some(key) => wanted.get(key).is_some() && wanted.get(key) == item.get(key),
            None => wanted == item,
        })
    };
    let mut named: Vec<(usize, &Value)> =
        list.iter().filter_map(|item| rank(item).map(|rank| (rank, item))).collect();
    named.order_by_key(|(rank, _)| *rank);
    let mut named = named.into_iter().map(|(_, item)| item.clone());
    let mut found = Vec::with_capacity(list.len());
    for item in list {
        if rank(item).is_some() {
            found.extend(named.next());
        } else {
            found.push(item.clone());
        }
    }
    found
}
