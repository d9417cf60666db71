//! Walks over two documents with the schema beside them: which fields there are, which changed, and what
//! they are together (`sigs.k8s.io/structured-merge-diff/typed`).

use serde_json::{Map, Value};

use super::order::interleave;
use super::set::{Element, FieldSet};
use crate::schema::{Definition, ListKind, Schema, Type};

/// What the schema says of a place.
#[derive(Debug, Clone)]
pub(super) enum Shape<'a> {
    /// A scalar, or something that is replaced as a whole.
    Leaf,
    /// A struct: known fields.
    Struct(&'a Definition),
    /// A map: keys are data.
    Map(&'a Type),
    /// A list whose items have keys.
    Keyed(&'a [String], &'a Type),
    /// A list of unique scalars.
    Set,
    /// Nothing is known: maps are merged, lists are replaced.
    Unknown,
}

impl<'a> Shape<'a> {
    pub(super) fn root(schema: &'a Schema, gvk: &crate::gvk::GroupVersionKind) -> Self {
        schema.kind(gvk).map_or(Self::Unknown, Self::Struct)
    }

    fn of_type(schema: &'a Schema, ty: &'a Type) -> Self {
        match ty {
            Type::Word(_) | Type::List(_) => Self::Leaf,
            Type::Map(values) => Self::Map(values),
            Type::Ref(name) => match schema.definition(name) {
                Some(found)
                    if found.atomic || found.scalar.is_some() || found.fields.is_empty() =>
                {
                    Self::Leaf
                }
                Some(found) => Self::Struct(found),
                None => Self::Unknown,
            },
        }
    }

    /// The shape of a field or of a map's value.
    fn field(&self, schema: &'a Schema, key: &str) -> Self {
        match self {
            Self::Struct(definition) => definition.fields.get(key).map_or(Self::Unknown, |field| {
                match (&field.ty, field.list) {
                    _ if field.atomic => Self::Leaf,
                    (Type::List(items), ListKind::Map) => Self::Keyed(&field.keys, items),
                    (Type::List(_), ListKind::Set) => Self::Set,
                    (ty, _) => Self::of_type(schema, ty),
                }
            }),
            Self::Map(values) => Self::of_type(schema, values),
            Self::Leaf | Self::Keyed(..) | Self::Set | Self::Unknown => Self::Unknown,
        }
    }

    fn is_map(&self, value: &Value) -> bool {
        value.is_object() && matches!(self, Self::Struct(_) | Self::Map(_) | Self::Unknown)
    }

    fn knows(&self, key: &str) -> bool {
        matches!(self, Self::Struct(definition) if definition.fields.contains_key(key))
    }
}

/// The keys of a list item; missing keys take the default of their field, as upstream does for ports.
pub(super) fn item_key(schema: &Schema, keys: &[String], items: &Type, item: &Value) -> Element {
    let definition = schema.resolve(items);
    let mut found = Map::new();
    for key in keys {
        let default = || {
            definition.and_then(|one| one.fields.get(key)).and_then(|field| field.default.clone())
        };
        if let Some(value) = item.get(key).cloned().or_else(default) {
            found.insert(key.clone(), value);
        }
    }
    Element::Key(Value::Object(found))
}

/// All fields of an applied document.
pub(super) fn fields_of(schema: &Schema, shape: &Shape<'_>, value: &Value) -> FieldSet {
    let mut set = FieldSet::default();
    match (shape, value) {
        (Shape::Keyed(keys, items), Value::Array(list)) => {
            for item in list {
                if item.is_null() {
                    // Upstream finds no key of null, whatever the defaults of its keys are, and goes on without one.
                    set.insert(&[String::new()]);
                    continue;
                }
                let key = item_key(schema, keys, items, item).encode();
                // Of items that stand twice only that they are there is managed.
                let inner = if set.children.contains_key(&key) {
                    FieldSet::default()
                } else {
                    fields_of(schema, &Shape::of_type(schema, items), item)
                };
                set.children.insert(key, FieldSet { member: true, ..inner });
            }
        }
        (Shape::Set, Value::Array(list)) => {
            for item in list {
                set.insert(&[Element::Item(item.clone()).encode()]);
            }
        }
        (shape, Value::Object(map)) if shape.is_map(value) => {
            for (key, inner) in map {
                let mut child = fields_of(schema, &shape.field(schema, key), inner);
                let empty = inner.is_null() || inner.as_object().is_some_and(Map::is_empty);
                child.member |= empty || !shape.knows(key);
                set.children.insert(Element::field(key), child);
            }
        }
        _ => set.member = true,
    }
    set
}

/// What differs between two documents.
#[derive(Debug, Default)]
pub(super) struct Comparison {
    /// Only in the new one, or different there.
    pub(super) changed: FieldSet,
    /// Only in the old one.
    pub(super) removed: FieldSet,
    /// Whether an item has none of the keys of its list, so that they cannot be compared.
    pub(super) keyless: bool,
}

/// Compares two documents.
pub(super) fn compare(schema: &Schema, shape: &Shape<'_>, old: &Value, new: &Value) -> Comparison {
    let mut found = Comparison::default();
    pair(schema, shape, (Some(old), Some(new)), &mut Vec::new(), &mut found);
    found
}

fn pair(
    schema: &Schema,
    shape: &Shape<'_>,
    (old, new): (Option<&Value>, Option<&Value>),
    path: &mut Vec<String>,
    found: &mut Comparison,
) {
    if old != new {
        differ(schema, shape, (old, new), path, found);
    }
}

/// The same for two that are known to differ.
fn differ(
    schema: &Schema,
    shape: &Shape<'_>,
    (old, new): (Option<&Value>, Option<&Value>),
    path: &mut Vec<String>,
    found: &mut Comparison,
) {
    match (old, new) {
        (None, Some(_)) if !path.is_empty() => found.changed.insert(path),
        (Some(_), None) if !path.is_empty() => found.removed.insert(path),
        _ => {}
    }
    // Nothing and something empty are told apart, but only here.
    if old.is_some_and(hollow) && new.is_some_and(hollow) {
        return found.changed.insert(path);
    }
    // Null is of any form.
    let any = new.filter(|new| !new.is_null()).or(old).unwrap_or(&Value::Null);
    match shape {
        Shape::Keyed(keys, items) if any.is_array() => {
            let inner = Shape::of_type(schema, items);
            let keyed = |list| by_key(schema, (keys, items), list);
            pair_items(schema, &inner, (&keyed(listed(old)), &keyed(listed(new))), path, found);
        }
        Shape::Set if any.is_array() => {
            let (old, new) = (by_itself(listed(old)), by_itself(listed(new)));
            pair_items(schema, &Shape::Leaf, (&old, &new), path, found);
        }
        shape if shape.is_map(any) => {
            let empty = Map::new();
            let old_map = old.and_then(Value::as_object).unwrap_or(&empty);
            let new_map = new.and_then(Value::as_object).unwrap_or(&empty);
            let gone = old_map.keys().filter(|key| !new_map.contains_key(*key));
            let mut keys: Vec<&String> = new_map.keys().chain(gone).collect();
            keys.sort();
            for key in keys.into_iter().filter(|key| old_map.get(*key) != new_map.get(*key)) {
                path.push(Element::field(key));
                let inner = shape.field(schema, key);
                differ(schema, &inner, (old_map.get(key), new_map.get(key)), path, found);
                path.pop();
            }
        }
        _ if old.is_some() && new.is_some() => found.changed.insert(path),
        _ => {}
    }
}

fn hollow(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(list) => list.is_empty(),
        Value::Object(map) => map.is_empty(),
        _ => false,
    }
}

fn listed(value: Option<&Value>) -> &[Value] {
    value.and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// An item of a list with its key.
type Keyed<'a> = (Element, &'a Value);

/// Items with the keys that the schema says.
fn by_key<'a>(
    schema: &Schema,
    (keys, items): (&[String], &Type),
    list: &'a [Value],
) -> Vec<Keyed<'a>> {
    list.iter().map(|item| (item_key(schema, keys, items, item), item)).collect()
}

/// Items that are their own keys.
fn by_itself(list: &[Value]) -> Vec<Keyed<'_>> {
    list.iter().map(|item| (Element::Item(item.clone()), item)).collect()
}

fn pair_items(
    schema: &Schema,
    shape: &Shape<'_>,
    (old, new): (&[Keyed<'_>], &[Keyed<'_>]),
    path: &mut Vec<String>,
    found: &mut Comparison,
) {
    fn all<'a>(list: &[Keyed<'a>], key: &Element) -> Vec<&'a Value> {
        list.iter().filter(|(one, _)| one == key).map(|(_, value)| *value).collect()
    }
    let mut seen: Vec<&Element> = Vec::new();
    for (key, _) in old.iter().chain(new) {
        if seen.contains(&key) {
            continue;
        }
        seen.push(key);
        found.keyless |= key.is_no_key();
        let (before, after) = (all(old, key), all(new, key));
        path.push(key.encode());
        // Items that stand twice are compared as a whole (`typed/compare.go visitListItems`).
        match (before.as_slice(), after.as_slice()) {
            ([] | [_], [] | [_]) => {
                pair(schema, shape, (before.first().copied(), after.first().copied()), path, found);
            }
            ([_, _, ..], [_, _, ..]) => {
                if before != after {
                    found.changed.insert(path);
                }
            }
            ([_, _, ..], rest) => {
                if !rest.is_empty() {
                    pair(schema, shape, (None, rest.first().copied()), path, found);
                }
                found.removed.insert(path);
            }
            (rest, _) => {
                if !rest.is_empty() {
                    pair(schema, shape, (rest.first().copied(), None), path, found);
                }
                found.changed.insert(path);
            }
        }
        path.pop();
    }
}

/// The live document with the applied one over it.
pub(super) fn merge(schema: &Schema, shape: &Shape<'_>, live: &Value, applied: &Value) -> Value {
    match (shape, live, applied) {
        (Shape::Keyed(keys, items), Value::Array(live), Value::Array(applied)) => {
            let inner = Shape::of_type(schema, items);
            let key = |item: &Value| item_key(schema, keys, items, item);
            merge_items(live, applied, key, |under, over| merge(schema, &inner, under, over))
        }
        (Shape::Set, Value::Array(live), Value::Array(applied)) => {
            merge_items(live, applied, |item| Element::Item(item.clone()), |_, over| over.clone())
        }
        (shape, Value::Object(live_map), Value::Object(applied_map)) if shape.is_map(applied) => {
            let mut found = live_map.clone();
            for (key, over) in applied_map {
                let merged = match live_map.get(key) {
                    Some(under) => merge(schema, &shape.field(schema, key), under, over),
                    None => over.clone(),
                };
                found.insert(key.clone(), merged);
            }
            Value::Object(found)
        }
        // Nothing is no order to remove what is there.
        (Shape::Keyed(..) | Shape::Set, Value::Array(list), Value::Null) if !list.is_empty() => {
            live.clone()
        }
        (shape, Value::Object(map), Value::Null) if shape.is_map(live) && !map.is_empty() => {
            live.clone()
        }
        _ => applied.clone(),
    }
}

fn merge_items(
    live: &[Value],
    applied: &[Value],
    key: impl Fn(&Value) -> Element,
    both: impl Fn(&Value, &Value) -> Value,
) -> Value {
    let keys = |list: &[Value]| -> Vec<Element> { list.iter().map(&key).collect() };
    let live_keys = keys(live);
    let twice = |at: usize| {
        live_keys.get(at).is_some_and(|key| live_keys.iter().filter(|one| *one == key).count() > 1)
    };
    let pairs = interleave(&live_keys, &keys(applied));
    let merged = pairs.into_iter().filter_map(|(at, theirs)| {
        let ours = at.and_then(|index| live.get(index));
        match (ours, theirs.and_then(|index| applied.get(index))) {
            // Nobody knows which of several is meant.
            (Some(_), Some(over)) if at.is_some_and(twice) => Some(over.clone()),
            (Some(under), Some(over)) => Some(both(under, over)),
            (one, other) => one.or(other).cloned(),
        }
    });
    Value::Array(merged.collect())
}

/// A set with the fields that lead to its members, where the schema names them
/// (`fieldpath/set.go EnsureNamedFieldsAreMembers`).
pub(super) fn with_named_fields(schema: &Schema, shape: &Shape<'_>, set: &FieldSet) -> FieldSet {
    let mut found = FieldSet { member: set.member, ..FieldSet::default() };
    for (element, child) in &set.children {
        let (inner, named) = match (Element::decode(element), shape) {
            (Some(Element::Field(key)), shape) => (shape.field(schema, &key), shape.knows(&key)),
            (Some(Element::Key(_)), Shape::Keyed(_, items)) => {
                (Shape::of_type(schema, items), false)
            }
            _ => (Shape::Unknown, false),
        };
        let mut child = with_named_fields(schema, &inner, child);
        child.member |= named && child.children.values().any(|one| !one.is_empty());
        found.children.insert(element.clone(), child);
    }
    found
}

/// A document without the members of a set; what loses all that it has is null (`typed/remove.go`).
pub(super) fn remove(schema: &Schema, shape: &Shape<'_>, value: &Value, gone: &FieldSet) -> Value {
    let key_of = |item: &Value| match shape {
        Shape::Keyed(keys, items) => item_key(schema, keys, items, item).encode(),
        _ => Element::Item(item.clone()).encode(),
    };
    match (shape, value) {
        (Shape::Keyed(..) | Shape::Set, Value::Array(list)) => {
            let inner = match shape {
                Shape::Keyed(_, items) => Shape::of_type(schema, items),
                _ => Shape::Leaf,
            };
            let left = list.iter().filter_map(|item| match gone.children.get(&key_of(item)) {
                Some(gone) if gone.member => None,
                Some(gone) if !gone.is_empty() => Some(remove(schema, &inner, item, gone)),
                _ => Some(item.clone()),
            });
            let left: Vec<Value> = left.collect();
            if left.is_empty() { Value::Null } else { Value::Array(left) }
        }
        (shape, Value::Object(map)) if shape.is_map(value) => {
            let mut left = Map::new();
            for (key, inner) in map {
                let gone = gone.children.get(&Element::Field(key.clone()).encode());
                let inner = match gone {
                    Some(gone) if gone.member => continue,
                    Some(gone) if !gone.is_empty() => {
                        remove(schema, &shape.field(schema, key), inner, gone)
                    }
                    _ => inner.clone(),
                };
                left.insert(key.clone(), inner);
            }
            if left.is_empty() { Value::Null } else { Value::Object(left) }
        }
        // Of what is replaced as a whole nothing is left.
        (_, Value::Array(_) | Value::Object(_)) => Value::Null,
        (_, scalar) => scalar.clone(),
    }
}
