//! Decoding as Go does it: JSON into typed objects and back, with Go's errors.
//!
//! The API server's typed round trip drops unknown fields, checks every scalar, brings quantities and
//! times into their canonical form, and leaves out what `omitempty` leaves out. This walker does the same
//! over a document. Errors follow `sigs.k8s.io/json` and `k8s.io/apimachinery/pkg/runtime/serializer/json`.

mod base64;
mod document;
mod reader;
mod scalar;

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

pub use self::document::Document;
use self::document::{push_index, push_key};
use self::scalar::Wrong;
use crate::go;
use crate::gvk::GroupVersionKind;
use crate::schema::{Definition, Message, Schema, Type, WireField, Word};

/// A decoded object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decoded {
    /// The object as the server would write it.
    pub value: Value,
    /// Unknown and duplicate fields, in Go's words: `unknown field "spec.bogus"`.
    pub strict: Vec<String>,
}

/// Reads JSON text; duplicate keys are collected, the last one wins.
pub fn read_json(body: &[u8]) -> Result<(Value, Vec<String>), String> {
    plain(read(body)?)
}

/// Reads JSON text, in its order.
pub fn read(body: &[u8]) -> Result<Document, String> {
    reader::read(body)
}

/// A document without an order, and which keys stand twice in it.
pub fn plain(document: Document) -> Result<(Value, Vec<String>), String> {
    let mut found = Findings::default();
    let value = document.into_value(&mut String::new(), &mut found);
    found.too_large.map_or(Ok((value, found.texts)), Err)
}

/// Decodes JSON as an object of a kind.
pub fn decode(schema: &Schema, gvk: &GroupVersionKind, body: &[u8]) -> Result<Decoded, String> {
    decode_document(schema, gvk, read(body)?)
}

/// Decodes a document as an object of a kind; `strict` was found before.
pub fn decode_value(
    schema: &Schema,
    gvk: &GroupVersionKind,
    value: Value,
    mut strict: Vec<String>,
) -> Result<Decoded, String> {
    let decoded = decode_document(schema, gvk, value.into())?;
    strict.extend(decoded.strict);
    Ok(Decoded { strict, ..decoded })
}

/// Decodes a document as an object of a kind.
pub fn decode_document(
    schema: &Schema,
    gvk: &GroupVersionKind,
    document: Document,
) -> Result<Decoded, String> {
    let Some(definition) = schema.kind(gvk) else {
        let (value, strict) = plain(document)?;
        return Ok(Decoded { value, strict });
    };
    let mut walk = Walk::new(schema);
    let value = walk.object(&definition.name, "", document, None)?;
    match walk.refused {
        Some(why) => Err(why),
        None => Ok(Decoded { value: value.unwrap_or(Value::Null), strict: walk.strict.texts }),
    }
}

/// Decodes the metadata of an object by itself.
pub fn decode_metadata(value: Value) -> Result<Decoded, String> {
    const META: &str = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta";
    let mut walk = Walk::new(Schema::builtin());
    let value = if value.is_null() { json!({}) } else { value };
    let value = walk.object(META, "", value.into(), None)?;
    match walk.refused {
        Some(why) => Err(why),
        None => Ok(Decoded { value: value.unwrap_or(Value::Null), strict: walk.strict.texts }),
    }
}

/// What Go writes for an object of a kind before anybody sets a field.
pub fn zero(schema: &Schema, gvk: &GroupVersionKind) -> Value {
    let kind = json!({ "apiVersion": gvk.group_version().to_string(), "kind": gvk.kind });
    decode_value(schema, gvk, kind.clone(), Vec::new()).map_or(kind, |decoded| decoded.value)
}

/// Unknown and duplicate fields (`sigs.k8s.io/json saveStrictError`): each once, and a hundred at most.
#[derive(Debug, Default)]
struct Findings {
    texts: Vec<String>,
    /// A number that no float holds.
    too_large: Option<String>,
    seen: BTreeSet<String>,
}

impl Findings {
    fn note(&mut self, what: &str, path: &str, key: &str) {
        const MOST: usize = 100;
        if self.texts.len() >= MOST {
            return;
        }
        let mut path = path.to_owned();
        push_key(&mut path, key);
        let text = format!("{what} field {}", go::quote(&path));
        if self.seen.insert(text.clone()) {
            self.texts.push(text);
        }
    }
}

/// Decoding, in the order of the document. What a place held before stays where a later value of the same key says
/// nothing else, as in Go: structs and maps become one, items of lists lie over each other.
struct Walk<'a> {
    schema: &'a Schema,
    strict: Findings,
    /// Where findings are.
    path: String,
    /// Where errors are: the Go struct, and the names of the fields down to it. Neither indices nor the keys of maps.
    owner: &'a str,
    fields: Vec<&'a str>,
    /// The first wrong type.
    refused: Option<String>,
}

impl<'a> Walk<'a> {
    fn new(schema: &'a Schema) -> Self {
        Self {
            schema,
            strict: Findings::default(),
            path: String::new(),
            owner: "",
            fields: Vec::new(),
            refused: None,
        }
    }

    fn told(&self, found: &str, go_type: &str) -> String {
        if self.owner.is_empty() {
            return format!("json: cannot unmarshal {found} into Go value of type {go_type}");
        }
        let (owner, field) = (self.owner, self.fields.join("."));
        format!(
            "json: cannot unmarshal {found} into Go struct field {owner}.{field} of type {go_type}"
        )
    }

    /// Goes on after a wrong type, and ends after what a type says itself.
    fn refuse(&mut self, wrong: Wrong) -> Result<(), String> {
        let text = match wrong {
            Wrong::Own(found, go_type) => return Err(self.told(&found, go_type)),
            Wrong::OwnPlain(text) => return Err(text),
            Wrong::Type(found, go_type) => self.told(&found, &go_type),
            Wrong::Plain(text) => text,
        };
        self.refused.get_or_insert(text);
        Ok(())
    }

    /// A value of a type; nothing is Go's zero value.
    fn value(
        &mut self,
        ty: &'a Type,
        go_type: &'a str,
        given: Document,
        old: Option<Value>,
    ) -> Result<Option<Value>, String> {
        if given == Document::Null {
            return Ok(self.null(ty, go_type, old));
        }
        match ty {
            Type::Word(word) => self.word(*word, go_type, given, old),
            Type::Ref(name) => self.object(name, go_type, given, old),
            Type::List(items) => self.list(items, go_type, given, old),
            Type::Map(values) => self.map(values, go_type, given, old),
        }
    }

    /// What null does to what was there: pointers, maps and lists lose it, other values keep it.
    fn null(&self, ty: &Type, go_type: &str, old: Option<Value>) -> Option<Value> {
        let scalar = match ty {
            Type::Word(word) => Some(*word),
            Type::Ref(name) => self.schema.definition(name).and_then(|one| one.scalar),
            Type::List(_) | Type::Map(_) => return None,
        };
        match scalar {
            _ if go_type.starts_with('*') => None,
            Some(Word::Bytes | Word::Quantity | Word::Time | Word::MicroTime) => None,
            Some(Word::IntOrString) => old.filter(Value::is_number),
            _ => old,
        }
    }

    fn word(
        &mut self,
        word: Word,
        go_type: &str,
        given: Document,
        old: Option<Value>,
    ) -> Result<Option<Value>, String> {
        if let (Word::Bytes, Document::Array(items)) = (word, &given) {
            let (value, wrong) = scalar::listed_bytes(items.clone());
            wrong.into_iter().try_for_each(|wrong| self.refuse(wrong))?;
            return Ok(Some(value));
        }
        match scalar::check(word, given, go_type) {
            Ok(value) => Ok(Some(value)),
            Err(wrong) => self.refuse(wrong).map(|()| old),
        }
    }

    fn list(
        &mut self,
        items: &'a Type,
        go_type: &'a str,
        given: Document,
        old: Option<Value>,
    ) -> Result<Option<Value>, String> {
        let Document::Array(given) = given else {
            return self.refuse(scalar::mismatch(&given, go_type)).map(|()| old);
        };
        let go_type = go_type.trim_start_matches('*').trim_start_matches("[]");
        let mut before = match old {
            Some(Value::Array(list)) => list.into_iter(),
            _ => Vec::new().into_iter(),
        };
        let length = self.path.len();
        let mut found = Vec::with_capacity(given.len());
        for (index, item) in given.into_iter().enumerate() {
            push_index(&mut self.path, index);
            let item = self.value(items, go_type, item, before.next())?;
            self.path.truncate(length);
            found.push(item.unwrap_or_else(|| self.zero(items, go_type)));
        }
        Ok(Some(Value::Array(found)))
    }

    fn map(
        &mut self,
        values: &'a Type,
        go_type: &'a str,
        given: Document,
        old: Option<Value>,
    ) -> Result<Option<Value>, String> {
        let Document::Object(given) = given else {
            return self.refuse(scalar::mismatch(&given, go_type)).map(|()| old);
        };
        let go_type = go_type.split_once(']').map_or("", |(_, rest)| rest);
        let mut found = match old {
            Some(Value::Object(map)) => map,
            _ => Map::new(),
        };
        let mut seen = BTreeSet::new();
        let length = self.path.len();
        for (key, value) in given {
            if !seen.insert(key.clone()) {
                self.strict.note("duplicate", &self.path, &key);
            }
            push_key(&mut self.path, &key);
            let value = self.value(values, go_type, value, None)?;
            self.path.truncate(length);
            found.insert(key, value.unwrap_or_else(|| self.zero(values, go_type)));
        }
        Ok(Some(Value::Object(found)))
    }

    fn object(
        &mut self,
        name: &'a str,
        go_type: &'a str,
        given: Document,
        old: Option<Value>,
    ) -> Result<Option<Value>, String> {
        let schema = self.schema;
        let Some(definition) = schema.definition(name) else {
            return Ok(Some(scalar::plain(given)));
        };
        if let Some(word) = definition.scalar {
            return self.word(word, if go_type.is_empty() { name } else { go_type }, given, old);
        }
        let message = schema.message(name);
        let own = message.map_or(name, |message| message.go_type.as_str());
        let Document::Object(given) = given else {
            let wanted = if go_type.is_empty() { own } else { go_type };
            return self.refuse(scalar::mismatch(&given, wanted)).map(|()| old);
        };
        if definition.fields.is_empty() {
            return Ok(Some(scalar::plain(Document::Object(given))));
        }
        let mut found = match old {
            Some(Value::Object(map)) => map,
            _ => Map::new(),
        };
        let outer = std::mem::replace(&mut self.owner, bare(own));
        self.members((definition, message), given, &mut found)?;
        self.owner = outer;
        if let Some(message) = message {
            self.finish(&message.fields, definition, &mut found);
        }
        Ok(Some(Value::Object(found)))
    }

    /// The members of a struct as they stand there.
    fn members(
        &mut self,
        (definition, message): (&'a Definition, Option<&'a Message>),
        given: Vec<(String, Document)>,
        found: &mut Map<String, Value>,
    ) -> Result<(), String> {
        let (path, fields) = (self.path.len(), self.fields.len());
        let mut seen: Vec<&str> = Vec::new();
        for (key, value) in given {
            let wire = message.and_then(|one| self.wire(&one.fields, &key));
            let known = definition.fields.get_key_value(&key);
            let Some((name, field)) = known.filter(|_| wire.is_some() || message.is_none()) else {
                self.strict.note("unknown", &self.path, &key);
                continue;
            };
            if seen.contains(&name.as_str()) {
                self.strict.note("duplicate", &self.path, &key);
            }
            seen.push(name);
            let go_type = wire.map_or("", |wire| wire.go_type.as_str());
            self.fields.truncate(fields);
            let inlined = message.map(|one| self.inlined(&one.fields, &key)).unwrap_or_default();
            self.fields.extend(inlined);
            self.fields.push(name);
            push_key(&mut self.path, &key);
            let old = found.remove(&key).filter(|old| !old.is_null());
            if let Some(value) = self.value(&field.ty, go_type, value, old)? {
                found.insert(key, value);
            }
            self.path.truncate(path);
        }
        self.fields.truncate(fields);
        Ok(())
    }

    /// The field of a name, also of a struct whose members stand in this one.
    fn wire(&self, fields: &'a [WireField], key: &str) -> Option<&'a WireField> {
        fields.iter().find_map(|wire| {
            if wire.inline {
                self.wire(&self.inner(wire)?.fields, key)
            } else {
                Some(wire).filter(|wire| wire.name == key)
            }
        })
    }

    /// The names of the structs whose members stand in this one, down to a field.
    fn inlined(&self, fields: &'a [WireField], key: &str) -> Vec<&'a str> {
        let through = fields.iter().filter(|wire| wire.inline).find_map(|wire| {
            let inner = self.inner(wire)?;
            self.wire(&inner.fields, key)?;
            let mut names = vec![bare(&wire.go_type)];
            names.extend(self.inlined(&inner.fields, key));
            Some(names)
        });
        let Some(through) = through else { return Vec::new() };
        let own = fields.iter().any(|wire| !wire.inline && wire.name == key);
        if own { Vec::new() } else { through }
    }

    fn inner(&self, wire: &WireField) -> Option<&'a Message> {
        self.schema.message(wire.wire.trim_start_matches("[]"))
    }

    /// Leaves out what Go leaves out, and adds what it writes all the same.
    fn finish(
        &self,
        fields: &[WireField],
        definition: &Definition,
        found: &mut Map<String, Value>,
    ) {
        for wire in fields {
            if wire.inline {
                if let Some(inner) = self.inner(wire) {
                    self.finish(&inner.fields, definition, found);
                }
                continue;
            }
            let Some(field) = definition.fields.get(&wire.name) else { continue };
            if let Some(value) = found.get(&wire.name).filter(|value| !value.is_null()) {
                // Whoever sends no manager at all wants them cleared; `update` takes the list away.
                let drop = (wire.omit_empty
                    && is_empty(value, &wire.go_type, &field.ty)
                    && wire.name != "managedFields")
                    || (wire.omit_zero && is_zero(value));
                if drop {
                    found.remove(&wire.name);
                }
                continue;
            }
            if wire.omit_zero || (wire.omit_empty && !is_struct(&wire.go_type, &field.ty)) {
                found.remove(&wire.name);
            } else {
                found.insert(wire.name.clone(), self.zero(&field.ty, &wire.go_type));
            }
        }
    }

    /// What Go writes for a field that is not there and has no `omitempty`.
    fn zero(&self, ty: &Type, go_type: &str) -> Value {
        if go_type.starts_with('*') {
            return Value::Null;
        }
        match ty {
            Type::Word(Word::String) => Value::String(String::new()),
            Type::Word(Word::Bool) => Value::Bool(false),
            Type::Word(
                Word::Int32 | Word::Int64 | Word::Int | Word::Number | Word::IntOrString,
            ) => Value::from(0),
            Type::Word(Word::Quantity) => Value::String("0".to_owned()),
            Type::Word(_) | Type::List(_) | Type::Map(_) => Value::Null,
            Type::Ref(name) => self.zero_struct(name),
        }
    }

    fn zero_struct(&self, name: &str) -> Value {
        let (Some(definition), Some(message)) =
            (self.schema.definition(name), self.schema.message(name))
        else {
            return Value::Null;
        };
        let mut found = Map::new();
        self.finish(&message.fields, definition, &mut found);
        Value::Object(found)
    }
}

/// A Go struct by value: `omitempty` never leaves it out, so that a time nobody has set is null.
fn is_struct(go_type: &str, ty: &Type) -> bool {
    let by_value =
        !(go_type.starts_with('*') || go_type.starts_with('[') || go_type.starts_with("map"));
    let word =
        matches!(ty, Type::Word(Word::Time | Word::MicroTime | Word::Quantity | Word::IntOrString));
    by_value && (word || matches!(ty, Type::Ref(_)))
}

/// Go's idea of empty; a pointer to an empty value is not.
fn is_empty(value: &Value, go_type: &str, ty: &Type) -> bool {
    match value {
        Value::Null => true,
        Value::Bool(flag) => !flag && !go_type.starts_with('*'),
        Value::Number(number) => {
            number.as_f64() == Some(0.0)
                && !go_type.starts_with('*')
                && !go_type.contains("IntOrString")
        }
        Value::String(text) => {
            text.is_empty() && !go_type.starts_with('*') && !go_type.contains("IntOrString")
        }
        Value::Array(list) => list.is_empty() && !go_type.starts_with('*'),
        Value::Object(map) => {
            map.is_empty() && matches!(ty, Type::Map(_)) && !go_type.starts_with('*')
        }
    }
}

fn is_zero(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Bool(flag) => !flag,
        Value::Number(number) => number.as_f64() == Some(0.0),
        Value::String(text) => text.is_empty(),
        Value::Array(list) => list.is_empty(),
        Value::Object(map) => map.values().all(is_zero),
    }
}

/// A Go type without its package.
fn bare(go_type: &str) -> &str {
    go_type.rsplit('.').next().unwrap_or(go_type)
}
