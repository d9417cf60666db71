//! The schema of every built-in kind, as data: what the real API server's OpenAPI says (fields, list
//! types, merge keys) and how Go encodes it (names of Go types for error texts, `omitempty`, protobuf
//! tags). The files of `schema/` are written by `cargo xtask schema`; their heads describe the grammar.

pub mod custom;
mod files;
mod parse;

use std::collections::BTreeMap;
use std::sync::OnceLock;

use serde_json::Value;

use crate::gvk::GroupVersionKind;

/// All built-in kinds.
#[derive(Debug, Default)]
pub struct Schema {
    pub(crate) definitions: BTreeMap<String, Definition>,
    pub(crate) messages: BTreeMap<String, Message>,
    pub(crate) kinds: BTreeMap<GroupVersionKind, String>,
    pub(crate) resources: Vec<ApiResource>,
    pub(crate) groups: Vec<ApiGroup>,
}

/// A definition of OpenAPI, for example `io.k8s.api.apps.v1.Deployment`.
#[derive(Debug, Clone, Default)]
pub struct Definition {
    /// Full name.
    pub name: String,
    /// Fields by name; empty for free-form objects.
    pub fields: BTreeMap<String, Field>,
    /// `x-kubernetes-map-type: atomic`.
    pub atomic: bool,
    /// Set when the definition is a scalar.
    pub scalar: Option<Word>,
    /// Kinds that it is.
    pub kinds: Vec<GroupVersionKind>,
    /// Discriminator and members of a union, as written.
    pub unions: Vec<String>,
}

/// A field.
#[derive(Debug, Clone)]
#[expect(clippy::struct_excessive_bools, reason = "the switches of the schema")]
pub struct Field {
    /// Its type.
    pub ty: Type,
    /// Whether it must be there.
    pub required: bool,
    /// `x-kubernetes-list-type`.
    pub list: ListKind,
    /// `x-kubernetes-list-map-keys`.
    pub keys: Vec<String>,
    /// `x-kubernetes-patch-strategy` contains `merge`.
    pub patch_merge: bool,
    /// `x-kubernetes-patch-strategy` contains `retainKeys`.
    pub patch_retain_keys: bool,
    /// `x-kubernetes-patch-strategy` is `replace`.
    pub patch_replace: bool,
    /// `x-kubernetes-patch-merge-key`.
    pub merge_key: Option<String>,
    /// `x-kubernetes-map-type: atomic` on the field.
    pub atomic: bool,
    /// Values of an enumeration.
    pub values: Vec<String>,
    /// Default as served.
    pub default: Option<Value>,
    /// Default of the items, when it is not the zero value.
    pub items_default: Option<String>,
}

/// `x-kubernetes-list-type`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ListKind {
    /// Not said.
    #[default]
    Unset,
    /// Replaced as a whole.
    Atomic,
    /// Unique scalars.
    Set,
    /// Unique by keys.
    Map,
}

/// A type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Type {
    /// A scalar or free-form value.
    Word(Word),
    /// Another definition, by full name.
    Ref(String),
    /// A list.
    List(Box<Self>),
    /// A map with string keys.
    Map(Box<Self>),
}

/// Scalars and free-form values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Word {
    /// A string.
    String,
    /// Base64.
    Bytes,
    /// A boolean.
    Bool,
    /// 32 bits.
    Int32,
    /// 64 bits.
    Int64,
    /// An integer without a format.
    Int,
    /// A floating-point number.
    Number,
    /// `resource.Quantity`.
    Quantity,
    /// `intstr.IntOrString`.
    IntOrString,
    /// `meta/v1 Time`.
    Time,
    /// `meta/v1 MicroTime`.
    MicroTime,
    /// `runtime.RawExtension`.
    Raw,
    /// `meta/v1 FieldsV1`.
    Fields,
    /// An object of any form.
    Object,
    /// Anything.
    Any,
}

/// How Go encodes a struct.
#[derive(Debug, Clone, Default)]
pub struct Message {
    /// `reflect.Type.String()`, for example `v1.PodSpec`.
    pub go_type: String,
    /// Fields in Go's order.
    pub fields: Vec<WireField>,
    /// Set when the message is a slice type of its own.
    pub slice: bool,
}

/// How Go encodes a field.
#[derive(Debug, Clone)]
pub struct WireField {
    /// JSON name; empty for inlined members.
    pub name: String,
    /// Protobuf tag; 0 when it is not in protobuf.
    pub tag: u32,
    /// Wire type, as in the file (`string`, `[]int32`, a full message name …).
    pub wire: String,
    /// Go type.
    pub go_type: String,
    /// Left out when empty.
    pub omit_empty: bool,
    /// Left out when zero.
    pub omit_zero: bool,
    /// The members stand in this object in JSON.
    pub inline: bool,
}

/// A group of discovery.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiGroup {
    /// Name; empty for core.
    pub name: String,
    /// Versions in the server's order; the first is preferred.
    pub versions: Vec<String>,
}

/// A resource of discovery.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ApiResource {
    /// Group; empty for core.
    pub group: String,
    /// Version.
    pub version: String,
    /// Kind.
    pub kind: String,
    /// Plural name, as in paths.
    pub plural: String,
    /// Singular name.
    pub singular: String,
    /// Short names.
    pub short_names: Vec<String>,
    /// Categories.
    pub categories: Vec<String>,
    /// Whether it lives in namespaces.
    pub namespaced: bool,
    /// Verbs.
    pub verbs: Vec<String>,
    /// Hash of the storage version.
    pub storage_hash: String,
    /// Subresources.
    pub subresources: Vec<ApiSubresource>,
}

/// A subresource of discovery.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ApiSubresource {
    /// Name, for example `scale`.
    pub name: String,
    /// Kind of its bodies.
    pub gvk: GroupVersionKind,
    /// Verbs.
    pub verbs: Vec<String>,
}

impl ApiResource {
    /// Its kind with group and version.
    pub fn gvk(&self) -> GroupVersionKind {
        GroupVersionKind::new(&self.group, &self.version, &self.kind)
    }

    /// Its group and plural.
    pub fn group_resource(&self) -> crate::gvk::GroupResource {
        crate::gvk::GroupResource::new(&self.group, &self.plural)
    }

    /// A subresource.
    pub fn subresource(&self, name: &str) -> Option<&ApiSubresource> {
        self.subresources.iter().find(|found| found.name == name)
    }
}

impl Schema {
    /// The schema of a Kubernetes 1.36 server. Read once per process.
    pub fn builtin() -> &'static Self {
        static SCHEMA: OnceLock<Schema> = OnceLock::new();
        SCHEMA.get_or_init(|| parse::all(&files::OPENAPI, &files::WIRE, files::DISCOVERY))
    }

    /// A definition by its full name.
    pub fn definition(&self, name: &str) -> Option<&Definition> {
        self.definitions.get(name)
    }

    /// All definitions.
    pub fn definitions(&self) -> impl Iterator<Item = &Definition> {
        self.definitions.values()
    }

    /// How Go encodes a definition.
    pub fn message(&self, name: &str) -> Option<&Message> {
        self.messages.get(name)
    }

    /// The definition of a kind.
    pub fn kind(&self, gvk: &GroupVersionKind) -> Option<&Definition> {
        self.kinds.get(gvk).and_then(|name| self.definitions.get(name))
    }

    /// All resources in the server's order.
    pub fn resources(&self) -> &[ApiResource] {
        &self.resources
    }

    /// All groups in the server's order.
    pub fn groups(&self) -> &[ApiGroup] {
        &self.groups
    }

    /// A resource by group, version and plural.
    pub fn resource(&self, group: &str, version: &str, plural: &str) -> Option<&ApiResource> {
        self.resources
            .iter()
            .find(|one| one.plural == plural && one.group == group && one.version == version)
    }

    /// The resource of a kind.
    pub fn resource_of(&self, gvk: &GroupVersionKind) -> Option<&ApiResource> {
        self.resources.iter().find(|one| {
            one.kind == gvk.kind && one.group == gvk.group && one.version == gvk.version
        })
    }

    /// The definition that a type names.
    pub fn resolve(&self, ty: &Type) -> Option<&Definition> {
        match ty {
            Type::Ref(name) => self.definition(name),
            Type::Word(_) | Type::List(_) | Type::Map(_) => None,
        }
    }
}
