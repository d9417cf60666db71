//! Where a session can go back to.

use std::collections::VecDeque;

use protocol::v1::{ResetScope, RunId};

/// How many runs can be gone back to. A snapshot shares what has not changed since, but what has is kept.
const MOST_MOMENTS: usize = 64;

/// The state before a cell or a step first ran.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Mark {
    step: Option<String>,
    cell: String,
    snapshot: u64,
}

/// The state before a run, with the marks of then.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Moment {
    run: RunId,
    snapshot: u64,
    marks: Vec<Mark>,
}

/// The states that a session keeps, in the order in which they were left.
#[derive(Debug, Default)]
pub(crate) struct History {
    after_setup: Option<u64>,
    marks: Vec<Mark>,
    undo: Option<Undo>,
    /// Of all branches: going back forgets none.
    moments: VecDeque<Moment>,
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

    /// Remembers the state before a run. Returns snapshots that nobody needs now.
    pub(crate) fn moment(&mut self, run: &RunId, snapshot: u64) -> Vec<u64> {
        let marks = self.marks.iter().filter(|mark| mark.snapshot != snapshot).cloned().collect();
        self.moments.push_back(Moment { run: run.clone(), snapshot, marks });
        if self.moments.len() <= MOST_MOMENTS {
            return Vec::new();
        }
        let forgotten = self.moments.pop_front();
        let snapshots = forgotten.into_iter().flat_map(Moment::snapshots);
        snapshots.filter(|snapshot| !self.keeps(*snapshot)).collect()
    }

    /// The state that a reset goes back to, if it ever left it.
    pub(crate) fn target(&self, scope: &ResetScope) -> Option<u64> {
        if let ResetScope::Run { run } = scope {
            let moment = self.moments.iter().find(|moment| moment.run == *run)?;
            return Some(moment.snapshot);
        }
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
            ResetScope::Run { .. } | ResetScope::Scenario => None,
        }
    }

    /// The cluster went back; `left` is the state it was in. Returns snapshots that nobody needs now.
    pub(crate) fn went_back(&mut self, scope: &ResetScope, left: u64) -> Vec<u64> {
        let marks = self.marks.clone();
        let moment = self.moments.iter().find(|moment| match scope {
            ResetScope::Run { run } => moment.run == *run,
            _ => false,
        });
        match moment {
            Some(moment) => self.marks.clone_from(&moment.marks),
            None => self.marks.truncate(self.position(scope).unwrap_or(0)),
        }
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

    /// Whether somebody may still want to go to a state.
    pub(crate) fn keeps(&self, snapshot: u64) -> bool {
        let undo = self.undo.iter().flat_map(|undo| &undo.marks);
        let moments = self.moments.iter().flat_map(|moment| &moment.marks);
        self.after_setup == Some(snapshot)
            || self.undo.as_ref().is_some_and(|undo| undo.snapshot == snapshot)
            || self.moments.iter().any(|moment| moment.snapshot == snapshot)
            || self.marks.iter().chain(undo).chain(moments).any(|mark| mark.snapshot == snapshot)
    }

    fn unneeded(&self, undo: Option<Undo>) -> Vec<u64> {
        let Some(undo) = undo else { return Vec::new() };
        let marks = undo.marks.iter().map(|mark| mark.snapshot);
        marks.chain([undo.snapshot]).filter(|snapshot| !self.keeps(*snapshot)).collect()
    }
}

impl Moment {
    fn snapshots(self) -> impl Iterator<Item = u64> {
        self.marks.into_iter().map(|mark| mark.snapshot).chain([self.snapshot])
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

    #[test]
    fn every_run_can_be_gone_back_to_also_from_another_branch() {
        let run = |name: &str| RunId(name.to_owned());
        let to = |name: &str| ResetScope::Run { run: run(name) };
        let mut history = played();
        history.moment(&run("c again"), 5);
        history.moment(&run("back"), 6);
        history.went_back(&cell("b"), 6);
        history.mark(Some("two".to_owned()), "d", 7);
        history.moment(&run("d"), 7);
        assert_eq!(history.target(&to("c again")), Some(5), "of the branch that was left");
        history.moment(&run("over"), 8);
        history.went_back(&to("c again"), 8);
        assert!(!history.is_first_run("c") && history.is_first_run("d"));
        assert_eq!(history.target(&to("over")), Some(8));
        history.went_back(&to("over"), 9);
        assert!(history.is_first_run("c") && !history.is_first_run("d"));
        assert_eq!(history.target(&to("never")), None);
    }

    #[test]
    fn the_oldest_runs_are_forgotten_with_their_states() {
        let mut history = History::default();
        let mut forgotten = Vec::new();
        for number in 1..=70 {
            forgotten.extend(history.moment(&RunId(number.to_string()), number));
        }
        assert_eq!(forgotten, [1, 2, 3, 4, 5, 6]);
        assert_eq!(history.target(&ResetScope::Run { run: RunId("6".to_owned()) }), None);
    }
}
