//! Another value for a document, written into its text in as few places as it takes: the rest stays as its author
//! wrote it, with comments, order and style.

mod place;
mod render;

use serde_json::{Map, Value};

use self::place::Place;
use super::reader::{Document, read};
use super::spans::{Children, Node};

/// The most single changes that one rewriting makes.
const MOST_CHANGES: usize = 200;

/// The text whose document number `index` (from 0) says `wanted`; all other documents say what they said.
/// Nothing where that cannot be written without touching what it must not touch, for example an anchor that is
/// used elsewhere.
pub fn rewrite(text: &str, index: usize, wanted: &Value) -> Option<String> {
    let before = read(text).ok()?;
    let mut text = text.to_owned();
    for _ in 0..MOST_CHANGES {
        let documents = read(&text).ok()?;
        let document = documents.get(index)?;
        if document.value == *wanted {
            return same_but(&before, &documents, index).then_some(text);
        }
        let style = Style { dashes_deeper: dashes_deeper(&document.spans.root).unwrap_or(true) };
        text = changed(&text, document, wanted, style)?;
    }
    None
}

fn same_but(before: &[Document], after: &[Document], index: usize) -> bool {
    let others = |all: &[Document]| {
        let others = all.iter().enumerate().filter(|(at, _)| *at != index);
        others.map(|(_, document)| document.value.clone()).collect::<Vec<_>>()
    };
    others(before) == others(after)
}

/// How the author writes.
#[derive(Debug, Clone, Copy)]
struct Style {
    /// The dashes of a list stand deeper than its key.
    dashes_deeper: bool,
}

/// Whether the first list that stands under a key has its dashes deeper than the key.
fn dashes_deeper(node: &Node) -> Option<bool> {
    let children: Vec<&Node> = match &node.children {
        Children::None => Vec::new(),
        Children::Map(map) => map.values().collect(),
        Children::List(list) => list.iter().collect(),
    };
    children.into_iter().find_map(|child| {
        let first = match &child.children {
            Children::List(items) => items.first().map(|item| item.value.start),
            Children::Map(_) | Children::None => None,
        };
        match (child.key, first) {
            // An item stands two columns behind its dash.
            (Some(key), Some(item)) if key.start.line < item.line => {
                Some(item.column > key.start.column + 2)
            }
            _ => dashes_deeper(child),
        }
    })
}

/// One change of the text on the way to a value.
fn changed(text: &str, document: &Document, wanted: &Value, style: Style) -> Option<String> {
    let place = Place { text, style, flow: false };
    step(place, &document.spans.root, &document.value, wanted)
}

/// The first difference below a node, written.
fn step(place: Place<'_>, node: &Node, old: &Value, new: &Value) -> Option<String> {
    if place.is_alias(node) {
        return place.replace(node, new);
    }
    let inside = place.inside(node);
    match (&node.children, old, new) {
        (Children::Map(nodes), Value::Object(old), Value::Object(new))
            if !old.is_empty()
                && !new.is_empty()
                && old.keys().all(|key| nodes.contains_key(key)) =>
        {
            let nodes = |key: &str| nodes.get(key);
            map_step(inside, node, &nodes, old, new)
        }
        (Children::List(nodes), Value::Array(old), Value::Array(new))
            if !old.is_empty() && !new.is_empty() =>
        {
            list_step(inside, nodes, old, new)
        }
        _ => place.replace(node, new),
    }
}

fn map_step<'a>(
    place: Place<'_>,
    node: &Node,
    nodes: &dyn Fn(&str) -> Option<&'a Node>,
    old: &Map<String, Value>,
    new: &Map<String, Value>,
) -> Option<String> {
    // New fields first: a map never becomes empty on the way.
    if let Some((key, value)) = new.iter().find(|(key, _)| !old.contains_key(*key)) {
        return place.add_entry(node, key, value);
    }
    if let Some(key) = old.keys().find(|key| !new.contains_key(*key)) {
        return place.remove_entry(node, nodes(key)?);
    }
    let (key, value) = old.iter().find(|(key, value)| new.get(*key) != Some(value))?;
    step(place, nodes(key)?, value, new.get(key)?)
}

fn list_step(place: Place<'_>, nodes: &[Node], old: &[Value], new: &[Value]) -> Option<String> {
    let same = old.iter().zip(new).take_while(|(old, new)| old == new).count();
    let rest = old.len().min(new.len()) - same;
    let backwards = old.iter().rev().zip(new.iter().rev());
    let tail = backwards.take(rest).take_while(|(old, new)| old == new).count();
    if old.len() - same - tail == 0 {
        return place.insert_item(nodes, same, new.get(same)?);
    }
    if new.len() - same - tail == 0 {
        return place.remove_item(nodes, same);
    }
    step(place, nodes.get(same)?, old.get(same)?, new.get(same)?)
}

#[cfg(test)]
mod tests;
