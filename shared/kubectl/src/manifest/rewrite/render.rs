//! Values as text, in block and in flow style.

use serde_json::{Map, Value};

use super::Style;
use crate::manifest::to_yaml;

/// Fields that people write before the others, in this order.
const FIRST: [&str; 8] =
    ["apiVersion", "kind", "metadata", "name", "from", "to", "protocol", "port"];

/// The fields of a map as people write them.
fn ordered(map: &Map<String, Value>) -> Vec<(&String, &Value)> {
    let place = |key: &str| FIRST.iter().position(|one| *one == key);
    let early = FIRST.iter().filter_map(|key| map.get_key_value(*key));
    early.chain(map.iter().filter(|(key, _)| place(key).is_none())).collect()
}

/// A value on one line.
pub(super) fn flow(value: &Value) -> String {
    match value {
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(flow).collect();
            format!("[{}]", items.join(", "))
        }
        Value::Object(map) => {
            let entry = |(key, value): (&String, &Value)| {
                format!("{}: {}", flow(&Value::String(key.clone())), flow(value))
            };
            let entries: Vec<String> = ordered(map).into_iter().map(entry).collect();
            format!("{{{}}}", entries.join(", "))
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {
            let plain = scalar(value);
            let special =
                plain.contains([',', '[', ']', '{', '}']) && !plain.starts_with(['"', '\'']);
            if special { value.to_string() } else { plain }
        }
    }
}

/// A scalar, or an empty collection, on one line.
pub(super) fn scalar(value: &Value) -> String {
    let text = to_yaml(value);
    let text = text.trim_end();
    // JSON is YAML, and takes what would need several lines.
    if text.contains('\n') { value.to_string() } else { text.to_owned() }
}

/// Whether a value stands on one line in block style.
pub(super) fn is_short(value: &Value) -> bool {
    match value {
        Value::Array(items) => items.is_empty(),
        Value::Object(map) => map.is_empty(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => true,
    }
}

/// The lines of a value in block style, without indentation of its own.
pub(super) fn block(value: &Value, style: Style) -> Vec<String> {
    match value {
        Value::Array(items) if !items.is_empty() => {
            let items = items.iter().map(|item| {
                let mut lines = block(item, style);
                for (index, line) in lines.iter_mut().enumerate() {
                    line.insert_str(0, if index == 0 { "- " } else { "  " });
                }
                lines
            });
            items.collect::<Vec<_>>().concat()
        }
        Value::Object(map) if !map.is_empty() => {
            let entries = ordered(map).into_iter().map(|(key, value)| entry(key, value, style));
            entries.collect::<Vec<_>>().concat()
        }
        short => vec![scalar(short)],
    }
}

/// The lines of a field in block style.
pub(super) fn entry(key: &str, value: &Value, style: Style) -> Vec<String> {
    let key = scalar(&Value::String(key.to_owned()));
    if is_short(value) {
        return vec![format!("{key}: {}", scalar(value))];
    }
    let pad = below(value, style);
    let lines = block(value, style).into_iter().map(|line| format!("{pad}{line}"));
    [format!("{key}:")].into_iter().chain(lines).collect()
}

/// How much deeper than its key a value stands.
pub(super) fn below(value: &Value, style: Style) -> &'static str {
    if value.is_array() && !style.dashes_deeper { "" } else { "  " }
}
