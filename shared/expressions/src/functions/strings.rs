//! Strings (`cel-go/ext/strings.go`, version 2).

use super::{Answer, said, text_format};
use crate::value::{Fault, Value};

pub(super) fn call(name: &str, arguments: &[Value]) -> Option<Answer> {
    let answer = match (name, arguments) {
        ("contains", [Value::String(text), Value::String(part)]) => {
            Ok(Value::Bool(text.contains(part.as_ref())))
        }
        ("startsWith", [Value::String(text), Value::String(part)]) => {
            Ok(Value::Bool(text.starts_with(part.as_ref())))
        }
        ("endsWith", [Value::String(text), Value::String(part)]) => {
            Ok(Value::Bool(text.ends_with(part.as_ref())))
        }
        ("charAt", [Value::String(text), Value::Int(index)]) => char_at(text, *index),
        ("indexOf", [Value::String(text), Value::String(part)]) => index_of(text, part, 0),
        ("indexOf", [Value::String(text), Value::String(part), Value::Int(from)]) => {
            index_of(text, part, *from)
        }
        ("lastIndexOf", [Value::String(text), Value::String(part)]) => {
            let length = i64::try_from(text.chars().count()).unwrap_or(i64::MAX);
            if part.is_empty() {
                Ok(Value::Int(length))
            } else if text.len() < part.len() {
                Ok(Value::Int(-1))
            } else {
                last_index_of(text, part, length - 1)
            }
        }
        ("lastIndexOf", [Value::String(text), Value::String(part), Value::Int(from)]) => {
            last_index_of(text, part, *from)
        }
        ("lowerAscii", [Value::String(text)]) => Ok(Value::string(text.to_ascii_lowercase())),
        ("upperAscii", [Value::String(text)]) => Ok(Value::string(text.to_ascii_uppercase())),
        ("trim", [Value::String(text)]) => Ok(Value::string(text.trim())),
        ("replace", [Value::String(text), Value::String(old), Value::String(new)]) => {
            Ok(Value::string(text.replace(old.as_ref(), new)))
        }
        (
            "replace",
            [Value::String(text), Value::String(old), Value::String(new), Value::Int(times)],
        ) => Ok(Value::string(match usize::try_from(*times) {
            Ok(times) => text.replacen(old.as_ref(), new, times),
            Err(_) => text.replace(old.as_ref(), new),
        })),
        ("split", [Value::String(text), Value::String(by)]) => Ok(split(text, by, -1)),
        ("split", [Value::String(text), Value::String(by), Value::Int(times)]) => {
            Ok(split(text, by, *times))
        }
        ("substring", [Value::String(text), Value::Int(from)]) => substring(text, *from, None),
        ("substring", [Value::String(text), Value::Int(from), Value::Int(to)]) => {
            substring(text, *from, Some(*to))
        }
        ("format", [Value::String(text), Value::List(list)]) => {
            text_format::format(text, &list.items).map(Value::string)
        }
        ("strings.quote", [Value::String(text)]) => Ok(Value::string(quote(text))),
        ("join", [Value::List(list)]) => join(&list.items, ""),
        ("join", [Value::List(list), Value::String(by)]) => join(&list.items, by),
        ("jsonpatch.escapeKey", [Value::String(text)]) => {
            Ok(Value::string(text.replace('~', "~0").replace('/', "~1")))
        }
        _ => return None,
    };
    Some(answer)
}

fn out_of_range<T>(index: i64) -> Result<T, Fault> {
    said(format!("index out of range: {index}"))
}

fn char_at(text: &str, index: i64) -> Answer {
    let Ok(place) = usize::try_from(index) else { return out_of_range(index) };
    if place > text.chars().count() {
        return out_of_range(index);
    }
    Ok(Value::string(text.chars().nth(place).map(String::from).unwrap_or_default()))
}

fn index_of(text: &str, part: &str, from: i64) -> Answer {
    if part.is_empty() {
        return Ok(Value::Int(from));
    }
    let Ok(start) = usize::try_from(from) else { return out_of_range(from) };
    let (text, part): (Vec<char>, Vec<char>) = (text.chars().collect(), part.chars().collect());
    let found = text.windows(part.len()).enumerate().skip(start).find(|(_, one)| *one == part);
    Ok(Value::place(found.map(|(index, _)| index)))
}

fn last_index_of(text: &str, part: &str, from: i64) -> Answer {
    if part.is_empty() {
        return Ok(Value::Int(from));
    }
    let Ok(start) = usize::try_from(from) else { return out_of_range(from) };
    let (text, part): (Vec<char>, Vec<char>) = (text.chars().collect(), part.chars().collect());
    if start >= text.len() {
        return Ok(Value::Int(-1));
    }
    let found = text.windows(part.len()).enumerate().take(start + 1);
    let found = found.rev().find(|(_, one)| *one == part);
    Ok(Value::place(found.map(|(index, _)| index)))
}

/// Go's `strings.SplitN`.
fn split(text: &str, by: &str, times: i64) -> Value {
    if times == 0 {
        return Value::list(Vec::new());
    }
    let most = usize::try_from(times).unwrap_or(usize::MAX);
    if by.is_empty() {
        let letters = text.chars().count();
        if most >= letters {
            return Value::strings(text.chars().map(String::from));
        }
        let mut parts: Vec<String> = text.chars().take(most - 1).map(String::from).collect();
        parts.push(text.chars().skip(most - 1).collect());
        return Value::strings(parts);
    }
    Value::strings(text.splitn(most, by))
}

fn substring(text: &str, from: i64, to: Option<i64>) -> Answer {
    let letters: Vec<char> = text.chars().collect();
    let length = i64::try_from(letters.len()).unwrap_or(i64::MAX);
    let to = match to {
        Some(to) if from > to => {
            return said(format!("invalid substring range. start: {from}, end: {to}"));
        }
        Some(to) => to,
        None => length,
    };
    for index in [from, to] {
        if !(0..=length).contains(&index) {
            return out_of_range(index);
        }
    }
    let range = usize::try_from(from).unwrap_or(0)..usize::try_from(to).unwrap_or(0);
    Ok(Value::string(letters.get(range).unwrap_or_default().iter().collect::<String>()))
}

/// `strings.quote`.
fn quote(text: &str) -> String {
    let mut quoted = String::from("\"");
    for letter in text.chars() {
        match letter {
            '\u{7}' => quoted.push_str("\\a"),
            '\u{8}' => quoted.push_str("\\b"),
            '\u{c}' => quoted.push_str("\\f"),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\t' => quoted.push_str("\\t"),
            '\u{b}' => quoted.push_str("\\v"),
            '\\' => quoted.push_str("\\\\"),
            '"' => quoted.push_str("\\\""),
            other => quoted.push(other),
        }
    }
    quoted.push('"');
    quoted
}

fn join(items: &[Value], by: &str) -> Answer {
    let mut texts = Vec::with_capacity(items.len());
    for item in items {
        match item {
            Value::String(text) => texts.push(text.as_ref()),
            other => {
                return said(format!("join: invalid input: {}", super::convert::shown(other)));
            }
        }
    }
    Ok(Value::string(texts.join(by)))
}
