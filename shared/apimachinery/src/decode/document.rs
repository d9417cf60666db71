//! A document as it was written: keys in their order, also those that stand twice.

use serde_json::{Map, Number, Value};

use super::Findings;

/// JSON that nobody has sorted yet.
#[derive(Debug, Clone, PartialEq)]
pub enum Document {
    /// `null`.
    Null,
    /// `true`, `false`.
    Bool(bool),
    /// A number, unless it is too large, and how it was written where that is not how it would be printed.
    Number(Option<Number>, Option<Box<str>>),
    /// A string.
    String(String),
    /// A list.
    Array(Vec<Self>),
    /// An object.
    Object(Vec<(String, Self)>),
}

impl From<Value> for Document {
    fn from(value: Value) -> Self {
        match value {
            Value::Null => Self::Null,
            Value::Bool(flag) => Self::Bool(flag),
            Value::Number(number) => Self::Number(Some(number), None),
            Value::String(text) => Self::String(text),
            Value::Array(list) => Self::Array(list.into_iter().map(Self::from).collect()),
            Value::Object(map) => {
                Self::Object(map.into_iter().map(|(key, value)| (key, value.into())).collect())
            }
        }
    }
}

impl Document {
    /// Without an order: of what stands twice the last is taken. What does is noted.
    pub(super) fn into_value(self, path: &mut String, found: &mut Findings) -> Value {
        match self {
            Self::Null => Value::Null,
            Self::Bool(flag) => Value::Bool(flag),
            Self::Number(Some(number), _) => Value::Number(number),
            Self::Number(None, raw) => {
                let raw = raw.unwrap_or_default();
                found.too_large.get_or_insert_with(|| {
                    format!("json: cannot unmarshal number {raw} into Go value of type float64")
                });
                Value::Null
            }
            Self::String(text) => Value::String(text),
            Self::Array(list) => {
                let length = path.len();
                let mut items = Vec::with_capacity(list.len());
                for (index, item) in list.into_iter().enumerate() {
                    push_index(path, index);
                    items.push(item.into_value(path, found));
                    path.truncate(length);
                }
                Value::Array(items)
            }
            Self::Object(entries) => {
                let length = path.len();
                let mut map = Map::new();
                for (key, value) in entries {
                    if map.contains_key(&key) {
                        found.note("duplicate", path, &key);
                    }
                    push_key(path, &key);
                    let value = value.into_value(path, found);
                    path.truncate(length);
                    map.insert(key, value);
                }
                Value::Object(map)
            }
        }
    }

    /// A member that is a text.
    pub fn text(&self, key: &str) -> &str {
        let Self::Object(entries) = self else { return "" };
        match entries.iter().rev().find(|(name, _)| name == key) {
            Some((_, Self::String(text))) => text,
            _ => "",
        }
    }

    /// Adds a member, when there is none that is a text.
    pub fn fill(&mut self, key: &str, text: &str) {
        if self.text(key).is_empty()
            && let Self::Object(entries) = self
        {
            entries.push((key.to_owned(), Self::String(text.to_owned())));
        }
    }

    /// What Go calls its kind.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "bool",
            Self::Number(..) => "number",
            Self::String(_) => "string",
            Self::Array(_) => "array",
            Self::Object(_) => "object",
        }
    }
}

pub(super) fn push_key(path: &mut String, key: &str) {
    if !path.is_empty() {
        path.push('.');
    }
    path.push_str(key);
}

pub(super) fn push_index(path: &mut String, index: usize) {
    path.extend(["[", &index.to_string(), "]"]);
}
