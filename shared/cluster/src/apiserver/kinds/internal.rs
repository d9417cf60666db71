//! Values as Go prints them in errors: the structs that the server works on, all fields, in their order,
//! under the names of Go (`field.Error.ErrorBody` marshals internal types, which have no JSON names).
//!
//! The structs are data: `data/internal.txt`, which `cargo xtask schema` writes by reflection.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde_json::Value;

use super::unified_diff::unified;

struct Field {
    /// Go's name; `-`: its members stand in the struct around it.
    go: &'static str,
    /// The name on the wire; `-`: as above.
    json: &'static str,
    kind: &'static str,
    omitted: bool,
}

static STRUCTS: LazyLock<BTreeMap<&'static str, Vec<Field>>> = LazyLock::new(|| {
    let mut structs: BTreeMap<&str, Vec<Field>> = BTreeMap::new();
    let mut current = "";
    let lines = include_str!("../../../data/internal.txt").lines();
    for line in lines.filter(|line| !line.starts_with('#')) {
        let words: Vec<&str> = line.split_whitespace().collect();
        match words.as_slice() {
            [name] => current = name,
            [go, json, kind, rest @ ..] => {
                let field = Field { go, json, kind, omitted: !rest.is_empty() };
                structs.entry(current).or_default().push(field);
            }
            _ => {}
        }
    }
    structs
});

/// A value in Go's order.
enum Node {
    Scalar(String),
    List(Vec<Self>),
    Map(Vec<(String, Self)>),
}

/// A value of an internal type on one line.
pub(super) fn printed(kind: &str, value: &Value) -> String {
    let mut text = String::new();
    compact(&node(kind, value), &mut text);
    text
}

/// How two values of an internal type differ.
pub(super) fn difference(kind: &str, before: &Value, after: &Value) -> String {
    let pretty = |value: &Value| {
        let mut text = String::new();
        indented(&node(kind, value), 0, &mut text);
        text
    };
    unified(&pretty(before), &pretty(after))
}

/// A text as Go's `encoding/json` writes it.
fn quoted(text: &str) -> String {
    Value::from(text)
        .to_string()
        .replace('<', "\\u003c")
        .replace('>', "\\u003e")
        .replace('&', "\\u0026")
}

/// A struct that is put together for its error only.
pub(super) fn go_struct(entries: &[(&str, Value)]) -> String {
    let parts: Vec<String> =
        entries.iter().map(|(name, value)| format!("{}:{value}", quoted(name))).collect();
    format!("{{{}}}", parts.join(","))
}

fn node(kind: &str, value: &Value) -> Node {
    if let Some(inner) = kind.strip_prefix('*') {
        return if value.is_null() { null() } else { node(inner, value) };
    }
    if let Some(inner) = kind.strip_prefix("[]") {
        let Some(list) = value.as_array() else { return null() };
        return Node::List(list.iter().map(|item| node(inner, item)).collect());
    }
    if let Some(inner) = kind.strip_prefix("map[]") {
        let Some(map) = value.as_object() else { return null() };
        let sorted: BTreeMap<&String, &Value> = map.iter().collect();
        let entries = sorted.into_iter().map(|(key, value)| (key.clone(), node(inner, value)));
        return Node::Map(entries.collect());
    }
    let scalar = |zero: &str| match value {
        Value::Null => zero.to_owned(),
        Value::String(text) => quoted(text),
        other => other.to_string(),
    };
    match kind {
        "string" => Node::Scalar(scalar("\"\"")),
        "bool" => Node::Scalar(scalar("false")),
        "int" | "int-or-string" => Node::Scalar(scalar("0")),
        "quantity" => Node::Scalar(scalar("\"0\"")),
        "time" | "micro-time" | "bytes" | "raw" | "json" => Node::Scalar(scalar("null")),
        _ => Node::Map(members(kind, value)),
    }
}

fn null() -> Node {
    Node::Scalar("null".to_owned())
}

fn members(kind: &str, value: &Value) -> Vec<(String, Node)> {
    let moved;
    let value = if kind == "core.PodSpec" {
        moved = with_host_flags(value);
        &moved
    } else {
        value
    };
    let mut all = Vec::new();
    for field in STRUCTS.get(kind).map_or(&[] as &[Field], Vec::as_slice) {
        let own = match field.json {
            "-" => value,
            json => value.get(json).unwrap_or(&Value::Null),
        };
        if field.go == "-" {
            all.extend(members(field.kind, own));
        } else if !(field.omitted && empty(field.kind, own)) {
            all.push((field.go.to_owned(), node(field.kind, own)));
        }
    }
    all
}

/// What the wire has in the spec of a pod and the server in its security context.
fn with_host_flags(spec: &Value) -> Value {
    let mut spec = spec.clone();
    for field in ["hostNetwork", "hostPID", "hostIPC", "shareProcessNamespace", "hostUsers"] {
        if let Some(flag) = spec.get(field).cloned() {
            crate::fields::put(&mut spec, &format!("/securityContext/{field}"), flag);
        }
    }
    spec
}

fn empty(kind: &str, value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Bool(flag) => !flag && !kind.starts_with('*'),
        Value::Number(number) => number.as_i64() == Some(0) && !kind.starts_with('*'),
        Value::String(text) => text.is_empty() && !kind.starts_with('*'),
        Value::Array(list) => list.is_empty(),
        Value::Object(map) => map.is_empty() && kind.starts_with("map"),
    }
}

fn compact(node: &Node, out: &mut String) {
    match node {
        Node::Scalar(text) => out.push_str(text),
        Node::List(list) => {
            out.push('[');
            for (index, item) in list.iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                compact(item, out);
            }
            out.push(']');
        }
        Node::Map(entries) => {
            out.push('{');
            for (index, (key, value)) in entries.iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                out.push_str(&quoted(key));
                out.push(':');
                compact(value, out);
            }
            out.push('}');
        }
    }
}

fn indented(node: &Node, depth: usize, out: &mut String) {
    let line = |depth: usize, out: &mut String| {
        out.push('\n');
        out.push_str(&" ".repeat(depth));
    };
    match node {
        Node::List(list) if !list.is_empty() => {
            out.push('[');
            for (index, item) in list.iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                line(depth + 1, out);
                indented(item, depth + 1, out);
            }
            line(depth, out);
            out.push(']');
        }
        Node::Map(entries) if !entries.is_empty() => {
            out.push('{');
            for (index, (key, value)) in entries.iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                line(depth + 1, out);
                out.push_str(&quoted(key));
                out.push_str(": ");
                indented(value, depth + 1, out);
            }
            line(depth, out);
            out.push('}');
        }
        other => compact(other, out),
    }
}
