//! Role bindings.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{Cells, age, name};
use crate::fields::{items, text};

pub(super) fn binding(value: &Value, now: Timestamp) -> Cells {
    let role = format!("{}/{}", text(value, "/roleRef/kind"), text(value, "/roleRef/name"));
    let of = |kind: &str, separator: &str| {
        let found: Vec<String> = items(value, "/subjects")
            .iter()
            .filter(|subject| text(subject, "/kind") == kind)
            .map(|subject| match kind {
                "ServiceAccount" => {
                    format!("{}/{}", text(subject, "/namespace"), text(subject, "/name"))
                }
                _ => text(subject, "/name").to_owned(),
            })
            .collect();
        json!(found.join(separator))
    };
    vec![
        name(value),
        json!(role),
        age(value, now),
        of("User", ", "),
        of("Group", ", "),
        of("ServiceAccount", ", "),
    ]
}
