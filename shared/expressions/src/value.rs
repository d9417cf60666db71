//! The values of CEL (`cel-go/common/types`), and of the libraries of Kubernetes (`apiserver/pkg/cel`).

mod compare;
mod json;

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;

use apimachinery::quantity::Quantity;
use jiff::Timestamp;

pub(crate) use self::compare::{compare, equal, same_item};
pub(crate) use self::json::{from_json, from_schema, to_json};
use crate::functions::formats::Format;
use crate::functions::semver::Version;
use crate::functions::urls::Url;

/// Why an evaluation ended without a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Fault {
    /// An error of the expression, in upstream's words.
    Said(String),
    /// It costs more than it may.
    Limit,
}

impl Fault {
    pub(crate) fn said(text: impl Into<String>) -> Self {
        Self::Said(text.into())
    }

    pub(crate) fn no_overload() -> Self {
        Self::said("no such overload")
    }
}

/// A value.
#[derive(Debug, Clone)]
pub(crate) enum Value {
    Null,
    Bool(bool),
    Int(i64),
    Uint(u64),
    Double(f64),
    String(Arc<str>),
    Bytes(Arc<[u8]>),
    /// Nanoseconds.
    Duration(i64),
    Timestamp(Timestamp),
    List(Arc<List>),
    Map(Arc<Map>),
    Optional(Option<Arc<Self>>),
    /// A type, by its name.
    Type(Arc<str>),
    Quantity(Quantity),
    Url(Arc<Url>),
    Ip(IpAddr),
    Cidr(IpAddr, u8),
    Semver(Arc<Version>),
    Format(&'static Format),
    Check(Arc<Check>),
    Decision(Arc<Decision>),
    /// An object that the expression made: `Object.spec{...}`.
    Made(Arc<Made>),
    /// What `x-kubernetes-preserve-unknown-fields` keeps.
    Preserved(Arc<serde_json::Value>),
    /// What cannot be read; an error for who looks at it.
    Bad(Arc<str>),
}

/// How a list compares and adds (`x-kubernetes-list-type`).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) enum Order {
    #[default]
    Atomic,
    Set,
    /// Its items have these keys.
    Keyed(Vec<String>),
}

/// A list.
#[derive(Debug, Clone, Default)]
pub(crate) struct List {
    pub(crate) items: Vec<Value>,
    pub(crate) order: Order,
}

/// A key of a map.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Key {
    Bool(bool),
    Int(i64),
    Uint(u64),
    String(Arc<str>),
}

/// A map, or an object of a schema.
#[derive(Debug, Clone, Default)]
pub(crate) struct Map {
    pub(crate) entries: BTreeMap<Key, Value>,
    /// How many entries it has that no expression sees.
    pub(crate) hidden: usize,
}

/// An object that an expression made.
#[derive(Debug, Clone)]
pub(crate) struct Made {
    pub(crate) name: String,
    pub(crate) fields: BTreeMap<String, Value>,
}

/// A question to the authorizer that is being put together (`library/authz.go`).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Check {
    pub(crate) kind: CheckKind,
    pub(crate) service_account: Option<(String, String)>,
    pub(crate) path: String,
    pub(crate) group: String,
    pub(crate) resource: String,
    pub(crate) subresource: String,
    pub(crate) namespace: String,
    pub(crate) name: String,
}

/// How far a question is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum CheckKind {
    #[default]
    Authorizer,
    Path,
    Group,
    Resource,
}

/// What the authorizer said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Decision {
    pub(crate) allowed: bool,
    pub(crate) reason: String,
}

impl Value {
    pub(crate) fn string(text: impl Into<Arc<str>>) -> Self {
        Self::String(text.into())
    }

    pub(crate) fn list(items: Vec<Self>) -> Self {
        Self::List(Arc::new(List { items, order: Order::Atomic }))
    }

    pub(crate) fn strings<T: Into<Arc<str>>>(items: impl IntoIterator<Item = T>) -> Self {
        Self::list(items.into_iter().map(Self::string).collect())
    }

    pub(crate) fn map(entries: BTreeMap<Key, Self>) -> Self {
        Self::Map(Arc::new(Map { entries, hidden: 0 }))
    }

    pub(crate) fn some(value: Self) -> Self {
        Self::Optional(Some(Arc::new(value)))
    }

    pub(crate) fn size(length: usize) -> Self {
        Self::Int(i64::try_from(length).unwrap_or(i64::MAX))
    }

    /// Where something was found; below zero when it was not.
    pub(crate) fn place(found: Option<usize>) -> Self {
        Self::Int(found.and_then(|found| i64::try_from(found).ok()).unwrap_or(-1))
    }

    /// The value, or the error that it is.
    pub(crate) fn sound(self) -> Result<Self, Fault> {
        match self {
            Self::Bad(why) => Err(Fault::said(why.as_ref())),
            sound => Ok(sound),
        }
    }

    /// `Type().TypeName()`.
    pub(crate) fn type_name(&self) -> &str {
        match self {
            Self::Null => "null_type",
            Self::Bool(_) => "bool",
            Self::Int(_) => "int",
            Self::Uint(_) => "uint",
            Self::Double(_) => "double",
            Self::String(_) => "string",
            Self::Bytes(_) => "bytes",
            Self::Duration(_) => "google.protobuf.Duration",
            Self::Timestamp(_) => "google.protobuf.Timestamp",
            Self::List(_) => "list",
            Self::Map(_) => "map",
            Self::Optional(_) => "optional_type",
            Self::Type(_) => "type",
            Self::Quantity(_) => "kubernetes.Quantity",
            Self::Url(_) => "kubernetes.URL",
            Self::Ip(_) => "net.IP",
            Self::Cidr(..) => "net.CIDR",
            Self::Semver(_) => "kubernetes.Semver",
            Self::Format(_) => "kubernetes.NamedFormat",
            Self::Check(check) => match check.kind {
                CheckKind::Authorizer => "kubernetes.authorization.Authorizer",
                CheckKind::Path => "kubernetes.authorization.PathCheck",
                CheckKind::Group => "kubernetes.authorization.GroupCheck",
                CheckKind::Resource => "kubernetes.authorization.ResourceCheck",
            },
            Self::Decision(_) => "kubernetes.authorization.Decision",
            Self::Made(made) => &made.name,
            Self::Preserved(_) => "unknown",
            Self::Bad(_) => "error",
        }
    }

    /// The size of what has one.
    pub(crate) fn length(&self) -> Option<usize> {
        match self {
            Self::String(text) => Some(text.chars().count()),
            Self::Bytes(bytes) => Some(bytes.len()),
            Self::List(list) => Some(list.items.len()),
            Self::Map(map) => Some(map.entries.len() + map.hidden),
            Self::Ip(address) => Some(bytes_of(address)),
            Self::Cidr(address, _) => Some(bytes_of(address)),
            _ => None,
        }
    }

    /// `actualSize`: what counts when a cost depends on it.
    pub(crate) fn weight(&self) -> u64 {
        match self {
            Self::Optional(Some(value)) => value.weight(),
            other => other.length().unwrap_or(1) as u64,
        }
    }

    /// Whether it is the empty value of its type (`IsZeroValue`).
    pub(crate) fn is_zero(&self) -> bool {
        match self {
            Self::Null | Self::Optional(None) => true,
            Self::Bool(value) => !value,
            Self::Int(value) => *value == 0,
            Self::Uint(value) => *value == 0,
            Self::Double(value) => value.abs() <= 0.0,
            Self::Duration(value) => *value == 0,
            Self::String(_) | Self::Bytes(_) | Self::List(_) | Self::Map(_) => {
                self.length() == Some(0)
            }
            Self::Made(made) => made.fields.values().all(Self::is_zero),
            _ => false,
        }
    }

    /// The key that it is.
    pub(crate) fn key(&self) -> Option<Key> {
        match self {
            Self::Bool(value) => Some(Key::Bool(*value)),
            Self::Int(value) => Some(Key::Int(*value)),
            // Equal numbers are one key, whatever their type.
            Self::Uint(value) => Some(i64::try_from(*value).map_or(Key::Uint(*value), Key::Int)),
            Self::Double(value) => whole(*value).map(Key::Int),
            Self::String(text) => Some(Key::String(Arc::clone(text))),
            _ => None,
        }
    }
}

/// The bytes of an address.
fn bytes_of(address: &IpAddr) -> usize {
    if address.is_ipv4() { 4 } else { 16 }
}

/// A double that is a whole number.
#[expect(clippy::cast_possible_truncation, reason = "the range is checked")]
pub(crate) fn whole(value: f64) -> Option<i64> {
    let limit = 9_223_372_036_854_775_807.0_f64;
    let fits = value.is_finite() && value.fract().abs() <= 0.0 && value.abs() < limit;
    fits.then_some(value as i64)
}

impl From<&Key> for Value {
    fn from(key: &Key) -> Self {
        match key {
            Key::Bool(value) => Self::Bool(*value),
            Key::Int(value) => Self::Int(*value),
            Key::Uint(value) => Self::Uint(*value),
            Key::String(text) => Self::String(Arc::clone(text)),
        }
    }
}

impl Map {
    /// The value of a key.
    pub(crate) fn get(&self, key: &Value) -> Option<&Value> {
        self.entries.get(&key.key()?)
    }
}
