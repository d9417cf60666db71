//! `podium mutate`: wrong states that the checks must refuse.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde::Serialize;

use super::say;
use crate::authoring::lint;
use crate::authoring::mutate::{self, ENOUGH, Score};
use crate::cli::{self, Format};
use crate::content::{self, Content};
use crate::error::Failure;

/// What became of the wrong states of one scenario.
#[derive(Debug, Serialize)]
struct Report {
    scenario: String,
    scores: Vec<Score>,
}

/// Plays; fails when a check cell lets too many wrong states pass.
pub fn run(arguments: &cli::Mutate) -> Result<(), Failure> {
    let content = Content::read(&arguments.folder)?;
    let names = if arguments.names.is_empty() { content.ready() } else { arguments.names.clone() };
    if names.is_empty() {
        let cause = format!("{} holds no scenario that is ready", arguments.folder.display());
        return Err(Failure::unsound(cause, "name the folder of the scenarios with --scenarios"));
    }
    let files = content::files(&arguments.folder)?;
    let reports = all(&content, &files, &names)?;
    if arguments.format == Format::Json {
        say(&serde_json::to_string_pretty(&reports).unwrap_or_default())?;
    } else {
        for report in &reports {
            tell(report, &arguments.folder.display().to_string())?;
        }
    }
    let scores = || reports.iter().flat_map(|report| &report.scores);
    let weak = scores().filter(|score| !score.is_enough()).count();
    if weak == 0 {
        return Ok(());
    }
    let cause = format!(
        "{weak} of {} check cells refuse less than {ENOUGH} % of the wrong states",
        scores().count()
    );
    Err(Failure::unsound(cause, "see the lines above"))
}

/// The scenarios in order, played side by side: each has a cluster of its own.
fn all(content: &Content, files: &lint::Files, names: &[String]) -> Result<Vec<Report>, Failure> {
    let next = AtomicUsize::new(0);
    let done = Mutex::new(Vec::new());
    let workers = std::thread::available_parallelism().map_or(1, usize::from).min(names.len());
    std::thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(|| {
                while let Some(name) = names.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let result = one(content, files, name);
                    done.lock()
                        .unwrap_or_else(std::sync::PoisonError::into_inner)
                        .push((name, result));
                }
            });
        }
    });
    let mut done = done.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
    done.sort_by_key(|(name, _)| names.iter().position(|known| known == *name));
    done.into_iter().map(|(_, result)| result).collect()
}

fn one(content: &Content, files: &lint::Files, name: &str) -> Result<Report, Failure> {
    let notebook = content.notebook(name, "en")?;
    let unsound = |cause: String| {
        Failure::unsound(format!("{name} cannot be played: {cause}"), "mend the scenario")
    };
    let folder = lint::folder(files, name).map_err(|found| {
        unsound(found.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))
    })?;
    let notebook = notebook.with_variables(&std::collections::BTreeMap::new());
    let notebook = notebook.map_err(|error| unsound(error.to_string()))?;
    let scores =
        mutate::scenario(&folder, &notebook).map_err(|error| unsound(error.to_string()))?;
    Ok(Report { scenario: name.to_owned(), scores })
}

fn tell(report: &Report, folder: &str) -> Result<(), Failure> {
    for score in &report.scores {
        let sign = if score.is_enough() { "ok  " } else { "WEAK" };
        let Score { step, cell, killed, same, beside, survivors } = score;
        let all = killed + survivors.len();
        say(&format!(
            "{sign} {} {step}/{cell}: {killed} of {all} wrong states fail ({same} the same, {beside} beside the point)",
            report.scenario
        ))?;
        for survivor in survivors {
            let mutate::Survivor { file, line, what, why, remedy } = survivor;
            say(&format!(
                "     {folder}/{file}:{line}: {what}, and all checks hold: {why}; {remedy}"
            ))?;
        }
    }
    Ok(())
}
