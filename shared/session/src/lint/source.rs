//! A text by lines, with places as the protocol counts them: lines from 1, columns in UTF-16 units from 1.

use protocol::v1::{Finding, Fix, Phrase, Severity, Span};

/// A text.
pub(super) struct Source<'a> {
    lines: Vec<&'a str>,
}

impl<'a> Source<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self { lines: text.split('\n').collect() }
    }

    /// A line, by its number from 1.
    pub(super) fn line(&self, number: u32) -> Option<&'a str> {
        let index = usize::try_from(number).ok()?.checked_sub(1)?;
        self.lines.get(index).copied()
    }

    /// What stands in a span of one line.
    pub(super) fn at(&self, span: Span) -> Option<&'a str> {
        let line = self.line(span.line)?;
        if span.line != span.end_line {
            return None;
        }
        line.get(byte(line, span.column)..byte(line, span.end_column))
    }

    /// The block that a key opens: its own line and all below it that belong to it. Nothing for a key that shares
    /// its line with something before it (a list dash, a brace).
    pub(super) fn block(&self, line: u32, column: u32) -> Option<(u32, u32)> {
        let indent = usize::try_from(column).ok()?.checked_sub(1)?;
        let first = self.line(line)?;
        if first.get(..indent)?.bytes().any(|byte| byte != b' ') {
            return None;
        }
        let mut last = line;
        let mut number = line;
        while let Some(next) = self.line(number + 1) {
            let depth = next.bytes().take_while(|byte| *byte == b' ').count();
            let blank = next.trim().is_empty();
            let inside = depth > indent
                || (depth == indent
                    && next.get(depth..).is_some_and(|rest| rest.starts_with("- ")));
            if !blank && !inside {
                break;
            }
            number += 1;
            if !blank {
                last = number;
            }
        }
        Some((line, last))
    }

    /// All of some lines, without the end of the last one.
    pub(super) fn whole(&self, first: u32, last: u32) -> Span {
        let units = self.line(last).map_or(0, |line| line.encode_utf16().count());
        let end_column = u32::try_from(units + 1).unwrap_or(u32::MAX);
        Span { line: first, column: 1, end_line: last, end_column }
    }

    /// A tab where indentation should be: YAML allows none.
    pub(super) fn tab(&self) -> Option<Finding> {
        let (index, column) = self.lines.iter().enumerate().find_map(|(index, line)| {
            let blank = line.len() - line.trim_start_matches([' ', '\t']).len();
            Some((index, line.get(..blank)?.find('\t')?))
        })?;
        let line = u32::try_from(index + 1).ok()?;
        let column = u32::try_from(column + 1).ok()?;
        let span = Span { line, column, end_line: line, end_column: column + 1 };
        Some(Finding {
            span,
            severity: Severity::Error,
            rule: "tab".to_owned(),
            path: String::new(),
            phrase: Phrase::new("finding-tab"),
            message: None,
            fix: Some(Fix { span, text: "  ".to_owned(), phrase: Phrase::new("finding-fix-tab") }),
        })
    }
}

/// The byte of a UTF-16 column.
fn byte(line: &str, column: u32) -> usize {
    let wanted = usize::try_from(column).unwrap_or(usize::MAX).saturating_sub(1);
    let mut units = 0;
    for (index, character) in line.char_indices() {
        if units >= wanted {
            return index;
        }
        units += character.len_utf16();
    }
    line.len()
}
