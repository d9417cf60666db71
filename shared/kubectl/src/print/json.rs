//! JSON as Go writes it: `<`, `>` and `&` escaped, four spaces.

use crate::value::append;
use serde_json::Value;

/// `-o json`, with a line break at the end.
pub(crate) fn pretty(value: &Value) -> String {
    let mut out = String::new();
    write(&mut out, value, Some(0), "    ");
    out.push('\n');
    out
}

/// The same with two spaces, as `apply view-last-applied` prints it.
pub(crate) fn pretty_by_two(value: &Value) -> String {
    let mut out = String::new();
    write(&mut out, value, Some(0), "  ");
    out.push('\n');
    out
}

/// `json.Marshal`.
pub(crate) fn compact(value: &Value) -> String {
    let mut out = String::new();
    write(&mut out, value, None, "");
    out
}

fn write(out: &mut String, value: &Value, depth: Option<usize>, step: &str) {
    match value {
        Value::String(text) => string(out, text),
        Value::Array(items) if items.is_empty() => out.push_str("[]"),
        Value::Object(map) if map.is_empty() => out.push_str("{}"),
        Value::Array(items) => {
            out.push('[');
            for (index, item) in items.iter().enumerate() {
                separate(out, index, depth, step);
                write(out, item, depth.map(|depth| depth + 1), step);
            }
            close(out, depth, ']', step);
        }
        Value::Object(map) => {
            out.push('{');
            for (index, (key, item)) in map.iter().enumerate() {
                separate(out, index, depth, step);
                string(out, key);
                out.push_str(if depth.is_some() { ": " } else { ":" });
                write(out, item, depth.map(|depth| depth + 1), step);
            }
            close(out, depth, '}', step);
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => out.push_str(&value.to_string()),
    }
}

fn separate(out: &mut String, index: usize, depth: Option<usize>, step: &str) {
    if index > 0 {
        out.push(',');
    }
    if let Some(depth) = depth {
        indent(out, depth + 1, step);
    }
}

fn close(out: &mut String, depth: Option<usize>, bracket: char, step: &str) {
    if let Some(depth) = depth {
        indent(out, depth, step);
    }
    out.push(bracket);
}

fn indent(out: &mut String, depth: usize, step: &str) {
    out.push('\n');
    out.extend(std::iter::repeat_n(step, depth));
}

fn string(out: &mut String, text: &str) {
    out.push('"');
    for character in text.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' | '\0'..='\u{1f}' => {
                append(out, format_args!("\\u{:04x}", u32::from(character)));
            }
            other => out.push(other),
        }
    }
    out.push('"');
}
