//! How a cell's state looks: an icon, a word and a tone, never colour alone.

use super::run::{CellRun, Phase};

/// What a colour would mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Tone {
    /// Nothing special.
    #[default]
    Plain,
    /// As it should be.
    Good,
    /// Not as it should be.
    Bad,
    /// To be looked at.
    Warn,
    /// Under way.
    Busy,
}

impl Tone {
    /// The word in class names.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::Good => "good",
            Self::Bad => "bad",
            Self::Warn => "warn",
            Self::Busy => "busy",
        }
    }
}

/// The look of a state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Face {
    /// Name of the icon.
    pub icon: &'static str,
    /// Key of the word.
    pub word: &'static str,
    /// Tone.
    pub tone: Tone,
}

/// What is known about a cell besides its run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Draft {
    /// The text differs from the original.
    pub edited: bool,
    /// Errors found in the text.
    pub errors: usize,
    /// The server is meant to refuse it.
    pub refusal: bool,
}

/// The look of a cell. Work under way comes first, then errors in the text, then the last outcome.
pub(crate) fn face(run: &CellRun, draft: Draft) -> Face {
    let (icon, word, tone) = match run.phase {
        Phase::Queued => ("dots", "state-queued", Tone::Busy),
        Phase::Unsent => ("alert", "state-unsent", Tone::Warn),
        Phase::Running => ("spinner", "state-running", Tone::Busy),
        Phase::Failed if draft.refusal => ("stop", "state-refused", Tone::Warn),
        _ if draft.errors > 0 => ("alert", "state-invalid", Tone::Bad),
        Phase::Failed => ("cross", "state-failed", Tone::Bad),
        Phase::Unknown => ("question", "state-unknown", Tone::Warn),
        Phase::Cancelled => ("stop", "state-cancelled", Tone::Warn),
        Phase::Ok if run.stale => ("clock", "state-stale", Tone::Warn),
        Phase::Ok => ("check", "state-ok", Tone::Good),
        Phase::Pristine if draft.edited => ("pencil", "state-edited", Tone::Plain),
        Phase::Pristine => ("ring", "state-pristine", Tone::Plain),
    };
    Face { icon, word, tone }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(phase: Phase, stale: bool) -> CellRun {
        CellRun { phase, stale, ..CellRun::default() }
    }

    #[test]
    fn a_cell_shows_the_most_important_of_its_states() {
        let edited = Draft { edited: true, ..Draft::default() };
        let invalid = Draft { errors: 2, ..edited };
        let refusal = Draft { errors: 1, refusal: true, ..Draft::default() };
        for (run, draft, word) in [
            (run(Phase::Pristine, false), Draft::default(), "state-pristine"),
            (run(Phase::Pristine, false), edited, "state-edited"),
            (run(Phase::Pristine, false), invalid, "state-invalid"),
            (run(Phase::Running, false), invalid, "state-running"),
            (run(Phase::Ok, false), edited, "state-ok"),
            (run(Phase::Ok, true), Draft::default(), "state-stale"),
            (run(Phase::Failed, false), Draft::default(), "state-failed"),
            (run(Phase::Failed, false), refusal, "state-refused"),
            (run(Phase::Ok, false), Draft { errors: 0, ..refusal }, "state-ok"),
        ] {
            assert_eq!(face(&run, draft).word, word, "{:?}", run.phase);
        }
    }
}
