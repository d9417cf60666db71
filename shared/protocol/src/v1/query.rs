//! Questions that are answered at once and change nothing.

use serde::{Deserialize, Serialize};

use super::{ObjectKey, Phrase};

/// A question.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", rename_all_fields = "camelCase")]
pub enum Query {
    /// What is wrong with this text, on which line?
    Validate {
        /// The manifest cell, for its persona and variables.
        cell: String,
        /// The YAML.
        text: String,
    },
    /// What could stand at this place? Lines and columns count from 1, columns in UTF-16 units.
    Complete {
        /// The YAML.
        text: String,
        /// Line of the cursor.
        line: u32,
        /// Column of the cursor.
        column: u32,
    },
    /// What does the word at this place mean?
    Hover {
        /// The YAML.
        text: String,
        /// Line of the cursor.
        line: u32,
        /// Column of the cursor.
        column: u32,
    },
    /// What would applying this text change (a server-side dry run)?
    Diff {
        /// The manifest cell.
        cell: String,
        /// The YAML.
        text: String,
    },
    /// The documents of this text as JSON, in their order.
    Documents {
        /// The YAML.
        text: String,
    },
    /// The text with another value for one of its documents, changed in as few places as it takes.
    Rewrite {
        /// The YAML.
        text: String,
        /// Which document, from 0, of those with content.
        document: u32,
        /// What it says then, as JSON.
        wanted: String,
    },
    /// One object as YAML, as `kubectl get -o yaml` shows it.
    Object {
        /// Which.
        key: ObjectKey,
    },
    /// One object in `kubectl describe`'s words.
    Describe {
        /// Which.
        key: ObjectKey,
    },
    /// What could be typed next in the console?
    CompleteLine {
        /// The line so far.
        line: String,
    },
}

/// The answer to a [`Query`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Answer {
    /// To `Validate`.
    Findings(Vec<Finding>),
    /// To `Complete` and `CompleteLine`.
    Completions(Vec<Completion>),
    /// To `Hover`: Markdown in English from the API's documentation, or nothing.
    Hover(Option<String>),
    /// To `Diff`: per object, the difference to the live object.
    Diff(Vec<ObjectDiff>),
    /// To `Object`, `Describe` and `Rewrite`.
    Text(String),
    /// To `Documents`.
    Documents(Vec<String>),
    /// The question could not be answered.
    Failed(Phrase),
}

/// A place in a text. Lines and columns count from 1; columns in UTF-16 units; the end is exclusive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Span {
    /// First line.
    pub line: u32,
    /// First column.
    pub column: u32,
    /// Last line.
    pub end_line: u32,
    /// Column after the last one.
    pub end_column: u32,
}

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// The server will refuse it.
    Error,
    /// It will be accepted and is probably not meant.
    Warning,
    /// Good to know.
    Info,
}

/// Something about a text, with its place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// Where; the first line when the place is not known.
    pub span: Span,
    /// How bad.
    pub severity: Severity,
    /// Rule, for example `unknown-field`.
    pub rule: String,
    /// Path of the field, for example `spec.template.spec.containers[0].image`.
    pub path: String,
    /// What is wrong and what to do.
    pub phrase: Phrase,
    /// What the API server says, word for word, when it said something.
    pub message: Option<String>,
    /// A change that would mend it, when one is known.
    pub fix: Option<Fix>,
}

/// A change of a text that mends a finding. Nothing changes until somebody asks for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fix {
    /// What is replaced. Empty (its end is its start) where something is only put in.
    pub span: Span,
    /// What stands there then.
    pub text: String,
    /// What the change does, as the words of a button.
    pub phrase: Phrase,
}

/// One offer of a completion list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Completion {
    /// What is shown.
    pub label: String,
    /// What is inserted.
    pub insert: String,
    /// Type, for example `string` or `map[string]string`.
    pub detail: String,
    /// Documentation in English, may be empty.
    pub documentation: String,
}

/// The difference that an apply would make to one object.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ObjectDiff {
    /// Which object.
    pub object: ObjectKey,
    /// Whether it would be created.
    pub created: bool,
    /// Lines with context; empty when nothing would change.
    pub lines: Vec<DiffLine>,
}

/// A line of a difference.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DiffLine {
    /// Added, removed or context.
    pub sign: DiffSign,
    /// The text.
    pub text: String,
}

/// What a line of a difference is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DiffSign {
    /// Only in the new text.
    Added,
    /// Only in the live object.
    Removed,
    /// In both.
    Context,
    /// Lines left out here.
    Gap,
}
