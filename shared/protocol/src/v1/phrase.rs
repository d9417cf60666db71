//! A sentence that is not yet in a language.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// A code (a key of `app/locales/<language>/*.ftl`) with its arguments.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Phrase {
    /// Kebab-case key, for example `check-assert-missing`.
    pub code: String,
    /// Values for the placeables of the text, already formatted.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub args: BTreeMap<String, String>,
}

impl Phrase {
    /// A phrase without arguments.
    pub fn new(code: impl Into<String>) -> Self {
        Self { code: code.into(), args: BTreeMap::new() }
    }

    /// The same phrase with one more argument.
    #[must_use]
    pub fn with(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.args.insert(name.into(), value.into());
        self
    }
}
