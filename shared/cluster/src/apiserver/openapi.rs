//! `/openapi/v3`: an index and a document per group and version.

use apimachinery::descriptions;
use apimachinery::gvk::GroupVersion;
use apimachinery::openapi as writer;
use apimachinery::schema::Schema;
use serde_json::Value;

/// Changes when the schema of this server does: clients cache documents by it.
const HASH: &str = "v1.36.3";

pub(crate) fn index() -> Value {
    writer::index(Schema::builtin(), HASH)
}

/// The document at a path below `/openapi/v3/`.
pub(crate) fn document(parts: &[&str]) -> Option<Value> {
    let of = match parts {
        ["api", version] => GroupVersion { group: String::new(), version: (*version).to_owned() },
        ["apis", group, version] => {
            GroupVersion { group: (*group).to_owned(), version: (*version).to_owned() }
        }
        _ => return None,
    };
    writer::document(Schema::builtin(), &of, &|definition, field| {
        descriptions::of(definition, field).to_owned()
    })
}
