//! Clients that their package managers install into the cache, once for each lock file.

use std::fs::{self, File};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::{Failure, run};

/// The interpreter of a virtual environment with the Python client.
pub fn python() -> Result<PathBuf, Failure> {
    let made = once("python", &["requirements.txt"], |source, folder| {
        run(Command::new("python3").args(["-m", "venv"]).arg(folder))?;
        // Everything is locked with its hash, so there is nothing to resolve.
        run(Command::new(folder.join("bin/python"))
            .args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps"])
            .args(["--only-binary", ":all:", "--require-hashes", "--requirement"])
            .arg(source.join("requirements.txt")))
    })?;
    Ok(made.join("bin/python"))
}

/// The program `client.mjs` beside the installed JavaScript client.
pub fn node() -> Result<PathBuf, Failure> {
    let locked = ["package.json", "package-lock.json", "client.mjs"];
    let made = once("node", &locked, |source, folder| {
        make_dir(folder)?;
        for name in locked {
            fs::copy(source.join(name), folder.join(name))
                .map_err(|error| format!("{name} cannot be copied: {error}"))?;
        }
        let install = ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"];
        run(Command::new("npm").args(install).current_dir(folder))
    })?;
    Ok(made.join("client.mjs"))
}

/// The folder that `make` fills, unless the cache has it for these files already.
fn once(
    name: &str,
    files: &[&str],
    make: impl FnOnce(&Path, &Path) -> Result<String, Failure>,
) -> Result<PathBuf, Failure> {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join(name);
    let mut hasher = DefaultHasher::new();
    for file in files {
        fs::read(source.join(file))
            .map_err(|error| format!("{file} cannot be read: {error}"))?
            .hash(&mut hasher);
    }
    let base = realcluster::programs::cache().join("clients");
    let done = base.join(format!("{name}-{:016x}", hasher.finish()));
    make_dir(&base)?;
    let cannot = |error: std::io::Error| format!("the cache cannot be locked: {error}");
    let lock = File::create(base.join(format!("{name}.lock"))).map_err(cannot)?;
    lock.lock().map_err(cannot)?;
    if done.is_dir() {
        return Ok(done);
    }
    let unfinished = base.join(format!("{name}.new"));
    if unfinished.exists() {
        fs::remove_dir_all(&unfinished)
            .map_err(|error| format!("{} cannot be removed: {error}", unfinished.display()))?;
    }
    make(&source, &unfinished)?;
    fs::rename(&unfinished, &done)
        .map_err(|error| format!("{} cannot be made: {error}", done.display()))?;
    Ok(done)
}

fn make_dir(folder: &Path) -> Result<(), Failure> {
    fs::create_dir_all(folder)
        .map_err(|error| format!("{} cannot be made: {error}", folder.display()))
}
