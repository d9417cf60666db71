//! Every scenario folder is a test: this library finds the folders and reads their files.
//!
//! *Invariant:* knows where content lies and nothing of what is in it; the tests judge.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// Texts of files by their paths relative to a folder.
pub type Files = BTreeMap<String, String>;

/// The root of the checkout.
pub fn root() -> PathBuf {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    package.ancestors().nth(2).unwrap_or(package).to_path_buf()
}

/// The folder of all scenarios.
pub fn content() -> PathBuf {
    root().join("manifests/scenarios")
}

/// All text files below a folder.
pub fn files(folder: &Path) -> Files {
    let mut found = Files::new();
    collect(folder, "", &mut found);
    found
}

fn collect(folder: &Path, prefix: &str, found: &mut Files) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
        let path = entry.path();
        if path.is_dir() {
            collect(&path, &format!("{name}/"), found);
        } else if let Ok(text) = fs::read_to_string(&path) {
            found.insert(name, text);
        }
    }
}

/// Tracks with their scenario folders, sorted.
pub fn folders() -> Vec<(String, String)> {
    let mut folders: Vec<(String, String)> = files(&content())
        .keys()
        .filter_map(|path| {
            let folder = path.strip_suffix("/scenario.yaml")?;
            let (track, folder) = folder.split_once('/')?;
            Some((track.to_owned(), folder.to_owned()))
        })
        .collect();
    folders.sort();
    folders
}
