//! The rules for scenario folders beyond what the reader demands: each finding has a file, a line, what
//! is wrong, and what to do about it.

mod kinds;
mod load;
mod needs;
mod prose;
mod reach;
mod unused;
mod whole;
mod words;

use std::collections::{BTreeMap, BTreeSet};

use notebook::read;

use super::finding::Finding;
use super::folder::{Folder, STRUCTURE};

/// All files of the course by their paths.
pub type Files = BTreeMap<String, String>;

/// What is wrong in the scenarios of these names; in all when none is named.
pub fn course(files: &Files, names: &[String]) -> Vec<Finding> {
    let mut found = BTreeSet::new();
    if let Err(diagnostics) = read::catalog(files) {
        found.extend(diagnostics.into_iter().map(|one| Finding::read("", one)));
    }
    for id in ids(files) {
        match folder(files, &id) {
            Ok(folder) => found.extend(scenario(&folder, files)),
            Err(findings) => found.extend(findings),
        }
    }
    let wanted = |finding: &Finding| {
        names.is_empty() || names.iter().any(|name| finding.file.starts_with(&format!("{name}/")))
    };
    found.into_iter().filter(wanted).collect()
}

/// The ids of all scenario folders.
pub fn ids(files: &Files) -> Vec<String> {
    let ends = format!("/{STRUCTURE}");
    let folders = files.keys().filter_map(|path| path.strip_suffix(&ends));
    folders.filter(|folder| folder.matches('/').count() == 1).map(str::to_owned).collect()
}

/// A folder, or what the reader finds wrong in it.
pub fn folder(files: &Files, id: &str) -> Result<Folder, Vec<Finding>> {
    let prefix = format!("{id}/");
    let own: Files = files
        .iter()
        .filter_map(|(path, text)| Some((path.strip_prefix(&prefix)?.to_owned(), text.clone())))
        .collect();
    let (track, name) = id.split_once('/').unwrap_or((id, ""));
    let wrong = |diagnostics: Vec<read::Diagnostic>| {
        diagnostics.into_iter().map(|one| Finding::read(id, one)).collect::<Vec<_>>()
    };
    let korean = read::notebook(track, name, &own, "ko").map_err(wrong)?;
    let english = read::notebook(track, name, &own, "en").map_err(wrong)?;
    Ok(Folder::new(id, own, korean, english))
}

fn scenario(folder: &Folder, files: &Files) -> Vec<Finding> {
    let mut found = Vec::new();
    unused::check(folder, files, &mut found);
    prose::check(folder, &mut found);
    needs::check(folder, &mut found);
    let world = kinds::World::of(folder, &mut found);
    reach::check(folder, &world, &mut found);
    load::check(folder, &mut found);
    whole::check(folder, &mut found);
    words::check(folder, &mut found);
    found
}
