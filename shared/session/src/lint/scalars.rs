//! Scalars that YAML 1.1 reads otherwise than people do, and values of the wrong type.

use kubectl::manifest::Document;
use protocol::v1::{Finding, Fix, Phrase, Severity, Span};
use serde_json::Value;

use super::fields::locate;
use super::source::Source;
use super::{error, join};
use crate::convert;

/// What YAML 1.1 takes for a boolean although it is none in JSON (`go.yaml.in/yaml/v2 resolve.go`).
const BOOLEAN_WORDS: [&str; 8] = ["y", "n", "yes", "no", "on", "off", "true", "false"];

/// A value of the wrong type: where it stands, and how it would be the right one.
pub(super) fn wrong_type(source: &Source<'_>, document: &Document, message: String) -> Finding {
    let path = place_of(&document.value, &message);
    let span = convert::span(document.spans.find_nearest(&path));
    let written = source.at(span).unwrap_or("");
    let wants_text = message.ends_with("of type string");
    let said = |code: &str| Phrase::new(code).with("text", written);
    let is_word = BOOLEAN_WORDS.contains(&written.to_lowercase().as_str());
    let phrase = if wants_text && is_word {
        said("finding-boolean-word")
    } else if wants_text && message.contains("unmarshal number") && !written.is_empty() {
        said("finding-number-for-text")
    } else {
        Phrase::new("finding-type").with("message", message.clone())
    };
    let fix = retyped(written, wants_text, &message).map(|text| {
        let phrase = Phrase::new("finding-fix-replace").with("text", text.clone());
        Fix { span, text, phrase }
    });
    let found = error(document, "wrong-type", &path, phrase);
    Finding { span, message: Some(message), fix, ..found }
}

fn retyped(written: &str, wants_text: bool, message: &str) -> Option<String> {
    let plain =
        !written.is_empty() && !written.starts_with(['"', '\'', '[', '{', '&', '*', '|', '>']);
    if wants_text {
        return plain.then(|| format!("\"{written}\""));
    }
    let inner = written.trim_matches(['"', '\'']);
    let quoted = inner.len() + 2 == written.len();
    let number = message.contains(" of type int") || message.ends_with("of type *int32");
    let digits = !inner.is_empty() && inner.bytes().all(|byte| byte.is_ascii_digit());
    let boolean = message.ends_with("bool") && matches!(inner, "true" | "false");
    (quoted && ((number && digits) || boolean)).then(|| inner.to_owned())
}

/// The path of the value that Go could not take: `... into Go struct field DeploymentSpec.spec.replicas of type
/// int32` names the fields without the indices of lists.
fn place_of(value: &Value, message: &str) -> String {
    let after = message.split("Go struct field ").nth(1).unwrap_or("");
    let whole = after.split(" of type").next().unwrap_or("");
    let path = whole.split_once('.').map_or("", |(_, path)| path);
    let names: Vec<&str> = path.split('.').collect();
    let wrong = |value: &Value| {
        let named = |word: &str| message.contains(&format!("unmarshal {word}"));
        match value {
            Value::Bool(_) => named("bool"),
            Value::Number(_) => named("number"),
            Value::String(_) => named("string"),
            Value::Array(_) => named("array"),
            Value::Object(_) => named("object"),
            Value::Null => false,
        }
    };
    if let Some(found) = locate(value, &names, "", &wrong) {
        return found;
    }
    // A list, or a value of a map, whose key Go does not tell.
    let inside = |holder: &Value| match holder {
        Value::Object(map) => map.values().any(&wrong),
        other => wrong(other),
    };
    let Some(holder) = locate(value, &names, "", &inside) else { return path.to_owned() };
    let map = value.pointer(&format!("/{}", holder.replace(['.', '['], "/").replace(']', "")));
    let mut entries = map.and_then(Value::as_object).into_iter().flatten();
    match entries.find(|(_, value)| wrong(value)) {
        Some((key, _)) => format!("{holder}[{key}]"),
        None => holder,
    }
}

/// Modes of files that were written in decimal: `644` is no `0644`.
pub(super) fn modes(source: &Source<'_>, document: &Document) -> Vec<Finding> {
    let mut paths = Vec::new();
    collect(&document.value, "", &mut paths);
    let found = paths.into_iter().filter_map(|path| {
        let span = convert::span(document.spans.find(&path)?);
        let written = source.at(span)?;
        let octal = written.len() == 3 && written.bytes().all(|byte| (b'0'..=b'7').contains(&byte));
        (octal && !written.starts_with('0')).then(|| decimal_mode(document, &path, span, written))
    });
    found.collect()
}

fn decimal_mode(document: &Document, path: &str, span: Span, written: &str) -> Finding {
    let number: u32 = written.parse().unwrap_or(0);
    let phrase = Phrase::new("finding-decimal-mode")
        .with("text", written)
        .with("octal", format!("0{number:o}"));
    let text = format!("0{written}");
    let mend = Phrase::new("finding-fix-replace").with("text", text.clone());
    Finding {
        span,
        severity: Severity::Warning,
        fix: Some(Fix { span, text, phrase: mend }),
        ..error(document, "decimal-mode", path, phrase)
    }
}

/// The paths of all modes of files in a document.
fn collect(value: &Value, path: &str, paths: &mut Vec<String>) {
    match value {
        Value::Object(map) => {
            for (key, inner) in map {
                let path = join(path, key);
                if matches!(key.as_str(), "defaultMode" | "mode") && inner.is_u64() {
                    paths.push(path);
                } else {
                    collect(inner, &path, paths);
                }
            }
        }
        Value::Array(items) => {
            for (index, inner) in items.iter().enumerate() {
                collect(inner, &format!("{path}[{index}]"), paths);
            }
        }
        _ => {}
    }
}
