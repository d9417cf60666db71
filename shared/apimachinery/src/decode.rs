//! Decoding as Go does it: JSON into typed objects and back, with Go's errors.
//!
//! The API server's typed round trip drops unknown fields, checks every scalar, brings quantities and
//! times into their canonical form, and leaves out what `omitempty` leaves out. This walker does the same
//! over a document. Errors follow `sigs.k8s.io/json` and `k8s.io/apimachinery/pkg/runtime/serializer/json`.

mod reader;
mod scalar;

use serde_json::{Map, Value};

use crate::gvk::GroupVersionKind;
use crate::schema::{Schema, Type, WireField, Word};

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
    reader::read(body)
}

/// Decodes JSON as an object of a kind.
pub fn decode(schema: &Schema, gvk: &GroupVersionKind, body: &[u8]) -> Result<Decoded, String> {
    let (value, strict) = reader::read(body)?;
    decode_value(schema, gvk, value, strict)
}

/// Decodes a document as an object of a kind; `strict` are the findings of the reader.
pub fn decode_value(
    schema: &Schema,
    gvk: &GroupVersionKind,
    value: Value,
    strict: Vec<String>,
) -> Result<Decoded, String> {
    let Some(definition) = schema.kind(gvk) else {
        return Ok(Decoded { value, strict });
    };
    let mut walk = Walk { schema, strict };
    let value = walk.object(&definition.name, value, "", "")?;
    Ok(Decoded { value, strict: walk.strict })
}

struct Walk<'a> {
    schema: &'a Schema,
    strict: Vec<String>,
}

/// Where a value stands, for errors.
struct Place<'a> {
    /// Go struct that has the field.
    owner: &'a str,
    /// Full path.
    path: &'a str,
    /// Go type of the field.
    go_type: &'a str,
}

impl Walk<'_> {
    fn object(
        &mut self,
        name: &str,
        value: Value,
        path: &str,
        owner: &str,
    ) -> Result<Value, String> {
        let schema = self.schema;
        let Some(definition) = schema.definition(name) else { return Ok(value) };
        if let Some(word) = definition.scalar {
            let place = Place { owner, path, go_type: name };
            return self.word(word, value, &place);
        }
        let message = schema.message(name);
        let go_type = message.map_or(name, |message| message.go_type.as_str());
        let Value::Object(mut map) = value else {
            return Err(scalar::mismatch(&value, &Place { owner, path, go_type }));
        };
        if definition.fields.is_empty() {
            return Ok(Value::Object(map));
        }
        let own = go_type.rsplit('.').next().unwrap_or(go_type);
        let mut found = Map::new();
        match message {
            Some(message) => {
                self.members(&message.fields, (name, path, own), &mut map, &mut found)?;
            }
            None => {
                for (key, field) in &definition.fields {
                    if let Some(value) = map.remove(key) {
                        let path = join(path, key);
                        let place = Place { owner: own, path: &path, go_type: "" };
                        found.insert(key.clone(), self.value(&field.ty, value, &place)?);
                    }
                }
            }
        }
        for key in map.keys() {
            self.strict.push(format!("unknown field \"{}\"", join(path, key)));
        }
        Ok(Value::Object(found))
    }

    fn members(
        &mut self,
        fields: &[WireField],
        (name, path, owner): (&str, &str, &str),
        map: &mut Map<String, Value>,
        found: &mut Map<String, Value>,
    ) -> Result<(), String> {
        let schema = self.schema;
        for wire in fields {
            if wire.inline {
                let inner = schema.message(wire.wire.trim_start_matches("[]"));
                if let Some(inner) = inner {
                    self.members(&inner.fields, (name, path, owner), map, found)?;
                }
                continue;
            }
            let field =
                schema.definition(name).and_then(|definition| definition.fields.get(&wire.name));
            let Some(field) = field else { continue };
            let value = match map.remove(&wire.name) {
                Some(Value::Null) | None => None,
                Some(value) => {
                    let path = join(path, &wire.name);
                    let place = Place { owner, path: &path, go_type: &wire.go_type };
                    Some(self.value(&field.ty, value, &place)?)
                }
            };
            match value {
                Some(value) => {
                    let drop = (wire.omit_empty && is_empty(&value, &wire.go_type))
                        || (wire.omit_zero && is_zero(&value));
                    if !drop {
                        found.insert(wire.name.clone(), value);
                    }
                }
                None if wire.omit_zero => {}
                None if wire.omit_empty && !is_struct(&wire.go_type, &field.ty) => {}
                None => {
                    found.insert(wire.name.clone(), self.zero(&field.ty, &wire.go_type));
                }
            }
        }
        Ok(())
    }

    fn value(&mut self, ty: &Type, value: Value, place: &Place<'_>) -> Result<Value, String> {
        match ty {
            Type::Word(word) => self.word(*word, value, place),
            Type::Ref(name) => {
                let go_type = place.go_type.trim_start_matches('*');
                if value.is_object()
                    || self.schema.definition(name).is_none_or(|d| d.scalar.is_some())
                {
                    self.object(name, value, place.path, place.owner)
                } else {
                    Err(scalar::mismatch(&value, &Place { go_type, ..*place }))
                }
            }
            Type::List(items) => {
                let Value::Array(list) = value else { return Err(scalar::mismatch(&value, place)) };
                let go_type = place.go_type.trim_start_matches('*').trim_start_matches("[]");
                let mut found = Vec::with_capacity(list.len());
                for (index, item) in list.into_iter().enumerate() {
                    let path = format!("{}[{index}]", place.path);
                    if item.is_null() {
                        found.push(self.zero(items, go_type));
                    } else {
                        let place = Place { owner: place.owner, path: &path, go_type };
                        found.push(self.value(items, item, &place)?);
                    }
                }
                Ok(Value::Array(found))
            }
            Type::Map(values) => {
                let Value::Object(map) = value else { return Err(scalar::mismatch(&value, place)) };
                let go_type = place.go_type.split_once(']').map_or("", |(_, rest)| rest);
                let mut found = Map::new();
                for (key, value) in map {
                    // Go does not name the keys of maps in its errors.
                    let place = Place { go_type, ..*place };
                    let value = if value.is_null() {
                        self.zero(values, go_type)
                    } else {
                        self.value(values, value, &place)?
                    };
                    found.insert(key, value);
                }
                Ok(Value::Object(found))
            }
        }
    }

    #[expect(clippy::unused_self, reason = "reads like its siblings")]
    fn word(&self, word: Word, value: Value, place: &Place<'_>) -> Result<Value, String> {
        scalar::check(word, value, place)
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
        for wire in message.fields.iter().filter(|wire| !wire.inline && !wire.omit_zero) {
            let Some(field) = definition.fields.get(&wire.name) else { continue };
            if !wire.omit_empty || is_struct(&wire.go_type, &field.ty) {
                found.insert(wire.name.clone(), self.zero(&field.ty, &wire.go_type));
            }
        }
        Value::Object(found)
    }
}

/// A Go struct by value: `omitempty` never leaves it out, so that a time nobody has set is null.
fn is_struct(go_type: &str, ty: &Type) -> bool {
    let by_value =
        !(go_type.starts_with('*') || go_type.starts_with('[') || go_type.starts_with("map"));
    by_value && matches!(ty, Type::Ref(_) | Type::Word(Word::Time | Word::MicroTime))
}

/// Go's idea of empty; a pointer to an empty value is not.
fn is_empty(value: &Value, go_type: &str) -> bool {
    match value {
        Value::Null => true,
        Value::Bool(flag) => !flag && !go_type.starts_with('*'),
        Value::Number(number) => {
            number.as_f64() == Some(0.0)
                && !go_type.starts_with('*')
                && !go_type.contains("IntOrString")
        }
        Value::String(text) => text.is_empty() && !go_type.starts_with('*'),
        Value::Array(list) => list.is_empty() && !go_type.starts_with('*'),
        Value::Object(map) => map.is_empty() && go_type.starts_with("map"),
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

fn join(path: &str, key: &str) -> String {
    if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") }
}
