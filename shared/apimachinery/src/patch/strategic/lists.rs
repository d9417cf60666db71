//! Lists: their order, their keys and their scalars.

use serde_json::{Map, Value, json};

use super::{DIRECTIVE, PatchError, malformed};
use crate::go;

/// How two items are told to be the same one: by a key of theirs, or by themselves.
#[derive(Debug, Clone, Copy)]
pub(super) enum Identity<'a> {
    Key(&'a str),
    Whole,
}

impl<'a> Identity<'a> {
    /// By what the items of a list are told apart that has this merge key and these items.
    pub(super) fn of(merge_key: Option<&'a str>, maps: bool) -> Self {
        if maps { Self::Key(merge_key.unwrap_or_default()) } else { Self::Whole }
    }

    fn value(self, item: &Value) -> Option<&Value> {
        match self {
            Self::Key(key) => item.get(key),
            Self::Whole => Some(item),
        }
    }

    /// `index`.
    pub(super) fn place(self, list: &[Value], item: &Value) -> Option<usize> {
        list.iter().position(|one| self.value(one) == self.value(item))
    }
}

pub(super) fn no_merge_key(item: &Map<String, Value>, key: &str) -> PatchError {
    let item = go::print(&Value::Object(item.clone()));
    PatchError::Malformed(format!("map: {item} does not contain declared merge key: {key}"))
}

/// `ErrBadArgType`.
pub(super) fn bad_type(expected: &str, found: &Value) -> PatchError {
    let found = go::type_name(found).map_or("%!s(<nil>)", |name| name);
    PatchError::Malformed(format!("expected a {expected}, but received a {found}"))
}

pub(super) const MAP: &str = "map[string]interface {}";
pub(super) const LIST: &str = "[]interface {}";

/// An item of a list of maps.
pub(super) fn map_of(item: &Value) -> Result<&Map<String, Value>, PatchError> {
    item.as_object().ok_or_else(|| bad_type(MAP, item))
}

/// The value of the merge key.
pub(super) fn key_of<'a>(item: &'a Value, key: &str) -> Result<&'a Value, PatchError> {
    let map = map_of(item)?;
    map.get(key).ok_or_else(|| no_merge_key(map, key))
}

/// `sliceElementType`: whether the items of the lists are maps. All must be of one type.
pub(super) fn are_maps(lists: &[&[Value]]) -> Result<bool, PatchError> {
    let mut all = lists.iter().copied().flatten();
    let Some(first) = all.next() else {
        return malformed("no elements in any of the given slices");
    };
    if first.is_array() {
        return malformed("lists of lists are not supported");
    }
    if all.any(|item| go::type_name(item) != go::type_name(first)) {
        let shown: Vec<String> = lists.iter().map(|list| go::print(&json!(list))).collect();
        return malformed(format!("list element types are not identical: [{}]", shown.join(" ")));
    }
    Ok(first.is_object())
}

/// Go's insertion sort, which `sort` uses for short lists: what comes out of a comparison that is no order, as
/// upstream's are, depends on it.
pub(super) fn insertion_sort(list: &mut [Value], less: impl Fn(&Value, &Value) -> bool) {
    for end in 1..list.len() {
        let mut at = end;
        while at > 0 {
            let sorted = match (list.get(at), list.get(at - 1)) {
                (Some(one), Some(before)) => !less(one, before),
                _ => true,
            };
            if sorted {
                break;
            }
            list.swap(at, at - 1);
            at -= 1;
        }
    }
}

/// `sortScalars`, `sortMapsBasedOnField`: by what Go prints.
pub(super) fn sort_by_text(list: &mut [Value], identity: Identity<'_>) {
    let text = |item: &Value| identity.value(item).map_or_else(|| "<nil>".to_owned(), go::print);
    insertion_sort(list, |one, other| text(one) <= text(other));
}

/// `deduplicateScalars`: the last item takes the place of one that stands before already.
pub(super) fn deduplicate(mut list: Vec<Value>) -> Vec<Value> {
    let mut first = 0;
    while first + 1 < list.len() {
        let mut next = first + 1;
        while next < list.len() {
            if list.get(first) == list.get(next) {
                list.swap_remove(next);
            } else {
                next += 1;
            }
        }
        first += 1;
    }
    list
}

/// `normalizeElementOrder`: items of the patch in the order that it asks for, the others where they were.
pub(super) fn normalized(
    patch: Vec<Value>,
    others: Vec<Value>,
    (patch_order, server_order): (&[Value], &[Value]),
    identity: Identity<'_>,
) -> Result<Vec<Value>, PatchError> {
    let patch = in_order(patch, patch_order, identity)?;
    let others = in_order(others, server_order, identity)?;
    let mut found = Vec::with_capacity(patch.len() + others.len());
    let (mut left, mut right) = (others.into_iter().peekable(), patch.into_iter().peekable());
    loop {
        let other_first = match (left.peek(), right.peek()) {
            (None, None) => return Ok(found),
            (Some(_), None) => true,
            (None, Some(_)) => false,
            (Some(other), Some(one)) => {
                let place = |item| identity.place(server_order, item);
                matches!((place(other), place(one)), (Some(other), Some(one)) if other < one)
            }
        };
        found.extend(if other_first { left.next() } else { right.next() });
    }
}

/// `normalizeSliceOrder`: in the order of another list; what is deleted comes last.
pub(super) fn in_order(
    list: Vec<Value>,
    order: &[Value],
    identity: Identity<'_>,
) -> Result<Vec<Value>, PatchError> {
    let (mut kept, deleted) = match identity {
        Identity::Whole => (list, Vec::new()),
        Identity::Key(key) => {
            for item in list.iter().chain(order) {
                key_of(item, key)?;
            }
            without_deleted(list)?
        }
    };
    insertion_sort(&mut kept, |one, other| {
        match (identity.place(order, one), identity.place(order, other)) {
            (Some(one), Some(other)) => one < other,
            _ => true,
        }
    });
    kept.extend(deleted);
    Ok(kept)
}

/// `extractToDeleteItems`.
pub(super) fn without_deleted(list: Vec<Value>) -> Result<(Vec<Value>, Vec<Value>), PatchError> {
    for item in &list {
        map_of(item)?;
    }
    Ok(list.into_iter().partition(|item| item.get(DIRECTIVE) != Some(&json!("delete"))))
}
