//! `fieldPath` of a rule (`apiserver/schema/cel/validation.go ValidFieldPath`).

use serde_json::Value;

/// The path that a rule names, as paths are printed; an error when the schema has no such field.
pub(crate) fn field_path(schema: &Value, given: &str) -> Result<String, String> {
    let mut path = String::new();
    let mut schema = schema;
    let mut rest = given;
    while !rest.is_empty() {
        let (name, after) = step(rest)?;
        rest = after;
        let below = if let Some(properties) = schema.get("properties") {
            let dot = if path.is_empty() { "" } else { "." };
            path = format!("{path}{dot}{name}");
            properties.get(&name)
        } else {
            path = format!("{path}[{name}]");
            schema.get("additionalProperties").filter(|more| more.is_object())
        };
        schema = below.ok_or("does not refer to a valid field")?;
    }
    Ok(path)
}

/// The first step of a path, and what follows it.
fn step(path: &str) -> Result<(String, &str), String> {
    if let Some(rest) = path.strip_prefix('.') {
        let end = rest.find(['.', '[', ']']).unwrap_or(rest.len());
        let (name, rest) = rest.split_at_checked(end).unwrap_or((rest, ""));
        if name.is_empty() {
            return Err("unexpected end of JSON path".to_owned());
        }
        return Ok((name.to_owned(), rest));
    }
    let Some(rest) = path.strip_prefix("['") else {
        return Err(format!("expected [ or . but got: {path}"));
    };
    let mut name = String::new();
    let mut letters = rest.chars();
    loop {
        match letters.next().ok_or("unexpected end of JSON path")? {
            '\\' => name.push(unescaped(letters.next())?),
            '\'' => break,
            other => name.push(other),
        }
    }
    let rest = letters.as_str();
    Ok((name, rest.strip_prefix(']').ok_or("unexpected end of JSON path")?))
}

fn unescaped(letter: Option<char>) -> Result<char, String> {
    Ok(match letter {
        Some('a') => '\u{7}',
        Some('b') => '\u{8}',
        Some('f') => '\u{c}',
        Some('n') => '\n',
        Some('r') => '\r',
        Some('t') => '\t',
        Some('v') => '\u{b}',
        Some(same @ ('\'' | '\\')) => same,
        other => return Err(format!("invalid escape char {other:?}")),
    })
}
