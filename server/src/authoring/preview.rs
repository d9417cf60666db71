//! What the page of an author knows of the folder of scenarios: it follows the files, keeps the last
//! content that was sound, and says what is wrong with the newest.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use serde::Serialize;
use tokio::sync::watch;

use crate::content::Shelf;
use crate::sessions::Sessions;

/// How often the files are looked at: a few hundred of them cost a millisecond.
const EVERY: Duration = Duration::from_millis(50);

/// What the page is told.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct News {
    /// Counts the contents that were sound.
    pub version: u64,
    /// What is wrong with the files as they are now, a line each.
    pub wrong: Vec<String>,
}

/// When the files were changed, by their paths.
type Marks = BTreeMap<PathBuf, (SystemTime, u64)>;

/// Follows the files until the server is asked to stop.
pub async fn follow(folder: &Path, shelf: &Shelf, sessions: &Sessions, told: watch::Sender<News>) {
    let mut known = marks(folder);
    while !sessions.ending() {
        tokio::time::sleep(EVERY).await;
        let now = marks(folder);
        if now != known {
            known = now;
            read(folder, shelf, sessions, &told);
        }
    }
}

fn read(folder: &Path, shelf: &Shelf, sessions: &Sessions, told: &watch::Sender<News>) {
    match shelf.now().again(folder) {
        Ok(course) => {
            shelf.put(course);
            sessions.revise();
            told.send_modify(|news| *news = News { version: news.version + 1, wrong: Vec::new() });
            tracing::info!("the content was read again");
        }
        Err(failure) => {
            let wrong: Vec<String> = failure.cause.lines().map(str::to_owned).collect();
            told.send_modify(|news| news.wrong = wrong);
        }
    }
}

fn marks(folder: &Path) -> Marks {
    let mut marks = Marks::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).into_iter().flatten().flatten() {
            let path = entry.path();
            match entry.metadata() {
                Ok(about) if about.is_dir() => folders.push(path),
                Ok(about) => {
                    let changed = about.modified().unwrap_or(SystemTime::UNIX_EPOCH);
                    marks.insert(path, (changed, about.len()));
                }
                // It went away between two looks.
                Err(_) => {}
            }
        }
    }
    marks
}
