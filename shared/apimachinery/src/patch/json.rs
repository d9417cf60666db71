//! JSON patch, RFC 6902, with the errors of the library that the API server uses
//! (`gopkg.in/evanphx/json-patch.v4`).

use serde_json::Value;

use super::PatchError;

const MISSING: &str = "missing value";
/// How a failed `test` ends (`ErrTestFailed`).
const TEST_FAILED: &str = ": test failed";

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
        step(&mut found, operation).map_err(PatchError::Unprocessable)?;
    }
    Ok(found)
}

/// Whether a patch was not applied only because a `test` in it does not hold.
pub fn is_failed_test(error: &PatchError) -> bool {
    matches!(error, PatchError::Unprocessable(why) if why.ends_with(TEST_FAILED))
}

type Step<T = ()> = Result<T, String>;

fn step(document: &mut Value, operation: &Value) -> Step {
    let text = |key: &str| operation.get(key).and_then(Value::as_str);
    let kind = text("op").unwrap_or("");
    let Some(path) = text("path") else {
        return Err(match kind {
            "add" | "remove" | "copy" => {
                format!("{kind} operation failed to decode path: {MISSING}")
            }
            _ => format!(
                "{kind} operation failed to decode path: operation missing path field: {MISSING}"
            ),
        });
    };
    let value = || operation.get("value").cloned().unwrap_or(Value::Null);
    match kind {
        "add" => {
            let (place, key) =
                find(document, path).ok_or_else(|| apart("add", &format!("path: \"{path}\"")))?;
            add(place, &key, value())
                .map_err(|why| format!("error in add for path: '{path}': {why}"))
        }
        "remove" => {
            let (place, key) = find(document, path)
                .ok_or_else(|| apart("remove", &format!("path: \"{path}\"")))?;
            remove(place, &key).map_err(|why| format!("error in remove for path: '{path}': {why}"))
        }
        "replace" => replace(document, path, value()),
        "move" | "copy" => {
            let Some(from) = text("from") else {
                return Err(format!(
                    "{kind} operation failed to decode from: operation, missing from field: {MISSING}"
                ));
            };
            carry(document, kind, from, path)
        }
        "test" => test(document, path, operation.get("value")),
        other => Err(format!("Unexpected kind: {other}")),
    }
}

fn apart(kind: &str, what: &str) -> String {
    format!("{kind} operation does not apply: doc is missing {what}: {MISSING}")
}

/// `findObject`: the container of a path, and the key in it.
fn find<'a>(document: &'a mut Value, path: &str) -> Option<(&'a mut Value, String)> {
    let mut parts: Vec<String> =
        path.split('/').skip(1).map(|part| part.replace("~1", "/").replace("~0", "~")).collect();
    let key = parts.pop()?;
    let mut place = document;
    for part in parts {
        place = match place {
            Value::Object(map) => map.get_mut(&part)?,
            Value::Array(list) => {
                let index = index_of(&part, list.len()).ok()?;
                list.get_mut(index)?
            }
            _ => return None,
        };
    }
    (place.is_object() || place.is_array()).then_some((place, key))
}

fn atoi(key: &str) -> Step<i64> {
    key.parse().map_err(|_not_a_number| format!("strconv.Atoi: parsing {key:?}: invalid syntax"))
}

fn out_of_range(index: i64) -> String {
    format!("Unable to access invalid index: {index}: invalid index referenced")
}

/// A place in a list of a length; those below zero count from its end.
fn place_in(index: i64, length: usize) -> Step<usize> {
    let size = i64::try_from(length).unwrap_or(i64::MAX);
    let found = if index < 0 { index + size } else { index };
    if found < 0 || found >= size {
        return Err(out_of_range(index));
    }
    usize::try_from(found).map_err(|_too_large| out_of_range(index))
}

fn index_of(key: &str, length: usize) -> Step<usize> {
    place_in(atoi(key)?, length)
}

fn get(place: &Value, key: &str) -> Step<Option<Value>> {
    match place {
        Value::Array(list) => Ok(list.get(index_of(key, list.len())?).cloned()),
        // Upstream's library asks maps for the key and takes no for an answer.
        place => Ok(place.get(key).cloned()),
    }
}

fn add(place: &mut Value, key: &str, value: Value) -> Step {
    match place {
        Value::Array(list) if key == "-" => list.push(value),
        Value::Array(list) => {
            let index = atoi(key)
                .map_err(|why| format!("value was not a proper array index: '{key}': {why}"))?;
            list.insert(place_in(index, list.len() + 1)?, value);
        }
        Value::Object(map) => drop(map.insert(key.to_owned(), value)),
        _ => {}
    }
    Ok(())
}

fn remove(place: &mut Value, key: &str) -> Step {
    match place {
        Value::Array(list) => {
            let index = index_of(key, list.len())?;
            list.remove(index);
        }
        Value::Object(map) => {
            let gone = map.remove(key);
            gone.ok_or_else(|| format!("Unable to remove nonexistent key: {key}: {MISSING}"))?;
        }
        _ => {}
    }
    Ok(())
}

fn replace(document: &mut Value, path: &str, value: Value) -> Step {
    if path.is_empty() {
        if !value.is_object() && !value.is_array() {
            return Err("replace operation value must be object or array: %!w(<nil>)".to_owned());
        }
        *document = value;
        return Ok(());
    }
    let (place, key) =
        find(document, path).ok_or_else(|| apart("replace", &format!("path: {path}")))?;
    get(place, &key).map_err(|_no_such_item| apart("replace", &format!("key: {path}")))?;
    match place {
        Value::Array(list) => {
            let index = index_of(&key, list.len())?;
            if let Some(item) = list.get_mut(index) {
                *item = value;
            }
        }
        Value::Object(map) => drop(map.insert(key, value)),
        _ => {}
    }
    Ok(())
}

fn carry(document: &mut Value, kind: &str, from: &str, path: &str) -> Step {
    let (place, key) =
        find(document, from).ok_or_else(|| apart(kind, &format!("from path: {from}")))?;
    let carried = if kind == "move" {
        let in_move = |why: String| format!("error in move for path: '{key}': {why}");
        let carried = get(place, &key).map_err(in_move)?;
        remove(place, &key).map_err(in_move)?;
        carried
    } else {
        get(place, &key).map_err(|why| format!("error in copy for from: '{from}': {why}"))?
    };
    let (place, key) =
        find(document, path).ok_or_else(|| apart(kind, &format!("destination path: {path}")))?;
    add(place, &key, carried.unwrap_or(Value::Null)).map_err(|why| match kind {
        "move" => format!("error in move for path: '{path}': {why}"),
        _ => format!("error while adding value during copy: {why}"),
    })
}

fn test(document: &mut Value, path: &str, wanted: Option<&Value>) -> Step {
    let wanted = wanted.unwrap_or(&Value::Null);
    let failed = || Err(format!("testing value {path} failed{TEST_FAILED}"));
    if path.is_empty() {
        return if document == wanted { Ok(()) } else { failed() };
    }
    let Some((place, key)) = find(document, path) else {
        return Err(format!("test operation does not apply: is missing path: {path}: {MISSING}"));
    };
    let found =
        get(place, &key).map_err(|why| format!("error in test for path: '{path}': {why}"))?;
    if found.unwrap_or(Value::Null) == *wanted { Ok(()) } else { failed() }
}
