//! Service accounts (`pkg/registry/core/serviceaccount/strategy.go`).

use serde_json::{Value, json};

use crate::fields::{items, put, text};

const ENFORCED: &str = "kubernetes.io/enforce-mountable-secrets";

/// Of the secrets that an account lists, only the names are kept.
pub(super) fn prepare(value: &mut Value) {
    let secrets = items(value, "/secrets");
    if secrets.is_empty() {
        return;
    }
    let names = secrets.iter().map(|secret| json!({"name": text(secret, "/name")}));
    let names = Value::Array(names.collect());
    put(value, "/secrets", names);
}

/// What is deprecated and new in an account.
pub(super) fn warning(value: &Value, old: Option<&Value>) -> Option<String> {
    let has = |account: &Value| {
        account.pointer("/metadata/annotations").is_some_and(|all| all.get(ENFORCED).is_some())
    };
    (has(value) && !old.is_some_and(has)).then(|| {
        format!(
            "metadata.annotations[{ENFORCED}]: deprecated in v1.32+; prefer separate namespaces to isolate access to mounted secrets"
        )
    })
}
