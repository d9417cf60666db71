//! `dist/`: the page, its worker and the compiled course, as any static file server can serve it.

use std::ffi::OsStr;
use std::path::PathBuf;

use crate::process::{cargo, root, run, run_quiet, target_dir};
use crate::progress::step;
use crate::{Failure, cache};

/// How much the page is optimised.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Profile {
    /// What users get.
    Release,
    /// What is built in seconds.
    Dev,
}

/// Everything the wasm of the page and the worker is made of, and the sections that have a page.
const INPUTS: [&str; 9] = [
    "Cargo.lock",
    "Cargo.toml",
    "Trunk.toml",
    "app",
    "public",
    "shared",
    "manifests/images",
    "manifests/scenarios",
    "rust-toolchain.toml",
];

/// Builds the binary `podium` and returns its path.
pub(crate) fn server() -> Result<PathBuf, Failure> {
    step("Building the server (the first time about two minutes)", || {
        run(cargo().args(["build", "--quiet", "--locked", "--package", "server"]))
    })?;
    Ok(target_dir().join("debug").join("podium"))
}

/// Builds `dist/` if anything in it is stale.
pub(crate) fn dist(path: &OsStr, podium: &PathBuf, profile: Profile) -> Result<(), Failure> {
    let dist = root().join("dist");
    let stamp = target_dir().join("xtask").join("page.stamp");
    let fingerprint = cache::fingerprint(&INPUTS, &format!("{profile:?}"))?;
    if !(cache::is_fresh(&stamp, &fingerprint) && dist.join("index.html").is_file()) {
        step("Building the page and its worker (after a change one to four minutes)", || {
            let mut trunk = std::process::Command::new("trunk");
            trunk
                .args(["--quiet", "build"])
                .current_dir(root())
                .env("PATH", path)
                .env_remove("NO_COLOR");
            if profile == Profile::Release {
                trunk.arg("--release");
            }
            run_quiet(&mut trunk)
        })?;
        cache::remember(&stamp, &fingerprint)?;
    }
    step("Compiling the course", || {
        run_quiet(
            std::process::Command::new(podium)
                .args(["scenarios", "--export"])
                .arg(dist.join("scenarios"))
                .current_dir(root()),
        )
    })
}
