//! The cache outside `target`, and fingerprints that tell whether something must be built again.

use std::fs;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::path::{Path, PathBuf};

use crate::Failure;
use crate::process::root;

/// `PODIUM_CACHE`, or `podium` in the user's cache folder.
pub(crate) fn dir() -> PathBuf {
    if let Some(dir) = std::env::var_os("PODIUM_CACHE") {
        return PathBuf::from(dir);
    }
    let base = std::env::var_os("XDG_CACHE_HOME")
        .map(PathBuf::from)
        .or_else(|| std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".cache")));
    base.unwrap_or_else(std::env::temp_dir).join("podium")
}

/// A fingerprint of the contents of files and folders (relative to the root), for one build step.
pub(crate) fn fingerprint(inputs: &[&str], extra: &str) -> Result<String, Failure> {
    let mut files = Vec::new();
    for input in inputs {
        collect(&root().join(input), &mut files)?;
    }
    files.sort();
    let mut hasher = DefaultHasher::new();
    extra.hash(&mut hasher);
    for file in files {
        file.hash(&mut hasher);
        read(&file)?.hash(&mut hasher);
    }
    Ok(format!("{:016x}", hasher.finish()))
}

/// Whether the stamp of a step holds this fingerprint.
pub(crate) fn is_fresh(stamp: &Path, fingerprint: &str) -> bool {
    fs::read_to_string(stamp).is_ok_and(|found| found == fingerprint)
}

/// Remembers that a step was done for this fingerprint.
pub(crate) fn remember(stamp: &Path, fingerprint: &str) -> Result<(), Failure> {
    if let Some(folder) = stamp.parent() {
        make_dir(folder)?;
    }
    fs::write(stamp, fingerprint)
        .map_err(|error| format!("{} cannot be written: {error}", stamp.display()))
}

/// Makes a folder and those above it.
pub(crate) fn make_dir(folder: &Path) -> Result<(), Failure> {
    fs::create_dir_all(folder)
        .map_err(|error| format!("{} cannot be made: {error}", folder.display()))
}

/// Copies a folder with all it holds.
pub(crate) fn copy_dir(from: &Path, to: &Path) -> Result<(), Failure> {
    make_dir(to)?;
    let mut files = Vec::new();
    collect(from, &mut files)?;
    for file in files {
        let Ok(relative) = file.strip_prefix(from) else { continue };
        let target = to.join(relative);
        if let Some(folder) = target.parent() {
            make_dir(folder)?;
        }
        fs::copy(&file, &target).map_err(|error| {
            format!("{} cannot be copied to {}: {error}", file.display(), target.display())
        })?;
    }
    Ok(())
}

fn read(file: &Path) -> Result<Vec<u8>, Failure> {
    fs::read(file).map_err(|error| format!("{} cannot be read: {error}", file.display()))
}

/// All files below a path; generated folders are passed over.
pub(crate) fn collect(path: &Path, files: &mut Vec<PathBuf>) -> Result<(), Failure> {
    if path.is_file() {
        files.push(path.to_path_buf());
        return Ok(());
    }
    let Ok(entries) = fs::read_dir(path) else { return Ok(()) };
    for entry in entries {
        let entry = entry.map_err(|error| format!("{} cannot be read: {error}", path.display()))?;
        let name = entry.file_name();
        if name == "node_modules" || name == "target" || name == "vendor" {
            continue;
        }
        collect(&entry.path(), files)?;
    }
    Ok(())
}
