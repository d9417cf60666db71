//! What runs do: the runner's work, told into the log.

use std::sync::{Arc, Mutex, PoisonError};

use apimachinery::transport::BoxFuture;
use kubectl::apply::{DocumentOutcome, DocumentResult};
use kubectl::manifest;
use protocol::v1::{
    ApplyOutcome, EventBody, Level, ObjectOutcome, Phrase, ResetScope, RunId, RunOutcome, Stream,
};
use runner::{
    Capability, ConsoleInput, Progress, RunError, Runner, Said, SetupError, Standing, State,
    Verdict,
};

use crate::convert;
use crate::keys::Keys;
use crate::outbox::{Outbox, Printer};
use crate::session::{Before, Session};

/// A run's ear.
struct Teller {
    run: RunId,
    /// Where the run is shown; cells of a solution speak under their own names.
    cell: String,
    outbox: Outbox,
    printer: Mutex<Option<(String, Printer)>>,
    /// The text that is applied, for the places of findings.
    text: String,
}

impl Teller {
    fn new(outbox: &Outbox, run: &RunId, cell: &str, text: &str) -> Self {
        Self {
            run: run.clone(),
            cell: cell.to_owned(),
            outbox: outbox.clone(),
            printer: Mutex::new(None),
            text: text.to_owned(),
        }
    }

    /// Writes out what has no line break yet.
    fn finish(&self) {
        if let Some((_, printer)) =
            self.printer.lock().unwrap_or_else(PoisonError::into_inner).take()
        {
            printer.finish();
        }
    }

    fn failed(&self, message: &str) -> RunOutcome {
        let mut printer = Printer::new(self.outbox.clone(), self.run.clone(), self.cell.clone());
        printer.line(Stream::Stderr, message);
        printer.finish();
        RunOutcome::Failed
    }
}

impl Progress for Teller {
    fn waiting(&self, what: &Said, done: usize, total: usize) {
        let number = |value: usize| u32::try_from(value).unwrap_or(u32::MAX);
        self.outbox.put(EventBody::RunProgress {
            run: self.run.clone(),
            cell: self.cell.clone(),
            phrase: convert::phrase(what),
            done: number(done),
            total: number(total),
        });
    }

    fn output(&self, cell: &str, stream: runner::Stream, text: &str) {
        let mut slot = self.printer.lock().unwrap_or_else(PoisonError::into_inner);
        if slot.as_ref().is_some_and(|(known, _)| known != cell)
            && let Some((_, printer)) = slot.take()
        {
            printer.finish();
        }
        let (_, printer) = slot.get_or_insert_with(|| {
            let printer = Printer::new(self.outbox.clone(), self.run.clone(), cell.to_owned());
            (cell.to_owned(), printer)
        });
        match convert::stream(stream) {
            Stream::Stderr => kubectl::Output::stderr(printer, text),
            Stream::Command => printer.line(Stream::Command, text),
            Stream::Stdout | Stream::Warning => kubectl::Output::stdout(printer, text),
        }
    }

    fn shows(&self, _cell: &str) {
        let mut slot = self.printer.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, printer)) = slot.as_mut() {
            printer.show();
        }
    }

    fn applied(&self, cell: &str, results: &[DocumentResult]) {
        let documents = manifest::read(&self.text).unwrap_or_default();
        self.outbox.put(EventBody::Applied {
            run: self.run.clone(),
            cell: cell.to_owned(),
            results: convert::outcomes(results, &documents),
        });
    }

    fn checked(&self, cell: &str, verdicts: &[Verdict]) {
        self.outbox.put(EventBody::Checked {
            run: self.run.clone(),
            cell: cell.to_owned(),
            checks: verdicts.iter().map(convert::check).collect(),
        });
    }
}

/// A run's work.
type Work = BoxFuture<'static, RunOutcome>;

fn ok_if(good: bool) -> RunOutcome {
    if good { RunOutcome::Ok } else { RunOutcome::Failed }
}

/// What an apply or a delete came to.
impl Teller {
    /// What a real cluster has already may be somebody else's: a reset would delete it.
    fn warn_of(&self, standing: &[Standing]) {
        let names: Vec<&str> = standing.iter().map(|one| one.object.as_str()).collect();
        if !names.is_empty() {
            let phrase = Phrase::new("session-real-standing").with("objects", names.join(", "));
            self.outbox.put(EventBody::Notice { level: Level::Warning, phrase });
        }
    }
}

fn remember(before: &Before, standing: Vec<Standing>) {
    let here = standing.into_iter().filter(|one| !one.going).collect();
    *before.lock().unwrap_or_else(PoisonError::into_inner) = Some(here);
}

/// Finds out what the cluster can do, and tells it.
async fn preflight(runner: &Runner, teller: &Teller) -> Vec<Capability> {
    let found = runner.preflight(teller).await;
    let capabilities = found.iter().map(convert::capability).collect();
    teller.outbox.put(EventBody::Preflight { capabilities });
    found
}

/// Whether the cluster has what the whole scenario needs, as far as that can be found out.
async fn is_able(runner: &Runner, teller: &Teller) -> bool {
    let found = preflight(runner, teller).await;
    let lacks =
        |needed| found.iter().any(|one| one.met == Some(false) && one.requirement == needed);
    !runner.notebook().scenario.needs().any(lacks)
}

fn documents(
    teller: &Teller,
    result: Result<Result<Vec<DocumentResult>, manifest::ManifestError>, RunError>,
) -> RunOutcome {
    match result {
        Ok(Ok(results)) => ok_if(results.iter().all(|one| one.outcome != DocumentOutcome::Failed)),
        Ok(Err(error)) => {
            let finding = convert::unreadable(&error);
            let refused = ObjectOutcome {
                object: None,
                outcome: ApplyOutcome::Failed,
                message: format!("error: error parsing STDIN: {error}"),
                findings: vec![finding],
            };
            teller.outbox.put(EventBody::Applied {
                run: teller.run.clone(),
                cell: teller.cell.clone(),
                results: vec![refused],
            });
            RunOutcome::Failed
        }
        Err(error) => teller.failed(&error.to_string()),
    }
}

fn verdicts(teller: &Teller, result: Result<Vec<Verdict>, RunError>) -> RunOutcome {
    match result {
        Ok(verdicts) => ok_if(verdicts.iter().all(|one| one.state != State::Failed)),
        Err(error) => teller.failed(&error.to_string()),
    }
}

impl Session {
    fn teller(&self, run: &RunId, cell: &str, text: &str) -> (Arc<Runner>, Teller) {
        (Arc::clone(&self.runner), Teller::new(&self.outbox, run, cell, text))
    }

    pub(crate) fn setup_work(&self, run: &RunId, cell: &str) -> Work {
        let (runner, teller) = self.teller(run, cell, "");
        let real = self.ends.steering.is_none();
        let before = Arc::clone(&self.before);
        Box::pin(async move {
            if real {
                remember(&before, runner.standing().await);
            }
            // A real cluster is asked before anything is made on it whether the lesson is true there.
            if real && !is_able(&runner, &teller).await {
                teller.finish();
                return RunOutcome::Failed;
            }
            if real {
                // What an earlier session took away may still be going.
                let standing = runner.deletions_end(&teller).await;
                teller.warn_of(&standing);
                remember(&before, standing);
            }
            let result = runner.setup(&teller).await;
            teller.finish();
            match result {
                Ok(()) => RunOutcome::Ok,
                Err(SetupError::Unfinished { expected, found, cause }) => {
                    for said in [Some(expected), Some(found), cause].into_iter().flatten() {
                        teller.waiting(&said, 0, 0);
                    }
                    RunOutcome::Failed
                }
                Err(error) => teller.failed(&error.to_string()),
            }
        })
    }

    pub(crate) fn apply_work(&self, run: &RunId, cell: &str, text: String) -> Work {
        let (runner, teller) = self.teller(run, cell, &text);
        Box::pin(async move {
            let result = runner.apply(&teller.cell, &text, &teller).await;
            documents(&teller, result)
        })
    }

    pub(crate) fn delete_work(&self, run: &RunId, cell: &str, text: String) -> Work {
        let (runner, teller) = self.teller(run, cell, &text);
        Box::pin(async move {
            let result = runner.delete(&teller.cell, &text, &teller).await;
            documents(&teller, result)
        })
    }

    pub(crate) fn load_work(&self, run: &RunId, cell: &str, pods: u32) -> Work {
        let (runner, teller) = self.teller(run, cell, "");
        Box::pin(async move {
            let result = runner.load(&teller.cell, pods, &teller).await;
            documents(&teller, result.map(Ok))
        })
    }

    pub(crate) fn act_work(&self, run: &RunId, cell: &str) -> Work {
        let (runner, teller) = self.teller(run, cell, "");
        // What an observation shows is the truth, also when the truth is a refusal.
        let observes = self.is_observation(cell);
        Box::pin(async move {
            let result = runner.act(&teller.cell, &teller).await;
            teller.finish();
            match result {
                Ok(runs) => ok_if(observes || runs.iter().all(|run| run.exit_code == 0)),
                Err(error) => teller.failed(&error.to_string()),
            }
        })
    }

    pub(crate) fn console_work(
        &self,
        run: &RunId,
        cell: &str,
        line: String,
        persona: Option<String>,
        input: (Option<String>, Option<Arc<Keys>>),
    ) -> Work {
        let (runner, teller) = self.teller(run, cell, "");
        Box::pin(async move {
            let stdin = input.0.unwrap_or_default();
            let keyboard = input.1.map(|keys| keys as Arc<dyn kubectl::Keyboard>);
            let input = ConsoleInput { stdin: &stdin, keyboard };
            let result =
                runner.console(&teller.cell, &line, persona.as_deref(), input, &teller).await;
            teller.finish();
            match result {
                Ok(run) => ok_if(run.exit_code == 0),
                Err(error) => teller.failed(&error.to_string()),
            }
        })
    }

    pub(crate) fn check_work(&self, run: &RunId, cell: &str) -> Work {
        let (runner, teller) = self.teller(run, cell, "");
        Box::pin(async move {
            let result = runner.check(&teller.cell, &teller).await;
            verdicts(&teller, result)
        })
    }

    /// Solves the steps before a step in their order, then the step; the first that fails ends it.
    pub(crate) fn solve_work(&self, run: &RunId, step: String, before: Vec<String>) -> Work {
        let (runner, teller) = self.teller(run, &step, "");
        Box::pin(async move {
            let mut outcome = RunOutcome::Ok;
            for step in before.into_iter().chain([step]) {
                let result = runner.solve(&step, &teller).await;
                teller.finish();
                let flat =
                    result.map(|cells| cells.into_iter().flat_map(|(_, list)| list).collect());
                outcome = verdicts(&teller, flat);
                if outcome != RunOutcome::Ok {
                    break;
                }
            }
            outcome
        })
    }

    pub(crate) fn preflight_work(&self, run: &RunId, cell: &str) -> Work {
        let (runner, teller) = self.teller(run, cell, "");
        Box::pin(async move {
            let found = preflight(&runner, &teller).await;
            ok_if(found.iter().all(|one| one.met == Some(true)))
        })
    }

    /// On a real cluster: deletes what the scenario's manifests name, and sets up again.
    pub(crate) fn reset_work(&self, run: &RunId, scope: ResetScope) -> Work {
        let (runner, teller) = self.teller(run, "reset", "");
        let before = Arc::clone(&self.before);
        Box::pin(async move {
            // What a reset leaves and sets up again is this session's own.
            remember(&before, runner.clear(&teller).await);
            let result = runner.setup(&teller).await;
            teller.finish();
            match result {
                Ok(()) => {
                    teller.outbox.put(EventBody::Reset { scope, undone: false });
                    RunOutcome::Ok
                }
                Err(error) => {
                    let phrase = Phrase::new("session-reset-lost");
                    teller.outbox.put(EventBody::Notice { level: Level::Error, phrase });
                    teller.failed(&error.to_string())
                }
            }
        })
    }
}
