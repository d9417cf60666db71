//! The course on disk: read, compiled for the page, and handed to sessions.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::{Arc, PoisonError, RwLock};

use notebook::read;
use notebook::scenario::{Catalog, CatalogEntry, Notebook, Status};

use crate::error::Failure;

/// The languages of the course.
pub(crate) const LANGUAGES: [&str; 2] = ["ko", "en"];

/// All files of the course by their paths, and what they compile to.
#[derive(Debug)]
pub struct Content {
    files: BTreeMap<String, String>,
    /// The catalogue.
    pub catalog: Catalog,
}

impl Content {
    /// Reads a folder of scenarios.
    pub fn read(folder: &Path) -> Result<Self, Failure> {
        let files = files(folder)?;
        let catalog = read::catalog(&files).map_err(unsound)?;
        Ok(Self { files, catalog })
    }

    /// All scenarios in order.
    pub fn entries(&self) -> impl Iterator<Item = &CatalogEntry> {
        self.catalog.tracks.iter().flat_map(|track| &track.scenarios)
    }

    /// Ids of those that can be played.
    pub fn ready(&self) -> Vec<String> {
        let ready = self.entries().filter(|entry| entry.status == Status::Ready);
        ready.map(|entry| entry.id.clone()).collect()
    }

    /// A scenario (`<track>/<folder>`) in a language.
    pub fn notebook(&self, id: &str, language: &str) -> Result<Notebook, Failure> {
        let known = self.entries().any(|entry| entry.id == id);
        let (track, folder) = id.split_once('/').filter(|_| known).ok_or_else(|| {
            Failure::usage(format!("there is no scenario `{id}`"), "see `podium scenarios`")
        })?;
        let prefix = format!("{id}/");
        let own = self.files.iter().filter_map(|(path, text)| {
            Some((path.strip_prefix(&prefix)?.to_owned(), text.clone()))
        });
        read::notebook(track, folder, &own.collect(), language).map_err(|mut found| {
            for one in &mut found {
                one.file = format!("{prefix}{}", one.file);
            }
            unsound(found)
        })
    }

    /// Everything that the page fetches, by path: the catalogue, and each scenario in each language.
    pub fn compiled(&self) -> Result<BTreeMap<String, String>, Failure> {
        self.compiled_after(None)
    }

    /// The same; scenarios that are as they were are not compiled again.
    fn compiled_after(&self, before: Option<&Course>) -> Result<BTreeMap<String, String>, Failure> {
        let mut found = BTreeMap::new();
        found.insert("catalog.json".to_owned(), json(&self.catalog)?);
        for entry in self.entries() {
            let before =
                before.filter(|before| before.content.own(&entry.id).eq(self.own(&entry.id)));
            for language in LANGUAGES {
                let path = format!("{}/{language}.json", entry.id);
                let text = match before.and_then(|before| before.compiled.get(&path)) {
                    Some(text) => text.clone(),
                    None => json(&self.notebook(&entry.id, language)?)?,
                };
                found.insert(path, text);
            }
        }
        Ok(found)
    }

    /// The files of a scenario.
    fn own(&self, id: &str) -> impl Iterator<Item = (&String, &String)> {
        let prefix = format!("{id}/");
        self.files.iter().filter(move |(path, _)| path.starts_with(&prefix))
    }
}

/// A course that is sound: its content, and what the page fetches.
#[derive(Debug)]
pub struct Course {
    /// The content.
    pub content: Content,
    /// What the page fetches, by path.
    pub compiled: BTreeMap<String, String>,
}

impl Course {
    /// Reads and compiles a folder of scenarios.
    pub fn read(folder: &Path) -> Result<Self, Failure> {
        let content = Content::read(folder)?;
        let compiled = content.compiled()?;
        Ok(Self { content, compiled })
    }

    /// Reads the folder again, and compiles what changed since.
    pub fn again(&self, folder: &Path) -> Result<Self, Failure> {
        let content = Content::read(folder)?;
        let compiled = content.compiled_after(Some(self))?;
        Ok(Self { content, compiled })
    }
}

/// The course that is served now; an author's preview puts newer ones in its place.
#[derive(Debug, Clone)]
pub struct Shelf(Arc<RwLock<Arc<Course>>>);

impl Shelf {
    /// A shelf with a course.
    pub fn new(course: Course) -> Self {
        Self(Arc::new(RwLock::new(Arc::new(course))))
    }

    /// The course that is served now.
    pub fn now(&self) -> Arc<Course> {
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Serves another course from now on.
    pub fn put(&self, course: Course) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(course);
    }
}

/// The texts of all files below a folder, by their paths relative to it.
pub fn files(folder: &Path) -> Result<BTreeMap<String, String>, Failure> {
    if !folder.is_dir() {
        return Err(Failure::surroundings(
            format!("there is no folder {}", folder.display()),
            "name the folder of the scenarios with --scenarios",
        ));
    }
    let mut files = BTreeMap::new();
    collect(folder, "", &mut files);
    Ok(files)
}

fn json(value: &impl serde::Serialize) -> Result<String, Failure> {
    serde_json::to_string(value).map_err(|error| {
        Failure::unsound(format!("the course cannot be compiled ({error})"), "report this")
    })
}

fn unsound(diagnostics: Vec<read::Diagnostic>) -> Failure {
    let lines: Vec<String> = diagnostics.iter().map(ToString::to_string).collect();
    Failure::unsound(lines.join("\n"), "mend the scenario")
}

fn collect(folder: &Path, prefix: &str, files: &mut BTreeMap<String, String>) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
        let path = entry.path();
        if path.is_dir() {
            collect(&path, &format!("{name}/"), files);
        } else if let Ok(text) = fs::read_to_string(&path) {
            files.insert(name, text);
        }
    }
}
