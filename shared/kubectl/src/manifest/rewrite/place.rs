//! Single changes at the place of a node.

use serde_json::Value;

use super::Style;
use super::render::{below, block, entry, flow, is_short, scalar};
use crate::manifest::spans::{Children, Node, Position};

/// Where a change is made.
#[derive(Clone, Copy)]
pub(super) struct Place<'a> {
    pub(super) text: &'a str,
    pub(super) style: Style,
    /// Within braces or brackets.
    pub(super) flow: bool,
}

impl<'a> Place<'a> {
    /// The same within a node.
    pub(super) fn inside(self, node: &Node) -> Self {
        Self { flow: self.flow || self.rest(node).starts_with(['{', '[']), ..self }
    }

    /// Whether a node is named here and written elsewhere.
    pub(super) fn is_alias(self, node: &Node) -> bool {
        self.rest(node).starts_with('*')
    }

    /// The text from a node on.
    fn rest(self, node: &Node) -> &'a str {
        self.text.get(self.offset(node.value.start)..).unwrap_or("")
    }

    /// The dash of an item.
    fn dash(self, item: &Node) -> Option<usize> {
        let before = self.text.get(..self.offset(item.value.start))?.trim_end();
        before.strip_suffix('-').map(str::len)
    }

    /// The byte of a place.
    fn offset(self, at: Position) -> usize {
        let mut lines = self.text.split_inclusive('\n');
        let before: usize = lines.by_ref().take(at.line - 1).map(str::len).sum();
        let line = lines.next().unwrap_or("");
        let mut units = 1;
        for (index, character) in line.char_indices() {
            if units >= at.column {
                return before + index;
            }
            units += character.len_utf16();
        }
        before + line.len()
    }

    /// The end of the line of a byte, before its break.
    fn line_end(self, at: usize) -> usize {
        let rest = self.text.get(at..).unwrap_or("");
        at + rest.find('\n').unwrap_or(rest.len())
    }

    /// The start of the line of a byte.
    fn line_start(self, at: usize) -> usize {
        self.text.get(..at).and_then(|before| before.rfind('\n')).map_or(0, |at| at + 1)
    }

    /// The last byte of a node's own text.
    fn end(self, node: &Node) -> usize {
        let (start, end) = (self.offset(node.value.start), self.offset(node.value.end));
        let own = self.text.get(start..end.max(start)).unwrap_or("").trim_end();
        (start + own.len()).max(node.key.map_or(0, |key| self.offset(key.end)))
    }

    /// The text with something else between two bytes.
    fn put(self, start: usize, end: usize, new: &str) -> Option<String> {
        let (before, after) = (self.text.get(..start)?, self.text.get(end.max(start)..)?);
        Some([before, new, after].concat())
    }

    /// Another value for a node.
    pub(super) fn replace(self, node: &Node, value: &Value) -> Option<String> {
        let (start, end) = (self.offset(node.value.start), self.end(node));
        if self.flow {
            return self.put(start, end, &flow(value));
        }
        let Some(key) = node.key else {
            let pad = format!("\n{}", " ".repeat(node.value.start.column - 1));
            return self.put(start, end, &block(value, self.style).join(&pad));
        };
        let colon = self.offset(key.end);
        let colon = colon + self.text.get(colon..)?.find(':')? + 1;
        let (start, end) = (start.max(colon), end.max(colon));
        // What the author wrote behind the key, or behind a value of one line.
        let line_end = self.line_end(colon);
        let note = if start > line_end {
            self.text.get(colon..line_end)?
        } else if end <= line_end {
            self.text.get(end..line_end)?
        } else {
            ""
        };
        let end = if start > line_end || end <= line_end { self.line_end(end) } else { end };
        let new = if is_short(value) {
            format!(" {}{note}", scalar(value))
        } else {
            let pad = format!("\n{}{}", " ".repeat(key.start.column - 1), below(value, self.style));
            format!("{}{pad}{}", note.trim_end(), block(value, self.style).join(&pad))
        };
        self.put(colon, end, &new)
    }

    /// A new last entry of a map that has some.
    pub(super) fn add_entry(self, node: &Node, key: &str, value: &Value) -> Option<String> {
        let Children::Map(entries) = &node.children else { return None };
        let end = entries.values().map(|entry| self.end(entry)).max()?;
        if self.flow {
            let key = flow(&Value::String(key.to_owned()));
            return self.put(end, end, &format!(", {key}: {}", flow(value)));
        }
        let first = entries.values().filter_map(|entry| entry.key).min()?;
        let pad = format!("\n{}", " ".repeat(first.start.column - 1));
        let end = self.line_end(end);
        self.put(end, end, &format!("{pad}{}", entry(key, value, self.style).join(&pad)))
    }

    /// An entry of a map less, where others stay.
    pub(super) fn remove_entry(self, node: &Node, gone: &Node) -> Option<String> {
        let Children::Map(entries) = &node.children else { return None };
        let start = self.offset(gone.key?.start);
        let end = self.end(gone);
        let mut keys: Vec<usize> =
            entries.values().filter_map(|entry| Some(self.offset(entry.key?.start))).collect();
        keys.sort_unstable();
        let next = keys.iter().find(|key| **key > start);
        let alone = self.text.get(self.line_start(start)..start)?.trim().is_empty();
        match next {
            // The first of a line of braces, or beside a dash: the next one takes its place.
            Some(next) if self.flow || !alone => self.put(start, *next, ""),
            None if self.flow => {
                let before = entries.values().filter(|one| one.key != gone.key);
                let last = before.map(|one| self.end(one)).max()?;
                self.put(last, end, "")
            }
            _ if alone => self.cut_lines(start, end),
            _ => None,
        }
    }

    /// Whole lines less.
    fn cut_lines(self, start: usize, end: usize) -> Option<String> {
        let (start, end) = (self.line_start(start), self.line_end(end));
        let end = if self.text.get(end..)?.starts_with('\n') { end + 1 } else { end };
        self.put(start, end, "")
    }

    /// An item more in a list that has some.
    pub(super) fn insert_item(self, items: &[Node], at: usize, value: &Value) -> Option<String> {
        let before = at.checked_sub(1).and_then(|at| items.get(at));
        if self.flow {
            return match (before, items.first()) {
                (Some(item), _) => {
                    let end = self.end(item);
                    self.put(end, end, &format!(", {}", flow(value)))
                }
                (None, Some(item)) => {
                    let start = self.offset(item.value.start);
                    self.put(start, start, &format!("{}, ", flow(value)))
                }
                (None, None) => None,
            };
        }
        let first = self.dash(items.first()?)?;
        let pad = format!("\n{}", " ".repeat(first - self.line_start(first)));
        let item = Value::Array(vec![value.clone()]);
        let lines = block(&item, self.style).join(&pad);
        if let Some(item) = before {
            let end = self.line_end(self.end(item));
            return self.put(end, end, &format!("{pad}{lines}"));
        }
        self.put(first, first, &format!("{lines}{pad}"))
    }

    /// An item less, where others stay.
    pub(super) fn remove_item(self, items: &[Node], at: usize) -> Option<String> {
        let gone = items.get(at)?;
        let (start, end) = (self.offset(gone.value.start), self.end(gone));
        if self.flow {
            return match (items.get(at + 1), at.checked_sub(1).and_then(|at| items.get(at))) {
                (Some(next), _) => self.put(start, self.offset(next.value.start), ""),
                (None, Some(last)) => self.put(self.end(last), end, ""),
                (None, None) => None,
            };
        }
        let dash = self.dash(gone)?;
        if self.text.get(self.line_start(dash)..dash)?.trim().is_empty() {
            return self.cut_lines(dash, end);
        }
        // The first item of a list that shares its line with something before it.
        let next = items.get(at + 1).filter(|_| at == 0)?;
        self.put(dash, self.dash(next)?, "")
    }
}
