//! Short ways through JSON documents, for code that prints them.

use serde_json::{Map, Value};

/// Reads of a document where a missing field reads as empty, as Go's zero values do.
pub(crate) trait Reading {
    /// The field at a dotted path of plain keys.
    fn at(&self, path: &str) -> Option<&Value>;

    /// The text at a path, or empty.
    fn text(&self, path: &str) -> &str {
        self.at(path).and_then(Value::as_str).unwrap_or("")
    }

    /// The integer at a path.
    fn int(&self, path: &str) -> Option<i64> {
        self.at(path).and_then(Value::as_i64)
    }

    /// The boolean at a path, or false.
    fn truth(&self, path: &str) -> bool {
        self.at(path).and_then(Value::as_bool).unwrap_or(false)
    }

    /// The list at a path, or an empty one.
    fn list(&self, path: &str) -> &[Value] {
        self.at(path).and_then(Value::as_array).map_or(&[], Vec::as_slice)
    }

    /// The entries of the map at a path, in order of their keys.
    fn entries(&self, path: &str) -> Vec<(&str, &Value)> {
        self.at(path)
            .and_then(Value::as_object)
            .map(|map| map.iter().map(|(key, value)| (key.as_str(), value)).collect())
            .unwrap_or_default()
    }

    /// Whether a path holds something but null.
    fn has(&self, path: &str) -> bool {
        self.at(path).is_some_and(|value| !value.is_null())
    }
}

impl Reading for Value {
    fn at(&self, path: &str) -> Option<&Value> {
        let mut value = self;
        for key in path.split('.').filter(|key| !key.is_empty()) {
            value = value.as_object()?.get(key)?;
        }
        Some(value)
    }
}

/// Text of a scalar: strings as they are, the rest as JSON.
pub(crate) fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => "<nil>".to_owned(),
        Value::Number(number) => match number.as_f64() {
            Some(float) if !number.is_i64() && !number.is_u64() => crate::manifest::go_float(float),
            _ => number.to_string(),
        },
        Value::Bool(_) | Value::Array(_) | Value::Object(_) => value.to_string(),
    }
}

/// Puts formatted text behind a text. (Writing into a `String` cannot fail.)
pub(crate) fn append(text: &mut String, arguments: std::fmt::Arguments<'_>) {
    std::fmt::Write::write_fmt(text, arguments).unwrap_or_default();
}

/// Sets a field, making the maps on the way.
pub(crate) fn set(value: &mut Value, path: &[&str], new: Value) {
    let Some((first, rest)) = path.split_first() else {
        *value = new;
        return;
    };
    if !value.is_object() {
        *value = Value::Object(Map::new());
    }
    if let Value::Object(map) = value {
        let child = map.entry((*first).to_owned()).or_insert(Value::Null);
        set(child, rest, new);
    }
}

/// Removes a field.
pub(crate) fn remove(value: &mut Value, path: &[&str]) -> Option<Value> {
    let (last, parents) = path.split_last()?;
    let mut value = value;
    for key in parents {
        value = value.as_object_mut()?.get_mut(*key)?;
    }
    value.as_object_mut()?.remove(*last)
}
