//! What keys mean in the line of a console.

use super::keys::Stroke;

/// What a key does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LineKey {
    /// Shows the line before.
    Older,
    /// Shows the line after.
    Newer,
    /// Lets the next Tab leave the line.
    Leave,
    /// Completes the word.
    Complete,
    /// Stops what runs: Ctrl+C.
    Interrupt,
    /// Ends what is typed into a container: Ctrl+D.
    End,
    /// Nothing of its own.
    Plain,
}

/// What the line is in.
#[expect(clippy::struct_excessive_bools, reason = "they are independent of each other")]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Line {
    /// Nothing is written in it.
    pub empty: bool,
    /// Some of it is selected: Ctrl+C copies.
    pub selected: bool,
    /// Escape was pressed.
    pub leaving: bool,
    /// A command runs.
    pub busy: bool,
    /// It runs in a container and reads what is typed.
    pub listening: bool,
}

/// The meaning of a key.
pub(crate) fn meaning(stroke: &Stroke, line: Line) -> LineKey {
    if stroke.composing {
        return LineKey::Plain;
    }
    match stroke.key.as_str() {
        "ArrowUp" => LineKey::Older,
        "ArrowDown" => LineKey::Newer,
        "Escape" => LineKey::Leave,
        "c" | "C" if stroke.control && line.busy && !line.selected => LineKey::Interrupt,
        "d" | "D" if stroke.control && line.listening && line.empty => LineKey::End,
        "Tab" if !stroke.shift && !line.leaving && !line.empty && !line.listening => {
            LineKey::Complete
        }
        _ => LineKey::Plain,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(key: &str, control: bool) -> Stroke {
        Stroke { key: key.to_owned(), control, ..Stroke::default() }
    }

    #[test]
    fn control_c_copies_what_is_selected_and_stops_what_runs_otherwise() {
        let busy = Line { busy: true, ..Line::default() };
        assert_eq!(meaning(&key("c", true), busy), LineKey::Interrupt);
        assert_eq!(meaning(&key("c", true), Line { selected: true, ..busy }), LineKey::Plain);
        assert_eq!(meaning(&key("c", true), Line::default()), LineKey::Plain);
        assert_eq!(meaning(&key("c", false), busy), LineKey::Plain);
    }

    #[test]
    fn control_d_ends_what_a_container_reads_when_the_line_is_empty() {
        let typing = Line { busy: true, listening: true, empty: true, ..Line::default() };
        assert_eq!(meaning(&key("d", true), typing), LineKey::End);
        assert_eq!(meaning(&key("d", true), Line { empty: false, ..typing }), LineKey::Plain);
        assert_eq!(meaning(&key("d", true), Line { listening: false, ..typing }), LineKey::Plain);
    }

    #[test]
    fn tab_completes_commands_and_leaves_everything_else() {
        let text = Line::default();
        assert_eq!(meaning(&key("Tab", false), text), LineKey::Complete);
        for other in [
            Line { empty: true, ..text },
            Line { leaving: true, ..text },
            Line { listening: true, ..text },
        ] {
            assert_eq!(meaning(&key("Tab", false), other), LineKey::Plain);
        }
    }

    #[test]
    fn no_key_means_anything_while_letters_are_put_together() {
        let stroke = Stroke { composing: true, ..key("ArrowUp", false) };
        assert_eq!(meaning(&stroke, Line::default()), LineKey::Plain);
    }
}
