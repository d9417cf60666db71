//! A scenario folder with the lines of what stands in it.

use std::collections::BTreeMap;

use kubectl::manifest::{self, Document, SpanTree};
use notebook::cell::{Cell, CellKind};
use notebook::scenario::Notebook;

use super::finding::Finding;

/// Name of the structure's file.
pub const STRUCTURE: &str = "scenario.yaml";

/// A folder that the reader has found right.
#[derive(Debug)]
pub struct Folder {
    /// `<track>/<folder>`.
    pub id: String,
    /// In Korean.
    pub korean: Notebook,
    /// In English.
    pub english: Notebook,
    /// All files, relative to the folder.
    pub files: BTreeMap<String, String>,
    places: SpanTree,
}

impl Folder {
    /// A folder of these files.
    pub fn new(
        id: &str,
        files: BTreeMap<String, String>,
        korean: Notebook,
        english: Notebook,
    ) -> Self {
        let structure = files.get(STRUCTURE).map(String::as_str).unwrap_or_default();
        let document = manifest::read(structure).ok().and_then(|found| found.into_iter().next());
        let places = document.map(|found| found.spans).unwrap_or_default();
        Self { id: id.to_owned(), korean, english, files, places }
    }

    /// The line of the structure where a path stands (`cells[3].checks[0].object.kind`), or the nearest
    /// line before it.
    pub fn line(&self, path: &str) -> usize {
        // The last part of the path that is there: an alias has its lines where its anchor is.
        self.places.find_key(path).or_else(|| self.places.find(path)).map_or_else(
            || self.places.find_nearest(path).start.line.max(1),
            |span| span.start.line.max(1),
        )
    }

    /// Whether the structure says something at a path.
    pub fn says(&self, path: &str) -> bool {
        self.places.find_key(path).is_some()
    }

    /// A finding in the structure.
    pub fn finding(
        &self,
        path: &str,
        what: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Finding {
        self.finding_in(STRUCTURE, self.line(path), what, remedy)
    }

    /// A finding in a file.
    pub fn finding_in(
        &self,
        file: &str,
        line: usize,
        what: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Finding {
        let file = format!("{}/{file}", self.id);
        Finding { file, line, what: what.into(), remedy: remedy.into() }
    }

    /// The cells in the order of their steps, each with its place in `cells`.
    pub fn cells(&self) -> Vec<(String, &Cell)> {
        let scenario = &self.english.scenario;
        let ids = scenario.steps.iter().flat_map(|step| &step.cells);
        let place = |id: &String| {
            let at = scenario.cells.iter().position(|cell| cell.id == *id)?;
            Some((format!("cells[{at}]"), scenario.cells.get(at)?))
        };
        ids.filter_map(place).collect()
    }

    /// The documents of a file; none when it is no manifest.
    pub fn documents(&self, file: &str) -> Vec<Document> {
        let text = self.files.get(file).map(String::as_str).unwrap_or_default();
        manifest::read(text).unwrap_or_default()
    }

    /// All manifests: files of the setup, and those that cells name.
    pub fn manifests(&self) -> Vec<&String> {
        let is_manifest = |path: &&String| path.rsplit('.').next() == Some("yaml");
        self.english.files.keys().filter(is_manifest).collect()
    }

    /// The kubectl lines of the structure, each with its place.
    pub fn lines(&self) -> Vec<(String, String)> {
        let mut lines = Vec::new();
        for (place, cell) in self.cells() {
            let (field, texts) = match &cell.kind {
                CellKind::Action { run, .. } | CellKind::Observe { run, .. } => ("run", run),
                CellKind::Console { suggest } => ("suggest", suggest),
                CellKind::Manifest { .. }
                | CellKind::Check { .. }
                | CellKind::Diagram { .. }
                | CellKind::Load { .. }
                | CellKind::Quiz { .. }
                | CellKind::Note { .. } => continue,
            };
            for (index, line) in texts.iter().enumerate() {
                lines.push((format!("{place}.{field}[{index}]"), line.clone()));
            }
        }
        lines
    }
}
