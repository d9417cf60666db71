//! Wrong states: for every check cell, what a learner may have done instead of the solution is played on
//! an embedded cluster, and a check must fail for it.
//!
//! A mutant for which all checks hold is no fault of theirs when it changes nothing (the cluster is the
//! same afterwards, but for times and generated names), or when it changes what they are not about. They
//! are about: every object that the solution makes, deletes or changes by a command; every field in which
//! the solution differs from the text that the learner starts from; the status of the objects that they
//! name; and the fields and lists that they name themselves.

mod lines;
mod mutants;
mod play;
mod remembering;
mod state;

use std::collections::BTreeSet;

use kubectl::manifest;
use notebook::cell::{Cell, CellKind};
use notebook::scenario::Notebook;
use runner::Deed;
use serde::Serialize;
use serde_json::Value;

use super::folder::Folder;

pub use play::{MutateError, scenario};

/// How many of a hundred wrong states a check cell must refuse.
pub const ENOUGH: usize = 95;

/// What became of the wrong states of one check cell.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Score {
    /// The step.
    pub step: String,
    /// The check cell.
    pub cell: String,
    /// Wrong states for which a check fails.
    pub killed: usize,
    /// Mutants after which the cluster is the same as after the solution.
    pub same: usize,
    /// Mutants that change what the checks are not about.
    pub beside: usize,
    /// Wrong states for which all checks hold.
    pub survivors: Vec<Survivor>,
}

impl Score {
    /// Whether enough wrong states are refused.
    pub fn is_enough(&self) -> bool {
        self.killed * 100 >= ENOUGH * (self.killed + self.survivors.len())
    }
}

/// A wrong state for which all checks hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Survivor {
    /// File of the solution, relative to the folder of all scenarios.
    pub file: String,
    /// Line where it differs.
    pub line: usize,
    /// What is wrong.
    pub what: String,
    /// Why a check should have failed.
    pub why: String,
    /// What to tighten.
    pub remedy: String,
}

/// Something that a cell's deed may be instead.
#[derive(Debug, Clone)]
struct Attempt {
    fault: mutants::Fault,
    deed: Deed,
    file: String,
    line: usize,
    what: String,
    /// Whether the field is one in which the solution differs from the given text.
    taught: bool,
    /// The document that differs, for manifests.
    document: Option<usize>,
    /// That document, and the field as a JSON pointer.
    field: Option<(Value, String)>,
}

/// The attempts at a cell: everything but its solution.
fn attempts(folder: &Folder, notebook: &Notebook, cell: &Cell, deed: &Deed) -> Vec<Attempt> {
    let place = folder.cells().into_iter().find(|(_, known)| known.id == cell.id);
    let place = place.map(|(place, _)| place).unwrap_or_default();
    let structure = format!("{}/{}", folder.id, super::folder::STRUCTURE);
    let mut attempts = Vec::new();
    // What only looks and waits changes nothing: it may be left out.
    if play::may_change(deed, true) {
        attempts.push(Attempt {
            fault: mutants::Fault::Deed,
            deed: Deed::Nothing,
            file: structure.clone(),
            line: folder.line(&place),
            what: format!("`{}` is not done", cell.id),
            taught: true,
            document: None,
            field: None,
        });
    }
    let namespaces = namespaces(notebook);
    match (deed, &cell.kind) {
        // What is refused changes nothing: there is nothing to be wrong about but leaving it out.
        (_, CellKind::Manifest { refused: true, .. }) => {}
        (Deed::Apply(text), CellKind::Manifest { file, solution, .. }) => {
            let solved = solution.as_ref().unwrap_or(file);
            let given = notebook.files.get(file).map(String::as_str).unwrap_or_default();
            attempts.extend(of_manifest(folder, solved, (given, text), &namespaces));
            if solution.is_some() {
                attempts.push(Attempt {
                    fault: mutants::Fault::Field,
                    deed: Deed::Apply(given.to_owned()),
                    file: format!("{}/{file}", folder.id),
                    line: 1,
                    what: "the text is applied as it is given".to_owned(),
                    taught: true,
                    document: None,
                    field: None,
                });
            }
        }
        (Deed::Run { lines, stops }, kind) => {
            let field = if matches!(kind, CellKind::Console { .. }) { "suggest" } else { "run" };
            for mutant in lines::of(lines, &namespaces) {
                attempts.push(Attempt {
                    fault: mutants::Fault::Deed,
                    deed: Deed::Run { lines: mutant.lines, stops: *stops },
                    file: structure.clone(),
                    line: folder.line(&format!("{place}.{field}[{}]", mutant.index)),
                    what: mutant.what,
                    taught: true,
                    document: None,
                    field: None,
                });
            }
        }
        _ => {}
    }
    attempts
}

fn of_manifest(
    folder: &Folder,
    file: &str,
    (given, solved): (&str, &str),
    namespaces: &[String],
) -> Vec<Attempt> {
    let documents = manifest::read(solved).unwrap_or_default();
    let given: Vec<Value> =
        manifest::read(given).unwrap_or_default().into_iter().map(|one| one.value).collect();
    let mut seen = BTreeSet::new();
    let attempt = |mutant: mutants::Mutant| {
        let document = documents.get(mutant.document).map(|found| &found.value);
        // Of an object that the given text lacks, everything is taught; of a text, the other lines.
        let taught = given.get(mutant.document).is_none_or(|before| {
            let before = before.pointer(&mutant.pointer);
            let after = document.and_then(|after| after.pointer(&mutant.pointer));
            let had = |line: &String| {
                before.and_then(Value::as_str).is_some_and(|text| text.contains(line))
            };
            before != after && !mutant.lost.as_ref().is_some_and(had)
        });
        Attempt {
            fault: mutant.fault,
            deed: Deed::Apply(mutant.text),
            file: format!("{}/{file}", folder.id),
            line: mutant.line,
            what: mutant.what,
            taught,
            document: Some(mutant.document),
            field: document.map(|document| (document.clone(), mutant.pointer.clone())),
        }
    };
    let all = mutants::of(&documents, namespaces);
    all.into_iter().filter(|mutant| seen.insert(mutant.text.clone())).map(attempt).collect()
}

/// The namespaces that a mutant may name instead: those of the scenario, and `default`.
fn namespaces(notebook: &Notebook) -> Vec<String> {
    let names = notebook.scenario.variables.iter().map(|variable| variable.default.clone());
    names.chain(["default".to_owned()]).collect()
}
