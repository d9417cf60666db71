//! What is wrong with one field, as `k8s.io/apimachinery/pkg/util/validation/field/errors.go`.

use std::fmt;

use serde_json::Value;

/// The kinds of faults.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FieldErrorKind {
    /// A value that refers to nothing.
    NotFound,
    /// A value that must be there.
    Required,
    /// A value that stands twice.
    Duplicate,
    /// A value that cannot be.
    Invalid,
    /// A value that is none of the known ones.
    NotSupported,
    /// A value that may not be here.
    Forbidden,
    /// Too long.
    TooLong,
    /// Too many items.
    TooMany,
    /// A value of another type than the schema's.
    TypeInvalid,
}

impl FieldErrorKind {
    /// Reason of a status cause.
    pub fn reason(self) -> &'static str {
        match self {
            Self::NotFound => "FieldValueNotFound",
            Self::Required => "FieldValueRequired",
            Self::Duplicate => "FieldValueDuplicate",
            Self::Invalid => "FieldValueInvalid",
            Self::NotSupported => "FieldValueNotSupported",
            Self::Forbidden => "FieldValueForbidden",
            Self::TooLong => "FieldValueTooLong",
            Self::TooMany => "FieldValueTooMany",
            Self::TypeInvalid => "FieldValueTypeInvalid",
        }
    }

    fn text(self) -> &'static str {
        match self {
            Self::NotFound => "Not found",
            Self::Required => "Required value",
            Self::Duplicate => "Duplicate value",
            Self::Invalid | Self::TypeInvalid => "Invalid value",
            Self::NotSupported => "Unsupported value",
            Self::Forbidden => "Forbidden",
            Self::TooLong => "Too long",
            Self::TooMany => "Too many",
        }
    }
}

/// One fault.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldError {
    /// Kind.
    pub kind: FieldErrorKind,
    /// Path, for example `spec.template.spec.containers[0].image`.
    pub field: String,
    /// The value, already printed; empty where upstream prints none.
    pub value: String,
    /// More.
    pub detail: String,
}

fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => crate::go::quote(text),
        Value::Number(_) => crate::go::print(value),
        other => crate::go::json(other),
    }
}

impl FieldError {
    fn new(kind: FieldErrorKind, field: &str, value: String, detail: impl Into<String>) -> Self {
        Self { kind, field: field.to_owned(), value, detail: detail.into() }
    }

    /// `Required value`.
    pub fn required(field: &str, detail: impl Into<String>) -> Self {
        Self::new(FieldErrorKind::Required, field, String::new(), detail)
    }

    /// `Invalid value: "x"`.
    pub fn invalid(field: &str, value: impl Into<Value>, detail: impl Into<String>) -> Self {
        Self::new(FieldErrorKind::Invalid, field, shown(&value.into()), detail)
    }

    /// `Invalid value:` with a value that Go prints as a struct or in another form of its own.
    pub fn invalid_printed(
        field: &str,
        value: impl Into<String>,
        detail: impl Into<String>,
    ) -> Self {
        Self::new(FieldErrorKind::Invalid, field, value.into(), detail)
    }

    /// `Duplicate value: "x"`.
    pub fn duplicate(field: &str, value: impl Into<Value>) -> Self {
        Self::new(FieldErrorKind::Duplicate, field, shown(&value.into()), "")
    }

    /// `Unsupported value: "x": supported values: "a", "b"`.
    pub fn not_supported(field: &str, value: impl Into<Value>, supported: &[&str]) -> Self {
        let quoted: Vec<String> = supported.iter().map(|one| crate::go::quote(one)).collect();
        let detail = format!("supported values: {}", quoted.join(", "));
        Self::new(FieldErrorKind::NotSupported, field, shown(&value.into()), detail)
    }

    /// `Forbidden`.
    pub fn forbidden(field: &str, detail: impl Into<String>) -> Self {
        Self::new(FieldErrorKind::Forbidden, field, String::new(), detail)
    }

    /// `Not found: "x"`.
    pub fn not_found(field: &str, value: impl Into<Value>) -> Self {
        Self::new(FieldErrorKind::NotFound, field, shown(&value.into()), "")
    }

    /// `Too long: may not be more than N bytes`.
    pub fn too_long(field: &str, max: usize) -> Self {
        let bytes = if max == 1 { "byte" } else { "bytes" };
        let detail = format!("may not be more than {max} {bytes}");
        Self::new(FieldErrorKind::TooLong, field, String::new(), detail)
    }

    /// `Too many: 7: must have at most 5 items`.
    pub fn too_many(field: &str, found: usize, max: usize) -> Self {
        let items = if max == 1 { "item" } else { "items" };
        let detail = format!("must have at most {max} {items}");
        Self::new(FieldErrorKind::TooMany, field, found.to_string(), detail)
    }

    /// The text without the field, as in a status cause.
    pub fn body(&self) -> String {
        let mut text = self.kind.text().to_owned();
        if !self.value.is_empty() {
            text.push_str(": ");
            text.push_str(&self.value);
        }
        if !self.detail.is_empty() {
            text.push_str(": ");
            text.push_str(&self.detail);
        }
        text
    }
}

impl fmt::Display for FieldError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.field, self.body())
    }
}
