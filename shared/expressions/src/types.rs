//! The types of CEL (`cel-go/common/types/types.go`) and how messages name them (`cel-go/checker/format.go`).

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

/// A type, as the checker knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Type {
    Dyn,
    Error,
    Null,
    Bool,
    Int,
    Uint,
    Double,
    String,
    Bytes,
    Duration,
    Timestamp,
    List(Arc<Self>),
    Map(Arc<(Self, Self)>),
    /// `optional_type(V)`, `net.IP`.
    Opaque(&'static str, Vec<Self>),
    /// An object with known fields; equal by name.
    Record(Arc<Record>),
    /// A type parameter of a declaration, or a free variable of the checker.
    Param(Arc<str>),
    /// The type of a type.
    Kind(Option<Arc<Self>>),
}

/// An object type.
#[derive(Debug)]
pub(crate) struct Record {
    pub(crate) name: String,
    pub(crate) fields: BTreeMap<String, Type>,
    /// Whether it has any other field, too.
    pub(crate) open: bool,
}

impl Record {
    /// The type of a field.
    pub(crate) fn field(&self, name: &str) -> Option<Type> {
        self.fields.get(name).cloned().or_else(|| self.open.then_some(Type::Dyn))
    }
}

impl PartialEq for Record {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for Record {}

pub(crate) const OPTIONAL: &str = "optional_type";

impl Type {
    pub(crate) fn list(of: Self) -> Self {
        Self::List(Arc::new(of))
    }

    pub(crate) fn map(key: Self, value: Self) -> Self {
        Self::Map(Arc::new((key, value)))
    }

    pub(crate) fn optional(of: Self) -> Self {
        Self::Opaque(OPTIONAL, vec![of])
    }

    pub(crate) fn record(name: &str, fields: BTreeMap<String, Self>) -> Self {
        Self::Record(Arc::new(Record { name: name.to_owned(), fields, open: false }))
    }

    pub(crate) fn is_dyn_or_error(&self) -> bool {
        matches!(self, Self::Dyn | Self::Error)
    }

    /// `maybeUnwrapOptional`.
    pub(crate) fn unwrap_optional(&self) -> (&Self, bool) {
        match self {
            Self::Opaque(OPTIONAL, of) => (of.first().unwrap_or(&Self::Dyn), true),
            other => (other, false),
        }
    }

    /// `isScalar` of `checker/cost.go`: of a size that is known without the value.
    pub(crate) fn is_scalar(&self) -> bool {
        match self {
            Self::Bool
            | Self::Double
            | Self::Duration
            | Self::Int
            | Self::Timestamp
            | Self::Uint => true,
            Self::Opaque(OPTIONAL, of) => of.first().is_some_and(Self::is_scalar),
            _ => false,
        }
    }

    /// The parameters.
    pub(crate) fn parameters(&self) -> Vec<&Self> {
        match self {
            Self::List(of) => vec![of.as_ref()],
            Self::Map(of) => vec![&of.0, &of.1],
            Self::Opaque(_, of) => of.iter().collect(),
            Self::Kind(Some(of)) => vec![of.as_ref()],
            _ => Vec::new(),
        }
    }

    /// `TypeName`.
    pub(crate) fn name(&self) -> &str {
        match self {
            Self::Dyn => "dyn",
            Self::Error => "error",
            Self::Null => "null_type",
            Self::Bool => "bool",
            Self::Int => "int",
            Self::Uint => "uint",
            Self::Double => "double",
            Self::String => "string",
            Self::Bytes => "bytes",
            Self::Duration => "google.protobuf.Duration",
            Self::Timestamp => "google.protobuf.Timestamp",
            Self::List(_) => "list",
            Self::Map(_) => "map",
            Self::Opaque(name, _) => name,
            Self::Record(record) => &record.name,
            Self::Param(name) => name,
            Self::Kind(_) => "type",
        }
    }
}

impl fmt::Display for Type {
    /// `FormatCELType`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Duration => return f.write_str("duration"),
            Self::Timestamp => return f.write_str("timestamp"),
            Self::Error => return f.write_str("!error!"),
            Self::Null => return f.write_str("null"),
            _ => {}
        }
        f.write_str(self.name())?;
        let parameters = self.parameters();
        if parameters.is_empty() {
            return Ok(());
        }
        f.write_str("(")?;
        for (index, one) in parameters.iter().enumerate() {
            if index > 0 {
                f.write_str(", ")?;
            }
            one.fmt(f)?;
        }
        f.write_str(")")
    }
}

/// `(int, string)` or `string.(int)`: what a call was applied to.
pub(crate) fn signature(arguments: &[Type], member: bool) -> String {
    let texts = |all: &[Type]| all.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    match arguments.split_first() {
        Some((target, rest)) if member => format!("{target}.({})", texts(rest)),
        _ => format!("({})", texts(arguments)),
    }
}
