//! A value and where it stands: what the validators walk with, so that a path is never written twice.

use apimachinery::field_error::FieldError;
use serde_json::Value;

use super::{Faults, internal};

const NULL: &Value = &Value::Null;

/// A value of an object with its path (`spec.ports[0].name`).
#[derive(Clone)]
pub(super) struct At<'a> {
    pub(super) value: &'a Value,
    pub(super) path: String,
}

impl<'a> At<'a> {
    /// A value at a path.
    pub(super) fn new(value: Option<&'a Value>, path: impl Into<String>) -> Self {
        Self { value: value.unwrap_or(NULL), path: path.into() }
    }

    /// A whole object.
    pub(super) fn root(value: &'a Value) -> Self {
        Self { value, path: String::new() }
    }

    /// A field; null when it is not there.
    pub(super) fn child(&self, name: &str) -> Self {
        let path =
            if self.path.is_empty() { name.to_owned() } else { format!("{}.{name}", self.path) };
        Self { value: self.value.get(name).unwrap_or(NULL), path }
    }

    /// A field of a field.
    pub(super) fn at(&self, names: &[&str]) -> Self {
        names.iter().fold(self.clone(), |at, name| at.child(name))
    }

    /// The items of a list in a field.
    pub(super) fn list(&self, name: &str) -> Vec<Self> {
        self.child(name).items()
    }

    /// The items of this list.
    pub(super) fn items(&self) -> Vec<Self> {
        let list = self.value.as_array().map_or(&[] as &[Value], Vec::as_slice);
        let item = |(index, value)| Self { value, path: format!("{}[{index}]", self.path) };
        list.iter().enumerate().map(item).collect()
    }

    /// The entries of this map, in the order of their keys.
    pub(super) fn entries(&self) -> Vec<(&'a str, Self)> {
        let entries = self.value.as_object().into_iter().flatten();
        let one = |(key, value): (&'a String, &'a Value)| {
            (key.as_str(), Self { value, path: format!("{}[{key}]", self.path) })
        };
        entries.map(one).collect()
    }

    /// Whether something stands here.
    pub(super) fn given(&self) -> bool {
        !self.value.is_null()
    }

    /// Whether a field is there.
    pub(super) fn has(&self, name: &str) -> bool {
        self.value.get(name).is_some_and(|value| !value.is_null())
    }

    /// The text here; empty when there is none.
    pub(super) fn text(&self) -> &'a str {
        self.value.as_str().unwrap_or_default()
    }

    /// The text of a field.
    pub(super) fn text_of(&self, name: &str) -> &'a str {
        self.value.get(name).and_then(Value::as_str).unwrap_or_default()
    }

    /// The number here.
    pub(super) fn number(&self) -> Option<i64> {
        self.value.as_i64()
    }

    /// The number of a field.
    pub(super) fn number_of(&self, name: &str) -> Option<i64> {
        self.value.get(name).and_then(Value::as_i64)
    }

    /// Whether a field is true.
    pub(super) fn flag_of(&self, name: &str) -> bool {
        self.value.get(name).and_then(Value::as_bool).unwrap_or_default()
    }

    /// How many items or entries are here.
    pub(super) fn len(&self) -> usize {
        match self.value {
            Value::Array(list) => list.len(),
            Value::Object(map) => map.len(),
            _ => 0,
        }
    }

    /// `Required value`.
    pub(super) fn required(&self, why: &str, faults: &mut Faults) {
        faults.push(FieldError::required(&self.path, why));
    }

    /// `Invalid value`, with what stands here.
    pub(super) fn invalid(&self, why: impl Into<String>, faults: &mut Faults) {
        faults.push(FieldError::invalid(&self.path, self.value.clone(), why));
    }

    /// `Invalid value`, with another value than the one here.
    pub(super) fn invalid_as(
        &self,
        shown: impl Into<Value>,
        why: impl Into<String>,
        faults: &mut Faults,
    ) {
        faults.push(FieldError::invalid(&self.path, shown, why));
    }

    /// `Invalid value`, without the value (Go's `field.OmitValueType`).
    pub(super) fn invalid_omitted(&self, why: impl Into<String>, faults: &mut Faults) {
        faults.push(FieldError::invalid_printed(&self.path, "", why));
    }

    /// `Forbidden`.
    pub(super) fn forbidden(&self, why: impl Into<String>, faults: &mut Faults) {
        faults.push(FieldError::forbidden(&self.path, why));
    }

    /// `Unsupported value`.
    pub(super) fn not_supported(&self, known: &[&str], faults: &mut Faults) {
        faults.push(FieldError::not_supported(&self.path, self.value.clone(), known));
    }

    /// `Duplicate value`.
    pub(super) fn duplicate(&self, faults: &mut Faults) {
        faults.push(FieldError::duplicate(&self.path, self.value.clone()));
    }

    /// One `Invalid value` for each text.
    pub(super) fn each(&self, wrong: Vec<String>, faults: &mut Faults) {
        for why in wrong {
            self.invalid_as(self.text(), why, faults);
        }
    }

    /// One `Invalid value` for each text, of another value than the one here.
    pub(super) fn each_as(&self, shown: &str, wrong: Vec<String>, faults: &mut Faults) {
        for why in wrong {
            self.invalid_as(shown, why, faults);
        }
    }

    /// A number that must not be negative, where one is given.
    pub(super) fn nonnegative(&self, faults: &mut Faults) {
        if self.number().is_some_and(|number| number < 0) {
            self.invalid("must be greater than or equal to 0", faults);
        }
    }

    /// Fields whose numbers must not be negative.
    pub(super) fn nonnegative_fields(&self, names: &[&str], faults: &mut Faults) {
        for name in names {
            self.child(name).nonnegative(faults);
        }
    }

    /// A text that must be there.
    pub(super) fn some_text(&self, faults: &mut Faults) -> bool {
        let found = !self.text().is_empty();
        if !found {
            self.required("", faults);
        }
        found
    }

    /// One of a few words; the empty text is none of them.
    pub(super) fn one_of(&self, known: &[&str], faults: &mut Faults) {
        if !known.contains(&self.text()) {
            faults.push(FieldError::not_supported(&self.path, self.text(), known));
        }
    }

    /// `ValidateImmutableField`: what stands here, when it is not what stood there.
    pub(super) fn immutable(&self, old: &Self, faults: &mut Faults) {
        if self.value != old.value {
            self.invalid("field is immutable", faults);
        }
    }

    /// `Too many`.
    pub(super) fn too_many(&self, max: usize, faults: &mut Faults) {
        if self.len() > max {
            faults.push(FieldError::too_many(&self.path, self.len(), max));
        }
    }

    /// `Invalid value`, with a struct as Go has it.
    pub(super) fn invalid_struct(&self, kind: &str, why: impl Into<String>, faults: &mut Faults) {
        let shown = internal::printed(kind, self.value);
        faults.push(FieldError::invalid_printed(&self.path, shown, why));
    }

    /// `ValidateImmutableField` of a struct.
    pub(super) fn immutable_struct(&self, old: &Self, kind: &str, faults: &mut Faults) {
        if self.value != old.value {
            self.invalid_struct(kind, "field is immutable", faults);
        }
    }
}
