//! Who sends a request.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// An authenticated user, as `authentication.k8s.io/v1 UserInfo`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Identity {
    /// User name, for example `system:serviceaccount:dev:default`.
    pub username: String,
    /// Unique id, may be empty.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub uid: String,
    /// Groups; authenticated users are in `system:authenticated`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub groups: Vec<String>,
    /// Further attributes.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub extra: BTreeMap<String, Vec<String>>,
}

impl Identity {
    /// A user with groups; `system:authenticated` is added.
    pub fn user(username: &str, groups: &[&str]) -> Self {
        let mut groups: Vec<String> = groups.iter().map(|group| (*group).to_owned()).collect();
        groups.push("system:authenticated".to_owned());
        Self { username: username.to_owned(), groups, ..Self::default() }
    }

    /// The cluster administrator (`system:masters` may do everything).
    pub fn admin() -> Self {
        Self::user("kubernetes-admin", &["system:masters"])
    }
}
