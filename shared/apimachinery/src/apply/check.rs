//! Whether an applied document has the shape that the schema says: the errors of
//! `sigs.k8s.io/structured-merge-diff/typed/validate.go`, which come before those of decoding.

use serde_json::Value;

use super::set::Element;
use super::typed::item_key;
use crate::go;
use crate::schema::{Definition, Field, ListKind, Schema, Type, Word};

/// The errors of a document, `.data.size: expected string, got …`.
pub(super) fn check(schema: &Schema, definition: &Definition, document: &Value) -> Vec<String> {
    let mut found = Check { schema, path: String::new(), errors: Vec::new() };
    found.fields(definition, document);
    found.errors
}

struct Check<'a> {
    schema: &'a Schema,
    path: String,
    errors: Vec<String>,
}

impl Check<'_> {
    fn refuse(&mut self, why: &str) {
        self.errors.push(format!("{}: {why}", self.path));
    }

    fn below(&mut self, element: &Element, inner: impl FnOnce(&mut Self)) {
        let length = self.path.len();
        element.show(&mut self.path);
        inner(self);
        self.path.truncate(length);
    }

    fn fields(&mut self, definition: &Definition, value: &Value) {
        if let Some(word) = definition.scalar {
            return self.scalar(word, value);
        }
        let Some(map) = self.map(value) else { return };
        for (key, inner) in map {
            self.below(&Element::Field(key.clone()), |check| match definition.fields.get(key) {
                Some(field) => check.field(field, inner),
                // Free-form objects have no fields in the schema.
                None if definition.fields.is_empty() => {}
                None => check.refuse("field not declared in schema"),
            });
        }
    }

    fn field(&mut self, field: &Field, value: &Value) {
        match (&field.ty, field.list) {
            (Type::List(items), ListKind::Map) => self.keyed(&field.keys, items, value),
            (Type::List(_), ListKind::Set) => self.set(value),
            (ty, _) => self.of_type(ty, value),
        }
    }

    fn of_type(&mut self, ty: &Type, value: &Value) {
        match ty {
            Type::Word(word) => self.scalar(*word, value),
            Type::Ref(name) => {
                if let Some(definition) = self.schema.definition(name) {
                    self.fields(definition, value);
                }
            }
            Type::List(items) => {
                for (index, item) in self.list(value).iter().enumerate() {
                    self.below(&Element::Index(index), |check| check.of_type(items, item));
                }
            }
            Type::Map(values) => {
                for (key, inner) in self.map(value).into_iter().flatten() {
                    self.below(&Element::Field(key.clone()), |check| check.of_type(values, inner));
                }
            }
        }
    }

    fn keyed(&mut self, keys: &[String], items: &Type, value: &Value) {
        let mut seen = Vec::new();
        for (index, item) in self.list(value).iter().enumerate() {
            let element = item_key(self.schema, keys, items, item);
            let Element::Key(Value::Object(given)) = &element else { continue };
            if let Some(key) = keys.iter().find(|key| !given.contains_key(*key)) {
                self.refuse(&format!(
                    "element {index}: associative list with keys has an element that omits key \
                     field {} (and doesn't have default value)",
                    go::quote(key)
                ));
                continue;
            }
            self.once(&mut seen, &element);
            self.below(&element, |check| check.of_type(items, item));
        }
    }

    fn set(&mut self, value: &Value) {
        let mut seen = Vec::new();
        for item in self.list(value) {
            self.once(&mut seen, &Element::Item(item.clone()));
        }
    }

    fn once(&mut self, seen: &mut Vec<Element>, element: &Element) {
        if seen.contains(element) {
            let mut shown = String::new();
            element.show(&mut shown);
            self.refuse(&format!("duplicate entries for key {shown}"));
        }
        seen.push(element.clone());
    }

    fn scalar(&mut self, word: Word, value: &Value) {
        let refused = match word {
            _ if value.is_null() => return,
            Word::String | Word::Bytes | Word::Time | Word::MicroTime if !value.is_string() => {
                format!("expected string, got &value.valueUnstructured{{Value:{}}}", literal(value))
            }
            Word::Bool if !value.is_boolean() => {
                format!("expected boolean, got {}", go::type_name(value).unwrap_or("<nil>"))
            }
            Word::Int | Word::Int32 | Word::Int64 | Word::Number if !value.is_number() => {
                format!(
                    "expected numeric (int or float), got {}",
                    go::type_name(value).unwrap_or("<nil>")
                )
            }
            Word::Quantity | Word::IntOrString if value.is_object() || value.is_array() => {
                format!("expected any scalar, got {}", go::type_name(value).unwrap_or("<nil>"))
            }
            _ => return,
        };
        self.refuse(&refused);
    }

    fn map<'v>(&mut self, value: &'v Value) -> Option<&'v serde_json::Map<String, Value>> {
        if !value.is_object() && !value.is_null() {
            self.refuse(&format!("expected map, got &{{{}}}", go::print(value)));
        }
        value.as_object()
    }

    fn list<'v>(&mut self, value: &'v Value) -> &'v [Value] {
        if !value.is_array() && !value.is_null() {
            self.refuse(&format!("expected list, got &{{{}}}", go::print(value)));
        }
        value.as_array().map_or(&[], Vec::as_slice)
    }
}

/// Go's `%#v`.
fn literal(value: &Value) -> String {
    match value {
        Value::Object(map) => {
            let pairs: Vec<String> = map
                .iter()
                .map(|(key, value)| format!("{}:{}", go::quote(key), literal(value)))
                .collect();
            format!("map[string]interface {{}}{{{}}}", pairs.join(", "))
        }
        Value::Array(list) => {
            let items: Vec<String> = list.iter().map(literal).collect();
            format!("[]interface {{}}{{{}}}", items.join(", "))
        }
        Value::Null => "interface {}(nil)".to_owned(),
        scalar => scalar.to_string(),
    }
}
