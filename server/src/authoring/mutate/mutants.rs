//! Wrong states of a manifest: what a learner may have written instead of the solution.

use kubectl::manifest::Document;
use serde_json::{Map, Value};

/// What is wrong with a mutant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    /// An object is not made, or elsewhere, or by another name.
    Misplaced,
    /// A deed is left out, or done in another order, or a command line says something else.
    Deed,
    /// A field is missing or says something else.
    Field,
}

/// Another text in place of the solution's.
#[derive(Debug, Clone)]
pub(super) struct Mutant {
    pub(super) fault: Fault,
    /// The text to apply.
    pub(super) text: String,
    /// Line of the solution where it differs.
    pub(super) line: usize,
    /// The field that differs, as a JSON pointer into its document.
    pub(super) pointer: String,
    /// The document that differs.
    pub(super) document: usize,
    /// In words.
    pub(super) what: String,
    /// The line that is missing, of a text of several.
    pub(super) lost: Option<String>,
}

/// All mutants of a manifest. `namespaces` are those that it may name instead of its own.
pub(super) fn of(documents: &[Document], namespaces: &[String]) -> Vec<Mutant> {
    let mut mutants = Vec::new();
    for (index, document) in documents.iter().enumerate() {
        let title = title(&document.value);
        let mut add = |fault, line, pointer: &str, (what, lost), other: Option<Value>| {
            let values = documents.iter().enumerate().filter_map(|(at, known)| {
                if at == index { other.clone() } else { Some(known.value.clone()) }
            });
            let (text, pointer) = (write(values), pointer.to_owned());
            mutants.push(Mutant { fault, text, line, pointer, document: index, what, lost });
        };
        if documents.len() > 1 {
            add(Fault::Misplaced, document.line, "", (format!("{title} is missing"), None), None);
        }
        let meta = |key: &str| document.value.pointer(key).and_then(Value::as_str);
        if let Some(name) = meta(NAME) {
            let line = line_of(document, "metadata.name");
            let what = format!("{title} is called {name}-x");
            let other = with(&document.value, NAME, &format!("{name}-x"));
            add(Fault::Misplaced, line, NAME, (what, None), other);
        }
        if let Some(namespace) = meta(NAMESPACE)
            && let Some(elsewhere) = namespaces.iter().find(|other| *other != namespace)
        {
            let line = line_of(document, "metadata.namespace");
            let what = format!("{title} is in the namespace {elsewhere}");
            let other = with(&document.value, NAMESPACE, elsewhere);
            add(Fault::Misplaced, line, NAMESPACE, (what, None), other);
        }
        let mut changes = Vec::new();
        changes_in(&document.value, "", &mut Vec::new(), &mut changes);
        for change in changes {
            let line = line_of(document, &change.path);
            let other = put(&document.value, &change);
            let what = format!("{title}: {}", change.what);
            add(Fault::Field, line, &pointer(&change.way), (what, change.lost), other);
        }
    }
    mutants
}

const NAME: &str = "/metadata/name";
const NAMESPACE: &str = "/metadata/namespace";

/// `Kind name` of a document.
pub(super) fn title(value: &Value) -> String {
    let text = |pointer: &str| value.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
    format!("{} {}", text("/kind"), text("/metadata/name"))
}

fn line_of(document: &Document, path: &str) -> usize {
    let spans = &document.spans;
    let span = spans.find_key(path).or_else(|| spans.find(path));
    span.unwrap_or_else(|| spans.find_nearest(path)).start.line
}

fn with(value: &Value, pointer: &str, text: &str) -> Option<Value> {
    let mut other = value.clone();
    *other.pointer_mut(pointer)? = Value::String(text.to_owned());
    Some(other)
}

fn write(values: impl Iterator<Item = Value>) -> String {
    values.map(|value| format!("---\n{value}\n")).collect()
}

/// A way into a document.
#[derive(Debug, Clone)]
enum Part {
    Key(String),
    Index(usize),
}

fn pointer(way: &[Part]) -> String {
    let part = |part: &Part| match part {
        Part::Key(key) => format!("/{}", key.replace('~', "~0").replace('/', "~1")),
        Part::Index(index) => format!("/{index}"),
    };
    way.iter().map(part).collect()
}

/// A change of a document: at a place, something else.
struct Change {
    path: String,
    what: String,
    way: Vec<Part>,
    put: Put,
    lost: Option<String>,
}

enum Put {
    Nothing,
    Value(Value),
    /// The key, in a map.
    Key(String),
    /// In a list, an item in two.
    Two(Value, Value),
}

fn put(value: &Value, other: &Change) -> Option<Value> {
    let mut changed = value.clone();
    let (last, way) = other.way.split_last()?;
    let mut place = &mut changed;
    for part in way {
        place = match part {
            Part::Key(key) => place.get_mut(key)?,
            Part::Index(index) => place.get_mut(index)?,
        };
    }
    match (last, place) {
        (Part::Key(key), Value::Object(entries)) => match &other.put {
            Put::Nothing => drop(entries.remove(key)),
            Put::Value(value) => drop(entries.insert(key.clone(), value.clone())),
            Put::Key(name) => {
                let value = entries.remove(key)?;
                entries.insert(name.clone(), value);
            }
            Put::Two(..) => return None,
        },
        (Part::Index(index), Value::Array(items)) => match &other.put {
            Put::Nothing => drop(items.remove(*index)),
            Put::Value(value) => *items.get_mut(*index)? = value.clone(),
            Put::Two(one, two) => {
                *items.get_mut(*index)? = one.clone();
                items.insert(*index + 1, two.clone());
            }
            Put::Key(_) => return None,
        },
        _ => return None,
    }
    Some(changed)
}

/// Fields that name the object: they have their own mutants.
fn is_name(path: &str) -> bool {
    matches!(path, "apiVersion" | "kind" | "metadata" | "metadata.name" | "metadata.namespace")
}

fn changes_in(value: &Value, path: &str, way: &mut Vec<Part>, changes: &mut Vec<Change>) {
    match value {
        Value::Object(entries) => {
            for (key, item) in entries {
                let inner = match path {
                    "" => key.clone(),
                    path if key.contains(['.', '/']) => format!("{path}[{key}]"),
                    path => format!("{path}.{key}"),
                };
                way.push(Part::Key(key.clone()));
                if !is_name(&inner) {
                    changes.push(change(&inner, way, "is removed", Put::Nothing));
                    if is_label(path) {
                        let what = format!("is called {key}-x");
                        changes.push(change(&inner, way, &what, Put::Key(format!("{key}-x"))));
                    }
                }
                changes_in(item, &inner, way, changes);
                way.pop();
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                let inner = format!("{path}[{index}]");
                way.push(Part::Index(index));
                if items.len() > 1 {
                    changes.push(change(&inner, way, "is removed", Put::Nothing));
                }
                if let Some((one, two)) = halves(item) {
                    let what = "is two items: one dash more";
                    changes.push(change(&inner, way, what, Put::Two(one, two)));
                }
                changes_in(item, &inner, way, changes);
                way.pop();
            }
        }
        Value::String(text) if text.contains('\n') => {
            for (index, line) in
                text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty())
            {
                let kept = text.lines().enumerate().filter(|(at, _)| *at != index);
                let other: String = kept.map(|(_, line)| format!("{line}\n")).collect();
                let what = format!("lacks the line `{}`", line.trim());
                let change = change(path, way, &what, Put::Value(Value::String(other)));
                changes.push(Change { lost: Some(line.trim().to_owned()), ..change });
            }
        }
        leaf if !is_name(path) => {
            let other = other(leaf);
            let what = format!("is {other}");
            changes.push(change(path, way, &what, Put::Value(other)));
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn change(path: &str, way: &[Part], what: &str, put: Put) -> Change {
    let what = format!("{path} {what}");
    Change { path: path.to_owned(), what, way: way.to_vec(), put, lost: None }
}

/// Maps whose keys are labels.
fn is_label(path: &str) -> bool {
    let last = path.rsplit('.').next().unwrap_or_default();
    matches!(last, "labels" | "matchLabels" | "selector" | "nodeSelector")
}

/// A map of two or more entries as two maps.
fn halves(item: &Value) -> Option<(Value, Value)> {
    let entries = item.as_object().filter(|entries| entries.len() > 1)?;
    let mut entries = entries.iter().map(|(key, value)| (key.clone(), value.clone()));
    let (key, value) = entries.next()?;
    let one: Map<String, Value> = std::iter::once((key, value)).collect();
    Some((Value::Object(one), Value::Object(entries.collect())))
}

/// Another value of the same form.
fn other(leaf: &Value) -> Value {
    match leaf {
        Value::Bool(value) => Value::Bool(!value),
        Value::Number(number) => number.as_i64().map_or(Value::Null, |number| (number + 1).into()),
        Value::String(text) => Value::String(other_text(text)),
        Value::Null | Value::Array(_) | Value::Object(_) => Value::String("x".to_owned()),
    }
}

/// Another text: a quantity stays one, a number in a text too.
pub(super) fn other_text(text: &str) -> String {
    let digits: String = text.chars().take_while(char::is_ascii_digit).collect();
    let unit = text.get(digits.len()..).unwrap_or_default();
    let is_amount = ["", "m", "k", "Ki", "M", "Mi", "G", "Gi", "s", "%"].contains(&unit);
    match digits.parse::<u64>() {
        Ok(number) if is_amount => format!("{}{unit}", number.saturating_mul(2).max(1)),
        _ => format!("{text}-x"),
    }
}
