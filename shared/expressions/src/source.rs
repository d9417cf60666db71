//! The text of an expression, and how messages show a place in it (`cel-go/common/error.go`).

use cel::common::ast::SourceInfo;

/// The text of an expression with the places of its parts.
#[derive(Debug)]
pub(crate) struct Source {
    info: SourceInfo,
}

/// A fault at a place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Issue {
    /// From one.
    pub(crate) line: usize,
    /// From zero.
    pub(crate) column: usize,
    pub(crate) message: String,
}

impl Source {
    pub(crate) fn new(info: SourceInfo) -> Self {
        Self { info }
    }

    /// An issue with a part of the expression.
    pub(crate) fn issue(&self, id: u64, message: String) -> Issue {
        let start = self.info.offset_for(id).map_or(0, |(start, _)| start as usize);
        let before: String = self.info.source.chars().take(start).collect();
        let line = before.matches('\n').count() + 1;
        let column = before.chars().rev().take_while(|letter| *letter != '\n').count();
        Issue { line, column, message }
    }
}

/// All issues as one text (`Errors.ToDisplayString`).
pub(crate) fn display(mut issues: Vec<Issue>, text: &str) -> String {
    issues.sort_by_key(|issue| (issue.line, issue.column));
    let texts: Vec<String> = issues.iter().map(|issue| shown(issue, text)).collect();
    texts.join("\n")
}

fn shown(issue: &Issue, text: &str) -> String {
    let mut shown =
        format!("ERROR: <input>:{}:{}: {}", issue.line, issue.column + 1, issue.message);
    let Some(line) = text.split('\n').nth(issue.line.saturating_sub(1)) else { return shown };
    let line = line.replace('\t', " ");
    shown.push_str("\n | ");
    shown.push_str(&line);
    shown.push_str("\n | ");
    let mut letters = line.chars();
    for letter in letters.by_ref().take(issue.column) {
        shown.push(if letter.len_utf8() > 1 { '\u{ff0e}' } else { '.' });
    }
    shown.push(if letters.next().is_some_and(|next| next.len_utf8() > 1) {
        '\u{ff3e}'
    } else {
        '^'
    });
    shown
}
