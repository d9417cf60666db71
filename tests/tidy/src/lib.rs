//! The rules of the house, as tests.
//!
//! A rule is written here together with its check, or it is called taste. Each file of `tests/` holds
//! one kind of rule; this library reads the tree for them.
//!
//! *Invariant:* reads files that git knows and runs nothing but `git` and `cargo metadata`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A tracked text file.
#[derive(Debug, Clone)]
pub struct Source {
    /// Path from the root, with `/`.
    pub path: String,
    /// Its text.
    pub text: String,
}

/// The root of the checkout.
pub fn root() -> PathBuf {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    package.ancestors().nth(2).unwrap_or(package).to_path_buf()
}

/// Paths of all files that git tracks or would track.
///
/// # Panics
///
/// When git is not there or this is no checkout.
pub fn tracked() -> Vec<String> {
    let output = Command::new("git")
        .args(["ls-files", "--cached", "--others", "--exclude-standard", "-z"])
        .current_dir(root())
        .output();
    let Ok(output) = output else { return Vec::new() };
    let mut paths: Vec<String> = String::from_utf8_lossy(&output.stdout)
        .split('\0')
        .filter(|path| !path.is_empty() && root().join(path).is_file())
        .map(str::to_owned)
        .collect();
    paths.sort();
    paths.dedup();
    paths
}

/// All tracked files whose path satisfies the predicate and that are text.
pub fn sources(wanted: impl Fn(&str) -> bool) -> Vec<Source> {
    tracked()
        .into_iter()
        .filter(|path| wanted(path))
        .filter_map(|path| {
            fs::read_to_string(root().join(&path)).ok().map(|text| Source { path, text })
        })
        .collect()
}

/// All Rust files.
pub fn rust() -> Vec<Source> {
    sources(|path| path.ends_with(".rs"))
}

/// Whether a path holds tests rather than product.
pub fn is_test(path: &str) -> bool {
    path.starts_with("tests/") || path.contains("/tests/") || path.ends_with("/tests.rs")
}

/// `cargo metadata` of the workspace.
pub fn metadata() -> serde_json::Value {
    let cargo = option_env!("CARGO").unwrap_or("cargo");
    let output = Command::new(cargo)
        .args(["metadata", "--format-version", "1", "--locked", "--offline"])
        .current_dir(root())
        .output();
    output
        .ok()
        .and_then(|output| serde_json::from_slice(&output.stdout).ok())
        .unwrap_or(serde_json::Value::Null)
}
