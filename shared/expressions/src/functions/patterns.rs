//! Regular expressions: RE2 in Go, and the crate `regex`, which has the same language, here.

use super::{Answer, said};
use crate::value::Value;
use regex::Regex;

/// Compiles a pattern, within the bounds of a request.
pub(crate) fn compile(pattern: &str) -> Result<Regex, String> {
    Regex::new(pattern).map_err(|why| why.to_string())
}

pub(super) fn call(name: &str, arguments: &[Value]) -> Option<Answer> {
    let [Value::String(text), Value::String(pattern), rest @ ..] = arguments else { return None };
    if !["matches", "find", "findAll"].contains(&name) {
        return None;
    }
    let pattern = match compile(pattern) {
        Ok(compiled) => compiled,
        Err(_) if name == "matches" => {
            return Some(said(format!("error parsing regexp: `{pattern}`")));
        }
        Err(_) => return Some(said(format!("Illegal regex: error parsing regexp: `{pattern}`"))),
    };
    Some(Ok(match (name, rest) {
        ("matches", []) => Value::Bool(pattern.is_match(text)),
        ("find", []) => Value::string(pattern.find(text).map_or("", |found| found.as_str())),
        ("findAll", []) => Value::strings(pattern.find_iter(text).map(|found| found.as_str())),
        ("findAll", [Value::Int(most)]) => {
            let most = usize::try_from(*most).unwrap_or(usize::MAX);
            Value::strings(pattern.find_iter(text).take(most).map(|found| found.as_str()))
        }
        _ => return None,
    }))
}
