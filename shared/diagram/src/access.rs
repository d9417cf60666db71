//! Who may do what: a table of personas and requests.

use serde::{Deserialize, Serialize};

use crate::scene::Phrase;

/// The table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Matrix {
    /// Requests, for example `list deployments.apps`, with their namespaces.
    pub columns: Vec<Request>,
    /// Personas with their answers.
    pub rows: Vec<Row>,
    /// The table in a sentence.
    pub summary: Vec<Phrase>,
}

/// A column: what somebody wants to do.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Request {
    /// Verb.
    pub verb: String,
    /// Resource.
    pub resource: String,
    /// Namespace; empty for cluster scope.
    pub namespace: String,
}

/// A row: a persona with an answer for each column.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Row {
    /// Id of the persona.
    pub persona: String,
    /// `None`: not known.
    pub allowed: Vec<Option<bool>>,
}

/// Makes the table out of answers: `(persona, request, allowed)`.
pub fn matrix(
    personas: &[String],
    requests: &[Request],
    answers: &[(String, Request, bool)],
) -> Matrix {
    let answer = |persona: &String, request: &Request| {
        let found = answers.iter().find(|(who, what, _)| who == persona && what == request);
        found.map(|(_, _, allowed)| *allowed)
    };
    let rows: Vec<Row> = personas
        .iter()
        .map(|persona| Row {
            persona: persona.clone(),
            allowed: requests.iter().map(|request| answer(persona, request)).collect(),
        })
        .collect();
    let summary = rows.iter().map(|row| {
        let allowed = row.allowed.iter().filter(|allowed| **allowed == Some(true)).count();
        Phrase::new("diagram-access")
            .with("persona", &row.persona)
            .with("allowed", allowed)
            .with("total", row.allowed.len())
    });
    let summary = summary.collect();
    Matrix { columns: requests.to_vec(), rows, summary }
}
