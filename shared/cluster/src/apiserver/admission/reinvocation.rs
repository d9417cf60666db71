//! Admission goes through its mutating plugins a second time when policies or webhooks have changed the object
//! (`apiserver/pkg/admission/reinvocation.go`, `plugin/{policy,webhook}/mutating/reinvocationcontext.go`).

use std::collections::BTreeSet;

use serde_json::Value;

/// What is known of a request on its way through the chain.
#[derive(Debug, Default)]
pub(crate) struct Reinvocation {
    /// Whether this is the second time.
    pub(crate) second: bool,
    /// Whether there is to be a second time.
    pub(crate) wanted: bool,
    pub(crate) policies: Memory,
    pub(crate) webhooks: Memory,
}

/// What a plugin remembers between both times.
#[derive(Debug, Default)]
pub(crate) struct Memory {
    output: Option<Value>,
    invoked: BTreeSet<String>,
    due: BTreeSet<String>,
}

impl Memory {
    /// Whether others have changed the object since the plugin saw it last.
    pub(crate) fn begin(&self, second: bool, value: &Value) -> bool {
        second && self.output.as_ref() != Some(value)
    }

    /// Keeps what the plugin made of the object.
    pub(crate) fn end(&mut self, value: &Value) {
        self.output = Some(value.clone());
    }

    /// One that is to be asked again when the object is changed after it.
    pub(crate) fn invoked(&mut self, key: String) {
        self.invoked.insert(key);
    }

    /// The object was changed: those that were invoked are due again.
    pub(crate) fn require(&mut self) {
        self.due.append(&mut self.invoked);
    }

    /// Whether it is asked the second time.
    pub(crate) fn is_due(&self, key: &str) -> bool {
        self.due.contains(key)
    }
}
