//! The functions of templates.

use serde_json::Value;

use super::super::columns::go_text;
use super::{shown, truth};
use crate::failure::go_quote;

/// Calls a function.
pub(super) fn call(function: &str, arguments: &[Value]) -> Result<Value, String> {
    let first = arguments.first().unwrap_or(&Value::Null);
    let second = arguments.get(1).unwrap_or(&Value::Null);
    let less = || match (first, second) {
        (Value::Number(a), Value::Number(b)) => a.as_f64() < b.as_f64(),
        (a, b) => go_text(a) < go_text(b),
    };
    Ok(match function {
        "index" => arguments.iter().skip(1).fold(first.clone(), |value, key| match key {
            Value::String(key) => value.get(key).cloned().unwrap_or_default(),
            Value::Number(at) => at
                .as_u64()
                .and_then(|at| usize::try_from(at).ok())
                .and_then(|at| value.get(at))
                .cloned()
                .unwrap_or_default(),
            _ => Value::Null,
        }),
        "len" => match first {
            Value::Array(items) => Value::from(items.len()),
            Value::Object(map) => Value::from(map.len()),
            Value::String(text) => Value::from(text.len()),
            _ => return Err("template: output:1: error calling len".to_owned()),
        },
        "eq" => Value::Bool(arguments.iter().skip(1).any(|other| other == first)),
        "ne" => Value::Bool(first != second),
        "lt" => Value::Bool(less()),
        "le" => Value::Bool(less() || first == second),
        "gt" => Value::Bool(!less() && first != second),
        "ge" => Value::Bool(!less()),
        "not" => Value::Bool(!truth(first)),
        "and" => arguments
            .iter()
            .find(|value| !truth(value))
            .or_else(|| arguments.last())
            .cloned()
            .unwrap_or_default(),
        "or" => arguments
            .iter()
            .find(|value| truth(value))
            .or_else(|| arguments.last())
            .cloned()
            .unwrap_or_default(),
        "print" | "println" => {
            let texts: Vec<String> = arguments.iter().map(shown).collect();
            let end = if function == "println" { "\n" } else { "" };
            Value::from(format!("{}{end}", texts.join(" ")))
        }
        "printf" => Value::from(printf(&shown(first), arguments.get(1..).unwrap_or(&[]))),
        "base64decode" => Value::from(decode_base64(&shown(first))?),
        "exists" => Value::Bool(
            !arguments
                .iter()
                .skip(1)
                .fold(first.clone(), |value, key| {
                    value.get(go_text(key)).cloned().unwrap_or_default()
                })
                .is_null(),
        ),
        other => {
            return Err(format!("template: output:1: function {} not defined", go_quote(other)));
        }
    })
}

fn decode_base64(text: &str) -> Result<String, String> {
    use base64::Engine as _;
    let bytes = base64::engine::general_purpose::STANDARD
        .decode(text)
        .map_err(|error| format!("template: output:1: error calling base64decode: {error}"))?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

fn printf(format: &str, arguments: &[Value]) -> String {
    let mut out = String::new();
    let mut arguments = arguments.iter();
    let mut characters = format.chars();
    while let Some(character) = characters.next() {
        if character != '%' {
            out.push(character);
            continue;
        }
        let mut width = String::new();
        let mut verb = None;
        for next in characters.by_ref() {
            if next.is_ascii_digit() || next == '-' || next == '.' {
                width.push(next);
            } else {
                verb = Some(next);
                break;
            }
        }
        match verb {
            Some('%') | None => out.push('%'),
            Some(verb) => {
                let text = arguments.next().map_or_else(|| format!("%!{verb}(MISSING)"), shown);
                let text = if verb == 'q' { go_quote(&text) } else { text };
                let left = width.starts_with('-');
                let size: usize = width
                    .trim_start_matches('-')
                    .split('.')
                    .next()
                    .and_then(|w| w.parse().ok())
                    .unwrap_or(0);
                let padded = if left { format!("{text:<size$}") } else { format!("{text:>size$}") };
                out.push_str(&padded);
            }
        }
    }
    out
}
