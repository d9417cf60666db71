//! Commands become runs.

use std::sync::Arc;

use notebook::cell::{Cell, CellKind};
use protocol::v1::{
    ApiProblem, ClockCommand, Command, CommandEnvelope, EventBody, Level, Phrase, RunId, RunOutcome,
};

use super::{After, Running, Session};
use crate::keys::Keys;

/// The most runs at a time.
const MOST_RUNS: usize = 8;
/// The longest text of a manifest cell, in bytes.
const LONGEST_TEXT: usize = 128 * 1024;
/// The longest line of the console, in bytes.
const LONGEST_LINE: usize = 16 * 1024;

impl Session {
    /// Takes a command. Sending the same envelope twice is harmless.
    pub fn command(&mut self, envelope: CommandEnvelope) -> Result<(), ApiProblem> {
        if self.seen.contains(&envelope.run) {
            return Ok(());
        }
        self.admit(&envelope)?;
        self.seen.insert(envelope.run.clone());
        if self.setting_up {
            self.waiting.push_back(envelope);
        } else {
            self.begin(envelope);
        }
        Ok(())
    }

    /// Whether a command makes sense at all; what the cluster thinks of it shows when it runs.
    fn admit(&self, envelope: &CommandEnvelope) -> Result<(), ApiProblem> {
        let cell_of = |id: &str, what: &'static str| {
            self.cell(id).ok_or_else(|| problem(404, no_such(what, id)))
        };
        match &envelope.command {
            Command::Apply { cell, text } | Command::Delete { cell, text } => {
                if text.len() > LONGEST_TEXT {
                    let phrase = Phrase::new("session-text-too-long")
                        .with("most", (LONGEST_TEXT / 1024).to_string());
                    return Err(problem(413, phrase));
                }
                let found = cell_of(cell, "session-no-cell")?;
                matches!(found.kind, CellKind::Manifest { .. })
                    .then_some(())
                    .ok_or_else(|| problem(422, no_such("session-not-this-kind", cell)))?;
            }
            Command::Act { cell } => {
                let found = cell_of(cell, "session-no-cell")?;
                matches!(found.kind, CellKind::Action { .. } | CellKind::Observe { .. })
                    .then_some(())
                    .ok_or_else(|| problem(422, no_such("session-not-this-kind", cell)))?;
            }
            Command::Load { cell, pods } => {
                let found = cell_of(cell, "session-no-cell")?;
                matches!(found.kind, CellKind::Load { most, .. } if *pods <= most)
                    .then_some(())
                    .ok_or_else(|| problem(422, no_such("session-not-this-kind", cell)))?;
            }
            Command::Check { cell } => {
                let found = cell_of(cell, "session-no-cell")?;
                matches!(found.kind, CellKind::Check { .. })
                    .then_some(())
                    .ok_or_else(|| problem(422, no_such("session-not-this-kind", cell)))?;
            }
            Command::Console { line, stdin, persona, .. } => {
                if line.len() > LONGEST_LINE
                    || stdin.as_ref().is_some_and(|text| text.len() > LONGEST_TEXT)
                {
                    let phrase = Phrase::new("session-text-too-long")
                        .with("most", (LONGEST_TEXT / 1024).to_string());
                    return Err(problem(413, phrase));
                }
                let personas = &self.notebook.scenario.personas;
                if let Some(persona) = persona
                    && !personas.iter().any(|known| known.id == *persona)
                {
                    return Err(problem(404, no_such("session-no-persona", persona)));
                }
            }
            Command::Solve { step, before } => {
                let steps = &self.notebook.scenario.steps;
                let named = before.iter().chain([step]);
                for step in named {
                    if !steps.iter().any(|known| known.id == *step) {
                        return Err(problem(404, no_such("session-no-step", step)));
                    }
                }
                if before.len() > steps.len() {
                    return Err(problem(422, no_such("session-no-step", step)));
                }
            }
            Command::Input { text, .. } if text.len() > LONGEST_LINE => {
                let phrase = Phrase::new("session-text-too-long")
                    .with("most", (LONGEST_LINE / 1024).to_string());
                return Err(problem(413, phrase));
            }
            Command::Cancel { .. }
            | Command::Input { .. }
            | Command::Clock { .. }
            | Command::Reset { .. }
            | Command::Undo
            | Command::Preflight => return Ok(()),
        }
        if self.running.len() + self.waiting.len() >= MOST_RUNS {
            let phrase = Phrase::new("session-too-many-runs").with("most", MOST_RUNS.to_string());
            return Err(problem(429, phrase));
        }
        Ok(())
    }

    fn cell(&self, id: &str) -> Option<&Cell> {
        self.notebook.scenario.cells.iter().find(|cell| cell.id == id)
    }

    /// Begins a command that was admitted.
    pub(super) fn begin(&mut self, envelope: CommandEnvelope) {
        let CommandEnvelope { run, command } = envelope;
        let cell = place(&command);
        self.push(EventBody::RunStarted { run: run.clone(), cell: cell.clone() });
        self.mark(&run, &command, &cell);
        let mut keys = None;
        let work = match command {
            Command::Input { target, text } => {
                let reads = |one: &Running| {
                    one.run == target
                        && one.keys.as_ref().is_some_and(|keys| keys.press(text.clone()))
                };
                let read = self.running.iter().any(reads);
                let outcome = if read { RunOutcome::Ok } else { RunOutcome::Failed };
                return self.done(run, cell, outcome);
            }
            Command::Cancel { target } => {
                self.end(&target, RunOutcome::Cancelled);
                return self.done(run, cell, RunOutcome::Ok);
            }
            Command::Clock { clock } => match self.move_clock(&run, clock) {
                Ok(outcome) => return self.done(run, cell, outcome),
                Err(work) => work,
            },
            Command::Reset { scope } => {
                if let Some(outcome) = self.reset(&run, scope) {
                    self.done(run, cell, outcome);
                }
                return;
            }
            Command::Undo => {
                let outcome = self.undo(&run);
                return self.done(run, cell, outcome);
            }
            Command::Apply { text, .. } => self.apply_work(&run, &cell, text),
            Command::Delete { text, .. } => self.delete_work(&run, &cell, text),
            Command::Act { .. } => self.act_work(&run, &cell),
            Command::Load { pods, .. } => self.load_work(&run, &cell, pods),
            Command::Console { line, persona, stdin, .. } => {
                keys = Some(Arc::new(Keys::new(&self.outbox, &run, &cell)));
                self.console_work(&run, &cell, line, persona, (stdin, keys.clone()))
            }
            Command::Check { .. } => self.check_work(&run, &cell),
            Command::Solve { step, before } => self.solve_work(&run, step, before),
            Command::Preflight => self.preflight_work(&run, &cell),
        };
        self.running.push(Running { run, cell, work, keys, after: After::Nothing });
    }

    fn done(&mut self, run: RunId, cell: String, outcome: RunOutcome) {
        self.flush();
        self.push(EventBody::RunFinished { run, cell, outcome });
    }

    /// Keeps the state before a run that may change the cluster or its time; a cell's first run is where the cell
    /// is reset to.
    fn mark(&mut self, run: &RunId, command: &Command, cell: &str) {
        let first = self.history.is_first_run(cell);
        let (changes, moves) = match command {
            Command::Apply { .. }
            | Command::Delete { .. }
            | Command::Act { .. }
            | Command::Load { .. }
            | Command::Solve { .. } => (true, true),
            // What the page asks again and again on its own account would crowd out what people did.
            Command::Console { cell, .. } => {
                (true, first || cell == "console" || self.cell(cell).is_some())
            }
            Command::Clock { clock: ClockCommand::Pause | ClockCommand::Run { .. } }
            | Command::Check { .. }
            | Command::Input { .. }
            | Command::Cancel { .. }
            | Command::Preflight => (false, false),
            Command::Clock { .. } | Command::Reset { .. } | Command::Undo => (false, true),
        };
        let Some(steering) = self.ends.steering.as_ref().map(Arc::clone) else { return };
        if !moves {
            return;
        }
        let snapshot = steering.snapshot();
        if changes && first {
            let step = self.step_of(cell);
            self.history.mark(step, cell, snapshot);
        }
        for unneeded in self.history.moment(run, snapshot) {
            steering.forget(unneeded);
        }
    }

    /// The step of a cell; a step is its own.
    fn step_of(&self, cell: &str) -> Option<String> {
        let steps = &self.notebook.scenario.steps;
        let step =
            steps.iter().find(|step| step.id == cell || step.cells.iter().any(|id| id == cell));
        step.map(|step| step.id.clone())
    }

    pub(super) fn warn(&mut self, phrase: Phrase) {
        self.notice(Level::Warning, phrase);
    }
}

/// Where a command's run is shown.
fn place(command: &Command) -> String {
    match command {
        Command::Apply { cell, .. }
        | Command::Delete { cell, .. }
        | Command::Act { cell }
        | Command::Load { cell, .. }
        | Command::Console { cell, .. }
        | Command::Check { cell } => cell.clone(),
        Command::Solve { step, .. } => step.clone(),
        Command::Input { .. } => "input".to_owned(),
        Command::Cancel { .. } => "cancel".to_owned(),
        Command::Clock { clock: ClockCommand::Pause | ClockCommand::Run { .. } } => {
            "speed".to_owned()
        }
        Command::Clock { .. } => "clock".to_owned(),
        Command::Reset { .. } => "reset".to_owned(),
        Command::Undo => "undo".to_owned(),
        Command::Preflight => "preflight".to_owned(),
    }
}

fn no_such(code: &str, name: &str) -> Phrase {
    // Names of the page's own making are short; a longer one is nobody's.
    Phrase::new(code).with("name", name.chars().take(80).collect::<String>())
}

fn problem(status: u16, phrase: Phrase) -> ApiProblem {
    let detail = format!("{} {:?}", phrase.code, phrase.args);
    ApiProblem { status, phrase, detail }
}
