//! `cargo xtask bench`: speed, size and memory as ratios against a peer in the same run.

use crate::page::Profile;
use crate::process::{cargo, run};
use crate::progress::step;
use crate::test::{Ready, machine};
use crate::{Failure, up};

/// Builds what is measured, optimised, and runs the package `bench`, which has the peers.
pub(crate) fn run_all(_arguments: &[String]) -> Result<(), Failure> {
    for ready in [machine::go()?, machine::chromium()?] {
        if let Ready::No(reason) = ready {
            return Err(format!("nothing can be measured here: {reason}"));
        }
    }
    up::build(Profile::Release)?;
    step("Building the optimised server", || {
        run(cargo().args(["build", "--release", "--quiet", "--locked", "--package", "server"]))
    })?;
    run(cargo().args(["run", "--release", "--quiet", "--locked", "--package", "bench"]))
}
