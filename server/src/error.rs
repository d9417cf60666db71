//! Why a command of the command line ended early: one sentence with the cause and the remedy, and an
//! exit code.

use std::process::ExitCode;

/// The kinds of failures, each with its exit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A check does not hold, or content is not sound.
    Unsound,
    /// The command line is wrong.
    Usage,
    /// The surroundings do not allow it.
    Surroundings,
}

/// A failure of a command.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{cause}; {remedy}")]
pub struct Failure {
    /// What kind.
    pub kind: Kind,
    /// What is the matter.
    pub cause: String,
    /// What to do about it.
    pub remedy: String,
}

impl Failure {
    /// The command line is wrong.
    pub fn usage(cause: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { kind: Kind::Usage, cause: cause.into(), remedy: remedy.into() }
    }

    /// The surroundings do not allow it.
    pub fn surroundings(cause: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { kind: Kind::Surroundings, cause: cause.into(), remedy: remedy.into() }
    }

    /// Content is not sound.
    pub fn unsound(cause: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { kind: Kind::Unsound, cause: cause.into(), remedy: remedy.into() }
    }

    /// The exit code.
    pub fn code(&self) -> ExitCode {
        ExitCode::from(match self.kind {
            Kind::Unsound => 1,
            Kind::Usage => 2,
            Kind::Surroundings => 3,
        })
    }
}
