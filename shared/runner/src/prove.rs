//! Proving a scenario: every check fails before its step and passes after the step's solution.

use notebook::cell::{Cell, CellKind};
use notebook::check::Check;
use notebook::scenario::{Requirement, Scenario, StepPlan};
use serde::{Deserialize, Serialize};

use crate::{Capability, Progress, RunError, Runner, SetupError, State, Timeline, Verdict};

/// What the proof of a scenario found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Proof {
    /// The scenario.
    pub scenario: String,
    /// What the cluster can do.
    pub capabilities: Vec<Capability>,
    /// Every check, in order.
    pub checks: Vec<CellProof>,
}

/// What the proof found about one check.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CellProof {
    /// The step.
    pub step: String,
    /// The check cell.
    pub cell: String,
    /// Its verdict before the step.
    pub before: Verdict,
    /// Its verdict after the solution.
    pub after: Verdict,
    /// The file of the alternative that was played instead of the solution, if it was one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alternative: Option<String>,
    /// What is wrong with it, if anything.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fault: Option<Fault>,
}

/// What can be wrong with a check.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Fault {
    /// It holds before its step, so it could not have failed.
    HeldBefore,
    /// It says that it holds before its step, and it does not.
    DidNotHoldBefore,
    /// It does not hold after the solution.
    FailedAfter,
}

impl Proof {
    /// Whether nothing is wrong.
    pub fn holds(&self) -> bool {
        self.checks.iter().all(|check| check.fault.is_none())
    }

    /// Requirements that the cluster does not meet, or of which it is not known.
    pub fn missing(&self) -> impl Iterator<Item = &Capability> {
        self.capabilities.iter().filter(|capability| capability.met != Some(true))
    }
}

/// Why a proof could not be finished.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProofError {
    /// The scenario could not be set up.
    #[error(transparent)]
    Setup(#[from] SetupError),
    /// The scenario cannot be run as it is written.
    #[error(transparent)]
    Run(#[from] RunError),
}

/// Proves a scenario on a cluster. Where the cluster lacks what everything in it requires, or what each of its checks
/// does, nothing is run and the proof has no checks (see [`Proof::missing`]); where it lacks what some of them need,
/// the others are proved. On a cluster with a timeline, every alternative of a cell is proved as well.
pub async fn prove(
    runner: &Runner,
    timeline: Option<&(dyn Timeline + Sync)>,
    progress: &dyn Progress,
) -> Result<Proof, ProofError> {
    let capabilities = runner.preflight(progress).await;
    let scenario = &runner.notebook().scenario;
    let unmet = capabilities.iter().filter(|capability| capability.met == Some(false));
    let lacking: Vec<Requirement> = unmet.map(|capability| capability.requirement).collect();
    let mut proof =
        Proof { scenario: runner.notebook().id.clone(), capabilities, checks: Vec::new() };
    if !able(scenario, &lacking) {
        return Ok(proof);
    }
    runner.setup_lacking(&lacking, progress).await?;
    for step in &scenario.steps {
        let mut before = Vec::new();
        for id in &step.cells {
            if matches!(runner.cell(id)?.kind, CellKind::Check { .. }) {
                before.push(runner.glance_lacking(id, &lacking).await?);
            }
        }
        if let Some(timeline) = timeline {
            let others = alternatives(runner, step, &before, timeline, progress).await?;
            proof.checks.extend(others);
        }
        let after = runner.solve_with(&step.id, None, &lacking, progress).await?;
        proof.checks.extend(judged(runner, step, &before, after, None)?);
    }
    Ok(proof)
}

/// Whether anything can be proved where this is lacking.
fn able(scenario: &Scenario, lacking: &[Requirement]) -> bool {
    let has = |requires: &[Requirement]| !requires.iter().any(|one| lacking.contains(one));
    let holds = |cell: &Cell| match &cell.kind {
        CellKind::Check { checks, .. } => checks.iter().any(|check| has(&check.requires)),
        _ => false,
    };
    has(&scenario.requires) && scenario.cells.iter().any(holds)
}

/// Plays a step once with each alternative of its cells, and goes back.
async fn alternatives(
    runner: &Runner,
    step: &StepPlan,
    before: &[Vec<Verdict>],
    timeline: &(dyn Timeline + Sync),
    progress: &dyn Progress,
) -> Result<Vec<CellProof>, RunError> {
    let mut proofs = Vec::new();
    for id in &step.cells {
        for (file, deed) in runner.alternatives(runner.cell(id)?)? {
            let kept = timeline.keep();
            let after = runner.solve_with(&step.id, Some((id, &deed)), &[], progress).await?;
            timeline.back(kept);
            timeline.drop_kept(kept);
            proofs.extend(judged(runner, step, before, after, Some(&file))?);
        }
    }
    Ok(proofs)
}

fn judged(
    runner: &Runner,
    step: &StepPlan,
    before: &[Vec<Verdict>],
    after: Vec<(String, Vec<Verdict>)>,
    alternative: Option<&String>,
) -> Result<Vec<CellProof>, RunError> {
    let mut proofs = Vec::new();
    for (before, (cell, after)) in before.iter().zip(after) {
        let CellKind::Check { checks, .. } = &runner.cell(&cell)?.kind else { continue };
        for ((check, before), after) in checks.iter().zip(before).zip(after) {
            let fault = fault(check, before, &after);
            proofs.push(CellProof {
                step: step.id.clone(),
                cell: cell.clone(),
                before: before.clone(),
                after,
                alternative: alternative.cloned(),
                fault,
            });
        }
    }
    Ok(proofs)
}

fn fault(check: &Check, before: &Verdict, after: &Verdict) -> Option<Fault> {
    match (before.state, after.state) {
        (_, State::Failed) => Some(Fault::FailedAfter),
        (State::Passed, _) if !check.holds_before => Some(Fault::HeldBefore),
        (State::Failed, _) if check.holds_before => Some(Fault::DidNotHoldBefore),
        _ => None,
    }
}
