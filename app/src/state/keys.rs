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

impl Stroke {
    /// A key that was pressed.
    pub(crate) fn of(event: &web_sys::KeyboardEvent) -> Self {
        Self {
            key: event.key(),
            shift: event.shift_key(),
            control: event.ctrl_key() || event.meta_key(),
            alt: event.alt_key(),
            composing: event.is_composing() || event.key_code() == 229,
        }
    }
}

/// Where the focus is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Focus {
    /// In something that takes letters.
    Text,
    /// On a button or link, which Enter and Space press.
    Control,
    /// On a button of the time controls.
    Time,
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
    /// Check the cell, or the next one of its step that checks.
    Check,
    /// To the step of this number, counted from one.
    Step(usize),
    /// Move the cluster's time to the next thing that happens.
    Tick,
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
pub(crate) const KEYS: [KeyRow; 13] = [
    KeyRow { keys: "Shift+Enter", word: "keys-run-next" },
    KeyRow { keys: "Ctrl+Enter", word: "keys-run" },
    KeyRow { keys: "Esc", word: "keys-leave" },
    KeyRow { keys: "J / \u{2193}", word: "keys-next" },
    KeyRow { keys: "K / \u{2191}", word: "keys-previous" },
    KeyRow { keys: "Enter", word: "keys-enter" },
    KeyRow { keys: "C", word: "keys-check" },
    KeyRow { keys: "D", word: "keys-diff" },
    KeyRow { keys: "R", word: "keys-reset" },
    KeyRow { keys: ".", word: "keys-stop" },
    KeyRow { keys: "G 1 \u{2026} G 9", word: "keys-step" },
    KeyRow { keys: ".", word: "keys-tick" },
    KeyRow { keys: "?", word: "help-keys" },
];

/// What a key means at a place. `chord`: the key before was G, which waits for a number.
pub(crate) fn act(stroke: &Stroke, focus: Focus, letters: bool, chord: &mut bool) -> Option<Act> {
    if matches!(stroke.key.as_str(), "Shift" | "Control" | "Alt" | "Meta" | "CapsLock") {
        return None;
    }
    let waited = std::mem::take(chord);
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
        "g" => {
            *chord = true;
            None
        }
        "j" => Some(Act::Next),
        "k" => Some(Act::Previous),
        "c" => Some(Act::Check),
        "d" => Some(Act::Compare),
        "r" => Some(Act::Reset),
        "." if focus == Focus::Time => Some(Act::Tick),
        "." => Some(Act::Stop),
        digit if waited => digit.parse().ok().filter(|step| (1..=9).contains(step)).map(Act::Step),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stroke(key: &str) -> Stroke {
        Stroke { key: key.to_owned(), ..Stroke::default() }
    }

    fn act(stroke: &Stroke, focus: Focus, letters: bool) -> Option<Act> {
        super::act(stroke, focus, letters, &mut false)
    }

    /// What keys mean one after another.
    fn typed(keys: &[&str], letters: bool) -> Vec<Option<Act>> {
        let mut chord = false;
        let act = |key: &&str| super::act(&stroke(key), Focus::Page, letters, &mut chord);
        keys.iter().map(act).collect()
    }

    #[test]
    fn a_number_after_g_names_a_step() {
        assert_eq!(typed(&["g", "3"], true), [None, Some(Act::Step(3))]);
        assert_eq!(typed(&["g", "Shift", "2"], true), [None, None, Some(Act::Step(2))]);
        assert_eq!(typed(&["3", "g", "0", "3"], true), [None; 4]);
        assert_eq!(typed(&["g", "c", "3"], true), [None, Some(Act::Check), None]);
        assert_eq!(typed(&["g", "3"], false), [None; 2]);
    }

    #[test]
    fn a_full_stop_moves_time_only_where_time_is_controlled() {
        assert_eq!(act(&stroke("."), Focus::Time, true), Some(Act::Tick));
        assert_eq!(act(&stroke("."), Focus::Control, true), Some(Act::Stop));
        assert_eq!(act(&stroke("."), Focus::Text, true), None);
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
