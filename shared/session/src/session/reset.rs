//! Going back, and taking that back.

use protocol::v1::{EventBody, Level, Phrase, ResetScope, RunId, RunOutcome};

use super::{After, Running, Session};

impl Session {
    /// Goes back to where a cell, a step or the scenario began. On a real cluster nothing can be gone
    /// back to: there a run takes away what the scenario's manifests name and sets up again.
    pub(super) fn reset(&mut self, run: &RunId, scope: ResetScope) -> Option<RunOutcome> {
        let Some(steering) = self.ends.steering.clone() else {
            return self.reset_real(run, scope);
        };
        let Some(target) = self.history.target(&scope) else {
            self.notice(Level::Info, Phrase::new("session-reset-nothing"));
            return Some(RunOutcome::Ok);
        };
        self.cancel_all(run);
        let left = steering.snapshot();
        if !steering.restore(target) {
            self.notice(Level::Error, Phrase::new("session-reset-lost"));
            return Some(RunOutcome::Failed);
        }
        for unneeded in self.history.went_back(&scope, left) {
            steering.forget(unneeded);
        }
        self.push(EventBody::Reset { scope, undone: false });
        Some(RunOutcome::Ok)
    }

    fn reset_real(&mut self, run: &RunId, scope: ResetScope) -> Option<RunOutcome> {
        if scope != ResetScope::Scenario {
            self.notice(Level::Warning, Phrase::new("session-reset-real-part"));
            return Some(RunOutcome::Failed);
        }
        self.cancel_all(run);
        self.notice(Level::Warning, Phrase::new("session-reset-real"));
        let work = self.reset_work(run, scope);
        self.running.push(Running {
            run: run.clone(),
            cell: "reset".to_owned(),
            work,
            after: After::Nothing,
        });
        None
    }

    /// Takes the last reset back.
    pub(super) fn undo(&mut self, run: &RunId) -> RunOutcome {
        let Some(steering) = self.ends.steering.clone() else {
            self.notice(Level::Warning, Phrase::new("session-undo-real"));
            return RunOutcome::Failed;
        };
        let Some((scope, snapshot)) = self.history.undo() else {
            self.notice(Level::Info, Phrase::new("session-undo-nothing"));
            return RunOutcome::Ok;
        };
        self.cancel_all(run);
        if !steering.restore(snapshot) {
            self.notice(Level::Error, Phrase::new("session-reset-lost"));
            return RunOutcome::Failed;
        }
        steering.forget(snapshot);
        self.push(EventBody::Reset { scope, undone: true });
        RunOutcome::Ok
    }

    /// Stops everything but the run that asks for it.
    fn cancel_all(&mut self, but: &RunId) {
        let runs: Vec<RunId> = self
            .running
            .iter()
            .map(|running| running.run.clone())
            .filter(|run| run != but)
            .collect();
        for run in runs {
            self.end(&run, RunOutcome::Cancelled);
        }
    }
}
