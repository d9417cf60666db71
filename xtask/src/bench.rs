//! `cargo xtask bench`: speed, size and memory as ratios against a peer in the same run.

use crate::page::Profile;
use crate::process::{cargo, run};
use crate::progress::step;
use crate::test::{Ready, machine};
use crate::{Failure, up};

/// Builds what is measured, optimised, and runs the package `bench`, which has the peers: all of it, or the parts that are
/// named (`requests`, `world`, `sessions`, `page`).
pub(crate) fn run_all(parts: &[String]) -> Result<(), Failure> {
    let is_wanted = |part: &str| parts.is_empty() || parts.iter().any(|one| one == part);
    if is_wanted("requests") {
        needed(machine::go()?)?;
    }
    if is_wanted("page") {
        needed(machine::chromium()?)?;
        up::build(Profile::Release)?;
    }
    if ["requests", "sessions", "page"].into_iter().any(is_wanted) {
        step("Building the optimised server", || {
            run(cargo().args(["build", "--release", "--quiet", "--locked", "--package", "server"]))
        })?;
    }
    let bench = ["run", "--release", "--quiet", "--locked", "--package", "bench", "--"];
    run(cargo().args(bench).args(parts))
}

fn needed(ready: Ready) -> Result<(), Failure> {
    match ready {
        Ready::Yes => Ok(()),
        Ready::No(reason) => Err(format!("nothing can be measured here: {reason}")),
    }
}
