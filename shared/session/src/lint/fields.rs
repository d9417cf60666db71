//! Fields that a kind does not have, and values of the wrong type, in the words of the API server.

use apimachinery::decode;
use apimachinery::gvk::GroupVersionKind;
use apimachinery::schema::{Definition, Schema, Type};
use kubectl::manifest::Document;
use kubectl::nearest::nearest;
use protocol::v1::{Finding, Fix, Phrase};
use serde_json::Value;

use super::source::Source;
use super::{error, join, scalars};
use crate::convert;

/// What is wrong with the fields of a built-in kind.
pub(super) fn built_in(
    source: &Source<'_>,
    document: &Document,
    gvk: &GroupVersionKind,
) -> Vec<Finding> {
    let schema = Schema::builtin();
    match decode::decode_value(schema, gvk, document.value.clone(), Vec::new()) {
        Err(message) => vec![scalars::wrong_type(source, document, message)],
        Ok(decoded) => strict(source, document, (schema, gvk), decoded.strict),
    }
}

/// What is wrong with the fields of a custom resource. (Values are checked by the API server.)
pub(super) fn unknown_fields(
    source: &Source<'_>,
    document: &Document,
    schema: &Schema,
    gvk: &GroupVersionKind,
) -> Vec<Finding> {
    match decode::decode_value(schema, gvk, document.value.clone(), Vec::new()) {
        Ok(decoded) => strict(source, document, (schema, gvk), decoded.strict),
        Err(_) => Vec::new(),
    }
}

fn strict(
    source: &Source<'_>,
    document: &Document,
    of: (&Schema, &GroupVersionKind),
    messages: Vec<String>,
) -> Vec<Finding> {
    let paths: Vec<String> =
        messages.iter().map(|text| text.split('"').nth(1).unwrap_or("").to_owned()).collect();
    let found = messages.into_iter().zip(&paths).map(|(message, path)| {
        let phrase = Phrase::new("finding-unknown-field").with("field", path.clone());
        Finding {
            message: Some(message),
            fix: mended(source, document, of, (path, &paths)),
            ..error(document, "unknown-field", path, phrase)
        }
    });
    found.collect()
}

/// How an unknown field could be mended: by its right name, or by moving it into the field that has it.
fn mended(
    source: &Source<'_>,
    document: &Document,
    (schema, gvk): (&Schema, &GroupVersionKind),
    (path, all): (&str, &[String]),
) -> Option<Fix> {
    let (parent, key) = path.rsplit_once('.').unwrap_or(("", path));
    let definition = definition_at(schema, schema.kind(gvk)?, parent)?;
    let beside = document.value.pointer(&pointer(parent))?.as_object()?;
    let free = |name: &&str| !beside.contains_key(*name);
    let place = convert::span(document.spans.find_key(path)?);
    if let Some(name) = nearest(key, definition.fields.keys().map(String::as_str).filter(free)) {
        let phrase = Phrase::new("finding-fix-rename").with("field", name);
        return Some(Fix { span: place, text: name.to_owned(), phrase });
    }
    let mut owners = definition.fields.iter().filter(|(name, field)| {
        let inner = schema.resolve(&field.ty);
        free(&name.as_str()) && inner.is_some_and(|inner| inner.fields.contains_key(key))
    });
    let (owner, field) = owners.next()?;
    if owners.next().is_some() {
        return None;
    }
    let inner = schema.resolve(&field.ty)?;
    // What belongs under the same field and stands beside it moves along.
    let companions = all.iter().filter(|other| {
        let (above, name) = other.rsplit_once('.').unwrap_or(("", other));
        above == parent && inner.fields.contains_key(name)
    });
    let blocks = companions.filter_map(|other| {
        let at = convert::span(document.spans.find_key(other)?);
        source.block(at.line, at.column)
    });
    let own = source.block(place.line, place.column)?;
    let lines = together(own, blocks.collect());
    let text = moved(source, lines, place.column, owner)?;
    let phrase = Phrase::new("finding-fix-move").with("field", owner.clone());
    Some(Fix { span: source.whole(lines.0, lines.1), text, phrase })
}

/// A block of lines with those that follow each other without a gap before and after it.
fn together(own: (u32, u32), mut blocks: Vec<(u32, u32)>) -> (u32, u32) {
    blocks.sort_unstable();
    let (mut first, mut last) = own;
    for (from, to) in &blocks {
        if *from == last + 1 {
            last = *to;
        }
    }
    for (from, to) in blocks.iter().rev() {
        if *to + 1 == first {
            first = *from;
        }
    }
    (first, last)
}

/// Lines below a key of their own, one step further to the right.
fn moved(source: &Source<'_>, lines: (u32, u32), column: u32, owner: &str) -> Option<String> {
    let pad = " ".repeat(usize::try_from(column).ok()?.checked_sub(1)?);
    let mut text = format!("{pad}{owner}:");
    for number in lines.0..=lines.1 {
        let line = source.line(number)?;
        text.push('\n');
        if !line.trim().is_empty() {
            text.push_str("  ");
            text.push_str(line);
        }
    }
    Some(text)
}

/// The definition of the object at a path.
fn definition_at<'a>(
    schema: &'a Schema,
    root: &'a Definition,
    path: &str,
) -> Option<&'a Definition> {
    let mut found = root;
    for segment in path.split('.').filter(|segment| !segment.is_empty()) {
        let name = segment.split('[').next().unwrap_or(segment);
        let mut ty = &found.fields.get(name)?.ty;
        while let Type::List(inner) | Type::Map(inner) = ty {
            ty = inner;
        }
        found = schema.resolve(ty)?;
    }
    Some(found)
}

/// `spec.containers[0].env` as a JSON pointer.
fn pointer(path: &str) -> String {
    let mut pointer = String::new();
    for part in path.split(['.', '[']).filter(|part| !part.is_empty()) {
        pointer.push('/');
        pointer.push_str(part.trim_end_matches(']'));
    }
    pointer
}

/// The path with indices of the first value at a path without them that a test holds for.
pub(super) fn locate(
    value: &Value,
    names: &[&str],
    path: &str,
    holds: &dyn Fn(&Value) -> bool,
) -> Option<String> {
    if let Value::Array(items) = value {
        let mut inside = items.iter().enumerate();
        return inside
            .find_map(|(index, item)| locate(item, names, &format!("{path}[{index}]"), holds));
    }
    let Some((name, rest)) = names.split_first() else {
        return holds(value).then(|| path.to_owned());
    };
    locate(value.get(*name)?, rest, &join(path, name), holds)
}
