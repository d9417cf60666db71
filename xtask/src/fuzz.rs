//! `cargo xtask fuzz`: the API machinery and the scheduler against Go's own code, for as long as one likes.

use crate::Failure;
use crate::process::{cargo, run};
use crate::test::{Ready, machine};

/// Runs the package `fuzz`, optimised, with the arguments as they are.
pub(crate) fn run_long(arguments: &[String]) -> Result<(), Failure> {
    if let Ready::No(reason) = machine::go()? {
        return Err(format!("there is nothing to compare with: {reason}"));
    }
    run(cargo()
        .args(["run", "--release", "--quiet", "--locked", "--package", "fuzz", "--"])
        .args(arguments))
}
