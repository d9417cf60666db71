//! What the types of Go say of a place (`strategicpatch/meta.go`, `third_party/forked/golang/json/fields.go`).

use super::{PatchError, malformed};
use crate::gvk::GroupVersionKind;
use crate::schema::{Definition, Field, Schema, Type, Word};

/// The type of a value.
#[derive(Debug, Clone, Copy)]
pub(super) enum Shape<'a> {
    /// A struct: its name, and its fields where they are known.
    Struct(&'a str, Option<&'a Definition>),
    /// Something else, by the name of its kind.
    Other(&'static str),
}

impl<'a> Shape<'a> {
    pub(super) fn kind(schema: &'a Schema, gvk: &GroupVersionKind) -> Self {
        schema.kind(gvk).map_or(Self::Other("map"), |definition| Self::named(schema, definition))
    }

    fn named(schema: &'a Schema, definition: &'a Definition) -> Self {
        let full = schema.message(&definition.name).map_or(&definition.name, |one| &one.go_type);
        Self::Struct(full.rsplit('.').next().unwrap_or(full), Some(definition))
    }

    fn of(schema: &'a Schema, ty: &'a Type) -> Self {
        match ty {
            Type::Ref(name) => match schema.definition(name) {
                Some(definition) => {
                    definition.scalar.map_or_else(|| Self::named(schema, definition), Self::word)
                }
                None => Self::Other("interface"),
            },
            Type::Map(_) => Self::Other("map"),
            Type::List(_) => Self::Other("slice"),
            Type::Word(word) => Self::word(*word),
        }
    }

    fn word(word: Word) -> Self {
        match word {
            Word::String => Self::Other("string"),
            Word::Bytes => Self::Other("slice"),
            Word::Bool => Self::Other("bool"),
            Word::Int32 => Self::Other("int32"),
            Word::Int64 | Word::Int => Self::Other("int64"),
            Word::Number => Self::Other("float64"),
            Word::Quantity => Self::Struct("Quantity", None),
            Word::IntOrString => Self::Struct("IntOrString", None),
            Word::Time => Self::Struct("Time", None),
            Word::MicroTime => Self::Struct("MicroTime", None),
            Word::Raw => Self::Struct("RawExtension", None),
            Word::Fields => Self::Struct("FieldsV1", None),
            Word::Object | Word::Any => Self::Other("interface"),
        }
    }

    fn field(self, key: &str) -> Result<&'a Field, PatchError> {
        let (name, definition) = match self {
            Self::Struct(name, definition) => (name, definition),
            Self::Other(kind) => {
                return malformed(format!(
                    "merging an object in json but data type is not struct, instead is: {kind}"
                ));
            }
        };
        definition.and_then(|one| one.fields.get(key)).ok_or_else(|| {
            let key = crate::go::quote(key);
            PatchError::Malformed(format!(
                "unable to find api field in struct {name} for the json field {key}"
            ))
        })
    }

    /// `LookupPatchMetadataForStruct`.
    pub(super) fn inner(
        self,
        schema: &'a Schema,
        key: &str,
    ) -> Result<(Self, &'a Field), PatchError> {
        let field = self.field(key)?;
        Ok((Self::of(schema, &field.ty), field))
    }

    /// `LookupPatchMetadataForSlice`.
    pub(super) fn items(
        self,
        schema: &'a Schema,
        key: &str,
    ) -> Result<(Self, &'a Field), PatchError> {
        let field = self.field(key)?;
        match &field.ty {
            Type::List(items) if matches!(**items, Type::List(_)) => {
                malformed("unexpected slice of slice")
            }
            Type::List(items) => Ok((Self::of(schema, items), field)),
            _ => malformed("expected slice or array type, but got: struct"),
        }
    }
}
