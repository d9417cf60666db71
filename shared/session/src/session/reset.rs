//! Going back, and taking that back.

use std::sync::{Arc, PoisonError};

use apimachinery::transport::BoxFuture;
use protocol::v1::{EventBody, Level, Phrase, ResetScope, RunId, RunOutcome};
use runner::Silent;

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
        let work = self.reset_work(run, scope);
        self.running.push(Running {
            run: run.clone(),
            cell: "reset".to_owned(),
            work,
            keys: None,
            after: After::Nothing,
        });
        None
    }

    /// Ends the session: every run is stopped. On a real cluster the future that is returned takes away
    /// what the session made there, leaves what was there before, and gives the objects that are still
    /// going. An embedded cluster ends with its session.
    pub fn farewell(&mut self) -> Option<BoxFuture<'static, Vec<String>>> {
        let nobody = RunId(String::new());
        let probing = self.setting_up;
        self.cancel_all(&nobody);
        self.waiting.clear();
        if self.ends.steering.is_some() {
            return None;
        }
        // Before it was looked at what is there, nothing was made.
        let before = self.before.lock().unwrap_or_else(PoisonError::into_inner).take()?;
        let runner = Arc::clone(&self.runner);
        Some(Box::pin(async move {
            if probing {
                runner.sweep().await;
            }
            let left = runner.clear_but(&before, &Silent).await;
            let mine = left.into_iter().filter(|one| {
                !before.iter().any(|old| old.object == one.object && old.namespace == one.namespace)
            });
            mine.map(|one| one.object).collect()
        }))
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
        if !self.history.keeps(snapshot) {
            steering.forget(snapshot);
        }
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
