//! Typed access to a YAML tree. What is not as it should be goes into the report, with its line.

use serde::de::DeserializeOwned;
use serde_json::Value;

use super::Report;
use super::yaml::{Entry, Node, Yaml};
use crate::scenario::Localized;

/// The fields of one map. Every field must be taken; what is left over is an unknown key.
pub(super) struct Fields<'n> {
    file: &'n str,
    line: u32,
    what: &'n str,
    entries: &'n [Entry],
    taken: Vec<&'static str>,
}

impl<'n> Fields<'n> {
    /// The fields of a map; anything else is reported.
    pub(super) fn of(
        file: &'n str,
        node: &'n Node,
        what: &'n str,
        report: &mut Report,
    ) -> Option<Self> {
        let Yaml::Map(entries) = &node.yaml else {
            report.say(file, node.line, format!("{what} is {}", node.what()), "a map");
            return None;
        };
        Some(Self { file, line: node.line, what, entries, taken: Vec::new() })
    }

    /// Line of the map.
    pub(super) fn line(&self) -> u32 {
        self.line
    }

    /// A field, when it is there.
    pub(super) fn take(&mut self, key: &'static str) -> Option<&'n Node> {
        self.taken.push(key);
        self.entries.iter().find(|entry| entry.key == key).map(|entry| &entry.node)
    }

    /// A field that must be there.
    pub(super) fn require(&mut self, key: &'static str, report: &mut Report) -> Option<&'n Node> {
        let found = self.take(key);
        if found.is_none() {
            report.say(
                self.file,
                self.line,
                format!("{} has no `{key}`", self.what),
                format!("the field `{key}`"),
            );
        }
        found
    }

    /// A text that must be there.
    pub(super) fn text(&mut self, key: &'static str, report: &mut Report) -> Option<String> {
        let node = self.require(key, report)?;
        text(self.file, node, key, report)
    }

    /// A text that may be there.
    pub(super) fn text_or_none(
        &mut self,
        key: &'static str,
        report: &mut Report,
    ) -> Option<String> {
        let node = self.take(key)?;
        text(self.file, node, key, report)
    }

    /// A switch; off when absent.
    pub(super) fn switch(&mut self, key: &'static str, report: &mut Report) -> bool {
        match self.take(key).map(|node| (node, &node.yaml)) {
            None => false,
            Some((_, Yaml::Bool(value))) => *value,
            Some((node, _)) => {
                let message = format!("`{key}` is {}", node.what());
                report.say(self.file, node.line, message, "true or false");
                false
            }
        }
    }

    /// A whole number that must be there.
    pub(super) fn number(&mut self, key: &'static str, report: &mut Report) -> Option<u32> {
        let node = self.require(key, report)?;
        let number = match &node.yaml {
            Yaml::Number(number) => number.as_u64().and_then(|number| u32::try_from(number).ok()),
            _ => None,
        };
        if number.is_none() {
            report.say(self.file, node.line, format!("`{key}` is {}", node.what()), "a number");
        }
        number
    }

    /// A text in both languages that must be there.
    pub(super) fn localized(
        &mut self,
        key: &'static str,
        report: &mut Report,
    ) -> Option<Localized> {
        let node = self.require(key, report)?;
        localized(self.file, node, key, report)
    }

    /// A word out of a fixed set that must be there.
    pub(super) fn word<T: DeserializeOwned>(
        &mut self,
        key: &'static str,
        expected: &str,
        report: &mut Report,
    ) -> Option<T> {
        let node = self.require(key, report)?;
        word(self.file, node, key, expected, report)
    }

    /// A list, empty when absent.
    pub(super) fn list(&mut self, key: &'static str, report: &mut Report) -> &'n [Node] {
        match self.take(key).map(|node| (node, &node.yaml)) {
            None => &[],
            Some((_, Yaml::List(items))) => items,
            Some((node, _)) => {
                report.say(self.file, node.line, format!("`{key}` is {}", node.what()), "a list");
                &[]
            }
        }
    }

    /// A list of texts, empty when absent.
    pub(super) fn texts(&mut self, key: &'static str, report: &mut Report) -> Vec<String> {
        let (file, items) = (self.file, self.list(key, report));
        items.iter().filter_map(|item| text(file, item, key, report)).collect()
    }

    /// Ends the reading: keys that nobody took are unknown.
    pub(super) fn finish(self, report: &mut Report) {
        for entry in self.entries {
            if !self.taken.contains(&entry.key.as_str()) {
                let mut known: Vec<_> = self.taken.iter().map(|key| format!("`{key}`")).collect();
                known.sort();
                known.dedup();
                report.say(
                    self.file,
                    entry.line,
                    format!("{} has an unknown field `{}`", self.what, entry.key),
                    format!("one of {}", known.join(", ")),
                );
            }
        }
    }
}

/// A node that must be a text. Numbers and switches are not taken for texts.
pub(super) fn text(file: &str, node: &Node, what: &str, report: &mut Report) -> Option<String> {
    if let Yaml::Text(text) = &node.yaml {
        return Some(text.clone());
    }
    report.say(file, node.line, format!("`{what}` is {}", node.what()), "a text");
    None
}

/// A node that must be a text in both languages.
pub(super) fn localized(
    file: &str,
    node: &Node,
    what: &str,
    report: &mut Report,
) -> Option<Localized> {
    let mut fields = Fields::of(file, node, what, report)?;
    let (ko, en) = (fields.text("ko", report), fields.text("en", report));
    let line = fields.line();
    fields.finish(report);
    let (ko, en) = (ko?, en?);
    if ko.trim().is_empty() || en.trim().is_empty() {
        report.say(file, line, format!("`{what}` is empty in one language"), "a text in both");
    }
    Some(Localized { ko, en })
}

/// A node that must be a word out of a fixed set.
pub(super) fn word<T: DeserializeOwned>(
    file: &str,
    node: &Node,
    what: &str,
    expected: &str,
    report: &mut Report,
) -> Option<T> {
    let word = text(file, node, what, report)?;
    let found = serde_json::from_value(Value::String(word.clone()));
    if found.is_err() {
        report.say(file, node.line, format!("`{what}` is `{word}`"), expected);
    }
    found.ok()
}
