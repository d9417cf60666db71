//! Strict decoding: `k8s.io/apimachinery/pkg/runtime/serializer/json` over `sigs.k8s.io/json`, with unknown fields,
//! fields that stand twice and values of other types, in an order of their own.

use std::fmt::Write as _;

use apimachinery::decode::decode;
use apimachinery::gvk::GroupVersionKind;
use apimachinery::schema::Schema;
use cluster::rng::Stream;
use serde_json::{Value, json};

use super::objects::{KINDS, Maker};
use super::text;
use crate::pick::Pick as _;

/// What stands where something else is wanted.
const ODD: [&str; 26] = [
    "null",
    "null",
    "null",
    "true",
    "\"\"",
    "\"x\"",
    "\"0x\"",
    "-1",
    "1.5",
    "1e3",
    "1E400",
    "2147483648",
    "9223372036854775808",
    "[]",
    "{}",
    "[null]",
    "{\"a\":null}",
    "[1,\"b\"]",
    "\"2026-13-01T00:00:00Z\"",
    "\"2026-1-01\"",
    "\"2026-02-30T1:00:00+25:00\"",
    "\"YQ=\"",
    "\"\\u00e9\\ud800\"",
    "\"1Ki2\"",
    "-0",
    "\"2026-01-01T00:00:00.5+09:30\"",
];
const UNKNOWN: [&str; 7] = ["bogus", "Spec", "metadata", "name", "a\\\"b", "x.io/y", "\\u00e9"];

pub(super) fn case(chance: &mut Stream) -> Value {
    let kind = KINDS.get(chance.upto(KINDS.len())).copied().unwrap_or(("v1", "Pod"));
    let mut maker = Maker { schema: Schema::builtin(), chance };
    let object = maker.object(kind);
    let mut writer = Writer { chance, twice: true, rate: 0, text: String::new() };
    writer.rate = [15, 40, 200].get(writer.chance.upto(3)).copied().unwrap_or(40);
    writer.object(&object, &[("apiVersion", kind.0), ("kind", kind.1)]);
    let mut body = writer.text;
    if chance.once_in(20) {
        broken(chance, &mut body, head(kind).len());
    }
    json!({ "APIVersion": kind.0, "Kind": kind.1, "Body": body })
}

/// One character less, or another one more.
fn broken(chance: &mut Stream, body: &mut String, from: usize) {
    let mut letters: Vec<char> = body.chars().collect();
    let at = from + chance.upto(letters.len() - from);
    if chance.once_in(2) {
        letters.remove(at);
    } else {
        let odd = chance.one(&["\"", "{", "]", ",", ":", "x", "\u{1}", "\\", "0", "-", "\u{e9}"]);
        letters.splice(at..at, odd.chars());
    }
    *body = letters.into_iter().collect();
}

struct Writer<'a> {
    chance: &'a mut Stream,
    /// Whether something that is no scalar may stand twice; of lists that do so three times Go shows old items again.
    twice: bool,
    /// Once in so many places something is wrong.
    rate: usize,
    text: String,
}

impl Writer<'_> {
    fn value(&mut self, value: &Value) {
        if self.chance.once_in(self.rate * 4) {
            self.text.push_str(self.chance.one(&ODD));
            return;
        }
        match value {
            Value::Object(_) => self.object(value, &[]),
            Value::Array(list) => {
                self.text.push('[');
                for (index, item) in list.iter().enumerate() {
                    if index > 0 {
                        self.text.push(',');
                    }
                    self.value(item);
                }
                self.text.push(']');
            }
            scalar => {
                let _written = write!(self.text, "{scalar}");
            }
        }
    }

    fn object(&mut self, value: &Value, kept: &[(&str, &str)]) {
        let mut entries: Vec<(String, Option<Value>)> = Vec::new();
        let map = value.as_object().into_iter().flatten();
        for (key, value) in map.filter(|(key, _)| !kept.iter().any(|(name, _)| name == key)) {
            entries.push((key.clone(), Some(value.clone())));
            let scalar = !value.is_object() && !value.is_array();
            if (scalar || self.twice) && self.chance.once_in(self.rate) {
                self.twice &= scalar;
                entries.push((key.clone(), Some(value.clone())));
            }
        }
        if self.chance.once_in(self.rate) {
            entries.push((self.chance.one(&UNKNOWN).to_owned(), None));
        }
        if self.chance.once_in(500) {
            let many = (0..99 + self.chance.upto(4)).map(|at| (format!("many{at}"), None));
            entries.extend(many);
        }
        if self.chance.once_in(3) {
            shuffle(self.chance, &mut entries);
        }
        self.text.push('{');
        for (name, value) in kept {
            let _written = write!(self.text, "\"{name}\":\"{value}\",");
        }
        for (key, value) in &entries {
            let space = if self.chance.once_in(30) { " " } else { "" };
            let _written = write!(self.text, "{space}\"{key}\"{space}:{space}");
            match value {
                Some(value) => self.value(value),
                None => self.text.push_str(self.chance.one(&ODD)),
            }
            self.text.push(',');
        }
        if self.text.ends_with(',') {
            self.text.pop();
        }
        self.text.push('}');
    }
}

fn shuffle<T>(chance: &mut Stream, list: &mut [T]) {
    for at in (1..list.len()).rev() {
        list.swap(at, chance.upto(at + 1));
    }
}

/// Every body says first what it is.
fn head((api_version, kind): (&str, &str)) -> String {
    format!("{{\"apiVersion\":\"{api_version}\",\"kind\":\"{kind}\"")
}

pub(super) fn fits(case: &Value) -> bool {
    let kind = (text(case, "APIVersion"), text(case, "Kind"));
    KINDS.contains(&kind) && text(case, "Body").starts_with(&head(kind))
}

pub(super) fn ours(case: &Value) -> Value {
    let gvk = GroupVersionKind::of(text(case, "APIVersion"), text(case, "Kind"));
    match decode(Schema::builtin(), &gvk, text(case, "Body").as_bytes()) {
        Ok(decoded) => json!({ "object": decoded.value, "strict": decoded.strict }),
        Err(error) => json!({ "error": error }),
    }
}

/// What is no JSON the server has refused before it asks for the kind, in a sentence of its own.
pub(super) fn agree(ours: &Value, theirs: &Value) -> bool {
    let error = |said: &Value| {
        let text = said.get("error")?.as_str()?;
        let text = text.trim_start_matches("couldn't get version/kind; json parse error: ");
        Some(text.to_owned())
    };
    error(ours) == error(theirs) && (ours.get("error").is_some() || ours == theirs)
}
