//! What somebody does in a cell: its solution, an alternative, or something else.

use kubectl::apply::DocumentResult;
use notebook::cell::{Cell, CellKind};
use notebook::scenario::Requirement;

use crate::{ConsoleInput, Progress, RunError, Runner, Said};

/// What somebody does in a cell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Deed {
    /// Applies a text.
    Apply(String),
    /// Deletes what a text names.
    Delete(String),
    /// Runs kubectl lines.
    Run {
        /// The lines in order.
        lines: Vec<String>,
        /// Whether the first that fails is the last.
        stops: bool,
    },
    /// Nothing.
    Nothing,
}

impl Deed {
    /// The deed of a file of alternatives: kubectl lines in a `.txt` file, otherwise a manifest.
    fn of_file(path: &str, text: &str) -> Self {
        let is_lines = std::path::Path::new(path).extension().is_some_and(|end| end == "txt");
        if !is_lines {
            return Self::Apply(text.to_owned());
        }
        let lines = text.lines().map(str::trim);
        let lines = lines.filter(|line| !line.is_empty() && !line.starts_with('#'));
        Self::Run { lines: lines.map(str::to_owned).collect(), stops: true }
    }

    /// What of it can be done where the cluster lacks something: a line that waits for a pod would wait for nothing.
    pub(crate) fn possible_without(self, lacking: &[Requirement]) -> Self {
        let Self::Run { mut lines, stops } = self else { return self };
        lines.retain(|line| needs(line).is_none_or(|one| !lacking.contains(&one)));
        Self::Run { lines, stops }
    }
}

/// What a line needs to come to an end of its own, or to show anything.
fn needs(line: &str) -> Option<Requirement> {
    let command = crate::commands(line).pop()?;
    match kubectl::line::read(&command).ok()?.command.as_str() {
        "attach" | "cp" | "exec" | "logs" | "port-forward" | "rollout status" | "wait" => {
            Some(Requirement::Pods)
        }
        "top node" | "top pod" => Some(Requirement::MetricsApi),
        _ => None,
    }
}

impl Runner {
    /// What a cell's solution does.
    pub fn deed(&self, cell: &Cell) -> Result<Deed, RunError> {
        Ok(match &cell.kind {
            CellKind::Manifest { file, solution, delete, .. } => {
                let text = self.file(solution.as_ref().unwrap_or(file))?.to_owned();
                if *delete { Deed::Delete(text) } else { Deed::Apply(text) }
            }
            CellKind::Action { run, .. } => Deed::Run { lines: run.clone(), stops: true },
            CellKind::Observe { run, .. } => Deed::Run { lines: run.clone(), stops: false },
            CellKind::Console { suggest } => Deed::Run { lines: suggest.clone(), stops: false },
            CellKind::Load { solution, .. } => self.load_deed(cell, *solution)?,
            CellKind::Check { .. }
            | CellKind::Diagram { .. }
            | CellKind::Quiz { .. }
            | CellKind::Note { .. } => Deed::Nothing,
        })
    }

    /// What else solves a cell, by the files that say it.
    pub fn alternatives(&self, cell: &Cell) -> Result<Vec<(String, Deed)>, RunError> {
        let files = match &cell.kind {
            CellKind::Manifest { alternatives, .. } | CellKind::Action { alternatives, .. } => {
                alternatives.as_slice()
            }
            CellKind::Console { .. }
            | CellKind::Observe { .. }
            | CellKind::Load { .. }
            | CellKind::Check { .. }
            | CellKind::Diagram { .. }
            | CellKind::Quiz { .. }
            | CellKind::Note { .. } => &[],
        };
        let deed = |path: &String| Ok((path.clone(), Deed::of_file(path, self.file(path)?)));
        files.iter().map(deed).collect()
    }

    /// Does something in a cell, as the cell's persona. Gives what the server answered to each document;
    /// whether that is right is for the checks to say.
    pub async fn perform(
        &self,
        cell: &Cell,
        deed: &Deed,
        progress: &dyn Progress,
    ) -> Result<Vec<DocumentResult>, RunError> {
        match deed {
            Deed::Nothing => {}
            Deed::Apply(text) => {
                return Ok(self.apply(&cell.id, text, progress).await?.unwrap_or_default());
            }
            Deed::Delete(text) => {
                return Ok(self.delete(&cell.id, text, progress).await?.unwrap_or_default());
            }
            Deed::Run { lines, stops } => {
                let persona = self.persona(cell.persona.as_deref())?;
                for (done, line) in lines.iter().enumerate() {
                    let waiting = Said::new("check-running").with("line", line);
                    progress.waiting(&waiting, done, lines.len());
                    let code = self
                        .line(&cell.id, line, &persona, ConsoleInput::default(), progress)
                        .await;
                    if *stops && code != 0 {
                        break;
                    }
                }
            }
        }
        Ok(Vec::new())
    }
}
