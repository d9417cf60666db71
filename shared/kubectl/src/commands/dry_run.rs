//! `--dry-run` and `--validate`.

use crate::cli::Parsed;
use crate::failure::{Failure, Outcome};
use crate::session::Session;

/// Who pretends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum DryRun {
    #[default]
    None,
    Client,
    Server,
}

impl DryRun {
    /// `GetDryRunStrategy`.
    pub(crate) fn of(session: &mut Session<'_>) -> Outcome<Self> {
        match session.flags.text("dry-run") {
            "" | "none" => Ok(Self::None),
            "client" => Ok(Self::Client),
            "server" => Ok(Self::Server),
            "unchanged" => {
                session.err("W0000 00:00:00.000000 helpers.go:703] --dry-run is deprecated and can be replaced with --dry-run=client.\n");
                Ok(Self::Client)
            }
            other => Err(Failure::message(format!(
                "Invalid dry-run value ({other}). Must be \"none\", \"server\", or \"client\"."
            ))),
        }
    }

    /// The words behind an operation.
    pub(crate) const fn suffix(self) -> &'static str {
        match self {
            Self::None => "",
            Self::Client => " (dry run)",
            Self::Server => " (server dry run)",
        }
    }

    /// The query parameter.
    pub(crate) const fn query(self) -> &'static str {
        match self {
            Self::Server => "All",
            Self::None | Self::Client => "",
        }
    }
}

/// `fieldValidation` of `--validate`.
pub(crate) fn field_validation(flags: &Parsed) -> Outcome<&'static str> {
    match flags.text("validate") {
        "" | "strict" | "true" => Ok("Strict"),
        "warn" => Ok("Warn"),
        "ignore" | "false" => Ok("Ignore"),
        other => Err(Failure::message(format!(
            "invalid - validate option \"{other}\"; must be one of: strict (or true), warn, ignore (or false)"
        ))),
    }
}
