//! Role bindings, requests for certificates, configurations of webhooks.

use apimachinery::time::human_duration;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::{Cells, age, name};
use crate::fields::{items, number, text};

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

/// `printCertificateSigningRequest`.
pub(super) fn certificate_request(value: &Value, now: Timestamp) -> Cells {
    let has = |kind: &str| {
        items(value, "/status/conditions").iter().any(|one| text(one, "/type") == kind)
    };
    let mut state = if has("Denied") {
        "Denied"
    } else if has("Approved") {
        "Approved"
    } else {
        "Pending"
    }
    .to_owned();
    if has("Failed") {
        state.push_str(",Failed");
    }
    if !text(value, "/status/certificate").is_empty() {
        state.push_str(",Issued");
    }
    let duration = number(value, "/spec/expirationSeconds");
    vec![
        name(value),
        age(value, now),
        json!(text(value, "/spec/signerName")),
        json!(text(value, "/spec/username")),
        json!(duration.map_or_else(|| "<none>".to_owned(), human_duration)),
        json!(state),
    ]
}

/// `printValidatingWebhook` and `printMutatingWebhook`.
pub(super) fn webhooks(value: &Value, now: Timestamp) -> Cells {
    vec![name(value), json!(items(value, "/webhooks").len()), age(value, now)]
}
