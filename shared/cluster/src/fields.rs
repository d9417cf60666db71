//! Reading documents by JSON pointer: what controllers (also those of add-ons) and kubelet ask of an
//! object, without ceremony.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::Value;

/// The value at `pointer`, as [`Value::pointer`] finds it. That one copies every step twice; ours are asked for hundreds
/// of times in each request, and hardly any is escaped.
pub fn at<'a>(document: &'a Value, pointer: &str) -> Option<&'a Value> {
    let mut place = document;
    let mut rest = pointer;
    while !rest.is_empty() {
        let steps = rest.strip_prefix('/')?;
        let end = steps.bytes().position(|byte| matches!(byte, b'/' | b'~'));
        let (step, after) = steps.split_at(end.unwrap_or(steps.len()));
        if after.starts_with('~') {
            return document.pointer(pointer);
        }
        place = match place {
            Value::Object(map) => map.get(step)?,
            Value::Array(list) => list.get(index(step)?)?,
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => return None,
        };
        rest = after;
    }
    Some(place)
}

/// A place in a list, written as RFC 6901 wants it.
fn index(step: &str) -> Option<usize> {
    let padded = step.starts_with('+') || (step.starts_with('0') && step.len() > 1);
    if padded { None } else { step.parse().ok() }
}

/// The text at `pointer`; empty when absent.
pub fn text<'a>(document: &'a Value, pointer: &str) -> &'a str {
    at(document, pointer).and_then(Value::as_str).unwrap_or_default()
}

/// The integer at `pointer`.
pub fn number(document: &Value, pointer: &str) -> Option<i64> {
    at(document, pointer).and_then(Value::as_i64)
}

/// The boolean at `pointer`; false when absent.
pub fn flag(document: &Value, pointer: &str) -> bool {
    at(document, pointer).and_then(Value::as_bool).unwrap_or_default()
}

/// The list at `pointer`; empty when absent.
pub fn items<'a>(document: &'a Value, pointer: &str) -> &'a [Value] {
    at(document, pointer).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// The map of texts at `pointer`.
pub fn texts(document: &Value, pointer: &str) -> BTreeMap<String, String> {
    at(document, pointer).and_then(Value::as_object).map_or_else(BTreeMap::new, |map| {
        map.iter()
            .filter_map(|(key, value)| Some((key.clone(), value.as_str()?.to_owned())))
            .collect()
    })
}

/// The labels of an object.
pub fn labels(document: &Value) -> BTreeMap<String, String> {
    texts(document, "/metadata/labels")
}

/// The annotation `key` of an object; empty when absent.
pub fn annotation<'a>(document: &'a Value, key: &str) -> &'a str {
    at(document, "/metadata/annotations")
        .and_then(|annotations| annotations.get(key))
        .and_then(Value::as_str)
        .unwrap_or_default()
}

/// The time at `pointer`.
pub fn time(document: &Value, pointer: &str) -> Option<Timestamp> {
    text(document, pointer).parse().ok()
}

/// `metadata.name`.
pub fn name(document: &Value) -> &str {
    text(document, "/metadata/name")
}

/// `metadata.namespace`; empty for cluster-scoped objects.
pub fn namespace(document: &Value) -> &str {
    text(document, "/metadata/namespace")
}

/// `metadata.uid`.
pub fn uid(document: &Value) -> &str {
    text(document, "/metadata/uid")
}

/// Whether the object is on its way out.
pub fn deleting(document: &Value) -> bool {
    at(document, "/metadata/deletionTimestamp").is_some_and(|time| !time.is_null())
}

/// The owner reference with `controller: true`.
pub fn controller_of(document: &Value) -> Option<&Value> {
    items(document, "/metadata/ownerReferences").iter().find(|owner| flag(owner, "/controller"))
}

/// Whether `owner` controls the object.
pub fn controlled_by(document: &Value, owner: &Value) -> bool {
    controller_of(document).is_some_and(|reference| text(reference, "/uid") == uid(owner))
}

/// The entry of a list of conditions with this type.
pub fn condition<'a>(document: &'a Value, kind: &str) -> Option<&'a Value> {
    items(document, "/status/conditions").iter().find(|condition| text(condition, "/type") == kind)
}

/// Whether the condition `kind` is `True`.
pub fn condition_true(document: &Value, kind: &str) -> bool {
    condition(document, kind).is_some_and(|condition| text(condition, "/status") == "True")
}

/// A time as the API writes `metav1.Time`.
pub fn seconds(now: Timestamp) -> String {
    let whole = Timestamp::from_second(now.as_second()).unwrap_or(now);
    whole.to_string()
}

/// A time as the API writes `metav1.MicroTime`.
pub fn micros(now: Timestamp) -> String {
    let whole = seconds(now);
    let fraction = now.subsec_microsecond();
    format!("{}.{fraction:06}Z", whole.trim_end_matches('Z'))
}

/// Puts `value` at `pointer`, making the maps on the way.
pub fn put(document: &mut Value, pointer: &str, value: Value) {
    let mut place = document;
    for key in pointer.split('/').skip(1) {
        if !place.is_object() {
            *place = Value::Object(serde_json::Map::new());
        }
        let Some(map) = place.as_object_mut() else { return };
        let key = if key.contains('~') {
            key.replace("~1", "/").replace("~0", "~")
        } else {
            key.to_owned()
        };
        place = map.entry(key).or_insert(Value::Null);
    }
    *place = value;
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::at;

    #[test]
    fn pointers_are_followed_as_serde_follows_them() {
        let document =
            json!({"a": [{"b/c": 1}, null, {"": {"~": 2}}], "0": {"00": 3}, "x": "text"});
        for pointer in [
            "",
            "/",
            "a",
            "/a",
            "/a/0",
            "/a/00",
            "/a/+0",
            "/a/-1",
            "/a/3",
            "/a/0/b~1c",
            "/a/2//~0",
            "/0/00",
            "/x/0",
            "/a/1/x",
            "/a//",
            "/0/00/",
            "/a/2/",
        ] {
            assert_eq!(at(&document, pointer), document.pointer(pointer), "{pointer}");
        }
    }
}
