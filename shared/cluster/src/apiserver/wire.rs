//! JSON as Go writes it: the keys of typed objects in the order of their structs, `<`, `>` and `&` escaped.
//! Clients do not care; people who compare answers, and texts that quote objects, do.

use apimachinery::order::Order as _;
use std::fmt::Write as _;

use apimachinery::gvk::GroupVersionKind;
use apimachinery::schema::{Message, Schema, WireField};
use serde_json::{Map, Value};

/// Writes a document.
pub(crate) fn write(value: &Value, pretty: bool) -> String {
    let gvk = GroupVersionKind::of(
        apimachinery::object::api_version(value),
        apimachinery::object::kind(value),
    );
    let mut writer = Writer { pretty, escapes: true, ..Writer::new() };
    let name = writer.name_of(&gvk);
    writer.value(value, name, None);
    writer.out
}

/// Writes an object of a kind that a patch has changed: what the patch touches is sorted by key, the rest
/// is as Go wrote it before.
pub(crate) fn write_patched(value: &Value, gvk: &GroupVersionKind, touched: &Value) -> String {
    let mut writer = Writer::new();
    let name = writer.name_of(gvk);
    writer.value(value, name, Some(touched));
    writer.out
}

/// What discovery answers with, besides the aggregated documents.
const DISCOVERY: [&str; 4] = [
    "io.k8s.apimachinery.pkg.apis.meta.v1.APIGroup",
    "io.k8s.apimachinery.pkg.apis.meta.v1.APIGroupList",
    "io.k8s.apimachinery.pkg.apis.meta.v1.APIResourceList",
    "io.k8s.apimachinery.pkg.apis.meta.v1.APIVersions",
];

struct Writer {
    out: String,
    schema: &'static Schema,
    pretty: bool,
    escapes: bool,
    depth: usize,
}

impl Writer {
    fn new() -> Self {
        let schema = Schema::builtin();
        Self { out: String::new(), schema, pretty: false, escapes: false, depth: 0 }
    }

    fn name_of(&self, gvk: &GroupVersionKind) -> &'static str {
        let kind = self.schema.kind(gvk).map(|definition| definition.name.as_str());
        // The documents of discovery are no kinds, but structs all the same; not all name their version.
        let discovery =
            || DISCOVERY.into_iter().find(|name| name.rsplit('.').next() == Some(&gvk.kind));
        kind.or_else(discovery).unwrap_or("")
    }

    fn line(&mut self) {
        if self.pretty {
            self.out.push('\n');
            self.out.extend(std::iter::repeat_n("  ", self.depth));
        }
    }

    fn text(&mut self, text: &str) {
        let quoted = Value::from(text).to_string();
        for c in quoted.chars() {
            match c {
                '<' | '>' | '&' if self.escapes => {
                    // Writing to a String cannot fail.
                    let _written = write!(self.out, "\\u{:04x}", u32::from(c));
                }
                c => self.out.push(c),
            }
        }
    }

    fn value(&mut self, value: &Value, kind: &str, touched: Option<&Value>) {
        match value {
            Value::Object(map) => self.object(map, kind, touched),
            Value::Array(list) => {
                let kind = kind.strip_prefix("[]").unwrap_or("");
                self.out.push('[');
                self.depth += 1;
                for (index, item) in list.iter().enumerate() {
                    if index > 0 {
                        self.out.push(',');
                    }
                    self.line();
                    self.value(item, kind, None);
                }
                self.depth -= 1;
                if !list.is_empty() {
                    self.line();
                }
                self.out.push(']');
            }
            Value::String(text) => self.text(text),
            other => self.out.push_str(&other.to_string()),
        }
    }

    fn object(&mut self, map: &Map<String, Value>, kind: &str, touched: Option<&Value>) {
        let mut ordered: Vec<(&str, &Value, &str)> = Vec::with_capacity(map.len());
        let add = |ordered: &mut Vec<_>, key: &'static str| {
            if let Some((key, value)) = map.get_key_value(key) {
                ordered.push((key.as_str(), value, ""));
            }
        };
        let message = self.schema.message(kind);
        // Answers that are no kinds of the schema (tables, statuses) begin the same way.
        // References to objects name kind and version among their own fields.
        let own = |message: &Message| {
            let says = |name: &str| matches!(name, "apiVersion" | "kind");
            message.fields.iter().any(|field| says(&field.name) && field.tag != 0)
        };
        if message.is_some_and(|message| !own(message))
            || (message.is_none() && map.contains_key("kind"))
        {
            add(&mut ordered, "kind");
            add(&mut ordered, "apiVersion");
        }
        if let Some(message) = message {
            self.fields(message, map, &mut ordered);
        } else if self.depth == 0 {
            add(&mut ordered, "metadata");
        }
        let inner = kind.strip_prefix("map[]").unwrap_or("");
        for (key, value) in map {
            if !ordered.iter().any(|(known, ..)| known == key) {
                ordered.push((key, value, inner));
            }
        }
        if touched.is_some_and(Value::is_object) {
            ordered.order_by_key(|(key, ..)| *key);
        }
        self.out.push('{');
        self.depth += 1;
        for (index, (key, value, kind)) in ordered.iter().enumerate() {
            if index > 0 {
                self.out.push(',');
            }
            self.line();
            self.text(key);
            self.out.push_str(if self.pretty { ": " } else { ":" });
            self.value(value, kind, touched.and_then(|touched| touched.get(*key)));
        }
        self.depth -= 1;
        if !ordered.is_empty() {
            self.line();
        }
        self.out.push('}');
    }

    fn fields<'a>(
        &self,
        message: &'static Message,
        map: &'a Map<String, Value>,
        ordered: &mut Vec<(&'a str, &'a Value, &'a str)>,
    ) {
        for field in &message.fields {
            let WireField { name, wire, inline, .. } = field;
            if *inline {
                if let Some(inner) = self.schema.message(wire) {
                    self.fields(inner, map, ordered);
                }
            } else if let Some((key, value)) = map.get_key_value(name)
                && !ordered.iter().any(|(known, ..)| known == key)
            {
                ordered.push((key, value, wire));
            }
        }
    }
}
