//! The suites that need the built page.

use crate::page::Profile;
use std::process::Command;

use crate::process::{cargo, root, run, run_quiet};
use crate::progress::step;
use crate::{Failure, up};

/// Builds the page as users get it.
pub(super) fn build() -> Result<(), Failure> {
    up::build(Profile::Release).map(|_| ())
}

/// Drives the page in headless Chromium.
pub(super) fn drive() -> Result<(), Failure> {
    prepare()?;
    run(cargo().args(["test", "--locked", "--package", "e2e", "--features", "browser"]))
}

/// Drives the page on a real Kubernetes.
pub(super) fn drive_real(test: &str) -> Result<(), Failure> {
    prepare()?;
    run(cargo()
        .args(["test", "--locked", "--package", "e2e", "--features", "browser,real"])
        .args(["--test", test]))
}

fn prepare() -> Result<(), Failure> {
    up::build(Profile::Release)?;
    step("Fetching the accessibility rules with npm", || {
        run_quiet(
            Command::new("npm")
                .args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"])
                .current_dir(root().join("tests/e2e")),
        )
    })
}
