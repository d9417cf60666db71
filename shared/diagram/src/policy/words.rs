//! What people type, and what is shown of what they typed.

use serde_json::Value;

use super::Port;
use crate::object;

/// A requirement as kubectl writes it (`tier in (a,b)`).
pub(super) fn expression(value: &Value) -> String {
    let key = object::text(value, "/key");
    let values = value.get("values").and_then(Value::as_array).into_iter().flatten();
    let values: Vec<&str> = values.filter_map(Value::as_str).collect();
    let values = values.join(",");
    match object::text(value, "/operator") {
        "In" => format!("{key} in ({values})"),
        "NotIn" => format!("{key} notin ({values})"),
        "Exists" => key.to_owned(),
        "DoesNotExist" => format!("!{key}"),
        other => format!("{key} {other} ({values})"),
    }
}

/// An entry of `ports`.
pub(super) fn port_of(value: &Value) -> Port {
    let protocol = object::text(value, "/protocol");
    let port = match value.get("port") {
        Some(Value::String(name)) => name.clone(),
        Some(Value::Number(number)) => number.to_string(),
        _ => String::new(),
    };
    Port {
        protocol: if protocol.is_empty() { "TCP".to_owned() } else { protocol.to_owned() },
        port,
        end: value.get("endPort").and_then(Value::as_i64),
    }
}

/// A label as it is typed: `app=shop`.
pub fn label(typed: &str) -> Option<(String, String)> {
    let (key, value) = typed.split_once('=')?;
    let (key, value) = (key.trim(), value.trim());
    let fits = |text: &str, more: &[char]| {
        text.chars().all(|one| one.is_ascii_alphanumeric() || more.contains(&one))
    };
    (!key.is_empty() && fits(key, &['-', '_', '.', '/']) && fits(value, &['-', '_', '.']))
        .then(|| (key.to_owned(), value.to_owned()))
}

/// A port as it is typed: `80`, `http`, `UDP 53`, `8000-8080`.
pub fn port(typed: &str) -> Option<Port> {
    let mut words = typed.split([' ', '/']).filter(|word| !word.is_empty());
    let mut word = words.next()?;
    let mut protocol = "TCP".to_owned();
    let upper = word.to_ascii_uppercase();
    if matches!(upper.as_str(), "TCP" | "UDP" | "SCTP") {
        protocol = upper;
        match words.next() {
            Some(next) => word = next,
            None => return Some(Port { protocol, port: String::new(), end: None }),
        }
    }
    if words.next().is_some() {
        return None;
    }
    if let Some((first, last)) = word.split_once('-')
        && let (Ok(first), Ok(last)) = (first.parse::<u16>(), last.parse::<u16>())
    {
        return Some(Port { protocol, port: first.to_string(), end: Some(i64::from(last)) });
    }
    let digits = word.bytes().all(|byte| byte.is_ascii_digit());
    let named = word.len() <= 15
        && word
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
    let fits = if digits { word.parse::<u16>().is_ok_and(|port| port > 0) } else { named };
    fits.then(|| Port { protocol, port: word.to_owned(), end: None })
}
