//! Where every field of a document stands, so that an error that carries only a path finds its line.

use std::collections::BTreeMap;

/// A place in a text: line and UTF-16 column, both from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Position {
    /// Line from 1.
    pub line: usize,
    /// Column in UTF-16 units from 1.
    pub column: usize,
}

/// From a place up to, and without, another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Span {
    /// The first character.
    pub start: Position,
    /// Behind the last character.
    pub end: Position,
}

/// The spans of a document's fields.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SpanTree {
    pub(super) root: Node,
}

#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Node {
    pub(super) key: Option<Span>,
    pub(super) value: Span,
    pub(super) children: Children,
}

#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) enum Children {
    #[default]
    None,
    Map(BTreeMap<String, Node>),
    List(Vec<Node>),
}

enum Segment {
    Key(String),
    Index(usize, String),
}

impl SpanTree {
    /// The span of a field's value, by the path of an API server's error
    /// (`spec.containers[0].image`, `metadata.labels[app]`).
    pub fn find(&self, path: &str) -> Option<Span> {
        {
            let (node, found) = self.walk(path);
            found.then_some(node.value)
        }
    }

    /// The span of a field's key.
    pub fn find_key(&self, path: &str) -> Option<Span> {
        {
            let (node, found) = self.walk(path);
            if found { node.key } else { None }
        }
    }

    /// The span of the field, or of its nearest parent that is written down: its key when it has one.
    pub fn find_nearest(&self, path: &str) -> Span {
        let (node, found) = self.walk(path);
        if found { node.value } else { node.key.unwrap_or(node.value) }
    }

    /// The node, or the last one on the way to it; and whether it is the node itself.
    fn walk(&self, path: &str) -> (&Node, bool) {
        let mut node = &self.root;
        for segment in segments(path) {
            let next = match (&segment, &node.children) {
                (Segment::Key(key) | Segment::Index(_, key), Children::Map(map)) => map.get(key),
                (Segment::Index(index, _), Children::List(list)) => list.get(*index),
                _ => None,
            };
            match next {
                Some(child) => node = child,
                None => return (node, false),
            }
        }
        (node, true)
    }
}

/// Splits `a.b[0].c[some/key]`; a dot within brackets belongs to the key.
fn segments(path: &str) -> Vec<Segment> {
    let mut found = Vec::new();
    let mut word = String::new();
    let mut characters = path.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '.' => push_word(&mut found, &mut word),
            '[' => {
                push_word(&mut found, &mut word);
                let inside: String = characters.by_ref().take_while(|c| *c != ']').collect();
                let inside = inside.trim_matches(['"', '\'']).to_owned();
                found.push(match inside.parse() {
                    Ok(index) => Segment::Index(index, inside),
                    Err(_) => Segment::Key(inside),
                });
            }
            other => word.push(other),
        }
    }
    push_word(&mut found, &mut word);
    found
}

fn push_word(found: &mut Vec<Segment>, word: &mut String) {
    if !word.is_empty() {
        found.push(Segment::Key(std::mem::take(word)));
    }
}
