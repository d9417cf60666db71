//! Reading scenario folders: texts of files in, [`Notebook`]s or [`Diagnostic`]s out.
//!
//! Everything that is wrong is said at once, each with its file, its line and what was expected, so
//! that an author never has to guess.

mod cells;
mod checks;
mod fields;
mod files;
mod prose;
mod scenario;
mod yaml;

use std::collections::BTreeMap;
use std::fmt;

use crate::scenario::{Catalog, CatalogEntry, Notebook, Scenario, Status, Track};

/// The languages of the course.
pub const LANGUAGES: [&str; 2] = ["ko", "en"];

/// Something wrong in a scenario folder.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Diagnostic {
    /// File, relative to the folder that was read.
    pub file: String,
    /// Line, from 1.
    pub line: u32,
    /// What is wrong.
    pub message: String,
    /// What would be right; may be empty.
    pub expected: String,
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}:{}: {}", self.file, self.line, self.message)?;
        if !self.expected.is_empty() {
            write!(out, "; expected {}", self.expected)?;
        }
        Ok(())
    }
}

impl std::error::Error for Diagnostic {}

/// What was found wrong so far.
#[derive(Debug, Default)]
struct Report {
    found: Vec<Diagnostic>,
}

impl Report {
    fn say(
        &mut self,
        file: &str,
        line: u32,
        message: impl Into<String>,
        expected: impl Into<String>,
    ) {
        let (message, expected) = (message.into(), expected.into());
        self.found.push(Diagnostic { file: file.to_owned(), line, message, expected });
    }

    /// The result, unless something is wrong.
    fn finish<T>(mut self, result: Option<T>) -> Result<T, Vec<Diagnostic>> {
        self.found.sort();
        self.found.dedup();
        match result {
            Some(result) if self.found.is_empty() => Ok(result),
            _ => Err(self.found),
        }
    }
}

/// Reads a scenario folder in one language. `files` holds the texts of the folder's files by their
/// paths relative to it. Both languages are read whichever is asked for, because they must agree.
pub fn notebook(
    track: &str,
    folder: &str,
    files: &BTreeMap<String, String>,
    language: &str,
) -> Result<Notebook, Vec<Diagnostic>> {
    let mut report = Report::default();
    let result = folder_in(track, folder, files, language, &mut report);
    report.finish(result)
}

fn folder_in(
    track: &str,
    folder: &str,
    files: &BTreeMap<String, String>,
    language: &str,
    report: &mut Report,
) -> Option<Notebook> {
    if !LANGUAGES.contains(&language) {
        let message = format!("there is no language `{language}`");
        report.say("scenario.yaml", 1, message, "`ko` or `en`");
    }
    let plan = scenario::read(files, report)?;
    let mut chosen = None;
    for candidate in LANGUAGES {
        let name = format!("{candidate}.md");
        let Some(text) = files.get(&name) else {
            report.say(&name, 1, "the file is missing", "prose in both languages");
            continue;
        };
        let prose = prose::read(&name, text, &plan.scenario, report);
        prose::agree(&name, &prose, &plan, report);
        if candidate == language {
            chosen = Some(prose);
        }
    }
    let prose = chosen?;
    Some(Notebook {
        id: format!("{track}/{folder}"),
        language: language.to_owned(),
        introduction: prose.introduction,
        steps: prose.steps.into_iter().map(|step| step.step).collect(),
        files: files::named(&plan, files, report),
        scenario: plan.scenario,
    })
}

/// Reads only the structure of a scenario folder.
pub fn scenario(files: &BTreeMap<String, String>) -> Result<Scenario, Vec<Diagnostic>> {
    let mut report = Report::default();
    let result = scenario::read(files, &mut report).map(|plan| plan.scenario);
    report.finish(result)
}

/// Reads the catalogue out of all files of `manifests/scenarios`, by their paths relative to it
/// (`<track>/track.yaml`, `<track>/<folder>/scenario.yaml` …).
pub fn catalog(files: &BTreeMap<String, String>) -> Result<Catalog, Vec<Diagnostic>> {
    let mut report = Report::default();
    let mut tracks: BTreeMap<&str, BTreeMap<&str, BTreeMap<String, String>>> = BTreeMap::new();
    for (path, text) in files {
        let mut parts = path.splitn(3, '/');
        if let (Some(track), Some(folder), Some(rest)) = (parts.next(), parts.next(), parts.next())
        {
            let folders = tracks.entry(track).or_default();
            folders.entry(folder).or_default().insert(rest.to_owned(), text.clone());
        }
    }
    let tracks = tracks.iter().filter_map(|(id, folders)| {
        let path = format!("{id}/track.yaml");
        let mut track = scenario::track(&path, files.get(&path), id, &mut report)?;
        track.scenarios = entries(id, folders, &mut report);
        Some(track)
    });
    let catalog = Catalog { tracks: tracks.collect::<Vec<Track>>() };
    report.finish(Some(catalog))
}

fn entries(
    track: &str,
    folders: &BTreeMap<&str, BTreeMap<String, String>>,
    report: &mut Report,
) -> Vec<CatalogEntry> {
    let mut entries = Vec::new();
    for (folder, files) in folders {
        match scenario(files) {
            Ok(scenario) => entries.push(entry(track, folder, scenario)),
            Err(found) => report.found.extend(found.into_iter().map(|mut one| {
                one.file = format!("{track}/{folder}/{}", one.file);
                one
            })),
        }
    }
    entries.sort_by_key(|entry| (entry.section, entry.id.clone()));
    entries
}

fn entry(track: &str, folder: &str, scenario: Scenario) -> CatalogEntry {
    CatalogEntry {
        id: format!("{track}/{folder}"),
        section: scenario.section,
        title: scenario.title,
        goal: scenario.goal,
        status: scenario.status,
        minutes: scenario.minutes,
        steps: u32::try_from(scenario.steps.len()).unwrap_or(u32::MAX),
    }
}

/// Whether a scenario of this status must have steps.
fn must_have_steps(status: Status) -> bool {
    match status {
        Status::Ready => true,
        Status::Planned => false,
    }
}
