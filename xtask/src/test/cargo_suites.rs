//! The suites that are cargo commands.

use std::process::Command;

use super::browser;
use crate::process::{cargo, output, root, run};
use crate::{Failure, page, tools};

/// Packages that are only built for the browser.
const WASM_PACKAGES: [&str; 3] = ["app", "app-monaco", "app-worker"];

pub(super) fn fmt() -> Result<(), Failure> {
    run(cargo().args(["fmt", "--all", "--check"]))
}

pub(super) fn tidy() -> Result<(), Failure> {
    run(cargo().args(["test", "--locked", "--quiet", "--package", "tidy"]))
}

pub(super) fn clippy() -> Result<(), Failure> {
    let mut command = cargo();
    command.args(["clippy", "--quiet", "--locked", "--workspace", "--all-targets"]);
    exclude_wasm(&mut command);
    run(command.args(["--", "--deny", "warnings"]))
}

pub(super) fn clippy_wasm() -> Result<(), Failure> {
    let mut command = cargo();
    command.args(["clippy", "--quiet", "--locked", "--target", "wasm32-unknown-unknown"]);
    for package in WASM_PACKAGES {
        command.args(["--package", package]);
    }
    run(command.args(["--", "--deny", "warnings"]))
}

pub(super) fn unit() -> Result<(), Failure> {
    let mut command = cargo();
    command.args(["test", "--locked", "--workspace"]);
    // `tidy` ran before; the packages below need a browser or a real cluster and have their own suites. (What
    // drives the browser also makes JSON keep its order, for everything that is built with it.)
    for package in ["tidy", "e2e", "bench", "transcripts", "realcluster", "clients", "fuzz"] {
        command.args(["--exclude", package]);
    }
    run(&mut command)
}

/// Plays the wrong states of the whole course: 95 of 100 must be refused by each check cell.
pub(super) fn mutate() -> Result<(), Failure> {
    run(Command::new(page::server()?).arg("mutate").current_dir(root()))
}

/// Plays journals natively and then, against the digests of that run, as wasm.
pub(super) fn wasm() -> Result<(), Failure> {
    let path = tools::ensure()?;
    let native = output(cargo().args(["run", "--quiet", "--locked", "--package", "simulation"]))?;
    run(cargo()
        .args(["test", "--locked", "--target", "wasm32-unknown-unknown", "--package", "simulation"])
        .args(["--test", "determinism"])
        .env("PODIUM_NATIVE_DIGESTS", native)
        .env("PATH", path))
}

pub(super) fn transcripts() -> Result<(), Failure> {
    with_real("transcripts", "embedded")?;
    with_real("transcripts", "console")?;
    with_real("transcripts", "cyclonus")
}

/// A small budget; `cargo xtask fuzz` takes more.
pub(super) fn fuzz() -> Result<(), Failure> {
    run(cargo().args([
        "test",
        "--locked",
        "--package",
        "fuzz",
        "--features",
        "real",
        "--test",
        "agree",
    ]))
}

pub(super) fn clients() -> Result<(), Failure> {
    with_real("clients", "clients")
}

pub(super) fn real() -> Result<(), Failure> {
    with_real("realcluster", "schema")?;
    with_real("realcluster", "control_plane")?;
    with_real("clients", "components")?;
    with_real("server", "real")?;
    with_real("transcripts", "real")?;
    with_real("transcripts", "audit")?;
    with_real("transcripts", "roles")?;
    browser::drive_real("kubectl")?;
    browser::drive_real("real")
}

pub(super) fn node() -> Result<(), Failure> {
    with_real("realcluster", "node_tier")?;
    with_real("clients", "joined")?;
    with_real("server", "nodes")?;
    with_real("transcripts", "nodes")?;
    browser::drive_real("nodes")
}

/// Tests that the feature `real` switches on, because they build or start a real Kubernetes.
fn with_real(package: &str, test: &str) -> Result<(), Failure> {
    let podium = page::server()?;
    run(cargo()
        .args(["test", "--locked", "--features", "real", "--package", package, "--test", test])
        .env("PODIUM_BIN", podium))
}

fn exclude_wasm(command: &mut Command) {
    for package in WASM_PACKAGES {
        command.args(["--exclude", package]);
    }
}
