//! JSON as Go writes it: the keys of typed objects in the order of their structs, `<`, `>` and `&` escaped.
//! Clients do not care; people who compare answers, and texts that quote objects, do.

use apimachinery::order::Order as _;
use std::fmt::Write as _;

use apimachinery::gvk::GroupVersionKind;
use apimachinery::object;
use apimachinery::schema::{Message, Schema, WireField};
use serde_json::{Map, Value};

use super::structs;
use crate::store::Object;

/// Writes a document.
pub(crate) fn write(value: &Value, pretty: bool) -> String {
    let gvk = GroupVersionKind::of(object::api_version(value), object::kind(value));
    let mut writer = Writer { pretty, escapes: true, ..Writer::new() };
    let name = writer.name_of(&gvk);
    writer.value(value, name, None);
    writer.out
}

/// The text of an object, which all who ask for this state of it share.
pub(crate) fn text_of(object: &Object) -> &str {
    object.text(|document| write(document, false))
}

/// Objects of a kind, shared with the store.
#[derive(Debug)]
pub(crate) struct List {
    /// Kind and version of the list.
    pub head: GroupVersionKind,
    /// `ListMeta`.
    pub metadata: Value,
    /// The objects.
    pub items: Vec<Object>,
    /// Items of built-in kinds do not repeat their kind.
    pub bare: bool,
}

/// Writes a list.
pub(crate) fn write_list(list: &List, pretty: bool) -> String {
    let mut writer = Writer { pretty, escapes: true, ..Writer::new() };
    let message = writer.schema.message(writer.name_of(&list.head));
    let kind_of = |name: &str| {
        let field = message.and_then(|message| message.fields.iter().find(|one| one.name == name));
        field.map_or("", |field| field.wire.as_str())
    };
    writer.out.push('{');
    writer.depth = 1;
    writer.key("kind");
    writer.text(&list.head.kind);
    writer.out.push(',');
    writer.key("apiVersion");
    writer.text(&list.head.group_version().to_string());
    writer.out.push(',');
    writer.key("metadata");
    writer.value(&list.metadata, kind_of("metadata"), None);
    writer.out.push(',');
    writer.key("items");
    let kind = kind_of("items").strip_prefix("[]").unwrap_or("");
    if pretty {
        writer.items(list.items.iter().map(|item| &**item), kind, list.bare);
    } else {
        writer.texts(list, kind);
    }
    writer.depth = 0;
    writer.line();
    writer.out.push('}');
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
    /// The next object is written without kind and version.
    bare: bool,
    depth: usize,
}

impl Writer {
    fn new() -> Self {
        let schema = Schema::builtin();
        Self { out: String::new(), schema, pretty: false, escapes: false, bare: false, depth: 0 }
    }

    fn name_of(&self, gvk: &GroupVersionKind) -> &'static str {
        let kind = self.schema.kind(gvk).map(|definition| definition.name.as_str());
        // The documents of discovery are no kinds, but structs all the same; not all name their version.
        let discovery =
            || DISCOVERY.into_iter().find(|name| name.rsplit('.').next() == Some(&gvk.kind));
        kind.or_else(discovery).or_else(|| structs::name(&gvk.kind)).unwrap_or("")
    }

    fn message(&self, name: &str) -> Option<&'static Message> {
        self.schema.message(name).or_else(|| structs::message(name))
    }

    fn line(&mut self) {
        if self.pretty {
            self.out.push('\n');
            self.out.extend(std::iter::repeat_n("  ", self.depth));
        }
    }

    /// A string as Go escapes it (`encoding/json` appendString).
    fn text(&mut self, text: &str) {
        self.out.push('"');
        let mut written = 0;
        for (at, byte) in text.bytes().enumerate() {
            let length = match byte {
                b'"' | b'\\' | ..b' ' => 1,
                b'<' | b'>' | b'&' if self.escapes => 1,
                // U+2028 and U+2029 end lines in JavaScript.
                0xE2 if matches!(
                    text.as_bytes().get(at + 1..at + 3),
                    Some([0x80, 0xA8 | 0xA9])
                ) =>
                {
                    3
                }
                _ => continue,
            };
            self.out.push_str(text.get(written..at).unwrap_or_default());
            written = at + length;
            self.escape(text.get(at..written).unwrap_or_default());
        }
        self.out.push_str(text.get(written..).unwrap_or_default());
        self.out.push('"');
    }

    fn escape(&mut self, special: &str) {
        match special {
            "\"" => self.out.push_str("\\\""),
            "\\" => self.out.push_str("\\\\"),
            "\n" => self.out.push_str("\\n"),
            "\r" => self.out.push_str("\\r"),
            "\t" => self.out.push_str("\\t"),
            "\u{8}" => self.out.push_str("\\b"),
            "\u{c}" => self.out.push_str("\\f"),
            other => {
                let code = other.chars().next().map_or(0, u32::from);
                // Writing to a String cannot fail.
                let _written = write!(self.out, "\\u{code:04x}");
            }
        }
    }

    fn value(&mut self, value: &Value, kind: &str, touched: Option<&Value>) {
        match value {
            Value::Object(map) => self.object(map, kind, touched),
            Value::Array(list) => {
                self.items(list.iter(), kind.strip_prefix("[]").unwrap_or(""), false);
            }
            Value::String(text) => self.text(text),
            Value::Number(number) => {
                let _written = write!(self.out, "{number}");
            }
            Value::Bool(true) => self.out.push_str("true"),
            Value::Bool(false) => self.out.push_str("false"),
            Value::Null => self.out.push_str("null"),
        }
    }

    fn items<'a>(&mut self, list: impl Iterator<Item = &'a Value>, kind: &str, bare: bool) {
        self.out.push('[');
        self.depth += 1;
        let mut first = true;
        for item in list {
            if !first {
                self.out.push(',');
            }
            first = false;
            self.line();
            self.bare = bare;
            self.value(item, kind, None);
        }
        self.depth -= 1;
        if !first {
            self.line();
        }
        self.out.push(']');
    }

    /// Items by their texts. Bare ones go without their head, which all of them have in common.
    fn texts(&mut self, list: &List, kind: &str) {
        let head = list.items.first().filter(|_| list.bare).map(|item| {
            let mut head = Self { escapes: true, ..Self::new() };
            head.out.push('{');
            for (key, text) in
                [("kind", object::kind(item)), ("apiVersion", object::api_version(item))]
            {
                head.key(key);
                head.text(text);
                head.out.push(',');
            }
            head.out
        });
        let head = head.unwrap_or_else(|| "{".to_owned());
        self.out.push('[');
        for (index, item) in list.items.iter().enumerate() {
            if index > 0 {
                self.out.push(',');
            }
            if let Some(rest) = text_of(item).strip_prefix(&head) {
                self.out.push('{');
                self.out.push_str(rest);
            } else {
                self.bare = list.bare;
                self.value(item, kind, None);
            }
        }
        self.out.push(']');
    }

    fn key(&mut self, key: &str) {
        self.line();
        self.text(key);
        self.out.push_str(if self.pretty { ": " } else { ":" });
    }

    /// What an object says that it is.
    fn kind_of(&self, map: &Map<String, Value>) -> &'static str {
        let says = |key: &str| map.get(key).and_then(Value::as_str).unwrap_or("");
        self.name_of(&GroupVersionKind::of(says("apiVersion"), says("kind")))
    }

    fn object(&mut self, map: &Map<String, Value>, kind: &str, touched: Option<&Value>) {
        let bare = std::mem::take(&mut self.bare);
        let mut ordered: Vec<(&str, &Value, &str)> = Vec::with_capacity(map.len());
        let add = |ordered: &mut Vec<_>, key: &'static str| {
            if let Some((key, value)) = map.get_key_value(key) {
                ordered.push((key.as_str(), value, ""));
            }
        };
        let kind = if kind == structs::ANY { self.kind_of(map) } else { kind };
        let message = self.message(kind);
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
        let known = ordered.len();
        for (key, value) in map {
            if known == 0 || !ordered.iter().take(known).any(|(known, ..)| known == key) {
                ordered.push((key, value, inner));
            }
            if ordered.len() == map.len() {
                break;
            }
        }
        if bare {
            ordered.retain(|(key, ..)| !matches!(*key, "kind" | "apiVersion"));
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
            self.key(key);
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

#[cfg(test)]
mod tests {
    use apimachinery::gvk::GroupVersionKind;
    use serde_json::{Value, json};

    use super::{List, write_list};

    #[test]
    fn a_list_of_texts_is_the_list_that_is_written_item_by_item() {
        for (kind, bare) in [("Pod", true), ("Widget", false), ("Widget", true)] {
            let item = |name: &str, more: Value| {
                let mut item =
                    json!({"apiVersion": "v1", "kind": kind, "metadata": {"name": name}});
                item["spec"] = more;
                item.into()
            };
            let items = vec![
                item("a", json!({"nodeName": "<n>", "containers": [{"name": "c", "image": "i"}]})),
                item("b", json!({"odd": "\u{2028}\"\\"})),
                json!({"apiVersion": "v1", "kind": kind}).into(),
                json!({"apiVersion": "v2", "kind": kind, "metadata": {}}).into(),
            ];
            let head = GroupVersionKind::new("", "v1", &format!("{kind}List"));
            let list = List { head, metadata: json!({"resourceVersion": "1"}), items, bare };
            let pretty = write_list(&list, true);
            let lines: String = pretty.lines().map(str::trim_start).collect();
            assert_eq!(write_list(&list, false), lines.replace("\": ", "\":"));
        }
    }
}
