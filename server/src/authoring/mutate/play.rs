//! Plays attempts: forks before the cell, does something else, goes on with the solution up to the checks,
//! and judges what they say.

use std::sync::Arc;

use apimachinery::transport::{Clock as _, Transport};
use cluster::Cluster;
use kubectl::apply::DocumentOutcome;
use notebook::cell::{Cell, CellKind};
use notebook::check::Check;
use notebook::scenario::{Notebook, Requirement};
use runner::{Deed, RunError, Runner, SetupError, Silent, Timeline as _};
use serde_json::Value;
use session::embedded::{Embedded, Stuck};

use super::mutants::Fault;
use super::remembering::Remembering;
use super::state::{self, State};
use super::{Attempt, Score, Survivor, attempts};
use crate::authoring::engine;
use crate::authoring::folder::Folder;

/// How long the cluster may settle before its states are compared.
const SETTLE: std::time::Duration = std::time::Duration::from_secs(15);
/// How long a fresh cluster starts its own pods, so that this is not played again for every wrong state.
const START: std::time::Duration = std::time::Duration::from_mins(1);

/// Why a scenario's wrong states cannot be played.
#[derive(Debug, thiserror::Error)]
pub enum MutateError {
    /// It cannot be set up.
    #[error("{0}")]
    Setup(Box<SetupError>),
    /// It cannot be run as it is written.
    #[error(transparent)]
    Run(#[from] RunError),
    /// It waits for something that never happens.
    #[error("it waits for something that never happens")]
    Stuck(#[from] Stuck),
    /// A check does not hold after the solution.
    #[error("the check {0} does not hold after the solution; see `podium check`")]
    Unproved(String),
    /// A check does not hold after an alternative.
    #[error("a check does not hold after {0}; see `podium check`")]
    Alternative(String),
}

/// A cell that is played or checked, in the order of the scenario.
struct Stop {
    step: String,
    cell: Cell,
    deed: Deed,
    /// The state before it.
    kept: u64,
    /// What the server keeps of the documents that it applies, right afterwards.
    stored: Vec<Option<Value>>,
    /// The state at the end of the step, for check cells.
    after: Option<State>,
}

impl Stop {
    fn checks(&self) -> Option<&[Check]> {
        match &self.cell.kind {
            CellKind::Check { checks, .. } => Some(checks),
            _ => None,
        }
    }
}

struct Player<'f> {
    folder: &'f Folder,
    cluster: Embedded<Cluster>,
    transport: Arc<dyn Transport>,
    runner: Runner,
    stops: Vec<Stop>,
    scores: Vec<Score>,
}

/// Plays the wrong states of a scenario.
pub fn scenario(folder: &Folder, notebook: &Notebook) -> Result<Vec<Score>, MutateError> {
    let cluster = engine::cluster(&notebook.scenario.cluster);
    cluster.block_on(cluster.sleep(START))?;
    let transport: Arc<dyn Transport> = Arc::new(Remembering::new(Arc::new(cluster.clone())));
    let runner = Runner::new(Arc::clone(&transport), Arc::new(cluster.clone()), notebook);
    cluster
        .block_on(runner.setup(&Silent))?
        .map_err(|error| MutateError::Setup(Box::new(error)))?;
    cluster.block_on(cluster.sleep(SETTLE))?;
    let mut player =
        Player { folder, cluster, transport, runner, stops: Vec::new(), scores: Vec::new() };
    player.solution(notebook)?;
    for at in 0..player.stops.len() {
        player.mutate(notebook, at)?;
    }
    Ok(player.scores)
}

impl Player<'_> {
    fn wait<T>(&self, future: impl Future<Output = T>) -> Result<T, MutateError> {
        Ok(self.cluster.block_on(future)?)
    }

    /// Plays the solution once and keeps every state of it.
    fn solution(&mut self, notebook: &Notebook) -> Result<(), MutateError> {
        for step in &notebook.scenario.steps {
            for id in &step.cells {
                let cell = self.runner.cell(id)?.clone();
                let deed = self.runner.deed(&cell)?;
                let kept = self.cluster.keep();
                let mut stop = Stop {
                    step: step.id.clone(),
                    cell,
                    deed,
                    kept,
                    stored: Vec::new(),
                    after: None,
                };
                if stop.checks().is_some() {
                    if let Some(failed) = self.wait(self.runner.first_failure(id))?? {
                        return Err(MutateError::Unproved(format!("{id}/{}", failed.id)));
                    }
                    let (step, cell) = (step.id.clone(), id.clone());
                    self.scores.push(Score { step, cell, ..Score::default() });
                } else {
                    stop.deed = silent(stop.deed);
                    self.perform(&stop.cell, &stop.deed)?;
                    stop.stored = self.stored(&stop.deed)?;
                }
                self.stops.push(stop);
            }
            let after = self.settled()?;
            let checked = self.stops.iter_mut().filter(|stop| stop.step == step.id);
            checked
                .filter(|stop| stop.checks().is_some())
                .for_each(|stop| stop.after = Some(after.clone()));
        }
        Ok(())
    }

    /// Does something; whether the server refused a document.
    fn perform(&self, cell: &Cell, deed: &Deed) -> Result<Vec<bool>, MutateError> {
        let results = self.wait(self.runner.perform(cell, deed, &Silent))??;
        Ok(results.iter().map(|result| result.outcome == DocumentOutcome::Failed).collect())
    }

    /// What the server keeps of the documents of a text.
    fn stored(&self, deed: &Deed) -> Result<Vec<Option<Value>>, MutateError> {
        let Deed::Apply(text) = deed else { return Ok(Vec::new()) };
        let documents = kubectl::manifest::read(text).unwrap_or_default();
        let mut stored = Vec::new();
        for document in documents {
            stored.push(self.wait(state::stored(&self.runner, &document.value))?);
        }
        Ok(stored)
    }

    /// The state after a while, without moving on.
    fn settled(&self) -> Result<State, MutateError> {
        let kept = self.cluster.keep();
        self.wait(self.cluster.sleep(SETTLE))?;
        let state = self.wait(state::dump(&self.transport))?;
        self.cluster.back(kept);
        self.cluster.drop_kept(kept);
        Ok(state)
    }

    /// Plays all attempts at one cell, and its exchange with the next deed.
    fn mutate(&mut self, notebook: &Notebook, at: usize) -> Result<(), MutateError> {
        let Some(stop) = self.stops.get(at).filter(|stop| stop.deed != Deed::Nothing) else {
            return Ok(());
        };
        // (Of the deed as it is written: its lines have their places in the structure.)
        let written = self.runner.deed(&stop.cell)?;
        let attempts = attempts(self.folder, notebook, &stop.cell, &written);
        self.alternatives(at)?;
        for attempt in attempts {
            self.attempt(at, &attempt)?;
        }
        self.exchange(at)
    }

    /// What solves a cell as well must not be refused.
    fn alternatives(&self, at: usize) -> Result<(), MutateError> {
        let Some(stop) = self.stops.get(at) else { return Ok(()) };
        for (file, deed) in self.runner.alternatives(&stop.cell)? {
            self.cluster.back(stop.kept);
            self.perform(&stop.cell, &deed)?;
            for next in self.stops.get(self.window(at + 1)).unwrap_or_default() {
                if next.checks().is_none() {
                    self.perform(&next.cell, &next.deed)?;
                } else if self.wait(self.runner.first_failure(&next.cell.id))??.is_some() {
                    return Err(MutateError::Alternative(file));
                }
            }
        }
        Ok(())
    }

    fn attempt(&mut self, at: usize, attempt: &Attempt) -> Result<(), MutateError> {
        let Some(stop) = self.stops.get(at) else { return Ok(()) };
        self.cluster.back(stop.kept);
        let refused = self.perform(&stop.cell, &silent(attempt.deed.clone()))?;
        if let Some(document) = attempt.document.filter(|_| attempt.fault == Fault::Field) {
            // What the server refuses is not done: that wrong state is played once, as the missing object.
            if refused.get(document) == Some(&true) {
                return Ok(());
            }
            // What the server keeps just as it keeps the solution is the same.
            let stored = self.stored(&attempt.deed)?;
            if stored.get(document) == stop.stored.get(document) {
                self.count(at + 1, |score| score.same += 1);
                return Ok(());
            }
        }
        self.judge(at + 1, attempt)
    }

    /// The next deed before this one.
    fn exchange(&mut self, at: usize) -> Result<(), MutateError> {
        let changes = |stop: &&Stop| stop.deed != Deed::Nothing && may_change(&stop.deed, false);
        let Some(this) = self.stops.get(at).filter(changes) else { return Ok(()) };
        let later = self.stops.iter().enumerate().skip(at + 1);
        let next =
            later.take_while(|(_, stop)| stop.checks().is_none()).find(|(_, stop)| changes(stop));
        let Some((next, other)) = next else { return Ok(()) };
        self.cluster.back(this.kept);
        self.perform(&other.cell, &other.deed)?;
        self.perform(&this.cell, &this.deed)?;
        let path = self.folder.cells().into_iter().find(|(_, cell)| cell.id == this.cell.id);
        let attempt = Attempt {
            fault: Fault::Deed,
            deed: Deed::Nothing,
            file: format!("{}/{}", self.folder.id, crate::authoring::folder::STRUCTURE),
            line: self.folder.line(&path.map(|(path, _)| path).unwrap_or_default()),
            what: format!("`{}` is done before `{}`", other.cell.id, this.cell.id),
            taught: true,
            document: None,
            field: None,
        };
        self.judge(next + 1, &attempt)
    }

    /// The check cells that judge what was done before a stop: those up to the end of the step in which
    /// the first of them stands.
    fn window(&self, from: usize) -> std::ops::Range<usize> {
        let stops = self.stops.get(from..).unwrap_or_default();
        let Some(first) = stops.iter().position(|stop| stop.checks().is_some()) else {
            return from..from;
        };
        let step = stops.get(first).map(|stop| stop.step.as_str());
        let rest = stops.iter().skip(first);
        let length = rest.take_while(|stop| Some(stop.step.as_str()) == step).count();
        from..from + first + length
    }

    /// Changes the score of the first check cell of a window.
    fn count(&mut self, from: usize, change: impl FnOnce(&mut Score)) {
        let window = self.window(from);
        let mut stops = self.stops.get(window).unwrap_or_default().iter();
        let cell = stops.find(|stop| stop.checks().is_some()).map(|stop| stop.cell.id.clone());
        if let Some(score) = self.scores.iter_mut().find(|score| Some(&score.cell) == cell.as_ref())
        {
            change(score);
        }
    }

    /// Goes on with the solution, and sees whether a check fails.
    fn judge(&mut self, from: usize, attempt: &Attempt) -> Result<(), MutateError> {
        let window = self.window(from);
        for stop in self.stops.get(window.clone()).unwrap_or_default() {
            if stop.checks().is_none() {
                self.perform(&stop.cell, &stop.deed)?;
            } else if self.wait(self.runner.first_failure(&stop.cell.id))??.is_some() {
                let cell = stop.cell.id.clone();
                let score = self.scores.iter_mut().find(|score| score.cell == cell);
                if let Some(score) = score {
                    score.killed += 1;
                }
                return Ok(());
            }
        }
        let checked: Vec<&Stop> = self
            .stops
            .get(window)
            .unwrap_or_default()
            .iter()
            .filter(|stop| stop.checks().is_some())
            .collect();
        let Some(right) = checked.iter().find_map(|stop| stop.after.as_ref()) else {
            return Ok(());
        };
        let wrong = self.settled()?;
        if wrong == *right {
            self.count(from, |score| score.same += 1);
            return Ok(());
        }
        let checks: Vec<Check> =
            checked.iter().filter_map(|stop| stop.checks()).flatten().cloned().collect();
        let running = self.runner.notebook().scenario.needs().any(|one| one == Requirement::Pods)
            || checks.iter().any(|check| check.requires.contains(&Requirement::Pods));
        match reason(attempt, &checks, (right, &wrong), running) {
            None => self.count(from, |score| score.beside += 1),
            Some((why, remedy)) => {
                let survivor = Survivor {
                    file: attempt.file.clone(),
                    line: attempt.line,
                    what: attempt.what.clone(),
                    why,
                    remedy,
                };
                self.count(from, |score| score.survivors.push(survivor));
            }
        }
        Ok(())
    }
}

/// Why a check should have failed, and what to tighten; none when the attempt changes what they are not
/// about.
fn reason(
    attempt: &Attempt,
    checks: &[Check],
    (right, wrong): (&State, &State),
    running: bool,
) -> Option<(String, String)> {
    let differs = |key: &&String| right.get(*key) != wrong.get(*key);
    let keys: std::collections::BTreeSet<&String> = right.keys().chain(wrong.keys()).collect();
    let changed: Vec<&String> = keys.into_iter().filter(differs).collect();
    let object = |key: &&&String| right.contains_key(**key) != wrong.contains_key(**key);
    let first = changed.first()?;
    // Another name that nothing refers to: the same object does the same.
    if let [one, other] = changed.as_slice()
        && attempt.fault == Fault::Misplaced
        && (right.get(*one), wrong.get(*one)) == (wrong.get(*other), right.get(*other))
        && namespace(one) == namespace(other)
    {
        return None;
    }
    let gone = changed.iter().find(object);
    if let Some(key) = gone {
        let state = if right.contains_key(*key) { "is not there" } else { "is there as well" };
        let why = format!("{} {state}", shown(key));
        return Some((why, "check it by what it does, or assert that it is there".to_owned()));
    }
    if attempt.fault == Fault::Deed {
        let why = format!("{} is not as after the solution", shown(first));
        return Some((why, format!("assert the field of {} that it changes", shown(first))));
    }
    let admitted = attempt
        .field
        .as_ref()
        .is_some_and(|(document, pointer)| state::admits_others(checks, document, pointer));
    if attempt.taught && !admitted {
        let why = "the solution differs from the given text in this field".to_owned();
        return Some((why, "assert this field, or what it does".to_owned()));
    }
    let named = state::named(checks);
    let status = |state: &State, key: &String| {
        state.get(key).and_then(|object| object.get("status")).cloned()
    };
    // Without kubelets, nobody is told how pods are.
    let seen = |key: &&String| running || !key.starts_with("v1/Pod/");
    let mut moved = named.iter().filter(seen);
    let moved = moved.find(|key| status(right, key) != status(wrong, key));
    if let Some(key) = moved {
        let why = format!("the status of {} is another", shown(key));
        return Some((why, "assert what its status says after the solution".to_owned()));
    }
    (state::read_by(checks, right) != state::read_by(checks, wrong)).then(|| {
        let why = "a field or list that a check names is another".to_owned();
        (why, "count the list with (length n), or assert its items".to_owned())
    })
}

fn namespace(key: &str) -> Option<&str> {
    key.rsplit('/').nth(1)
}

/// `apps/v1/Deployment/dev/web` for a person.
fn shown(key: &str) -> String {
    let mut parts: Vec<&str> = key.rsplitn(4, '/').take(3).collect();
    parts.reverse();
    match parts.as_slice() {
        [kind, "", name] => format!("{kind} {name}"),
        [kind, namespace, name] => format!("{kind} {namespace}/{name}"),
        _ => key.to_owned(),
    }
}

/// A deed without the lines that only show something; those that wait let time pass.
fn silent(deed: Deed) -> Deed {
    let Deed::Run { lines, stops } = deed else { return deed };
    let matters = |line: &String| {
        runner::commands(line).iter().any(|command| {
            kubectl::line::read(command).map_or(true, |read| {
                read.changes || ["wait", "rollout status"].contains(&read.command.as_str())
            })
        })
    };
    let lines: Vec<String> = lines.into_iter().filter(matters).collect();
    if lines.is_empty() { Deed::Nothing } else { Deed::Run { lines, stops } }
}

/// Whether a deed may change something: that can be seen in the API, or also within containers.
pub(super) fn may_change(deed: &Deed, within: bool) -> bool {
    match deed {
        Deed::Apply(_) | Deed::Delete(_) => true,
        Deed::Nothing => false,
        Deed::Run { lines, .. } => {
            lines.iter().flat_map(|line| runner::commands(line)).any(|command| {
                kubectl::line::read(&command)
                    .is_ok_and(|read| read.changes && (within || read.command != "exec"))
            })
        }
    }
}
