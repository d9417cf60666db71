//! The reader: text to documents, each with its spans.

use std::collections::BTreeMap;

use granit_parser::{Event, Marker, Options, Parser, ScalarStyle, ScanError, Span as Source, Tag};
use serde_json::{Map, Number, Value};

use super::resolve::{Scalar, resolve};
use super::spans::{Children, Node, Position, Span, SpanTree};
use super::{MAX_ALIASES, MAX_BYTES, MAX_DEPTH, MAX_DOCUMENTS, MAX_EXPANSION, MAX_LINE, MAX_NODES};

/// One document of a manifest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    /// What kubectl would send.
    pub value: Value,
    /// Its first line, from 1.
    pub line: usize,
    /// Where every field stands.
    pub spans: SpanTree,
    /// Keys written twice: kubectl takes the last one and says nothing.
    pub duplicates: Vec<Duplicate>,
}

/// A key that stands twice in one map.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Duplicate {
    /// The key.
    pub key: String,
    /// Where it stands for the second time.
    pub span: Span,
}

/// Why a text is not a manifest.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("yaml: line {}: {message}", span.start.line)]
pub struct ManifestError {
    /// Where.
    pub span: Span,
    /// What is wrong.
    pub message: String,
}

impl ManifestError {
    fn at(position: Position, message: impl Into<String>) -> Self {
        Self { span: Span { start: position, end: position }, message: message.into() }
    }
}

/// Reads all documents of a text; documents without content are left out.
///
/// As kubectl does, the text is cut at lines that begin with `---` and every part is read by itself,
/// so that an anchor does not reach into the next document.
pub fn read(text: &str) -> Result<Vec<Document>, ManifestError> {
    check_size(text)?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut documents = Vec::new();
    for (line, part) in parts(text)? {
        let document = match Reading::new(part, line).document() {
            Ok(document) => document,
            Err(error) => json_documents(part, line).ok_or(error)?,
        };
        documents.extend(document.into_iter().filter(|document| !document.value.is_null()));
        if documents.len() > MAX_DOCUMENTS {
            let message = format!("more than {MAX_DOCUMENTS} documents");
            return Err(ManifestError::at(Position { line, column: 1 }, message));
        }
    }
    Ok(documents)
}

fn check_size(text: &str) -> Result<(), ManifestError> {
    if text.len() > MAX_BYTES {
        let message = format!("the text is larger than {} KiB", MAX_BYTES / 1024);
        return Err(ManifestError::at(Position { line: 1, column: 1 }, message));
    }
    for (index, line) in text.lines().enumerate() {
        if line.len() > MAX_LINE && line.chars().count() > MAX_LINE {
            let message = format!("the line is longer than {MAX_LINE} characters");
            return Err(ManifestError::at(Position { line: index + 1, column: 1 }, message));
        }
    }
    Ok(())
}

/// Cuts a text at its separators, as `YAMLReader` of `apimachinery/pkg/util/yaml/decoder.go`.
fn parts(text: &str) -> Result<Vec<(usize, &str)>, ManifestError> {
    let mut found = Vec::new();
    let (mut start, mut start_line, mut offset) = (0, 1, 0);
    for (index, line) in text.split_inclusive('\n').enumerate() {
        if let Some(rest) = line.strip_prefix("---") {
            let rest = rest.trim();
            if !rest.is_empty() && !rest.starts_with('#') {
                let message = format!("invalid Yaml document separator: {rest}");
                return Err(ManifestError::at(Position { line: index + 1, column: 1 }, message));
            }
            found.push((start_line, text.get(start..offset).unwrap_or("")));
            start = offset + line.len();
            start_line = index + 2;
        }
        offset += line.len();
    }
    found.push((start_line, text.get(start..).unwrap_or("")));
    Ok(found)
}

/// JSON that is no YAML (tabs for indentation, several objects in a row).
fn json_documents(part: &str, line: usize) -> Option<Vec<Document>> {
    if !part.trim_start().starts_with('{') {
        return None;
    }
    let values: Result<Vec<Value>, _> =
        serde_json::Deserializer::from_str(part).into_iter::<Value>().collect();
    let document =
        |value| Document { value, line, spans: SpanTree::default(), duplicates: Vec::new() };
    values.ok().map(|values| values.into_iter().map(document).collect())
}

/// A collection that is not yet closed.
struct Open {
    start: Position,
    anchor: usize,
    content: Content,
}

enum Content {
    List(Vec<Value>, Vec<Node>),
    Map { map: Map<String, Value>, nodes: BTreeMap<String, Node>, merged: Vec<Value>, key: Key },
}

/// Where a map stands between its keys and values.
enum Key {
    Awaited,
    Named(String, Span),
    Merge,
}

struct Reading<'a> {
    text: &'a str,
    lines: Vec<&'a str>,
    first_line: usize,
    open: Vec<Open>,
    anchors: BTreeMap<usize, (Value, Node)>,
    nodes: usize,
    aliases: usize,
    expanded: usize,
    root: Option<(Value, Node)>,
    duplicates: Vec<Duplicate>,
}

impl<'a> Reading<'a> {
    fn new(text: &'a str, first_line: usize) -> Self {
        Self {
            text,
            lines: text.split('\n').collect(),
            first_line,
            open: Vec::new(),
            anchors: BTreeMap::new(),
            nodes: 0,
            aliases: 0,
            expanded: 0,
            root: None,
            duplicates: Vec::new(),
        }
    }

    fn document(mut self) -> Result<Vec<Document>, ManifestError> {
        let mut options = Options::default();
        options.set_emit_comments(false);
        options.flow_nesting_limit = MAX_DEPTH;
        options.block_nesting_limit = MAX_DEPTH;
        let parser = Parser::new_from_str_with_options(self.text, options);
        let mut line = None;
        for event in parser {
            let (event, span) = event.map_err(|error| self.scan_error(&error))?;
            if line.is_none() && event.is_node() {
                line = Some(self.position(span.start).line);
            }
            if matches!(event, Event::DocumentEnd) {
                break;
            }
            self.event(event, &span)?;
        }
        let (value, node) = self.root.unwrap_or_default();
        let line = line.unwrap_or(self.first_line);
        let spans = SpanTree { root: node };
        Ok(vec![Document { value, line, spans, duplicates: self.duplicates }])
    }

    fn event(&mut self, event: Event<'_>, source: &Source) -> Result<(), ManifestError> {
        let span = Span { start: self.position(source.start), end: self.position(source.end) };
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                self.count(span)?;
                if let Some(key) = self.key_of(&text, style, tag.as_deref(), span)? {
                    self.take_key(key, anchor, &text, span);
                    return Ok(());
                }
                let value = scalar(&text, style, tag.as_deref())
                    .map_err(|message| ManifestError { span, message })?;
                let node = Node { key: None, value: span, children: Children::None };
                self.add(value, node, anchor, span)
            }
            Event::SequenceStart(_, anchor, _) => {
                let content = Content::List(Vec::new(), Vec::new());
                self.begin(span, anchor, content)
            }
            Event::MappingStart(_, anchor, _) => {
                let content = Content::Map {
                    map: Map::new(),
                    nodes: BTreeMap::new(),
                    merged: Vec::new(),
                    key: Key::Awaited,
                };
                self.begin(span, anchor, content)
            }
            Event::SequenceEnd | Event::MappingEnd => self.end(span),
            Event::Alias(id) => self.alias(id, span),
            _ => Ok(()),
        }
    }

    fn begin(&mut self, span: Span, anchor: usize, content: Content) -> Result<(), ManifestError> {
        self.count(span)?;
        if self.awaits_key() {
            return Err(ManifestError {
                span,
                message: "invalid map key: it must be text".to_owned(),
            });
        }
        if self.open.len() >= MAX_DEPTH {
            let message = format!("nested more than {MAX_DEPTH} levels deep");
            return Err(ManifestError { span, message });
        }
        self.open.push(Open { start: span.start, anchor, content });
        Ok(())
    }

    fn end(&mut self, span: Span) -> Result<(), ManifestError> {
        let Some(Open { start, anchor, content }) = self.open.pop() else { return Ok(()) };
        let (value, children, end) = match content {
            Content::List(items, nodes) => {
                let end = nodes.last().map(|node| node.value.end);
                (Value::Array(items), Children::List(nodes), end)
            }
            Content::Map { mut map, nodes, merged, .. } => {
                merge(&mut map, merged).map_err(|message| ManifestError { span, message })?;
                let end = nodes.values().map(|node| node.value.end).max();
                (Value::Object(map), Children::Map(nodes), end)
            }
        };
        let end = end.map_or(span.end, |end| if span.start == span.end { end } else { span.end });
        let node = Node { key: None, value: Span { start, end }, children };
        self.add(value, node, anchor, span)
    }

    fn alias(&mut self, id: usize, span: Span) -> Result<(), ManifestError> {
        self.aliases += 1;
        let Some((value, mut node)) = self.anchors.get(&id).cloned() else {
            let message = "unknown anchor, or one that contains itself".to_owned();
            return Err(ManifestError { span, message });
        };
        self.expanded += size(&value);
        if self.aliases > MAX_ALIASES || self.expanded > MAX_EXPANSION {
            let message = "document contains excessive aliasing".to_owned();
            return Err(ManifestError { span, message });
        }
        if self.awaits_key() {
            let Value::String(text) = &value else {
                let message = "invalid map key: it must be text".to_owned();
                return Err(ManifestError { span, message });
            };
            self.take_key(Key::Named(text.clone(), span), 0, text, span);
            return Ok(());
        }
        node.value = span;
        self.add(value, node, 0, span)
    }

    fn count(&mut self, span: Span) -> Result<(), ManifestError> {
        self.nodes += 1;
        if self.nodes > MAX_NODES {
            let message = format!("the document has more than {MAX_NODES} nodes");
            return Err(ManifestError { span, message });
        }
        Ok(())
    }

    fn awaits_key(&self) -> bool {
        matches!(
            self.open.last(),
            Some(Open { content: Content::Map { key: Key::Awaited, .. }, .. })
        )
    }

    fn key_of(
        &self,
        text: &str,
        style: ScalarStyle,
        tag: Option<&Tag>,
        span: Span,
    ) -> Result<Option<Key>, ManifestError> {
        if !self.awaits_key() {
            return Ok(None);
        }
        if style == ScalarStyle::Plain && tag.is_none() && text == "<<" {
            return Ok(Some(Key::Merge));
        }
        let value = scalar(text, style, tag).map_err(|message| ManifestError { span, message })?;
        let name = match value {
            Value::String(name) => name,
            Value::Bool(value) => value.to_string(),
            Value::Number(number) => number.to_string(),
            Value::Null | Value::Array(_) | Value::Object(_) => {
                let message = "unsupported map key of type: null".to_owned();
                return Err(ManifestError { span, message });
            }
        };
        Ok(Some(Key::Named(name, span)))
    }

    fn take_key(&mut self, key: Key, anchor: usize, text: &str, span: Span) {
        if anchor != 0 {
            let node = Node { key: None, value: span, children: Children::None };
            self.anchors.insert(anchor, (Value::String(text.to_owned()), node));
        }
        if let Some(Open { content: Content::Map { key: awaited, .. }, .. }) = self.open.last_mut()
        {
            *awaited = key;
        }
    }

    fn add(
        &mut self,
        value: Value,
        mut node: Node,
        anchor: usize,
        span: Span,
    ) -> Result<(), ManifestError> {
        if anchor != 0 {
            self.anchors.insert(anchor, (value.clone(), node.clone()));
        }
        let Some(open) = self.open.last_mut() else {
            self.root = Some((value, node));
            return Ok(());
        };
        match &mut open.content {
            Content::List(items, nodes) => {
                items.push(value);
                nodes.push(node);
            }
            Content::Map { map, nodes, merged, key } => {
                match std::mem::replace(key, Key::Awaited) {
                    Key::Named(name, key_span) => {
                        node.key = Some(key_span);
                        nodes.insert(name.clone(), node);
                        if map.insert(name.clone(), value).is_some() {
                            self.duplicates.push(Duplicate { key: name, span: key_span });
                        }
                    }
                    Key::Merge => merged.push(value),
                    Key::Awaited => {
                        let message = "invalid map key: it must be text".to_owned();
                        return Err(ManifestError { span, message });
                    }
                }
            }
        }
        Ok(())
    }

    fn position(&self, marker: Marker) -> Position {
        let line = marker.line();
        let text = self.lines.get(line.saturating_sub(1)).copied().unwrap_or("");
        let column = if text.is_ascii() {
            marker.col() + 1
        } else {
            text.chars().take(marker.col()).map(char::len_utf16).sum::<usize>() + 1
        };
        Position { line: line + self.first_line - 1, column }
    }

    fn scan_error(&self, error: &ScanError) -> ManifestError {
        // kubectl's parser says the problem without what it was doing.
        let info = error.info();
        let problem = match info.split_once(", did not find") {
            Some((context, problem)) if context.starts_with("while ") => {
                format!("did not find{problem}")
            }
            _ => info,
        };
        ManifestError::at(self.position(*error.marker()), problem)
    }
}

/// The value of a scalar that is not a key.
fn scalar(text: &str, style: ScalarStyle, tag: Option<&Tag>) -> Result<Value, String> {
    let tag = tag.map(|tag| tag.core_suffix().unwrap_or("").to_owned());
    let resolved = match tag.as_deref() {
        None if style == ScalarStyle::Plain => resolve(text),
        Some("binary") => return Err("a !!binary value has no place in a manifest".to_owned()),
        Some(wanted @ ("bool" | "int" | "float" | "null")) => {
            return tagged(text, wanted)
                .ok_or_else(|| format!("cannot decode `{text}` as a !!{wanted}"));
        }
        None | Some(_) => Scalar::Text,
    };
    json(text, resolved)
}

fn tagged(text: &str, wanted: &str) -> Option<Value> {
    let resolved = resolve(text);
    let fits = match resolved {
        Scalar::Bool(_) => wanted == "bool",
        Scalar::Null => wanted == "null",
        Scalar::Int(_) | Scalar::Uint(_) => wanted == "int" || wanted == "float",
        Scalar::Float(_) => wanted == "float",
        Scalar::Text | Scalar::Timestamp | Scalar::Merge => false,
    };
    fits.then(|| json(text, resolved).ok()).flatten()
}

/// The JSON of a scalar, as `encoding/json` writes Go's value of it.
fn json(text: &str, scalar: Scalar) -> Result<Value, String> {
    Ok(match scalar {
        Scalar::Null => Value::Null,
        Scalar::Bool(value) => Value::Bool(value),
        Scalar::Int(value) => Value::from(value),
        Scalar::Uint(value) => Value::from(value),
        Scalar::Float(value) => {
            #[expect(clippy::cast_possible_truncation, reason = "the range is checked")]
            if value.fract() == 0.0 && value.abs() < 9.0e18 {
                return Ok(Value::from(value as i64));
            }
            let number = Number::from_f64(value)
                .ok_or_else(|| format!("json: unsupported value: {text}"))?;
            Value::Number(number)
        }
        Scalar::Text | Scalar::Timestamp | Scalar::Merge => Value::String(text.to_owned()),
    })
}

/// `<<`: keys of the merged maps that are not written here.
fn merge(map: &mut Map<String, Value>, merged: Vec<Value>) -> Result<(), String> {
    for value in merged {
        let maps = match value {
            Value::Array(items) => items,
            other => vec![other],
        };
        for source in maps {
            let Value::Object(source) = source else {
                return Err("map merge requires map or sequence of maps as the value".to_owned());
            };
            for (key, value) in source {
                map.entry(key).or_insert(value);
            }
        }
    }
    Ok(())
}

/// How many nodes a value has.
fn size(value: &Value) -> usize {
    match value {
        Value::Array(items) => 1 + items.iter().map(size).sum::<usize>(),
        Value::Object(map) => 1 + map.values().map(size).sum::<usize>(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => 1,
    }
}
