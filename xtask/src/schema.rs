//! `cargo xtask schema`: the harness asks a real API server what its types are and writes it down.

use crate::Failure;
use crate::process::cargo;

/// Writes `shared/apimachinery/schema`. The harness is a program of its own, so that xtask stays small.
pub(crate) fn run(_arguments: &[String]) -> Result<(), Failure> {
    crate::process::run(cargo().args([
        "run",
        "--quiet",
        "--package",
        "realcluster",
        "--bin",
        "realcluster",
        "schema",
    ]))
}
