//! Checks that can never hold or never fail: nothing is done before them, nothing makes their object,
//! their pattern fits everything; and hints that nobody will see.

use notebook::cell::CellKind;
use notebook::check::{Check, Condition};
use regex_lite::Regex;

use super::kinds::{World, each_check, text};
use crate::authoring::finding::Finding;
use crate::authoring::folder::Folder;

pub(super) fn check(folder: &Folder, world: &World, found: &mut Vec<Finding>) {
    before_anything(folder, found);
    let made = Made::of(folder, world);
    each_check(folder, &mut |path, check| {
        if !path.contains(".hints[") {
            made.objects(folder, path, check, found);
        }
        if let Some(pattern) = pattern(&check.condition)
            && fits_everything(pattern)
        {
            let what = format!("the pattern `{pattern}` fits everything, so the check cannot fail");
            let remedy = "write what must be there, with ^ and $ where it is all";
            found.push(folder.finding(&format!("{path}.pattern"), what, remedy));
        }
    });
    for (place, cell) in folder.cells() {
        let checks = matches!(cell.kind, CellKind::Check { .. });
        if !checks && !cell.hints.is_empty() {
            let what = format!("the hints of `{}` are never shown: it has no checks", cell.id);
            let remedy = "move them to the check cell that fails";
            found.push(folder.finding(&format!("{place}.hints"), what, remedy));
        }
    }
}

/// A check that does not hold before its step, although nothing is done in the step before it.
fn before_anything(folder: &Folder, found: &mut Vec<Finding>) {
    let cells = folder.cells();
    for step in &folder.english.scenario.steps {
        let mut done = false;
        for id in &step.cells {
            let Some((place, cell)) = cells.iter().find(|(_, cell)| cell.id == *id) else {
                continue;
            };
            match &cell.kind {
                CellKind::Manifest { .. }
                | CellKind::Action { .. }
                | CellKind::Console { .. }
                | CellKind::Observe { .. }
                | CellKind::Load { .. } => done = true,
                CellKind::Check { checks, .. } if !done => {
                    for (index, check) in
                        checks.iter().enumerate().filter(|(_, one)| !one.holds_before)
                    {
                        let what = format!(
                            "the check `{}` is out of reach: nothing is done in the step `{}` before it",
                            check.id, step.id
                        );
                        let remedy =
                            "place it behind the cell that makes it hold, or say holdsBefore: true";
                        found.push(folder.finding(
                            &format!("{place}.checks[{index}]"),
                            what,
                            remedy,
                        ));
                    }
                }
                CellKind::Check { .. }
                | CellKind::Diagram { .. }
                | CellKind::Quiz { .. }
                | CellKind::Note { .. } => {}
            }
        }
    }
}

/// Everything that is written down and could name an object.
struct Made<'w> {
    world: &'w World,
    words: Vec<String>,
}

impl<'w> Made<'w> {
    fn of(folder: &Folder, world: &'w World) -> Self {
        let mut words = Vec::new();
        let mut take = |text: &str| {
            let split = |letter: char| !letter.is_ascii_alphanumeric() && !"-.@".contains(letter);
            words.extend(text.split(split).filter(|word| !word.is_empty()).map(str::to_owned));
        };
        folder
            .manifests()
            .into_iter()
            .filter_map(|file| folder.files.get(file))
            .for_each(|text| take(text));
        folder.lines().iter().for_each(|(_, line)| take(line));
        let scenario = &folder.english.scenario;
        scenario.variables.iter().for_each(|variable| take(&variable.default));
        words.sort();
        words.dedup();
        Self { world, words }
    }

    /// Whether a name is written down, or begins with one that is: controllers add to names.
    fn has(&self, name: &str) -> bool {
        let begins = |word: &String| {
            name.strip_prefix(word.as_str())
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
        };
        name.contains("${") || self.world.names.contains(name) || self.words.iter().any(begins)
    }

    fn objects(&self, folder: &Folder, path: &str, check: &Check, found: &mut Vec<Finding>) {
        let mut named = Vec::new();
        let pod = |pod: &str| ("Pod", pod.rsplit('/').next().unwrap_or_default().to_owned());
        match &check.condition {
            Condition::Assert { object } => {
                named.push((text(object, "/kind"), text(object, "/metadata/name").to_owned()));
            }
            Condition::Logs { pod: name, .. } | Condition::Output { pod: name, .. } => {
                named.push(pod(name));
            }
            Condition::Event { object, .. } => {
                named.extend(object.split_once('/').map(|(kind, name)| (kind, name.to_owned())));
            }
            Condition::Connects { connections } => {
                let ends = connections.iter().map(|one| &one.connection);
                named.extend(ends.flat_map(|one| [pod(&one.from), pod(&one.to)]));
            }
            Condition::Absent { .. }
            | Condition::Can { .. }
            | Condition::Rejects { .. }
            | Condition::Prints { .. } => {}
        }
        named.sort();
        named.dedup();
        for (kind, name) in named {
            if !self.has(&name) {
                let what = format!("the check is out of reach: nothing makes {kind} `{name}`");
                let remedy = "name an object of a manifest or of a command line of this scenario";
                found.push(folder.finding(path, what, remedy));
            }
        }
    }
}

fn pattern(condition: &Condition) -> Option<&str> {
    match condition {
        Condition::Rejects { pattern, .. }
        | Condition::Logs { pattern, .. }
        | Condition::Prints { pattern, .. }
        | Condition::Output { pattern, .. } => Some(pattern),
        Condition::Event { pattern, .. } => pattern.as_deref(),
        Condition::Assert { .. }
        | Condition::Absent { .. }
        | Condition::Can { .. }
        | Condition::Connects { .. } => None,
    }
}

/// Whether a pattern is found in nothing and in anything.
fn fits_everything(pattern: &str) -> bool {
    Regex::new(pattern).is_ok_and(|regex| regex.is_match("") && regex.is_match("~no such words 0~"))
}
