//! Checks as the page shows them: what the author wants beside what was found.

use std::collections::BTreeMap;

use notebook::check::{Check, Condition};
use protocol::v1::{CheckState, CheckView, ConnectionState, ConnectionView};

/// A check with its verdict, if it was evaluated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Row {
    /// The check.
    pub check: Check,
    /// Its verdict.
    pub view: Option<CheckView>,
}

/// The checks of a cell with their verdicts.
pub(crate) fn rows(checks: &[Check], views: &[CheckView]) -> Vec<Row> {
    let view = |check: &Check| views.iter().find(|view| view.id == check.id).cloned();
    checks.iter().map(|check| Row { check: check.clone(), view: view(check) }).collect()
}

/// How many checks passed, and how many there are to pass.
pub(crate) fn passed(views: &[CheckView]) -> (usize, usize) {
    let passed = views.iter().filter(|view| view.state == CheckState::Passed).count();
    let skipped = views.iter().filter(|view| view.state == CheckState::Skipped).count();
    (passed, views.len() - skipped)
}

/// A square of a table of expectations.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Square {
    /// What should be.
    pub wanted: bool,
    /// What is, where the page knows it.
    pub found: Option<bool>,
}

/// A table of expectations: rows and columns with their names.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Matrix {
    /// The word for what is not allowed: a connection is blocked, a request is denied.
    pub shut: &'static str,
    /// Names of the columns.
    pub columns: Vec<String>,
    /// Names of the rows with their squares.
    pub rows: Vec<(String, Vec<Option<Square>>)>,
}

/// The table of a condition with more than two questions; nothing for other conditions.
pub(crate) fn matrix(
    condition: &Condition,
    edges: &[ConnectionView],
    holds: Option<bool>,
) -> Option<Matrix> {
    let squares: Vec<(String, String, Square)> = match condition {
        Condition::Connects { connections } => connections
            .iter()
            .map(|one| {
                let live = edges.iter().find(|edge| {
                    format!("{}/{}", edge.from.namespace, edge.from.name) == one.connection.from
                        && format!("{}/{}", edge.to.namespace, edge.to.name) == one.connection.to
                        && edge.port == one.connection.port
                });
                let found = live.and_then(|edge| open(edge.state));
                let column = format!("{}:{}", one.connection.to, one.connection.port);
                (one.connection.from.clone(), column, Square { wanted: one.allowed, found })
            })
            .collect(),
        Condition::Can { requests } => requests
            .iter()
            .map(|one| {
                let request = &one.request;
                let place = if request.namespace.is_empty() { "*" } else { &request.namespace };
                let column = format!("{} {} ({place})", request.verb, request.resource);
                // Requests are many and have long names: they become rows.
                (column, one.persona.clone(), Square { wanted: one.allowed, found: None })
            })
            .collect(),
        _ => return None,
    };
    if squares.len() < 3 {
        return None;
    }
    let squares = squares.into_iter().map(|(row, column, square)| {
        // When the whole check holds, so does every square of it.
        let found = square.found.or_else(|| (holds == Some(true)).then_some(square.wanted));
        (row, column, Square { found, ..square })
    });
    let shut = match condition {
        Condition::Can { .. } => "matrix-no",
        _ => "matrix-shut",
    };
    Some(Matrix { shut, ..arrange(squares.collect()) })
}

fn open(state: ConnectionState) -> Option<bool> {
    match state {
        ConnectionState::Allowed | ConnectionState::Refused => Some(true),
        ConnectionState::Blocked => Some(false),
        ConnectionState::Unknown => None,
    }
}

fn arrange(squares: Vec<(String, String, Square)>) -> Matrix {
    let mut columns: Vec<String> = Vec::new();
    let mut rows: Vec<(String, BTreeMap<usize, Square>)> = Vec::new();
    for (row, column, square) in squares {
        let at = columns.iter().position(|known| *known == column).unwrap_or(columns.len());
        if at == columns.len() {
            columns.push(column);
        }
        if let Some((_, squares)) = rows.iter_mut().find(|(known, _)| *known == row) {
            squares.insert(at, square);
        } else {
            let mut squares = BTreeMap::new();
            squares.insert(at, square);
            rows.push((row, squares));
        }
    }
    let count = columns.len();
    let rows = rows
        .into_iter()
        .map(|(name, squares)| (name, (0..count).map(|at| squares.get(&at).copied()).collect()))
        .collect();
    Matrix { columns, rows, ..Matrix::default() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn condition() -> Condition {
        serde_json::from_value(serde_json::json!({
            "connects": {"connections": [
                {"connection": {"from": "op/a", "to": "dev/t", "port": 80}, "allowed": true},
                {"connection": {"from": "op/b", "to": "dev/t", "port": 80}, "allowed": false},
                {"connection": {"from": "op/a", "to": "dev/u", "port": 80}, "allowed": true},
            ]},
        }))
        .unwrap()
    }

    #[test]
    fn many_connections_become_a_table_of_sources_and_targets() {
        let matrix = matrix(&condition(), &[], None).unwrap();
        assert_eq!(matrix.columns, ["dev/t:80", "dev/u:80"]);
        assert_eq!(matrix.rows[0].0, "op/a");
        assert_eq!(matrix.rows[1].1[1], None);
        assert_eq!(matrix.rows[1].1[0], Some(Square { wanted: false, found: None }));
    }

    #[test]
    fn a_check_that_holds_fills_every_square() {
        let matrix = matrix(&condition(), &[], Some(true)).unwrap();
        assert_eq!(matrix.rows[1].1[0], Some(Square { wanted: false, found: Some(false) }));
    }
}
