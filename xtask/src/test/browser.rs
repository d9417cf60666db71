//! The suites that need the built page.

use crate::page::Profile;
use crate::process::{cargo, run};
use crate::{Failure, up};

/// Builds the page as users get it.
pub(super) fn build() -> Result<(), Failure> {
    up::build(Profile::Release).map(|_| ())
}

/// Drives the page in headless Chromium.
pub(super) fn drive() -> Result<(), Failure> {
    up::build(Profile::Release)?;
    run(cargo().args(["test", "--locked", "--package", "e2e", "--features", "browser"]))
}
