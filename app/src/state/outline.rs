//! What the structure of a notebook says: order of cells, steps, where a cell stands.

use notebook::cell::{Cell, CellKind};
use notebook::scenario::Scenario;

use super::model::CellPlace;

/// The cells in order, with what running them means.
pub(crate) fn places(scenario: &Scenario) -> Vec<CellPlace> {
    let cell = |id: &String| scenario.cells.iter().find(|cell| cell.id == *id);
    let steps = scenario.steps.iter();
    steps
        .flat_map(|step| step.cells.iter().filter_map(cell).map(move |cell| (step, cell)))
        .map(|(step, cell)| CellPlace {
            id: cell.id.clone(),
            step: step.id.clone(),
            console: matches!(cell.kind, CellKind::Console { .. }),
            changes: changes(cell),
        })
        .collect()
}

/// The cells that decide whether a step is done: its checks, or else what changes the cluster, or else what looks at it.
pub(crate) fn deciding(scenario: &Scenario, step: &str) -> Vec<String> {
    let Some(plan) = scenario.steps.iter().find(|plan| plan.id == step) else { return Vec::new() };
    let of = |wanted: &dyn Fn(&Cell) -> bool| -> Vec<String> {
        plan.cells
            .iter()
            .filter(|id| scenario.cells.iter().any(|cell| cell.id == **id && wanted(cell)))
            .cloned()
            .collect()
    };
    let checks = of(&|cell| matches!(cell.kind, CellKind::Check { .. }));
    if checks.is_empty() {
        let changes = of(&changes);
        if !changes.is_empty() {
            return changes;
        }
        return of(&|cell| {
            matches!(cell.kind, CellKind::Console { .. } | CellKind::Observe { .. })
        });
    }
    checks
}

/// Whether running a cell changes the cluster.
fn changes(cell: &Cell) -> bool {
    matches!(cell.kind, CellKind::Manifest { .. } | CellKind::Action { .. } | CellKind::Load { .. })
}

/// The steps before a step that are not done yet; `done` says it of the cells that decide.
pub(crate) fn open_before(
    scenario: &Scenario,
    step: &str,
    done: impl Fn(&[String]) -> bool,
) -> Vec<String> {
    let earlier = scenario.steps.iter().take_while(|plan| plan.id != step);
    earlier
        .filter(|plan| !done(&deciding(scenario, &plan.id)))
        .map(|plan| plan.id.clone())
        .collect()
}

/// Whether the cell is there to show how the server refuses it.
pub(crate) fn expects_refusal(cell: &Cell) -> bool {
    matches!(cell.kind, CellKind::Manifest { refused: true, .. })
}

/// Id of the element of a cell.
pub(crate) fn cell_anchor(id: &str) -> String {
    format!("cell-{id}")
}

/// Id of the element of a step.
pub(crate) fn step_anchor(id: &str) -> String {
    format!("step-{id}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scenario() -> Scenario {
        serde_json::from_value(serde_json::json!({
            "section": 1, "minutes": 1, "status": "ready",
            "title": {"ko": "t", "en": "t"}, "goal": {"ko": "g", "en": "g"},
            "steps": [
                {"id": "one", "cells": ["a", "b"]},
                {"id": "two", "cells": ["c"]},
                {"id": "look", "cells": ["d"]},
            ],
            "cells": [
                {"id": "a", "title": {"ko": "a", "en": "a"}, "kind": {"manifest": {"file": "a.yaml"}}},
                {"id": "b", "title": {"ko": "b", "en": "b"}, "kind": {"check": {"checks": []}}},
                {"id": "c", "title": {"ko": "c", "en": "c"}, "kind": {"action": {"run": []}}},
                {"id": "d", "title": {"ko": "d", "en": "d"}, "kind": {"console": {"suggest": []}}},
            ],
        }))
        .unwrap()
    }

    #[test]
    fn checks_decide_and_without_them_what_changes_the_cluster() {
        assert_eq!(deciding(&scenario(), "one"), ["b"]);
        assert_eq!(deciding(&scenario(), "two"), ["c"]);
        assert_eq!(deciding(&scenario(), "look"), ["d"], "and where nothing changes, what looks");
        assert!(deciding(&scenario(), "three").is_empty());
    }

    #[test]
    fn the_open_steps_before_a_step_are_those_that_are_not_done() {
        let of = |step, done: bool| open_before(&scenario(), step, |_| done);
        assert_eq!(of("two", false), ["one"]);
        assert!(of("two", true).is_empty());
        assert!(of("one", false).is_empty());
    }

    #[test]
    fn places_follow_the_order_of_the_steps() {
        let places = places(&scenario());
        let seen: Vec<_> =
            places.iter().map(|p| (p.id.as_str(), p.step.as_str(), p.changes)).collect();
        let wanted =
            [("a", "one", true), ("b", "one", false), ("c", "two", true), ("d", "look", false)];
        assert_eq!(seen, wanted);
    }
}
