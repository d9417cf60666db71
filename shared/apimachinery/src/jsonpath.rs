//! kubectl's dialect of JSONPath, as `k8s.io/client-go/util/jsonpath`: text with `{…}` expressions, `{range}`
//! loops, filters, slices, unions and quoted text.

mod evaluate;
mod parse;

use serde_json::Value;

/// A parsed template.
#[derive(Debug, Clone, PartialEq)]
pub struct JsonPath {
    nodes: Vec<Node>,
    allow_missing: bool,
}

/// A part of a template.
#[derive(Debug, Clone, PartialEq)]
enum Node {
    /// Text outside of braces, or quoted text inside.
    Text(String),
    /// A path inside of braces.
    Path(Vec<Step>),
    /// `{range path}…{end}`.
    Range(Vec<Step>, Vec<Self>),
}

/// A step of a path.
#[derive(Debug, Clone, PartialEq)]
enum Step {
    /// `$`.
    Root,
    /// `@`.
    Current,
    /// `.name` or `['name']`.
    Field(String),
    /// `.*` or `[*]`.
    Wildcard,
    /// `..`: this value and everything below it.
    Recursive,
    /// `[start:end:step]`; a single index is a slice of one.
    Slice { start: Option<i64>, end: Option<i64>, step: i64, single: bool },
    /// `[?(…)]`.
    Filter(Operand, String, Operand),
    /// `[?(@.a)]`.
    Exists(Vec<Self>),
    /// `[a,b]`.
    Union(Vec<Vec<Self>>),
}

/// A side of a filter.
#[derive(Debug, Clone, PartialEq)]
enum Operand {
    /// A path.
    Path(Vec<Step>),
    /// A literal.
    Value(Value),
}

impl JsonPath {
    /// Reads a template such as `{.items[*].metadata.name}`.
    pub fn parse(template: &str) -> Result<Self, String> {
        Ok(Self { nodes: parse::template(template)?, allow_missing: true })
    }

    /// Missing fields become errors.
    #[must_use]
    pub fn strict(mut self) -> Self {
        self.allow_missing = false;
        self
    }

    /// What each part of the template finds.
    pub fn find(&self, document: &Value) -> Result<Vec<Vec<Value>>, String> {
        evaluate::find(&self.nodes, document, self.allow_missing)
    }

    /// The template with its findings printed, those of one part separated by spaces.
    pub fn print(&self, document: &Value) -> Result<String, String> {
        evaluate::print(&self.nodes, document, self.allow_missing)
    }
}
