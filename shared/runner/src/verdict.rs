//! What came of a check.

use serde::{Deserialize, Serialize};

use crate::Said;

/// What came of a check.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verdict {
    /// Id of the check within its cell.
    pub id: String,
    /// Whether it holds.
    pub state: State,
    /// What was expected.
    pub expected: Said,
    /// What was found.
    pub found: Said,
    /// The most likely cause, when it does not hold.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cause: Option<Said>,
    /// Ids of hints of the cell that fit what is wrong now.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub hints: Vec<String>,
}

/// Whether a check holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// It holds.
    Passed,
    /// It does not.
    Failed,
    /// It cannot be evaluated on this cluster.
    Skipped,
}
