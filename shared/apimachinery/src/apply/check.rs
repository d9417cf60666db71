//! Whether an applied document has the shape that the schema says: the errors of
//! `sigs.k8s.io/structured-merge-diff/typed/validate.go`, which come before those of decoding.

use serde_json::Value;

use super::set::Element;
use super::typed::item_key;
use crate::go;
use crate::schema::{Definition, Field, ListKind, Schema, Type, Word};

/// The errors of a document, `.data.size: expected string, got …`; whether items may stand `twice` is the caller's.
pub(super) fn check(
    schema: &Schema,
    definition: &Definition,
    document: &Value,
    twice: bool,
) -> Option<String> {
    let mut found = Check { schema, twice, path: String::new(), errors: Vec::new() };
    found.fields(definition, document);
    match found.errors.len() {
        0 => None,
        1 => found.errors.pop(),
        _ => Some(format!("errors:\n  {}", found.errors.join("\n  "))),
    }
}

struct Check<'a> {
    schema: &'a Schema,
    twice: bool,
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
            let element = match key_of(self.schema, keys, items, item) {
                Ok(element) => element,
                // Of a list with such an item no other is looked at.
                Err(why) => return self.refuse(&format!("element {index}: {why}")),
            };
            self.once(&mut seen, &element);
            self.below(&element, |check| check.of_type(items, item));
        }
    }

    fn set(&mut self, value: &Value) {
        let mut seen = Vec::new();
        for (index, item) in self.list(value).iter().enumerate() {
            let why = match item {
                Value::Object(_) => "has an element that's a map type",
                Value::Array(_) => {
                    let why = "not supported: associative list with lists as elements";
                    return self.refuse(&format!("element {index}: {why}"));
                }
                Value::Null => "has an element that's an explicit null",
                _ => {
                    self.once(&mut seen, &Element::Item(item.clone()));
                    continue;
                }
            };
            return self.refuse(&format!("element {index}: associative list without keys {why}"));
        }
    }

    fn once(&mut self, seen: &mut Vec<Element>, element: &Element) {
        if !self.twice && seen.contains(element) {
            let mut shown = String::new();
            element.show(&mut shown);
            self.refuse(&format!("duplicate entries for key {shown}"));
        }
        seen.push(element.clone());
    }

    fn scalar(&mut self, word: Word, value: &Value) {
        let refused = match word {
            _ if value.is_null() => return,
            Word::String | Word::Bytes if !value.is_string() => {
                format!("expected string, got &value.valueUnstructured{{Value:{}}}", literal(value))
            }
            Word::Bool if !value.is_boolean() => {
                format!("expected boolean, got &{{{}}}", go::print(value))
            }
            Word::Int | Word::Int32 | Word::Int64 | Word::Number if !value.is_number() => {
                format!(
                    "expected numeric (int or float), got {}",
                    go::type_name(value).unwrap_or("<nil>")
                )
            }
            // What has a format is a scalar of no type (`kube-openapi/pkg/schemaconv`).
            Word::Time | Word::MicroTime | Word::Quantity | Word::IntOrString
                if value.is_object() || value.is_array() =>
            {
                format!("expected any scalar, got &{{{}}}", go::print(value))
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

/// What tells an item from the others of its list, or why nothing does
/// (`typed/helpers.go keyedAssociativeListItemToPathElement`).
fn key_of(schema: &Schema, keys: &[String], items: &Type, item: &Value) -> Result<Element, String> {
    match item {
        Value::Null => Err("associative list with keys may not have a null element".to_owned()),
        Value::Object(_) => {
            let element = item_key(schema, keys, items, item);
            if element.is_no_key() { Err(no_key(keys)) } else { Ok(element) }
        }
        _ => Err("associative list with keys may not have non-map elements".to_owned()),
    }
}

/// Why an item without any of its keys is refused.
fn no_key(keys: &[String]) -> String {
    let keys: Vec<String> = keys.iter().map(|key| go::quote(key)).collect();
    format!(
        "associative list with keys has an element that omits all key fields [{}] (and doesn't have default \
         values for any key fields)",
        keys.join(" ")
    )
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
