//! `cargo xtask bench`: speed, size and memory as ratios against a peer in the same run.

use crate::Failure;
use crate::process::cargo;

/// Runs the benchmarks of the harness crate, which has the peers.
pub(crate) fn run(_arguments: &[String]) -> Result<(), Failure> {
    crate::process::run(cargo().args([
        "run",
        "--release",
        "--quiet",
        "--package",
        "realcluster",
        "--bin",
        "bench",
    ]))
}
