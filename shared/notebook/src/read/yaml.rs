//! YAML as a tree in which every node knows its line.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};
use serde_saphyr::Spanned;

use super::Report;

/// A node with its line.
#[derive(Debug, Clone)]
pub(super) struct Node {
    /// Line, from 1.
    pub(super) line: u32,
    /// What stands there.
    pub(super) yaml: Yaml,
}

/// What stands at a place.
#[derive(Debug, Clone)]
pub(super) enum Yaml {
    Null,
    Bool(bool),
    Number(Number),
    Text(String),
    List(Vec<Node>),
    Map(Vec<Entry>),
}

/// An entry of a map.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    pub(super) line: u32,
    pub(super) key: String,
    pub(super) node: Node,
}

/// Reads one document.
pub(super) fn read(file: &str, text: &str, report: &mut Report) -> Option<Node> {
    match serde_saphyr::from_str::<Node>(text) {
        Ok(node) => Some(node),
        Err(error) => {
            let line = error.location().map_or(1, |place| line(place.line()));
            let message = error.to_string();
            let message = message.lines().next().unwrap_or_default().to_owned();
            report.say(file, line, message, "well-formed YAML");
            None
        }
    }
}

fn line(line: u64) -> u32 {
    u32::try_from(line).unwrap_or(u32::MAX).max(1)
}

impl Node {
    /// The same as JSON.
    pub(super) fn to_json(&self) -> Value {
        match &self.yaml {
            Yaml::Null => Value::Null,
            Yaml::Bool(value) => Value::Bool(*value),
            Yaml::Number(number) => Value::Number(number.clone()),
            Yaml::Text(text) => Value::String(text.clone()),
            Yaml::List(items) => Value::Array(items.iter().map(Self::to_json).collect()),
            Yaml::Map(entries) => {
                let entries = entries.iter().map(|entry| (entry.key.clone(), entry.node.to_json()));
                Value::Object(entries.collect::<Map<_, _>>())
            }
        }
    }

    /// Calls a function for every text in the tree, with its line.
    pub(super) fn texts(&self, visit: &mut impl FnMut(u32, &str)) {
        match &self.yaml {
            Yaml::Text(text) => visit(self.line, text),
            Yaml::List(items) => items.iter().for_each(|item| item.texts(visit)),
            Yaml::Map(entries) => entries.iter().for_each(|entry| entry.node.texts(visit)),
            Yaml::Null | Yaml::Bool(_) | Yaml::Number(_) => {}
        }
    }

    /// What the node is, for messages.
    pub(super) fn what(&self) -> &'static str {
        match self.yaml {
            Yaml::Null => "nothing",
            Yaml::Bool(_) => "true or false",
            Yaml::Number(_) => "a number",
            Yaml::Text(_) => "a text",
            Yaml::List(_) => "a list",
            Yaml::Map(_) => "a map",
        }
    }
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let spanned = Spanned::<Yaml>::deserialize(deserializer)?;
        Ok(Self { line: line(spanned.referenced.line()), yaml: spanned.value })
    }
}

impl<'de> Deserialize<'de> for Yaml {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(YamlVisitor)
    }
}

struct YamlVisitor;

impl<'de> Visitor<'de> for YamlVisitor {
    type Value = Yaml;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("YAML")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Yaml, E> {
        Ok(Yaml::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Yaml, E> {
        Ok(Yaml::Number(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Yaml, E> {
        Ok(Yaml::Number(value.into()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Yaml, E> {
        Ok(Number::from_f64(value).map_or(Yaml::Null, Yaml::Number))
    }

    fn visit_str<E>(self, value: &str) -> Result<Yaml, E> {
        Ok(Yaml::Text(value.to_owned()))
    }

    fn visit_unit<E>(self) -> Result<Yaml, E> {
        Ok(Yaml::Null)
    }

    fn visit_none<E>(self) -> Result<Yaml, E> {
        Ok(Yaml::Null)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Yaml, D::Error> {
        Yaml::deserialize(deserializer)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Yaml, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = access.next_element()? {
            items.push(item);
        }
        Ok(Yaml::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Yaml, A::Error> {
        let mut entries = Vec::new();
        while let Some(key) = access.next_key::<Spanned<String>>()? {
            let node = access.next_value()?;
            let line = line(key.referenced.line());
            entries.push(Entry { line, key: key.value, node });
        }
        Ok(Yaml::Map(entries))
    }
}
