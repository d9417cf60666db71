//! A notebook that is built has all its parts: it says what to do before, lets the learner predict, asks
//! questions, helps the presenter, and says what differs on another cluster; and what the learner is to
//! solve is judged by several conditions, with hints, other solutions and an explanation.

use notebook::cell::{Cell, CellKind};
use notebook::scenario::Status;

use super::prose::lines;
use crate::authoring::finding::Finding;
use crate::authoring::folder::Folder;

/// How many questions a notebook asks at least.
const QUESTIONS: usize = 3;

/// How many things the check of a task looks at, at least.
const CONDITIONS: usize = 2;

/// The heading under which a notebook says what differs elsewhere, by the file of its language.
const ELSEWHERE: [(&str, &str); 2] = [
    (
        "ko.md",
        "### \u{C5EC}\u{B7EC}\u{BD84}\u{C758} \u{D074}\u{B7EC}\u{C2A4}\u{D130}\u{C5D0}\u{C11C}\u{B294} \u{BB34}\u{C5C7}\u{C774} \u{B2E4}\u{B97C}\u{AE4C}\u{C694}?",
    ),
    ("en.md", "### What would be different on your cluster?"),
];

pub(super) fn check(folder: &Folder, found: &mut Vec<Finding>) {
    if folder.english.scenario.status == Status::Planned {
        return;
    }
    parts(folder, found);
    elsewhere(folder, found);
    for step in &folder.english.scenario.steps {
        let cells: Vec<_> =
            folder.cells().into_iter().filter(|(_, cell)| step.cells.contains(&cell.id)).collect();
        for (at, (place, cell)) in cells.iter().enumerate() {
            task(folder, (place, cell), cells.get(at..).unwrap_or_default(), found);
        }
    }
    for (place, cell) in folder.cells() {
        let CellKind::Check { checks, .. } = &cell.kind else { continue };
        for (index, check) in checks.iter().enumerate().filter(|(_, one)| one.title.is_none()) {
            let what = format!("the condition `{}` has no words of its own", check.id);
            let remedy = "add a `title` that says what must hold, in both languages";
            found.push(folder.finding(&format!("{place}.checks[{index}]"), what, remedy));
        }
    }
}

/// What stands once in a notebook.
fn parts(folder: &Folder, found: &mut Vec<Finding>) {
    let scenario = &folder.english.scenario;
    if !folder.says("prerequisites") {
        let what = "it does not say what should be done before";
        let remedy = "add `prerequisites:` with scenarios as <track>/<folder>, or `[]` for none";
        found.push(folder.finding("minutes", what, remedy));
    }
    if scenario.minutes == 0 {
        let what = "it takes no time";
        found.push(folder.finding("minutes", what, "say how many minutes a learner needs"));
    }
    let count =
        |fits: fn(&CellKind) -> bool| scenario.cells.iter().filter(|cell| fits(&cell.kind)).count();
    let predictions = count(|kind| matches!(kind, CellKind::Observe { .. }));
    let questions = predictions + count(|kind| matches!(kind, CellKind::Quiz { .. }));
    let notes = count(|kind| matches!(kind, CellKind::Note { .. }));
    let mut lacks = |what: String, remedy: &str| {
        found.push(folder.finding("cells", what, remedy));
    };
    if questions < QUESTIONS {
        let what = format!("the learner is asked {questions} questions, not {QUESTIONS} or more");
        lacks(what, "add cells of type quiz or observe");
    }
    if predictions == 0 {
        let what = "the learner predicts nothing".to_owned();
        lacks(what, "add a cell of type observe: a question, and the lines that show the truth");
    }
    if notes == 0 {
        let what = "the presenter is told nothing".to_owned();
        lacks(what, "add a cell of type note");
    }
}

/// The last part of the prose: what differs on a cluster that is not ours.
fn elsewhere(folder: &Folder, found: &mut Vec<Finding>) {
    for (file, heading) in ELSEWHERE {
        let lines = lines(folder, file);
        let mut below = lines.iter().skip_while(|(_, line)| line.trim() != heading).skip(1);
        let said = below.any(|(_, line)| line.trim_start().starts_with("- "));
        if !said {
            let what = "it does not say what would be different on another cluster";
            let remedy = format!("end with `{heading}` and a list below it");
            let last = lines.last().map_or(1, |(number, _)| *number);
            found.push(folder.finding_in(file, last, what, remedy));
        }
    }
}

/// Something that the learner has to solve, with what follows it in its step.
fn task(
    folder: &Folder,
    (place, cell): (&str, &Cell),
    rest: &[(String, &Cell)],
    found: &mut Vec<Finding>,
) {
    let CellKind::Manifest { solution: Some(_), alternatives, .. } = &cell.kind else { return };
    if alternatives.is_empty() {
        let what = format!("`{}` is accepted in one way only", cell.id);
        let remedy = "write something else that solves it, and name its file in `alternatives`";
        found.push(folder.finding(place, what, remedy));
    }
    let judge = rest.iter().find_map(|(place, cell)| match &cell.kind {
        CellKind::Check { checks, explanation } => Some((place, cell, checks, explanation)),
        _ => None,
    });
    let Some((judge, by, checks, explanation)) = judge else {
        let what = format!("nothing checks `{}`", cell.id);
        found.push(folder.finding(place, what, "add a cell of type check behind it in its step"));
        return;
    };
    if checks.len() < CONDITIONS {
        let what = format!("`{}` has one condition for all that can be wrong", by.id);
        let remedy = "add a check for each thing that can be wrong, with a title of its own";
        found.push(folder.finding(judge, what, remedy));
    }
    if !by.hints.iter().any(|hint| !hint.when.is_empty()) {
        let what = format!("no hint of `{}` depends on what is wrong", by.id);
        let remedy = "add `hints`, with the condition in `when` that recognises a mistake";
        found.push(folder.finding(judge, what, remedy));
    }
    if explanation.is_none() {
        let what = format!("nobody explains the solution of `{}`", cell.id);
        let remedy = format!("add `explanation` to `{}`: it is shown once everything holds", by.id);
        found.push(folder.finding(judge, what, remedy));
    }
}
