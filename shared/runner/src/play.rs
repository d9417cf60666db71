//! Doing things: setting a scenario up, applying manifests, running commands, playing solutions.

use kubectl::apply::{
    ApplyOptions, DocumentOutcome, DocumentResult, apply_documents, delete_documents,
};
use kubectl::manifest::{self, Document, ManifestError};
use kubectl::{Files, Invocation, Keyboard, Kubectl, Output};
use notebook::cell::{Cell, CellKind};
use notebook::duration;
use notebook::scenario::{Persona, Requirement};
use std::sync::Arc;
use std::time::Duration;

use crate::progress::Stream;
use crate::{Deed, Progress, RunError, Runner, Said, Verdict};

/// How long a part of the setup may take when it says nothing.
const SETUP_WITHIN: Duration = Duration::from_mins(2);

/// How long the cluster may need until it takes a setup file.
const SETTLE: Duration = Duration::from_secs(30);
const EVERY: Duration = Duration::from_millis(500);

/// Why a scenario could not be set up.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SetupError {
    /// A setup file is missing or no manifest.
    #[error("setup file {file}: {message}")]
    Unreadable {
        /// The file.
        file: String,
        /// What is wrong.
        message: String,
    },
    /// The cluster refused a document.
    #[error("setup file {file}: {message}")]
    Refused {
        /// The file.
        file: String,
        /// What the server said.
        message: String,
    },
    /// Something did not come true in time.
    #[error("the setup did not finish: {}", .found.code)]
    Unfinished {
        /// What was expected.
        expected: Said,
        /// What was found.
        found: Said,
        /// The most likely cause.
        cause: Option<Said>,
    },
}

/// What came of one command line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommandRun {
    /// The line.
    pub line: String,
    /// Exit code.
    pub exit_code: i32,
}

/// What a line of a console reads.
#[derive(Clone, Default)]
pub struct ConsoleInput<'a> {
    /// Standard input as a whole.
    pub stdin: &'a str,
    /// Somebody at the keyboard.
    pub keyboard: Option<Arc<dyn Keyboard>>,
}

impl Runner {
    /// kubectl as a persona.
    pub fn kubectl(&self, persona: &Persona) -> Kubectl {
        let kubectl = Kubectl::new(Arc::clone(&self.transport), Arc::clone(&self.clock));
        match persona.user.as_str() {
            "" => kubectl,
            user => kubectl.with_persona(user, persona.groups.clone()),
        }
    }

    /// Applies the setup files as the executor and waits for what must hold before the first step.
    /// Doing it again changes nothing that is already as it should be.
    pub async fn setup(&self, progress: &dyn Progress) -> Result<(), SetupError> {
        self.setup_lacking(&[], progress).await
    }

    /// The same where the cluster lacks something: what never comes true without it is not waited for.
    pub(crate) async fn setup_lacking(
        &self,
        lacking: &[Requirement],
        progress: &dyn Progress,
    ) -> Result<(), SetupError> {
        let kubectl = Kubectl::new(Arc::clone(&self.transport), Arc::clone(&self.clock));
        let scenario = &self.notebook.scenario;
        let total = scenario.setup.len() + scenario.setup_checks.len();
        for (done, file) in scenario.setup.iter().enumerate() {
            progress.waiting(&Said::new("check-setup-file").with("file", file), done, total);
            let unreadable =
                |message: String| SetupError::Unreadable { file: file.clone(), message };
            let text = self.file(file).map_err(|error| unreadable(error.to_string()))?;
            let documents = manifest::read(text).map_err(|error| unreadable(error.to_string()))?;
            let results = self.settle(&kubectl, &documents).await;
            progress.applied("setup", &results);
            if let Some(failed) = results.iter().find(|one| one.outcome == DocumentOutcome::Failed)
            {
                let message = failed.message.trim_end().to_owned();
                return Err(SetupError::Refused { file: file.clone(), message });
            }
        }
        for (index, check) in scenario.setup_checks.iter().enumerate() {
            if check.requires.iter().any(|one| lacking.contains(one)) {
                continue;
            }
            let within = check.within.as_deref().and_then(duration::parse).unwrap_or(SETUP_WITHIN);
            let first = self.look(&check.condition).await;
            progress.waiting(&first.expected, scenario.setup.len() + index, total);
            let look = if first.holds {
                first
            } else {
                self.until(&check.condition, within, Duration::ZERO).await
            };
            if !look.holds {
                let cause = self.cause(&check.condition).await;
                let (expected, found) = (look.expected, look.found);
                return Err(SetupError::Unfinished { expected, found, cause });
            }
        }
        progress.waiting(&Said::new("check-setup-done"), total, total);
        Ok(())
    }

    /// Applies documents, again while the cluster only needs a moment.
    async fn settle(&self, kubectl: &Kubectl, documents: &[Document]) -> Vec<DocumentResult> {
        let start = self.clock.now();
        loop {
            let results = apply_documents(kubectl, documents, &ApplyOptions::default()).await;
            let late = self.clock.now().duration_since(start).unsigned_abs() >= SETTLE;
            if late || !results.iter().any(needs_a_moment) {
                return results;
            }
            self.clock.sleep(EVERY).await;
        }
    }

    /// Applies a text as a manifest cell's persona. An unreadable text is told as such.
    pub async fn apply(
        &self,
        cell: &str,
        text: &str,
        progress: &dyn Progress,
    ) -> Result<Result<Vec<DocumentResult>, ManifestError>, RunError> {
        let kubectl = self.kubectl_of(self.cell(cell)?)?;
        let documents = match manifest::read(text) {
            Ok(documents) => documents,
            Err(error) => return Ok(Err(error)),
        };
        let results = apply_documents(&kubectl, &documents, &ApplyOptions::default()).await;
        progress.applied(cell, &results);
        Ok(Ok(results))
    }

    /// Deletes what a text names, as a manifest cell's persona.
    pub async fn delete(
        &self,
        cell: &str,
        text: &str,
        progress: &dyn Progress,
    ) -> Result<Result<Vec<DocumentResult>, ManifestError>, RunError> {
        let kubectl = self.kubectl_of(self.cell(cell)?)?;
        let documents: Vec<Document> = match manifest::read(text) {
            Ok(documents) => documents,
            Err(error) => return Ok(Err(error)),
        };
        let results = delete_documents(&kubectl, &documents).await;
        progress.applied(cell, &results);
        Ok(Ok(results))
    }

    pub(crate) fn kubectl_of(&self, cell: &Cell) -> Result<Kubectl, RunError> {
        Ok(self.kubectl(&self.persona(cell.persona.as_deref())?))
    }

    /// Runs the lines of an action cell, or of an observation. An action ends at the first line that
    /// fails; an observation looks at everything.
    pub async fn act(
        &self,
        cell: &str,
        progress: &dyn Progress,
    ) -> Result<Vec<CommandRun>, RunError> {
        let found = self.cell(cell)?;
        let (lines, stops) = match &found.kind {
            CellKind::Action { run, .. } => (run, true),
            CellKind::Observe { run, .. } => (run, false),
            CellKind::Manifest { .. }
            | CellKind::Console { .. }
            | CellKind::Check { .. }
            | CellKind::Diagram { .. }
            | CellKind::Quiz { .. }
            | CellKind::Load { .. }
            | CellKind::Note { .. } => {
                return Err(RunError::WrongKind { cell: cell.to_owned(), expected: "action" });
            }
        };
        let persona = self.persona(found.persona.as_deref())?;
        let mut runs = Vec::new();
        for (done, line) in lines.iter().enumerate() {
            progress.waiting(&Said::new("check-running").with("line", line), done, lines.len());
            let nothing = ConsoleInput::default();
            let exit_code = self.line(cell, line, &persona, nothing, progress).await;
            runs.push(CommandRun { line: line.clone(), exit_code });
            if stops && exit_code != 0 {
                break;
            }
        }
        Ok(runs)
    }

    /// Runs one line of a console, as a persona of the scenario (the cell's, or the first).
    pub async fn console(
        &self,
        cell: &str,
        line: &str,
        persona: Option<&str>,
        input: ConsoleInput<'_>,
        progress: &dyn Progress,
    ) -> Result<CommandRun, RunError> {
        let of_cell = self.cell(cell).ok().and_then(|cell| cell.persona.as_deref());
        let persona = self.persona(persona.or(of_cell))?;
        let exit_code = self.line(cell, line, &persona, input, progress).await;
        Ok(CommandRun { line: line.to_owned(), exit_code })
    }

    pub(crate) async fn line(
        &self,
        cell: &str,
        line: &str,
        persona: &Persona,
        input: ConsoleInput<'_>,
        progress: &dyn Progress,
    ) -> i32 {
        progress.output(cell, Stream::Command, line);
        let mut out = Told { cell, progress };
        let line = self.inserted(line, persona, &mut out).await;
        if let Some(code) = self.fault(&line, &mut out).await {
            return code;
        }
        match Invocation::parse(&line) {
            Ok(invocation) => {
                let kubectl = self.kubectl(persona);
                let kubectl = match input.keyboard {
                    Some(keyboard) => kubectl.with_keyboard(keyboard),
                    None => kubectl,
                };
                kubectl.run(&invocation, self, input.stdin, &mut out).await
            }
            Err(error) => {
                out.stderr(&format!("error: {error}\n"));
                1
            }
        }
    }

    /// Plays the solution of a step: does what its cells do, in their order, and evaluates its checks
    /// where they stand. Gives the verdicts of its check cells.
    pub async fn solve(
        &self,
        step: &str,
        progress: &dyn Progress,
    ) -> Result<Vec<(String, Vec<Verdict>)>, RunError> {
        let mut verdicts = Vec::new();
        for id in &self.step(step)?.cells {
            let cell = self.cell(id)?;
            if matches!(cell.kind, CellKind::Check { .. }) {
                verdicts.push((id.clone(), self.check(id, progress).await?));
            } else {
                self.perform(cell, &self.deed(cell)?, progress).await?;
            }
        }
        Ok(verdicts)
    }

    /// The same with another deed in one cell, where the cluster lacks something: lines that wait for it are left out,
    /// and so are the checks that need it.
    pub(crate) async fn solve_with(
        &self,
        step: &str,
        instead: Option<(&str, &Deed)>,
        lacking: &[Requirement],
        progress: &dyn Progress,
    ) -> Result<Vec<(String, Vec<Verdict>)>, RunError> {
        let mut verdicts = Vec::new();
        for id in &self.step(step)?.cells {
            let cell = self.cell(id)?;
            if matches!(cell.kind, CellKind::Check { .. }) {
                verdicts.push((id.clone(), self.check_lacking(id, lacking, progress).await?));
                continue;
            }
            let deed = match instead {
                Some((other, deed)) if other == id => deed.clone(),
                _ => self.deed(cell)?,
            };
            self.perform(cell, &deed.possible_without(lacking), progress).await?;
        }
        Ok(verdicts)
    }
}

/// Whether a refusal goes away by itself: a namespace that has no service account yet (the admission
/// plugin ServiceAccount), a conflict, or a server that is busy.
fn needs_a_moment(result: &DocumentResult) -> bool {
    result.status.as_ref().is_some_and(|status| match status.code {
        403 => status.message.contains("error looking up service account"),
        409 | 429 | 500 | 503 | 504 => true,
        _ => false,
    })
}

/// Commands may read the files of their scenario with `-f`.
impl Files for Runner {
    fn read(&self, name: &str) -> Option<String> {
        self.notebook.files.get(name).cloned()
    }
}

/// What a command writes goes to whoever listens.
struct Told<'a> {
    cell: &'a str,
    progress: &'a dyn Progress,
}

impl Output for Told<'_> {
    fn stdout(&mut self, text: &str) {
        self.progress.output(self.cell, Stream::Stdout, text);
    }

    fn stderr(&mut self, text: &str) {
        self.progress.output(self.cell, Stream::Stderr, text);
    }

    fn flush(&mut self) {
        self.progress.shows(self.cell);
    }
}
