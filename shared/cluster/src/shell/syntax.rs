//! The syntax tree of a script.

use std::sync::Arc;

/// A command or a composition of commands.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Node {
    Simple(Simple),
    Pipe { parts: Vec<Arc<Self>>, negated: bool },
    And(Arc<Self>, Arc<Self>),
    Or(Arc<Self>, Arc<Self>),
    List(Vec<Arc<Self>>),
    Background(Arc<Self>),
    If { arms: Vec<(Arc<Self>, Arc<Self>)>, otherwise: Option<Arc<Self>> },
    While { condition: Arc<Self>, body: Arc<Self>, until: bool },
    For { name: String, words: Option<Vec<Word>>, body: Arc<Self> },
    Case { word: Word, arms: Vec<(Vec<Word>, Arc<Self>)> },
    Group { body: Arc<Self>, redirects: Vec<Redirect>, subshell: bool },
    Function { name: String, body: Arc<Self> },
}

/// Assignments, words and redirections.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Simple {
    pub(super) assignments: Vec<(String, Word)>,
    pub(super) words: Vec<Word>,
    pub(super) redirects: Vec<Redirect>,
}

/// Where a descriptor goes.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Redirect {
    pub(super) descriptor: usize,
    pub(super) kind: RedirectKind,
    pub(super) target: Word,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum RedirectKind {
    Read,
    Write,
    Append,
    Duplicate,
    Here,
}

/// A word before expansion.
pub(super) type Word = Vec<Part>;

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Part {
    Text { text: String, quoted: bool },
    Variable { name: String, operation: Option<(String, Word)>, quoted: bool },
    Command { script: Arc<Node>, quoted: bool },
    Arithmetic(Word),
}
