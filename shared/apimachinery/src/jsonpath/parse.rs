//! The reader of templates.

use serde_json::Value;

use super::{Node, Operand, Step};

/// Reads a whole template.
pub(super) fn template(text: &str) -> Result<Vec<Node>, String> {
    let mut stack: Vec<(Vec<Step>, Vec<Node>)> = Vec::new();
    let mut nodes = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find('{') {
        let (before, after) = rest.split_at(at);
        if !before.is_empty() {
            nodes.push(Node::Text(before.to_owned()));
        }
        let after = after.get(1..).unwrap_or("");
        let end = closing(after).ok_or_else(|| "unclosed action".to_owned())?;
        let inner = after.get(..end).unwrap_or("").trim();
        rest = after.get(end + 1..).unwrap_or("");
        if let Some(path) = inner.strip_prefix("range ") {
            stack.push((path_of(path.trim())?, std::mem::take(&mut nodes)));
        } else if inner == "end" {
            let (path, outer) =
                stack.pop().ok_or_else(|| "not in range, nothing to end".to_owned())?;
            let body = std::mem::replace(&mut nodes, outer);
            nodes.push(Node::Range(path, body));
        } else if inner.starts_with('"') || inner.starts_with('\'') {
            nodes.push(Node::Text(unquote(inner)?));
        } else {
            nodes.push(Node::Path(path_of(inner)?));
        }
    }
    if !stack.is_empty() {
        return Err("unterminated range".to_owned());
    }
    if !rest.is_empty() {
        nodes.push(Node::Text(rest.to_owned()));
    }
    Ok(nodes)
}

/// Where the action ends; braces in quotes do not count.
fn closing(text: &str) -> Option<usize> {
    let mut quote = None;
    let mut escaped = false;
    for (at, c) in text.char_indices() {
        match (quote, c) {
            _ if escaped => escaped = false,
            (Some(_), '\\') => escaped = true,
            (Some(open), c) if c == open => quote = None,
            (None, '"' | '\'') => quote = Some(c),
            (None, '}') => return Some(at),
            _ => {}
        }
    }
    None
}

fn unquote(text: &str) -> Result<String, String> {
    let quote = text.chars().next().unwrap_or('"');
    let inner = text
        .strip_prefix(quote)
        .and_then(|text| text.strip_suffix(quote))
        .ok_or_else(|| "unterminated quoted string".to_owned())?;
    let mut found = String::new();
    let mut chars = inner.chars();
    while let Some(c) = chars.next() {
        if c != '\\' {
            found.push(c);
            continue;
        }
        match chars.next() {
            Some('n') => found.push('\n'),
            Some('t') => found.push('\t'),
            Some('r') => found.push('\r'),
            Some(other) => found.push(other),
            None => {}
        }
    }
    Ok(found)
}

/// Reads a path such as `.spec.containers[?(@.name=="a")].image`.
pub(super) fn path_of(text: &str) -> Result<Vec<Step>, String> {
    let mut steps = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let after = rest.get(first.len_utf8()..).unwrap_or("");
        rest = match first {
            '$' => {
                steps.push(Step::Root);
                after
            }
            '@' => {
                steps.push(Step::Current);
                after
            }
            '.' if after.starts_with('.') => {
                steps.push(Step::Recursive);
                let after = after.get(1..).unwrap_or("");
                if after.starts_with(['[', '*']) || after.is_empty() {
                    after
                } else {
                    field(after, &mut steps)?
                }
            }
            '.' if after.is_empty() || after.starts_with('[') => after,
            '.' => field(after, &mut steps)?,
            '[' => bracket(after, &mut steps)?,
            ' ' => after,
            c if c.is_alphanumeric() || matches!(c, '*' | '_' | '-' | '\\') => {
                field(rest, &mut steps)?
            }
            c => {
                return Err(format!(
                    "unrecognized character in action: U+{:04X} '{c}'",
                    u32::from(c)
                ));
            }
        };
    }
    Ok(steps)
}

fn field<'a>(text: &'a str, steps: &mut Vec<Step>) -> Result<&'a str, String> {
    if let Some(rest) = text.strip_prefix('*') {
        steps.push(Step::Wildcard);
        return Ok(rest);
    }
    let mut name = String::new();
    let mut chars = text.char_indices();
    let mut end = text.len();
    while let Some((at, c)) = chars.next() {
        match c {
            '\\' => name.extend(chars.next().map(|(_, c)| c)),
            '.' | '[' | ' ' | ']' | ')' | '=' | '!' | '<' | '>' | ',' => {
                end = at;
                break;
            }
            other => name.push(other),
        }
    }
    if name.is_empty() {
        return Err(format!("unexpected path {text}"));
    }
    steps.push(Step::Field(name));
    Ok(text.get(end..).unwrap_or(""))
}

/// What follows `[`.
fn bracket<'a>(text: &'a str, steps: &mut Vec<Step>) -> Result<&'a str, String> {
    let end = closing_bracket(text).ok_or_else(|| "unterminated array".to_owned())?;
    let inner = text.get(..end).unwrap_or("").trim();
    let rest = text.get(end + 1..).unwrap_or("");
    if let Some(filter) = inner.strip_prefix("?(").and_then(|text| text.strip_suffix(')')) {
        steps.push(self::filter(filter.trim())?);
        return Ok(rest);
    }
    let parts = split_commas(inner);
    if parts.len() > 1 {
        let mut union = Vec::new();
        for part in parts {
            let mut inner = Vec::new();
            index(part.trim(), &mut inner)?;
            union.push(inner);
        }
        steps.push(Step::Union(union));
    } else {
        index(inner, steps)?;
    }
    Ok(rest)
}

fn closing_bracket(text: &str) -> Option<usize> {
    let (mut depth, mut quote) = (0, None);
    for (at, c) in text.char_indices() {
        match (quote, c) {
            (Some(open), c) if c == open => quote = None,
            (None, '"' | '\'') => quote = Some(c),
            (None, '[') => depth += 1,
            (None, ']') if depth == 0 => return Some(at),
            (None, ']') => depth -= 1,
            _ => {}
        }
    }
    None
}

fn split_commas(text: &str) -> Vec<&str> {
    let (mut parts, mut start, mut quote) = (Vec::new(), 0, None);
    for (at, c) in text.char_indices() {
        match (quote, c) {
            (Some(open), c) if c == open => quote = None,
            (None, '"' | '\'') => quote = Some(c),
            (None, ',') => {
                parts.push(text.get(start..at).unwrap_or(""));
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(text.get(start..).unwrap_or(""));
    parts
}

fn index(inner: &str, steps: &mut Vec<Step>) -> Result<(), String> {
    if inner == "*" {
        steps.push(Step::Wildcard);
    } else if inner.starts_with('\'') || inner.starts_with('"') {
        steps.push(Step::Field(unquote(inner)?));
    } else if inner.contains(':') {
        let mut parts = inner.split(':').map(|part| part.trim().parse::<i64>().ok());
        let (start, end) = (parts.next().flatten(), parts.next().flatten());
        steps.push(Step::Slice {
            start,
            end,
            step: parts.next().flatten().unwrap_or(1),
            single: false,
        });
    } else if let Ok(number) = inner.parse::<i64>() {
        steps.push(Step::Slice { start: Some(number), end: None, step: 1, single: true });
    } else if inner.starts_with('@') || inner.starts_with('.') {
        steps.extend(path_of(inner)?);
    } else {
        return Err(format!("invalid array index {inner}"));
    }
    Ok(())
}

fn filter(text: &str) -> Result<Step, String> {
    for operator in ["==", "!=", "<=", ">=", "<", ">"] {
        if let Some(at) = outside_quotes(text, operator) {
            let left = operand(text.get(..at).unwrap_or("").trim())?;
            let right = operand(text.get(at + operator.len()..).unwrap_or("").trim())?;
            return Ok(Step::Filter(left, operator.to_owned(), right));
        }
    }
    Ok(Step::Exists(path_of(text)?))
}

fn outside_quotes(text: &str, wanted: &str) -> Option<usize> {
    let mut quote = None;
    for (at, c) in text.char_indices() {
        match (quote, c) {
            (Some(open), c) if c == open => quote = None,
            (None, '"' | '\'') => quote = Some(c),
            (None, _) if text.get(at..).is_some_and(|rest| rest.starts_with(wanted)) => {
                return Some(at);
            }
            _ => {}
        }
    }
    None
}

fn operand(text: &str) -> Result<Operand, String> {
    if text.starts_with('"') || text.starts_with('\'') {
        return Ok(Operand::Value(Value::String(unquote(text)?)));
    }
    if let Ok(value) = serde_json::from_str::<Value>(text) {
        return Ok(Operand::Value(value));
    }
    path_of(text).map(Operand::Path)
}
