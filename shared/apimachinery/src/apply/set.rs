//! Sets of field paths and their wire form `FieldsV1`
//! (`sigs.k8s.io/structured-merge-diff/fieldpath`).

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde_json::{Map, Value};

/// One step of a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Element {
    /// `f:name`: a field of a map.
    Field(String),
    /// `k:{…}`: the item of a list with these keys.
    Key(Value),
    /// `v:…`: the item of a set with this value.
    Item(Value),
    /// `i:n`: the n-th item.
    Index(usize),
}

impl Element {
    /// A field of a map, as in `FieldsV1`.
    pub(super) fn field(name: &str) -> String {
        ["f:", name].concat()
    }

    /// As in `FieldsV1`.
    pub fn encode(&self) -> String {
        match self {
            Self::Field(name) => Self::field(name),
            Self::Key(keys) => format!("k:{keys}"),
            Self::Item(value) => format!("v:{value}"),
            Self::Index(index) => format!("i:{index}"),
        }
    }

    /// From `FieldsV1`.
    pub fn decode(text: &str) -> Option<Self> {
        let (kind, rest) = text.split_once(':')?;
        Some(match kind {
            "f" => Self::Field(rest.to_owned()),
            "k" => Self::Key(serde_json::from_str(rest).ok()?),
            "v" => Self::Item(serde_json::from_str(rest).ok()?),
            "i" => Self::Index(rest.parse().ok()?),
            _ => return None,
        })
    }

    /// Whether it is an item that has none of its keys.
    pub(super) fn is_no_key(&self) -> bool {
        matches!(self, Self::Key(Value::Object(keys)) if keys.is_empty())
    }

    /// As in the text of a conflict: `.spec`, `[name="a"]`.
    pub(super) fn show(&self, text: &mut String) {
        // Writing into a string cannot fail.
        let _written = match self {
            Self::Field(name) => write!(text, ".{name}"),
            Self::Key(keys) => {
                let pairs: Vec<String> = keys
                    .as_object()
                    .into_iter()
                    .flatten()
                    .map(|(key, value)| format!("{key}={value}"))
                    .collect();
                write!(text, "[{}]", pairs.join(","))
            }
            Self::Item(value) => write!(text, "[={value}]"),
            Self::Index(index) => write!(text, "[{index}]"),
        };
    }
}

/// A set of paths. A node is in the set when it is a member; children may be in it without their parent.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FieldSet {
    /// Whether the path to here is itself in the set.
    pub member: bool,
    /// What is below, by the encoded element.
    pub children: BTreeMap<String, Self>,
}

impl FieldSet {
    /// Whether it holds nothing.
    pub fn is_empty(&self) -> bool {
        !self.member && self.children.values().all(Self::is_empty)
    }

    /// Adds a path of encoded elements.
    pub fn insert(&mut self, path: &[String]) {
        let mut node = self;
        for element in path {
            node = node.children.entry(element.clone()).or_default();
        }
        node.member = true;
    }

    /// Adds another set.
    pub fn extend(&mut self, other: &Self) {
        self.member |= other.member;
        for (element, child) in &other.children {
            self.children.entry(element.clone()).or_default().extend(child);
        }
    }

    /// What is in both.
    #[must_use]
    pub fn intersection(&self, other: &Self) -> Self {
        let mut found = Self { member: self.member && other.member, children: BTreeMap::new() };
        for (element, child) in &self.children {
            if let Some(theirs) = other.children.get(element) {
                let both = child.intersection(theirs);
                if !both.is_empty() {
                    found.children.insert(element.clone(), both);
                }
            }
        }
        found
    }

    /// What is here and not there.
    #[must_use]
    pub fn difference(&self, other: &Self) -> Self {
        let mut found = Self { member: self.member && !other.member, children: BTreeMap::new() };
        for (element, child) in &self.children {
            let rest = match other.children.get(element) {
                Some(theirs) => child.difference(theirs),
                None => child.clone(),
            };
            if !rest.is_empty() {
                found.children.insert(element.clone(), rest);
            }
        }
        found
    }

    /// All members as texts of paths.
    pub fn paths(&self) -> Vec<String> {
        let mut found = Vec::new();
        self.collect("", &mut found);
        found
    }

    /// What is a member here comes before what lies deeper (`fieldpath/set.go iteratePrefix`).
    fn collect(&self, path: &str, found: &mut Vec<String>) {
        let below: Vec<(String, &Self)> = self
            .children
            .iter()
            .map(|(element, child)| {
                let mut inner = path.to_owned();
                if let Some(element) = Element::decode(element) {
                    element.show(&mut inner);
                }
                (inner, child)
            })
            .collect();
        found.extend(below.iter().filter(|(_, one)| one.member).map(|(path, _)| path.clone()));
        for (inner, child) in below {
            child.collect(&inner, found);
        }
    }

    /// As `FieldsV1`.
    pub fn encode(&self) -> Value {
        let mut map = Map::new();
        if self.member && !self.children.values().all(Self::is_empty) {
            map.insert(".".to_owned(), Value::Object(Map::new()));
        }
        for (element, child) in &self.children {
            if !child.is_empty() {
                map.insert(element.clone(), child.encode());
            }
        }
        Value::Object(map)
    }

    /// From `FieldsV1`; a node without children is a member.
    pub fn decode(fields: &Value) -> Self {
        let mut found = Self::decode_inner(fields);
        // The root is never a member.
        found.member = false;
        found
    }

    fn decode_inner(fields: &Value) -> Self {
        let mut found = Self::default();
        let Some(map) = fields.as_object() else { return found };
        found.member = map.is_empty() || map.contains_key(".");
        for (element, child) in map.iter().filter(|(element, _)| *element != ".") {
            found.children.insert(element.clone(), Self::decode_inner(child));
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::{Element, FieldSet};

    #[test]
    fn members_are_told_before_what_lies_deeper() {
        let field = Element::field;
        let mut set = FieldSet::default();
        set.insert(&[field("a"), field("b")]);
        set.insert(&[field("c")]);
        assert_eq!(set.paths(), [".c", ".a.b"]);
    }
}
