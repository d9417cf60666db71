//! Changes that findings offer, as changes of a text.

use protocol::v1::Fix;

/// The text after a change.
pub(crate) fn mended(text: &str, fix: &Fix) -> String {
    let start = offset(text, fix.span.line, fix.span.column);
    let end = offset(text, fix.span.end_line, fix.span.end_column).max(start);
    let (before, after) = (text.get(..start).unwrap_or(text), text.get(end..).unwrap_or(""));
    [before, &fix.text, after].concat()
}

/// The byte of a line from 1 and a column from 1 in UTF-16 units; a place beyond a line is the line's end.
fn offset(text: &str, line: u32, column: u32) -> usize {
    let mut lines = text.split_inclusive('\n');
    let above = usize::try_from(line).unwrap_or(usize::MAX).saturating_sub(1);
    let before: usize = lines.by_ref().take(above).map(str::len).sum();
    let line = lines.next().unwrap_or("").trim_end_matches('\n');
    let wanted = usize::try_from(column).unwrap_or(usize::MAX).saturating_sub(1);
    let mut units = 0;
    for (index, character) in line.char_indices() {
        if units >= wanted {
            return before + index;
        }
        units += character.len_utf16();
    }
    before + line.len()
}

#[cfg(test)]
mod tests {
    use super::*;
    use protocol::v1::{Phrase, Span};

    fn change(text: &str, place: [u32; 4], to: &str) -> String {
        let [line, column, end_line, end_column] = place;
        let span = Span { line, column, end_line, end_column };
        mended(text, &Fix { span, text: to.to_owned(), phrase: Phrase::new("any") })
    }

    #[test]
    fn a_span_is_replaced_and_an_empty_one_takes_something_in() {
        assert_eq!(change("a: no\nb: 1\n", [1, 4, 1, 6], "\"no\""), "a: \"no\"\nb: 1\n");
        assert_eq!(change("a: 1\na: 2\n", [2, 1, 2, 1], "---\n"), "a: 1\n---\na: 2\n");
        assert_eq!(change("a: 1\nb: 2\nc: 3", [1, 1, 2, 5], "x"), "x\nc: 3");
    }

    #[test]
    fn columns_count_as_editors_count_them() {
        assert_eq!(change("\u{1F600}\u{AC00}: no", [1, 6, 1, 8], "yes"), "\u{1F600}\u{AC00}: yes");
        assert_eq!(change("a", [7, 7, 9, 9], "b"), "ab");
    }
}
