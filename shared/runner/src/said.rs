//! A sentence that is not yet in a language.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// A code (a key of `app/locales/<language>/check.ftl` or `connect.ftl`) with its arguments.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Said {
    /// Key, for example `check-found-blocked`.
    pub code: String,
    /// Values of its placeables.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub args: BTreeMap<String, String>,
}

impl Said {
    /// A sentence without arguments.
    pub fn new(code: impl Into<String>) -> Self {
        Self { code: code.into(), args: BTreeMap::new() }
    }

    /// The same sentence with one more argument.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl ToString) -> Self {
        self.args.insert(name.to_owned(), value.to_string());
        self
    }
}
