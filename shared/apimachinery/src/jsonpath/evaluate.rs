//! Finding and printing (`jsonpath.go`).

use std::borrow::Cow;

use serde_json::Value;

use super::compare::holds;
use super::{Node, Param};
use crate::go;

/// A value of the document, or one that the template has written.
pub(super) type Found<'a> = Cow<'a, Value>;
type Answer<'a> = Result<Vec<Found<'a>>, String>;

/// What each node finds.
pub(super) fn find<'a>(
    nodes: &'a [Node],
    document: &'a Value,
    allow_missing: bool,
) -> Result<Vec<Vec<Found<'a>>>, String> {
    let mut run = Run { nodes, allow_missing, begin: 0, inside: 0, end: 0, last_end: None };
    run.results(0, &Cow::Borrowed(document))
}

/// The findings of one part.
pub(super) fn print(values: &[Found<'_>]) -> String {
    let shown = values.iter().map(|value| match value.as_ref() {
        Value::Null if is_nothing(value) => "<no value>".to_owned(),
        Value::Null => "null".to_owned(),
        Value::Array(_) | Value::Object(_) => go::json(value),
        scalar => go::print(scalar),
    });
    shown.collect::<Vec<_>>().join(" ")
}

/// A loop that has nothing to go over, or a null, is read without any data.
const fn nothing<'a>() -> Found<'a> {
    Cow::Owned(Value::Null)
}

const fn is_nothing(value: &Found<'_>) -> bool {
    matches!(value, Cow::Owned(Value::Null))
}

struct Run<'a> {
    nodes: &'a [Node],
    allow_missing: bool,
    /// Loops that begin with the node that was read last.
    begin: usize,
    /// Loops that one is in.
    inside: usize,
    /// Loops that end here.
    end: usize,
    /// Where the last loop ended.
    last_end: Option<usize>,
}

impl<'a> Run<'a> {
    /// `FindResults`, from a node on.
    fn results(&mut self, from: usize, data: &Found<'a>) -> Result<Vec<Vec<Found<'a>>>, String> {
        let mut found = Vec::new();
        let mut at = from;
        while let Some(node) = self.nodes.get(at) {
            let values = self.walk(vec![data.clone()], node)?;
            if self.end > 0 && self.end <= self.inside {
                self.end -= 1;
                self.last_end = Some(at);
                break;
            }
            if self.begin > 0 {
                self.begin -= 1;
                self.inside += 1;
                for value in &values {
                    let value = if value.is_null() { nothing() } else { value.clone() };
                    found.extend(self.results(at + 1, &value)?);
                }
                if values.is_empty() {
                    self.results(at + 1, &nothing())?;
                }
                self.inside -= 1;
                at = self.last_end.filter(|end| *end > at).unwrap_or(at) + 1;
                continue;
            }
            found.push(values);
            at += 1;
        }
        Ok(found)
    }

    fn list(&mut self, input: Vec<Found<'a>>, nodes: &'a [Node]) -> Answer<'a> {
        nodes.iter().try_fold(input, |values, node| self.walk(values, node))
    }

    fn walk(&mut self, input: Vec<Found<'a>>, node: &'a Node) -> Answer<'a> {
        let each = |value: Value| -> Vec<Found<'a>> {
            input.iter().map(|_| Cow::Owned(value.clone())).collect()
        };
        match node {
            Node::List(nodes) => self.list(input, nodes),
            Node::Text(text) => Ok(vec![Cow::Owned(Value::from(text.as_str()))]),
            Node::Int(number) => Ok(each(Value::from(*number))),
            Node::Float(number) => Ok(each(Value::from(*number))),
            Node::Bool(flag) => Ok(each(Value::from(*flag))),
            Node::Field(name) => self.field(&input, name),
            Node::Array(params) => array(input, *params),
            Node::Wildcard => Ok(input.iter().flat_map(below).collect()),
            Node::Recursive => Ok(recursive(&input)),
            Node::Filter(left, operator, right) => self.filter(&input, left, operator, right),
            Node::Union(lists) => {
                let mut found = Vec::new();
                for nodes in lists {
                    found.extend(self.list(input.clone(), nodes)?);
                }
                Ok(found)
            }
            Node::Identifier(name) => match name.as_str() {
                "range" => {
                    self.begin += 1;
                    Ok(input)
                }
                "end" if self.inside > 0 => {
                    self.end += 1;
                    Ok(Vec::new())
                }
                "end" => Err("not in range, nothing to end".to_owned()),
                other => Err(format!("unrecognized identifier {other}")),
            },
        }
    }

    fn field(&self, input: &[Found<'a>], name: &str) -> Answer<'a> {
        let found: Vec<_> = input.iter().filter_map(|value| member(value, name)).collect();
        if found.is_empty() && !input.is_empty() && !self.allow_missing {
            return Err(format!("{name} is not found"));
        }
        Ok(found)
    }

    fn filter(
        &mut self,
        input: &[Found<'a>],
        left: &'a [Node],
        operator: &str,
        right: &'a [Node],
    ) -> Answer<'a> {
        let mut found = Vec::new();
        for value in input {
            if !value.is_array() {
                // In an empty loop there is nothing at all.
                let value = if is_nothing(value) {
                    "<invalid reflect.Value>".to_owned()
                } else {
                    go::print(value)
                };
                return Err(format!("{value} is not array or slice and cannot be filtered"));
            }
            for item in below(value) {
                let lefts = self.list(vec![item.clone()], left);
                if operator == "exists" {
                    if lefts.is_ok_and(|lefts| !lefts.is_empty()) {
                        found.push(item);
                    }
                    continue;
                }
                let Some(left) = single(lefts?)? else { continue };
                let Some(right) = single(self.list(vec![item.clone()], right)?)? else { continue };
                if holds(&left, operator, &right)? {
                    found.push(item);
                }
            }
        }
        Ok(found)
    }
}

fn single(mut values: Vec<Found<'_>>) -> Result<Option<Found<'_>>, String> {
    if values.len() > 1 {
        return Err("can only compare one element at a time".to_owned());
    }
    Ok(values.pop())
}

fn member<'a>(value: &Found<'a>, name: &str) -> Option<Found<'a>> {
    match value {
        Cow::Borrowed(value) => value.as_object()?.get(name).map(Cow::Borrowed),
        Cow::Owned(value) => value.as_object()?.get(name).cloned().map(Cow::Owned),
    }
}

/// Everything one step below a value; a text consists of bytes.
fn below<'a>(value: &Found<'a>) -> Vec<Found<'a>> {
    let owned = |values: &mut dyn Iterator<Item = &Value>| -> Vec<Found<'a>> {
        values.cloned().map(Cow::Owned).collect()
    };
    match value {
        Cow::Borrowed(Value::Array(list)) => list.iter().map(Cow::Borrowed).collect(),
        Cow::Borrowed(Value::Object(map)) => map.values().map(Cow::Borrowed).collect(),
        Cow::Owned(Value::Array(list)) => owned(&mut list.iter()),
        Cow::Owned(Value::Object(map)) => owned(&mut map.values()),
        Cow::Borrowed(Value::String(text)) => bytes(text),
        Cow::Owned(Value::String(text)) => bytes(text),
        _ => Vec::new(),
    }
}

fn bytes<'a>(text: &str) -> Vec<Found<'a>> {
    text.bytes().map(|byte| Cow::Owned(Value::from(byte))).collect()
}

fn recursive<'a>(input: &[Found<'a>]) -> Vec<Found<'a>> {
    let mut found = Vec::new();
    for value in input {
        let inner = below(value);
        if !inner.is_empty() {
            found.push(value.clone());
            found.extend(recursive(&inner));
        }
    }
    found
}

/// `evalArray`.
fn array(input: Vec<Found<'_>>, [start, end, step]: [Param; 3]) -> Answer<'_> {
    let mut found = Vec::new();
    for value in input.iter().filter(|value| !value.is_null()) {
        if !value.is_array() {
            let name = go::type_name(value).unwrap_or("<nil>");
            return Err(format!("{name} is not array or slice"));
        }
        let items = below(value);
        let length = i64::try_from(items.len()).unwrap_or(i64::MAX);
        let mut first = if start.known { start.value } else { 0 };
        if first < 0 {
            first += length;
        }
        let mut last = if end.known { end.value } else { length };
        if last < 0 || (last == 0 && end.derived) {
            last += length;
        }
        // Who asks for nothing gets it.
        if first == last {
            return Ok(found);
        }
        let outside =
            |index: i64| Err(format!("array index out of bounds: index {index}, length {length}"));
        if !(0..length).contains(&first) {
            return outside(first);
        }
        if !(0..=length).contains(&last) {
            return outside(last - 1);
        }
        if first > last {
            return Err(format!("starting index {first} is greater than ending index {last}"));
        }
        if step.known && step.value <= 0 {
            return Err("step must be > 0".to_owned());
        }
        let width = if step.known { usize::try_from(step.value).unwrap_or(usize::MAX) } else { 1 };
        let (first, last) = (usize::try_from(first), usize::try_from(last));
        let range = first.unwrap_or_default()..last.unwrap_or_default();
        found.extend(items.get(range).unwrap_or_default().iter().step_by(width).cloned());
    }
    Ok(found)
}
