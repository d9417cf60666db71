//! The files that a structure names.

use std::collections::BTreeMap;

use super::Report;
use super::scenario::{FILE, Plan};

/// The named files with their texts; a missing one is reported where it is named.
pub(super) fn named(
    plan: &Plan,
    files: &BTreeMap<String, String>,
    report: &mut Report,
) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    for (path, line) in &plan.files {
        if let Some(text) = files.get(path) {
            found.insert(path.clone(), text.clone());
        } else {
            let message = format!("the file `{path}` is missing");
            report.say(FILE, *line, message, "a path relative to the folder");
        }
    }
    let unused = files.keys().filter(|path| {
        let folder = path.split('/').next().unwrap_or_default();
        ["cells", "setup", "solution"].contains(&folder) && !found.contains_key(*path)
    });
    for path in unused {
        report.say(path, 1, "nothing names this file", format!("its path in {FILE}"));
    }
    found
}
