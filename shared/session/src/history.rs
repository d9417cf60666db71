//! Where a session can go back to.

use protocol::v1::ResetScope;

/// The state before a cell or a step first ran.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Mark {
    step: Option<String>,
    cell: String,
    snapshot: u64,
}

/// The states that a session keeps, in the order in which they were left.
#[derive(Debug, Default)]
pub(crate) struct History {
    after_setup: Option<u64>,
    marks: Vec<Mark>,
    undo: Option<Undo>,
}

/// What undoing a reset brings back.
#[derive(Debug)]
struct Undo {
    scope: ResetScope,
    snapshot: u64,
    marks: Vec<Mark>,
}

impl History {
    /// The scenario's setup is done.
    pub(crate) fn setup_done(&mut self, snapshot: u64) {
        self.after_setup = Some(snapshot);
    }

    /// Whether a cell has no mark yet: its first run is about to begin.
    pub(crate) fn is_first_run(&self, cell: &str) -> bool {
        !self.marks.iter().any(|mark| mark.cell == cell)
    }

    /// Remembers the state before the first run of a cell.
    pub(crate) fn mark(&mut self, step: Option<String>, cell: &str, snapshot: u64) {
        self.marks.push(Mark { step, cell: cell.to_owned(), snapshot });
    }

    /// The state that a reset goes back to, if it ever left it.
    pub(crate) fn target(&self, scope: &ResetScope) -> Option<u64> {
        match self.position(scope) {
            Some(at) => self.marks.get(at).map(|mark| mark.snapshot),
            None if *scope == ResetScope::Scenario => self.after_setup,
            None => None,
        }
    }

    fn position(&self, scope: &ResetScope) -> Option<usize> {
        match scope {
            ResetScope::Cell { cell } => self.marks.iter().position(|mark| mark.cell == *cell),
            ResetScope::Step { step } => {
                self.marks.iter().position(|mark| mark.step.as_ref() == Some(step))
            }
            ResetScope::Scenario => None,
        }
    }

    /// The cluster went back; `left` is the state it was in. Returns snapshots that nobody needs now.
    pub(crate) fn went_back(&mut self, scope: &ResetScope, left: u64) -> Vec<u64> {
        let at = self.position(scope).unwrap_or(0);
        let marks = self.marks.clone();
        self.marks.truncate(at);
        let undo = Undo { scope: scope.clone(), snapshot: left, marks };
        let forgotten = self.undo.replace(undo);
        self.unneeded(forgotten)
    }

    /// The state to undo the last reset to.
    pub(crate) fn undo(&mut self) -> Option<(ResetScope, u64)> {
        let undo = self.undo.take()?;
        self.marks = undo.marks;
        Some((undo.scope, undo.snapshot))
    }

    fn unneeded(&self, undo: Option<Undo>) -> Vec<u64> {
        let Some(undo) = undo else { return Vec::new() };
        let kept = |snapshot: &u64| {
            let undo_marks = self.undo.iter().flat_map(|undo| &undo.marks);
            self.marks.iter().chain(undo_marks).any(|mark| mark.snapshot == *snapshot)
                || self.after_setup == Some(*snapshot)
        };
        let marks = undo.marks.iter().map(|mark| mark.snapshot);
        marks.chain([undo.snapshot]).filter(|snapshot| !kept(snapshot)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cell(cell: &str) -> ResetScope {
        ResetScope::Cell { cell: cell.to_owned() }
    }

    fn played() -> History {
        let mut history = History::default();
        history.setup_done(1);
        history.mark(Some("one".to_owned()), "a", 2);
        history.mark(Some("two".to_owned()), "b", 3);
        history.mark(Some("two".to_owned()), "c", 4);
        history
    }

    #[test]
    fn a_reset_goes_to_the_state_before_the_first_run() {
        let history = played();
        assert_eq!(history.target(&cell("b")), Some(3));
        assert_eq!(history.target(&ResetScope::Step { step: "two".to_owned() }), Some(3));
        assert_eq!(history.target(&ResetScope::Scenario), Some(1));
        assert_eq!(history.target(&cell("never")), None);
    }

    #[test]
    fn later_cells_are_forgotten_by_a_reset_and_known_again_after_undo() {
        let mut history = played();
        assert!(history.went_back(&cell("b"), 5).is_empty());
        assert!(history.is_first_run("c") && !history.is_first_run("a"));
        assert_eq!(history.undo(), Some((cell("b"), 5)));
        assert!(!history.is_first_run("c"));
        assert_eq!(history.undo(), None, "there is one undo");
    }

    #[test]
    fn the_second_reset_gives_up_what_only_the_first_undo_needed() {
        let mut history = played();
        history.went_back(&cell("b"), 5);
        assert_eq!(history.went_back(&cell("a"), 6), [3, 4, 5]);
    }
}
