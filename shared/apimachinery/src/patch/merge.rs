//! JSON merge patch, RFC 7396.

use serde_json::{Map, Value};

use super::PatchError;

/// The document with the patch applied.
#[expect(clippy::unnecessary_wraps, reason = "the same shape as the other patch types")]
pub fn apply(document: &Value, patch: &Value) -> Result<Value, PatchError> {
    Ok(merged(document, patch))
}

fn merged(document: &Value, patch: &Value) -> Value {
    let Value::Object(patch) = patch else { return patch.clone() };
    let mut found = document.as_object().cloned().unwrap_or_default();
    for (key, value) in patch {
        if value.is_null() {
            found.remove(key);
        } else {
            let before = found.get(key).unwrap_or(&Value::Null);
            let after = merged(before, value);
            found.insert(key.clone(), after);
        }
    }
    Value::Object(found)
}

/// The patch that makes `modified` of `current` and removes what was in `original` only.
pub fn create_three_way(original: &Value, modified: &Value, current: &Value) -> Value {
    let empty = Map::new();
    let map = |value: &Value| value.as_object().cloned().unwrap_or_else(|| empty.clone());
    let (original, modified, current) = (map(original), map(modified), map(current));
    let mut patch = Map::new();
    for (key, wanted) in &modified {
        match current.get(key) {
            Some(live) if live == wanted => {}
            Some(live) if live.is_object() && wanted.is_object() => {
                let before = original.get(key).unwrap_or(&Value::Null);
                let inner = create_three_way(before, wanted, live);
                if inner.as_object().is_some_and(|inner| !inner.is_empty()) {
                    patch.insert(key.clone(), inner);
                }
            }
            _ => {
                patch.insert(key.clone(), wanted.clone());
            }
        }
    }
    for key in
        original.keys().filter(|key| !modified.contains_key(*key) && current.contains_key(*key))
    {
        patch.insert(key.clone(), Value::Null);
    }
    Value::Object(patch)
}
