//! What people type, and what is shown of what they typed.

use serde_json::{Value, json};

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

/// What a selector asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Requirement {
    /// A label with this value.
    Label(String, String),
    /// A label whose value is (`In`) or is not (`NotIn`) one of these, or a label that is there (`Exists`) or is not
    /// (`DoesNotExist`).
    Expression(String, &'static str, Vec<String>),
}

impl Requirement {
    /// An item of `matchExpressions`; nothing for a label.
    pub(super) fn item(&self) -> Option<Value> {
        match self {
            Self::Label(..) => None,
            Self::Expression(key, operator, values) if values.is_empty() => {
                Some(json!({"key": key, "operator": operator}))
            }
            Self::Expression(key, operator, values) => {
                Some(json!({"key": key, "operator": operator, "values": values}))
            }
        }
    }
}

/// A requirement as it is typed, in the words of kubectl's `-l`: `app=shop`, `app!=shop`, `app in (shop, api)`,
/// `app notin (shop)`, `app`, `!app`.
pub fn requirement(typed: &str) -> Option<Requirement> {
    let typed = typed.trim();
    let of = |key: &str, operator, values: Vec<String>| {
        Some(Requirement::Expression(name(key)?, operator, values))
    };
    if let Some((key, values)) = typed.strip_suffix(')').and_then(|rest| rest.split_once('(')) {
        let (key, operator) = key.trim().rsplit_once(char::is_whitespace)?;
        let operator = match operator {
            "in" => "In",
            "notin" => "NotIn",
            _ => return None,
        };
        return of(key, operator, values.split(',').map(value).collect::<Option<_>>()?);
    }
    if let Some((key, other)) = typed.split_once("!=") {
        return of(key, "NotIn", vec![value(other)?]);
    }
    if let Some((key, same)) = typed.split_once('=') {
        return Some(Requirement::Label(
            name(key)?,
            value(same.strip_prefix('=').unwrap_or(same))?,
        ));
    }
    match typed.strip_prefix('!') {
        Some(key) => of(key, "DoesNotExist", Vec::new()),
        None => of(typed, "Exists", Vec::new()),
    }
}

/// The name of a label.
fn name(typed: &str) -> Option<String> {
    fits(typed, &['-', '_', '.', '/']).filter(|name| !name.is_empty())
}

/// The value of a label.
fn value(typed: &str) -> Option<String> {
    fits(typed, &['-', '_', '.'])
}

fn fits(typed: &str, more: &[char]) -> Option<String> {
    let typed = typed.trim();
    let fits = typed.chars().all(|one| one.is_ascii_alphanumeric() || more.contains(&one));
    fits.then(|| typed.to_owned())
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
