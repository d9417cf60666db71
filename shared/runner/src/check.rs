//! Evaluating checks: once, or until they hold for as long as they must.

mod access;
pub(crate) mod connects;
mod event;
mod object;
mod output;
mod prints;
mod rejects;

use std::time::Duration;

use jiff::Timestamp;
use notebook::cell::{Cell, CellKind, Hint};
use notebook::check::{Check, Condition};
use notebook::duration;
use notebook::scenario::Requirement;

use crate::client::Problem;
use crate::{Progress, RunError, Runner, Said, State, Verdict};

/// How long a check may take to become true when it says nothing.
const WITHIN: Duration = Duration::from_secs(10);
/// How often a condition is looked at.
const EVERY: Duration = Duration::from_millis(500);
/// How often [`Runner::first_failure`] looks at least.
const LOOKS: u32 = 40;

/// The checks of a check cell.
fn checks_of(cell: &Cell) -> Result<&[Check], RunError> {
    let CellKind::Check { checks, .. } = &cell.kind else {
        return Err(RunError::WrongKind { cell: cell.id.clone(), expected: "check" });
    };
    Ok(checks)
}

/// What one look at a condition gave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Look {
    pub(crate) holds: bool,
    pub(crate) expected: Said,
    pub(crate) found: Said,
}

impl Look {
    /// The cluster gave no usable answer: that is no failure of the learner, and it is said.
    fn problem(expected: Said, problem: &Problem) -> Self {
        let found = Said::new("check-found-problem").with("message", problem);
        Self { holds: false, expected, found }
    }
}

impl Runner {
    /// Evaluates the checks of a check cell, one after the other, each for as long as it may take.
    pub async fn check(
        &self,
        cell: &str,
        progress: &dyn Progress,
    ) -> Result<Vec<Verdict>, RunError> {
        let lacking = self.missing(checks_of(self.cell(cell)?)?).await;
        self.check_lacking(cell, &lacking, progress).await
    }

    /// The same where it is known what the cluster lacks.
    pub(crate) async fn check_lacking(
        &self,
        cell: &str,
        lacking: &[Requirement],
        progress: &dyn Progress,
    ) -> Result<Vec<Verdict>, RunError> {
        let found = self.cell(cell)?;
        let checks = checks_of(found)?;
        let mut verdicts = Vec::new();
        for (done, check) in checks.iter().enumerate() {
            let waiting = Said::new("check-waiting").with("check", &check.id);
            progress.waiting(&waiting, done, checks.len());
            let within = check.within.as_deref().and_then(duration::parse).unwrap_or(WITHIN);
            verdicts.push(self.verdict(check, &found.hints, within, lacking).await);
        }
        progress.checked(cell, &verdicts);
        Ok(verdicts)
    }

    /// Looks once at the checks of a check cell, without waiting for anything.
    pub async fn glance(&self, cell: &str) -> Result<Vec<Verdict>, RunError> {
        let lacking = self.missing(checks_of(self.cell(cell)?)?).await;
        self.glance_lacking(cell, &lacking).await
    }

    /// The same where it is known what the cluster lacks.
    pub(crate) async fn glance_lacking(
        &self,
        cell: &str,
        lacking: &[Requirement],
    ) -> Result<Vec<Verdict>, RunError> {
        let mut verdicts = Vec::new();
        for check in checks_of(self.cell(cell)?)? {
            verdicts.push(self.verdict(check, &[], Duration::ZERO, lacking).await);
        }
        Ok(verdicts)
    }

    /// The first check of a check cell that does not hold in its time, if any; the others are not looked
    /// at. For those who only want to know whether a state is right.
    pub async fn first_failure(&self, cell: &str) -> Result<Option<&Check>, RunError> {
        for check in checks_of(self.cell(cell)?)? {
            let time = |text: &Option<String>| text.as_deref().and_then(duration::parse);
            let within = time(&check.within).unwrap_or(WITHIN);
            let stable = time(&check.stable_for).unwrap_or_default();
            // Whoever waits long need not look often.
            let every = EVERY.max(within / LOOKS);
            if !self.until_every(&check.condition, within, stable, every).await.holds {
                return Ok(Some(check));
            }
        }
        Ok(None)
    }

    /// Requirements of these checks that the cluster does not meet. What the whole lesson needs is not asked for again:
    /// it was found before anything was set up, and asking may take a probe of a minute.
    async fn missing(&self, checks: &[Check]) -> Vec<Requirement> {
        let known: Vec<Requirement> = self.notebook.scenario.needs().collect();
        let mut missing = Vec::new();
        for requirement in checks.iter().flat_map(|check| &check.requires) {
            if !missing.contains(requirement)
                && !known.contains(requirement)
                && self.capability(*requirement, &crate::Silent).await.met == Some(false)
            {
                missing.push(*requirement);
            }
        }
        missing
    }

    async fn verdict(
        &self,
        check: &Check,
        hints: &[Hint],
        within: Duration,
        missing: &[Requirement],
    ) -> Verdict {
        if let Some(lacking) = check.requires.iter().find(|one| missing.contains(one)) {
            return Verdict {
                id: check.id.clone(),
                state: State::Skipped,
                expected: Said::new("check-expected-capable"),
                found: Said::new(format!("check-skipped-{}", crate::preflight::name(*lacking))),
                cause: None,
                hints: Vec::new(),
            };
        }
        let stable = match within {
            Duration::ZERO => Duration::ZERO,
            _ => check.stable_for.as_deref().and_then(duration::parse).unwrap_or_default(),
        };
        let look = self.until(&check.condition, within, stable).await;
        let state = if look.holds { State::Passed } else { State::Failed };
        let (mut cause, mut fitting) = (None, Vec::new());
        if !look.holds && !within.is_zero() {
            cause = self.cause(&check.condition).await;
            fitting = self.fitting(hints).await;
        }
        Verdict {
            id: check.id.clone(),
            state,
            expected: look.expected,
            found: look.found,
            cause,
            hints: fitting,
        }
    }

    /// Looks until the condition holds and has held for long enough, or the time is over.
    pub(crate) async fn until(
        &self,
        condition: &Condition,
        within: Duration,
        stable: Duration,
    ) -> Look {
        self.until_every(condition, within, stable, EVERY).await
    }

    async fn until_every(
        &self,
        condition: &Condition,
        within: Duration,
        stable: Duration,
        every: Duration,
    ) -> Look {
        let start = self.clock.now();
        let passed = |since: Timestamp| self.clock.now().duration_since(since).unsigned_abs();
        let mut held_since = None;
        loop {
            let look = self.look(condition).await;
            if look.holds {
                let since = *held_since.get_or_insert_with(|| self.clock.now());
                if passed(since) >= stable {
                    return look;
                }
            } else {
                held_since = None;
                if passed(start) >= within {
                    return look;
                }
            }
            self.clock.sleep(every).await;
        }
    }

    /// Looks once at a condition.
    pub(crate) async fn look(&self, condition: &Condition) -> Look {
        match condition {
            Condition::Assert { object } => self.look_assert(object).await,
            Condition::Absent { object } => self.look_absent(object).await,
            Condition::Can { requests } => self.look_can(requests).await,
            Condition::Connects { connections } => self.look_connects(connections).await,
            Condition::Rejects { file, persona, code, reason, pattern } => {
                let refusal = rejects::Refusal { code: *code, reason, pattern };
                self.look_rejects(file, persona.as_deref(), &refusal).await
            }
            Condition::Event { object, namespace, reason, pattern } => {
                self.look_event(object, namespace, reason, pattern.as_deref()).await
            }
            Condition::Logs { pod, container, pattern } => {
                self.look_logs(pod, container.as_deref(), pattern).await
            }
            Condition::Output { pod, command, pattern } => {
                self.look_output(pod, command, pattern).await
            }
            Condition::Prints { line, persona, pattern } => {
                self.look_prints(line, persona.as_deref(), pattern).await
            }
        }
    }

    /// Hints whose conditions hold now.
    async fn fitting(&self, hints: &[Hint]) -> Vec<String> {
        let mut fitting = Vec::new();
        for hint in hints {
            let mut fits = true;
            for check in &hint.when {
                fits = fits && self.look(&check.condition).await.holds;
            }
            if fits {
                fitting.push(hint.id.clone());
            }
        }
        fitting
    }
}
