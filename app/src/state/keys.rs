//! What keys mean. Single letters count only outside of texts, and can be switched off.

/// A key as the browser tells it.
#[expect(clippy::struct_excessive_bools, reason = "modifier keys are independent of each other")]
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Stroke {
    /// `KeyboardEvent.key`.
    pub key: String,
    /// Shift.
    pub shift: bool,
    /// Control or Command.
    pub control: bool,
    /// Alt.
    pub alt: bool,
    /// Letters are being put together (Hangul, for example): no key means anything.
    pub composing: bool,
}

/// Where the focus is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Focus {
    /// In something that takes letters.
    Text,
    /// On a button or link, which Enter and Space press.
    Control,
    /// On a cell or nowhere in particular.
    Page,
}

/// What to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Act {
    /// Press the main button of the cell with the focus.
    Run,
    /// The same, then go to the next cell.
    RunAndNext,
    /// To the next cell.
    Next,
    /// To the cell before.
    Previous,
    /// Into the text of the cell.
    Enter,
    /// Compare with the live objects.
    Compare,
    /// Back to the original text.
    Reset,
    /// Stop what runs.
    Stop,
    /// Show the keys.
    Help,
}

/// A row of the help.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct KeyRow {
    /// The keys.
    pub keys: &'static str,
    /// Key of the words.
    pub word: &'static str,
}

/// The rows of the help.
pub(crate) const KEYS: [KeyRow; 10] = [
    KeyRow { keys: "Shift+Enter", word: "keys-run-next" },
    KeyRow { keys: "Ctrl+Enter", word: "keys-run" },
    KeyRow { keys: "Esc", word: "keys-leave" },
    KeyRow { keys: "J / \u{2193}", word: "keys-next" },
    KeyRow { keys: "K / \u{2191}", word: "keys-previous" },
    KeyRow { keys: "Enter", word: "keys-enter" },
    KeyRow { keys: "D", word: "keys-diff" },
    KeyRow { keys: "R", word: "keys-reset" },
    KeyRow { keys: ".", word: "keys-stop" },
    KeyRow { keys: "?", word: "help-keys" },
];

/// What a key means at a place.
pub(crate) fn act(stroke: &Stroke, focus: Focus, letters: bool) -> Option<Act> {
    if stroke.composing || stroke.alt {
        return None;
    }
    if stroke.key == "Enter" && focus != Focus::Text {
        return match (stroke.shift, stroke.control, focus) {
            (true, _, _) => Some(Act::RunAndNext),
            (_, true, _) => Some(Act::Run),
            (_, _, Focus::Page) => Some(Act::Enter),
            _ => None,
        };
    }
    if focus == Focus::Text || stroke.control {
        return None;
    }
    match stroke.key.as_str() {
        "ArrowDown" if focus == Focus::Page && !stroke.shift => Some(Act::Next),
        "ArrowUp" if focus == Focus::Page && !stroke.shift => Some(Act::Previous),
        "?" => Some(Act::Help),
        _ if !letters || stroke.shift => None,
        "j" => Some(Act::Next),
        "k" => Some(Act::Previous),
        "d" => Some(Act::Compare),
        "r" => Some(Act::Reset),
        "." => Some(Act::Stop),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stroke(key: &str) -> Stroke {
        Stroke { key: key.to_owned(), ..Stroke::default() }
    }

    #[test]
    fn letters_mean_something_only_outside_of_texts_and_when_wanted() {
        assert_eq!(act(&stroke("j"), Focus::Page, true), Some(Act::Next));
        assert_eq!(act(&stroke("j"), Focus::Text, true), None);
        assert_eq!(act(&stroke("j"), Focus::Page, false), None);
        assert_eq!(act(&stroke("ArrowDown"), Focus::Page, false), Some(Act::Next));
        assert_eq!(act(&stroke("ArrowDown"), Focus::Control, true), None);
    }

    #[test]
    fn a_key_that_composes_a_letter_means_nothing() {
        let composing = Stroke { composing: true, shift: true, ..stroke("Enter") };
        assert_eq!(act(&composing, Focus::Page, true), None);
    }

    #[test]
    fn enter_runs_with_shift_or_control_and_enters_alone() {
        let with = |shift, control| Stroke { shift, control, ..stroke("Enter") };
        assert_eq!(act(&with(true, false), Focus::Page, false), Some(Act::RunAndNext));
        assert_eq!(act(&with(false, true), Focus::Control, false), Some(Act::Run));
        assert_eq!(act(&with(false, false), Focus::Page, false), Some(Act::Enter));
        assert_eq!(act(&with(false, false), Focus::Control, false), None);
        assert_eq!(act(&with(true, false), Focus::Text, false), None);
    }
}
