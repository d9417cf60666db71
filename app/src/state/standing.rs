//! How far the learner has come in a notebook, as the catalogue tells it. Kept in this browser.

use std::collections::BTreeSet;

use notebook::cell::CellKind;
use notebook::scenario::Scenario;
use protocol::v1::{CheckState, ResetScope};
use serde::{Deserialize, Serialize};

use super::model::Model;
use super::outline::deciding;
use crate::services::browser;

/// How far the learner has come.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) struct Standing {
    /// Checks that passed once, as `cell/check`. One that fails later on counts as well: it was done.
    passed: BTreeSet<String>,
    /// How many checks there are.
    pub checks: usize,
    /// The step to go on with: its place, counted from 1, and its id. None when nothing is left to do.
    pub next: Option<(usize, String)>,
    /// How many steps there are.
    pub steps: usize,
    /// When it was so, milliseconds since the Unix epoch.
    pub at: u64,
}

impl Standing {
    /// What is remembered of a notebook.
    pub(crate) fn of(notebook: &str) -> Self {
        let text = browser::remembered(&key(notebook));
        text.and_then(|text| Self::parse(&text)).unwrap_or_default()
    }

    /// Remembers it from now on.
    pub(crate) fn keep(&mut self, notebook: &str) {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a time after 1970"
        )]
        let now = browser::now_millis() as u64;
        if *self != Self::default() {
            self.at = now;
        }
        browser::remember(&key(notebook), self.text().as_deref());
    }

    /// Reads what was remembered.
    fn parse(text: &str) -> Option<Self> {
        serde_json::from_str(text).ok()
    }

    /// For being remembered; nothing where nothing was done.
    fn text(&self) -> Option<String> {
        (*self != Self::default()).then(|| serde_json::to_string(self).unwrap_or_default())
    }

    /// How many checks have passed.
    pub(crate) fn passed(&self) -> usize {
        self.passed.len()
    }

    /// Whether anything was done.
    pub(crate) fn begun(&self) -> bool {
        self.steps > 0
    }

    /// Whether nothing is left to do.
    pub(crate) fn finished(&self) -> bool {
        self.steps > 0 && self.next.is_none()
    }

    /// What it is after what a session did. The cluster of a session may be a new one: what it does not know is not undone.
    /// Resetting the scenario is beginning anew.
    pub(crate) fn after(&self, scenario: &Scenario, model: &Model) -> Self {
        let begun = scenario.cells.iter().filter(|cell| model.cell(&cell.id).first_seq > 0);
        let anew = model
            .reset
            .as_ref()
            .is_some_and(|reset| reset.scope == ResetScope::Scenario && !reset.undone);
        if begun.count() == 0 {
            return if anew { Self::default() } else { self.clone() };
        }
        let known = checks(scenario);
        let passed = known.iter().filter(|(cell, check)| {
            let run = model.cell(cell);
            run.checks.iter().any(|view| view.id == *check && view.state == CheckState::Passed)
        });
        let mut passed: BTreeSet<String> =
            passed.map(|(cell, check)| format!("{cell}/{check}")).collect();
        let kept = known.iter().map(|(cell, check)| format!("{cell}/{check}"));
        passed.extend(kept.filter(|one| self.passed.contains(one)));
        Self {
            next: next(scenario, model, &passed),
            checks: known.len(),
            steps: scenario.steps.len(),
            passed,
            at: self.at,
        }
    }
}

fn key(notebook: &str) -> String {
    format!("podium-standing-{notebook}")
}

/// The checks with their cells, in order.
fn checks(scenario: &Scenario) -> Vec<(&str, &str)> {
    let cells = scenario.cells.iter().filter_map(|cell| match &cell.kind {
        CellKind::Check { checks, .. } => Some((cell, checks)),
        _ => None,
    });
    cells
        .flat_map(|(cell, checks)| checks.iter().map(|check| (cell.id.as_str(), check.id.as_str())))
        .collect()
}

/// The step in which something was done last, or when that is done the first after it that is not, or the first at all.
fn next(scenario: &Scenario, model: &Model, passed: &BTreeSet<String>) -> Option<(usize, String)> {
    let known = checks(scenario);
    let is_done = |step: &str| {
        let cells = deciding(scenario, step);
        model.step_done(&cells)
            || (!cells.is_empty()
                && cells.iter().all(|cell| {
                    let mut own = known.iter().filter(|(of, _)| of == cell).peekable();
                    own.peek().is_some()
                        && own.all(|(cell, check)| passed.contains(&format!("{cell}/{check}")))
                }))
    };
    let newest = |cells: &[String]| cells.iter().map(|cell| model.cell(cell).first_seq).max();
    let last = scenario.steps.iter().enumerate().max_by_key(|(_, step)| newest(&step.cells))?.0;
    let ahead = scenario.steps.iter().enumerate().skip(last);
    let open = ahead.chain(scenario.steps.iter().enumerate().take(last));
    let found = open.into_iter().find(|(_, step)| !is_done(&step.id));
    found.map(|(at, step)| (at + 1, step.id.clone()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::outline::places;
    use protocol::v1::{CheckView, Event, EventBody, Phrase, RunId, RunOutcome};

    fn scenario() -> Scenario {
        let check = |id: &str| {
            serde_json::json!({"id": id, "title": {"ko": id, "en": id}, "kind": {"check": {"checks": [
                {"id": "x", "condition": {"logs": {"pod": "dev/a", "pattern": "a"}}},
                {"id": "y", "condition": {"logs": {"pod": "dev/a", "pattern": "b"}}},
            ]}}})
        };
        serde_json::from_value(serde_json::json!({
            "section": 1, "minutes": 1, "status": "ready",
            "title": {"ko": "t", "en": "t"}, "goal": {"ko": "g", "en": "g"},
            "steps": [{"id": "one", "cells": ["a"]}, {"id": "two", "cells": ["b"]}, {"id": "three", "cells": ["c"]}],
            "cells": [check("a"), check("b"), check("c")],
        }))
        .unwrap()
    }

    /// A session in which a cell's checks were evaluated, and what they said.
    fn session(cells: &[(&str, [CheckState; 2])]) -> Model {
        let mut model = Model::new(places(&scenario()));
        let mut seq = 0;
        let mut tell = |model: &mut Model, body| {
            seq += 1;
            model.fold(Event { seq, at_millis: 0, body });
        };
        for (cell, states) in cells {
            let (run, cell) = (RunId((*cell).to_owned()), (*cell).to_owned());
            let ok = states.iter().all(|state| *state == CheckState::Passed);
            let view = |id: &str, state| CheckView {
                id: id.to_owned(),
                state,
                expected: Phrase::new("e"),
                found: Phrase::new("f"),
                cause: None,
                hints: Vec::new(),
            };
            let checks = vec![view("x", states[0]), view("y", states[1])];
            tell(&mut model, EventBody::RunStarted { run: run.clone(), cell: cell.clone() });
            tell(&mut model, EventBody::Checked { run: run.clone(), cell: cell.clone(), checks });
            let outcome = if ok { RunOutcome::Ok } else { RunOutcome::Failed };
            tell(&mut model, EventBody::RunFinished { run, cell, outcome });
        }
        model
    }

    const PASSED: [CheckState; 2] = [CheckState::Passed; 2];
    const HALF: [CheckState; 2] = [CheckState::Passed, CheckState::Failed];

    fn told(standing: &Standing) -> (usize, Option<usize>, bool) {
        (standing.passed(), standing.next.as_ref().map(|(at, _)| *at), standing.finished())
    }

    #[test]
    fn what_is_next_follows_what_was_done_last() {
        let after = |cells: &[(&str, [CheckState; 2])]| {
            told(&Standing::default().after(&scenario(), &session(cells)))
        };
        assert_eq!(after(&[("a", HALF)]), (1, Some(1), false));
        assert_eq!(after(&[("a", PASSED)]), (2, Some(2), false));
        assert_eq!(after(&[("a", HALF), ("c", PASSED)]), (3, Some(1), false), "what was left out");
        assert_eq!(after(&[("a", PASSED), ("b", PASSED), ("c", PASSED)]), (6, None, true));
        assert_eq!(after(&[]), (0, None, false));
    }

    #[test]
    fn a_new_cluster_takes_nothing_away_and_a_reset_takes_everything() {
        let far = Standing::default().after(&scenario(), &session(&[("a", PASSED), ("b", HALF)]));
        assert_eq!(far.after(&scenario(), &session(&[])), far);
        assert_eq!(told(&far.after(&scenario(), &session(&[("c", HALF)]))), (4, Some(3), false));
        assert_eq!(Standing::parse(&far.text().unwrap()), Some(far.clone()));

        let mut reset = session(&[("a", PASSED)]);
        let body = EventBody::Reset { scope: ResetScope::Scenario, undone: false };
        reset.fold(Event { seq: 99, at_millis: 0, body });
        assert_eq!(far.after(&scenario(), &reset).text(), None);
    }
}
