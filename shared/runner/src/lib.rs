//! Executes notebooks: sets scenarios up, applies and runs cells, evaluates checks, plays solutions,
//! and finds out what a cluster can do. Everything goes over [`Transport`] and [`Clock`], so that the
//! embedded cluster and a real one are told apart nowhere but in [`connect`] (the embedded cluster can
//! say why a connection is blocked; a real one is probed from a pod).
//!
//! *Invariant:* keeps no state of the cluster between calls and speaks no language: what it has to say
//! is [`Said`], a code with arguments.

mod cause;
mod check;
mod clear;
mod client;
pub mod connect;
mod deed;
mod fault;
mod insert;
mod load;
mod matching;
mod play;
mod preflight;
mod progress;
mod prove;
mod said;
mod timeline;
mod verdict;

use std::sync::Arc;

use apimachinery::transport::{Clock, Transport};
use notebook::cell::Cell;
use notebook::scenario::{Notebook, Persona, StepPlan};

pub use clear::Standing;
pub use connect::{Connection, Outcome, Probe};
pub use deed::Deed;
pub use insert::commands;
pub use kubectl::apply::DocumentResult;
pub use play::{CommandRun, ConsoleInput, SetupError};
pub use preflight::Capability;
pub use progress::{Progress, Silent, Stream};
pub use prove::{CellProof, Fault, Proof, ProofError, prove};
pub use said::Said;
pub use timeline::Timeline;
pub use verdict::{State, Verdict};

use client::Client;

/// Why a cell cannot be run as asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RunError {
    /// The scenario has no such cell.
    #[error("the scenario has no cell `{0}`")]
    NoCell(String),
    /// The scenario has no such step.
    #[error("the scenario has no step `{0}`")]
    NoStep(String),
    /// The cell is of another kind.
    #[error("the cell `{cell}` cannot do this: it is no {expected} cell")]
    WrongKind {
        /// The cell.
        cell: String,
        /// What was asked for.
        expected: &'static str,
    },
    /// A file that the structure names is not in the notebook.
    #[error("the notebook has no file `{0}`")]
    NoFile(String),
    /// The persona is not one of the scenario.
    #[error("the scenario has no persona `{0}`")]
    NoPersona(String),
}

/// A notebook on a cluster.
pub struct Runner {
    transport: Arc<dyn Transport>,
    clock: Arc<dyn Clock>,
    client: Client,
    notebook: Notebook,
}

impl std::fmt::Debug for Runner {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Runner").field("notebook", &self.notebook.id).finish_non_exhaustive()
    }
}

impl Runner {
    /// A notebook (with its variables filled in, see [`Notebook::with_variables`]) on a cluster.
    pub fn new(transport: Arc<dyn Transport>, clock: Arc<dyn Clock>, notebook: &Notebook) -> Self {
        let client = Client::new(Arc::clone(&transport));
        Self { transport, clock, client, notebook: notebook.clone() }
    }

    /// The notebook.
    pub fn notebook(&self) -> &Notebook {
        &self.notebook
    }

    /// A cell of the scenario.
    pub fn cell(&self, id: &str) -> Result<&Cell, RunError> {
        let cells = &self.notebook.scenario.cells;
        cells.iter().find(|cell| cell.id == id).ok_or_else(|| RunError::NoCell(id.to_owned()))
    }

    fn step(&self, id: &str) -> Result<&StepPlan, RunError> {
        let steps = &self.notebook.scenario.steps;
        steps.iter().find(|step| step.id == id).ok_or_else(|| RunError::NoStep(id.to_owned()))
    }

    fn file(&self, path: &str) -> Result<&str, RunError> {
        let text = self.notebook.files.get(path);
        text.map(String::as_str).ok_or_else(|| RunError::NoFile(path.to_owned()))
    }

    /// A persona by its id; the scenario's first when none is named; the executor's own identity when
    /// the scenario has none at all.
    pub fn persona(&self, id: Option<&str>) -> Result<Persona, RunError> {
        let personas = &self.notebook.scenario.personas;
        match id {
            Some(id) => personas
                .iter()
                .find(|persona| persona.id == id)
                .cloned()
                .ok_or_else(|| RunError::NoPersona(id.to_owned())),
            None => Ok(personas.first().cloned().unwrap_or_else(|| Persona {
                id: "admin".to_owned(),
                title: notebook::scenario::Localized::default(),
                user: String::new(),
                groups: Vec::new(),
            })),
        }
    }
}
