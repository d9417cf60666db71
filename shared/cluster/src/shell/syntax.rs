//! The syntax tree of a script.

use std::sync::Arc;

/// A command or a composition of commands.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Node {
    Simple(Simple),
    Pipe { parts: Vec<Arc<Node>>, negated: bool },
    And(Arc<Node>, Arc<Node>),
    Or(Arc<Node>, Arc<Node>),
    List(Vec<Arc<Node>>),
    Background(Arc<Node>),
    If { arms: Vec<(Arc<Node>, Arc<Node>)>, otherwise: Option<Arc<Node>> },
    While { condition: Arc<Node>, body: Arc<Node>, until: bool },
    For { name: String, words: Option<Vec<Word>>, body: Arc<Node> },
    Case { word: Word, arms: Vec<(Vec<Word>, Arc<Node>)> },
    Group { body: Arc<Node>, redirects: Vec<Redirect>, subshell: bool },
    Function { name: String, body: Arc<Node> },
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
