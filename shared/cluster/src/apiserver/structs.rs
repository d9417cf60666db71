//! The order in which Go writes what is no kind of the schema: tables, metadata alone, aggregated discovery
//! (`apimachinery/pkg/apis/meta/v1/types.go`, `api/apidiscovery/v2/types.go`, `apimachinery/pkg/version/types.go`).

use std::sync::OnceLock;

use apimachinery::schema::{Message, WireField};

/// A member whose own kind says what it is.
pub(super) const ANY: &str = "*";

const OBJECT_META: &str = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta";
const LIST_META: &str = "io.k8s.apimachinery.pkg.apis.meta.v1.ListMeta";

/// A struct with its fields, and what those that are structs are.
type Struct = (&'static str, &'static [(&'static str, &'static str)]);

const STRUCTS: &[Struct] = &[
    ("Table", &[("metadata", LIST_META), ("columnDefinitions", "[]Column"), ("rows", "[]Row")]),
    (
        "Column",
        &[("name", ""), ("type", ""), ("format", ""), ("description", ""), ("priority", "")],
    ),
    ("Row", &[("cells", ""), ("conditions", "[]RowCondition"), ("object", ANY)]),
    ("RowCondition", &[("type", ""), ("status", ""), ("reason", ""), ("message", "")]),
    ("PartialObjectMetadata", &[("metadata", OBJECT_META)]),
    ("PartialObjectMetadataList", &[("metadata", LIST_META), ("items", "[]PartialObjectMetadata")]),
    ("APIGroupDiscoveryList", &[("metadata", LIST_META), ("items", "[]APIGroupDiscovery")]),
    ("APIGroupDiscovery", &[("metadata", OBJECT_META), ("versions", "[]APIVersionDiscovery")]),
    (
        "APIVersionDiscovery",
        &[("version", ""), ("resources", "[]APIResourceDiscovery"), ("freshness", "")],
    ),
    (
        "APIResourceDiscovery",
        &[
            ("resource", ""),
            ("responseKind", "ResponseKind"),
            ("scope", ""),
            ("singularResource", ""),
            ("verbs", ""),
            ("shortNames", ""),
            ("categories", ""),
            ("subresources", "[]APISubresourceDiscovery"),
        ],
    ),
    (
        "APISubresourceDiscovery",
        &[
            ("subresource", ""),
            ("responseKind", "ResponseKind"),
            ("acceptedTypes", "[]ResponseKind"),
            ("verbs", ""),
        ],
    ),
    ("ResponseKind", &[("group", ""), ("version", ""), ("kind", "")]),
];

fn messages() -> &'static [(&'static str, Message)] {
    static MESSAGES: OnceLock<Vec<(&'static str, Message)>> = OnceLock::new();
    MESSAGES.get_or_init(|| {
        let field = |(name, wire): &(&str, &str)| WireField {
            name: (*name).to_owned(),
            tag: 1,
            wire: (*wire).to_owned(),
            go_type: String::new(),
            omit_empty: false,
            omit_zero: false,
            inline: false,
        };
        let message = |fields: &[(&str, &str)]| Message {
            fields: fields.iter().map(field).collect(),
            ..Message::default()
        };
        STRUCTS.iter().map(|(name, fields)| (*name, message(fields))).collect()
    })
}

/// A struct by the name of its kind.
pub(super) fn message(name: &str) -> Option<&'static Message> {
    messages().iter().find(|(known, _)| *known == name).map(|(_, message)| message)
}

/// The name of a kind that is one of them.
pub(super) fn name(kind: &str) -> Option<&'static str> {
    messages().iter().find(|(known, _)| *known == kind).map(|(known, _)| *known)
}
