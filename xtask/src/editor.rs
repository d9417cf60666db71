//! The editor's bundle: Monaco from npm, trimmed and compressed once per version into the cache.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::process::{root, run_quiet};
use crate::progress::step;
use crate::{Failure, cache};

/// Source of the bundle.
const BUNDLE: &str = "app/monaco/bundle";
/// Where the page expects it.
const OUTPUT: &str = "public/vendor/editor";

/// Makes `public/vendor/editor` if it is missing or stale.
pub(crate) fn ensure() -> Result<(), Failure> {
    let fingerprint = cache::fingerprint(&[BUNDLE], "editor")?;
    let output = root().join(OUTPUT);
    let stamp = root().join("public/vendor/editor.stamp");
    if cache::is_fresh(&stamp, &fingerprint) && output.is_dir() {
        return Ok(());
    }
    let kept = cache::dir().join("editor").join(&fingerprint);
    if kept.is_dir() {
        cache::copy_dir(&kept, &output)?;
    } else {
        build(&output)?;
        let unfinished = kept.with_extension("new");
        cache::copy_dir(&output, &unfinished)?;
        fs::rename(&unfinished, &kept)
            .map_err(|error| format!("{} cannot be made: {error}", kept.display()))?;
    }
    cache::remember(&stamp, &fingerprint)
}

fn build(output: &Path) -> Result<(), Failure> {
    let bundle = root().join(BUNDLE);
    step("Fetching the editor's packages with npm", || {
        run_quiet(
            Command::new("npm")
                .args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"])
                .current_dir(&bundle),
        )
    })?;
    step("Bundling and compressing the editor", || {
        if output.is_dir() {
            fs::remove_dir_all(output)
                .map_err(|error| format!("{} cannot be removed: {error}", output.display()))?;
        }
        run_quiet(Command::new("node").arg("build.mjs").current_dir(&bundle))
    })
}
