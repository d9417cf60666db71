//! JSON patch, RFC 6902, with the errors of the library that the API server uses
//! (`gopkg.in/evanphx/json-patch.v4`).

use serde_json::Value;

use super::PatchError;

/// The document with the operations of the patch applied in order.
pub fn apply(document: &Value, patch: &Value) -> Result<Value, PatchError> {
    let Some(operations) = patch.as_array() else {
        return Err(PatchError::Malformed(
            "error decoding patch: json: cannot unmarshal object into Go value of type jsonpatch.Patch"
                .to_owned(),
        ));
    };
    let mut found = document.clone();
    for operation in operations {
        step(&mut found, operation)?;
    }
    Ok(found)
}

fn fail<T>(message: String) -> Result<T, PatchError> {
    Err(PatchError::Unprocessable(message))
}

fn step(document: &mut Value, operation: &Value) -> Result<(), PatchError> {
    let text = |key: &str| operation.get(key).and_then(Value::as_str);
    let kind = text("op").unwrap_or("");
    let Some(path) = text("path") else {
        return fail("operation missing path field: missing value".to_owned());
    };
    let value = || operation.get("value").cloned().unwrap_or(Value::Null);
    match kind {
        "add" => add(document, path, value()),
        "remove" => remove(document, path).map(|_| ()),
        "replace" => replace(document, path, value()),
        "move" | "copy" => {
            let Some(from) = text("from") else {
                return fail("operation missing from field: missing value".to_owned());
            };
            let Some(moved) = document.pointer(from).cloned() else {
                return fail(format!(
                    "{kind} operation does not apply: doc is missing from path: {from}: missing value"
                ));
            };
            if kind == "move" {
                remove(document, from)?;
            }
            add(document, path, moved)
        }
        "test" => {
            let found = document.pointer(path).unwrap_or(&Value::Null);
            if *found == value() {
                Ok(())
            } else {
                fail(format!("testing value {path} failed: test failed"))
            }
        }
        other => fail(format!("Unexpected kind: {other}")),
    }
}

/// The parent of a pointer and the unescaped last token.
fn parent<'a>(document: &'a mut Value, path: &str) -> Option<(&'a mut Value, String)> {
    let (parent, last) = path.rsplit_once('/')?;
    Some((document.pointer_mut(parent)?, last.replace("~1", "/").replace("~0", "~")))
}

fn add(document: &mut Value, path: &str, value: Value) -> Result<(), PatchError> {
    if path.is_empty() {
        *document = value;
        return Ok(());
    }
    let Some((place, key)) = parent(document, path) else {
        return fail(format!(
            "add operation does not apply: doc is missing path: \"{path}\": missing value"
        ));
    };
    match place {
        Value::Object(map) => {
            map.insert(key, value);
            Ok(())
        }
        Value::Array(list) if key == "-" => {
            list.push(value);
            Ok(())
        }
        Value::Array(list) => match key.parse::<usize>() {
            Ok(index) if index <= list.len() => {
                list.insert(index, value);
                Ok(())
            }
            _ => fail(format!(
                "add operation does not apply: error in add for path: '{path}': Unable to access invalid index: {key}: invalid index referenced"
            )),
        },
        _ => fail(format!(
            "add operation does not apply: doc is missing path: \"{path}\": missing value"
        )),
    }
}

fn replace(document: &mut Value, path: &str, value: Value) -> Result<(), PatchError> {
    if let Some(place) = document.pointer_mut(path) {
        *place = value;
        return Ok(());
    }
    match parent(document, path) {
        // Upstream's library asks maps for the key and takes no for an answer.
        Some((Value::Object(map), key)) => {
            map.insert(key, value);
            Ok(())
        }
        _ => fail(format!(
            "replace operation does not apply: doc is missing path: {path}: missing value"
        )),
    }
}

fn remove(document: &mut Value, path: &str) -> Result<Value, PatchError> {
    let missing =
        format!("remove operation does not apply: doc is missing path: \"{path}\": missing value");
    let Some((place, key)) = parent(document, path) else { return fail(missing) };
    match place {
        Value::Object(map) => map.remove(&key).map_or_else(
            || fail(format!("error in remove for path: '{path}': Unable to remove nonexistent key: {key}: missing value")),
            Ok,
        ),
        Value::Array(list) => match key.parse::<usize>() {
            Ok(index) if index < list.len() => Ok(list.remove(index)),
            _ => fail(format!("error in remove for path: '{path}': Unable to access invalid index: {key}: invalid index referenced")),
        },
        _ => fail(missing),
    }
}
