//! An object in one of its states, and the text of it that clients get.

use std::borrow::Borrow;
use std::ops::Deref;
use std::sync::{Arc, OnceLock};

use serde_json::Value;

/// An object in one of its states. Its JSON text is made when the first client asks for it; whoever reads the same
/// state again (gets, lists and watches) gets the same text. It belongs to the state, and ends with it.
#[derive(Debug, Clone)]
pub struct Object(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    document: Arc<Value>,
    text: OnceLock<Box<str>>,
}

impl Object {
    /// Its document, to keep.
    pub fn document(&self) -> &Arc<Value> {
        &self.0.document
    }

    /// Its text; `write` makes it of the document, always in the same way.
    pub(crate) fn text(&self, write: impl FnOnce(&Value) -> String) -> &str {
        self.0.text.get_or_init(|| write(&self.0.document).into_boxed_str())
    }
}

impl From<Arc<Value>> for Object {
    fn from(document: Arc<Value>) -> Self {
        Self(Arc::new(Inner { document, text: OnceLock::new() }))
    }
}

impl From<Value> for Object {
    fn from(document: Value) -> Self {
        Self::from(Arc::new(document))
    }
}

impl Deref for Object {
    type Target = Value;

    fn deref(&self) -> &Value {
        &self.0.document
    }
}

impl Borrow<Value> for Object {
    fn borrow(&self) -> &Value {
        self
    }
}

impl PartialEq for Object {
    fn eq(&self, other: &Self) -> bool {
        self.0.document == other.0.document
    }
}

impl Eq for Object {}
