//! What an API server publishes of how it knows its clients, for API servers and components beside it
//! (`pkg/controlplane/controller/{clusterauthenticationtrust,legacytokentracking}`).

use jiff::Timestamp;
use serde_json::{Value, json};

const NAMESPACE: &str = "kube-system";

/// The ConfigMaps, when there is an authority that issues client certificates.
pub(super) fn objects(authority: &str, epoch: Timestamp) -> Vec<Value> {
    if authority.is_empty() {
        return Vec::new();
    }
    let map = |name: &str, key: &str, value: &str| {
        json!({
            "apiVersion": "v1", "kind": "ConfigMap",
            "metadata": {"name": name, "namespace": NAMESPACE}, "data": {key: value},
        })
    };
    let today = epoch.strftime("%Y-%m-%d").to_string();
    vec![
        map("extension-apiserver-authentication", "client-ca-file", authority),
        map("kube-apiserver-legacy-service-account-token-tracking", "since", &today),
    ]
}
