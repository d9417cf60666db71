//! `scenario.yaml` and `track.yaml`.

use std::collections::{BTreeMap, BTreeSet};

use super::fields::{Fields, localized, text, word};
use super::yaml::{Node, read as read_yaml};
use super::{Report, cells, checks, must_have_steps};
use crate::cell::Cell;
use crate::scenario::{
    ClusterPlan, Persona, Requirement, Scenario, Status, StepPlan, Track, Variable,
};
use crate::variables::{substitute, values};

/// Name of the structure's file.
pub(super) const FILE: &str = "scenario.yaml";

/// What a cell, check or hint may refer to.
#[derive(Debug, Default)]
pub(super) struct Names {
    /// Ids of personas.
    pub(super) personas: BTreeSet<String>,
}

/// The structure with the lines of what it refers to.
#[derive(Debug)]
pub(super) struct Plan {
    /// The structure.
    pub(super) scenario: Scenario,
    /// Files that it names, with the line that does.
    pub(super) files: Vec<(String, u32)>,
}

/// Reads `scenario.yaml`.
pub(super) fn read(files: &BTreeMap<String, String>, report: &mut Report) -> Option<Plan> {
    let Some(source) = files.get(FILE) else {
        report.say(FILE, 1, "the file is missing", "the structure of the scenario");
        return None;
    };
    let root = read_yaml(FILE, source, report)?;
    let mut fields = Fields::of(FILE, &root, "the scenario", report)?;
    let section = fields.number("section", report);
    let title = fields.localized("title", report);
    let goal = fields.localized("goal", report);
    let status = fields.word("status", "`ready` or `planned`", report);
    let minutes = fields.number("minutes", report);
    let prerequisites = fields.texts("prerequisites", report);
    let variables = variables(fields.list("variables", report), report);
    let personas = personas(fields.list("personas", report), report);
    let names = Names { personas: personas.iter().map(|one| one.id.clone()).collect() };
    let requires = requirements(fields.list("requires", report), report);
    let lesson_requires = requirements(fields.list("lessonRequires", report), report);
    let cluster = fields.take("cluster");
    let cluster = cluster.and_then(|node| cluster_plan(node, report)).unwrap_or_default();
    let mut mentioned = Vec::new();
    let setup = fields.list("setup", report);
    let setup =
        setup.iter().filter_map(|item| file(item, "setup", &mut mentioned, report)).collect();
    let mut reader = checks::Reader { names: &names, files: &mut mentioned };
    let setup_checks = reader.list(fields.list("setupChecks", report), false, report);
    let plans = fields.list("steps", report);
    let cells = cells::list(fields.list("cells", report), &names, &mut mentioned, report);
    let steps = steps(plans, &cells, report);
    let line = fields.line();
    fields.finish(report);
    let status: Status = status?;
    if must_have_steps(status) == steps.is_empty() {
        let expected = "steps in a ready scenario, and none in a planned one";
        report.say(FILE, line, "the steps do not fit the status", expected);
    }
    known_variables(&root, &variables, report);
    let scenario = Scenario {
        section: section?,
        title: title?,
        goal: goal?,
        status,
        minutes: minutes?,
        prerequisites,
        variables,
        personas,
        requires,
        lesson_requires,
        cluster,
        setup,
        setup_checks,
        steps,
        cells: cells.into_iter().map(|(cell, _)| cell).collect(),
    };
    Some(Plan { scenario, files: mentioned })
}

/// A text that names a file of the folder; it is remembered with its line.
pub(super) fn file(
    node: &Node,
    what: &str,
    named: &mut Vec<(String, u32)>,
    report: &mut Report,
) -> Option<String> {
    let name = text(FILE, node, what, report)?;
    named.push((name.clone(), node.line));
    Some(name)
}

fn variables(items: &[Node], report: &mut Report) -> Vec<Variable> {
    let mut variables: Vec<Variable> = Vec::new();
    for item in items {
        let Some(mut fields) = Fields::of(FILE, item, "a variable", report) else { continue };
        let name = fields.text("name", report);
        let default = fields.text("default", report);
        let title = fields.localized("title", report);
        fields.finish(report);
        let (Some(name), Some(default), Some(title)) = (name, default, title) else { continue };
        if variables.iter().any(|variable| variable.name == name) {
            let message = format!("the variable `{name}` is there twice");
            report.say(FILE, item.line, message, "a new name");
        }
        variables.push(Variable { name, default, title });
    }
    variables
}

fn personas(items: &[Node], report: &mut Report) -> Vec<Persona> {
    let mut personas: Vec<Persona> = Vec::new();
    for item in items {
        let Some(mut fields) = Fields::of(FILE, item, "a persona", report) else { continue };
        let id = fields.text("id", report);
        let title = fields.localized("title", report);
        let user = fields.text_or_none("user", report).unwrap_or_default();
        let groups = fields.texts("groups", report);
        fields.finish(report);
        let (Some(id), Some(title)) = (id, title) else { continue };
        if personas.iter().any(|persona| persona.id == id) {
            let message = format!("the persona `{id}` is there twice");
            report.say(FILE, item.line, message, "a new id");
        }
        personas.push(Persona { id, title, user, groups });
    }
    personas
}

/// A list of requirements.
pub(super) fn requirements(items: &[Node], report: &mut Report) -> Vec<Requirement> {
    let expected = "`pods`, `exec`, `network-policy-enforced`, `impersonation`, `cluster-dns`, \
                    `two-nodes`, `default-storage`, `metrics-api`, `hypercloud`, `audit-log` or `gpu`";
    items.iter().filter_map(|item| word(FILE, item, "requires", expected, report)).collect()
}

/// What the embedded cluster has.
fn cluster_plan(node: &Node, report: &mut Report) -> Option<ClusterPlan> {
    let mut fields = Fields::of(FILE, node, "the cluster", report)?;
    let profile = fields.take("profile");
    let expected = "`plain` or `hypercloud-4.1`";
    let profile = profile.and_then(|node| word(FILE, node, "profile", expected, report));
    let addons = fields.list("addons", report);
    let addons = addons.iter();
    let addons =
        addons.filter_map(|node| word(FILE, node, "addons", "`hypercloud`", report)).collect();
    fields.finish(report);
    Some(ClusterPlan { profile: profile.unwrap_or_default(), addons })
}

fn steps(items: &[Node], cells: &[(Cell, u32)], report: &mut Report) -> Vec<StepPlan> {
    let mut steps: Vec<StepPlan> = Vec::new();
    let mut placed: Vec<String> = Vec::new();
    for item in items {
        let Some(mut fields) = Fields::of(FILE, item, "a step", report) else { continue };
        let id = fields.text("id", report);
        let nodes = fields.list("cells", report);
        fields.finish(report);
        let mut ids = Vec::new();
        for node in nodes {
            let Some(cell) = text(FILE, node, "cells", report) else { continue };
            if !cells.iter().any(|(known, _)| known.id == cell) {
                let message = format!("the step places a cell `{cell}` that is not there");
                report.say(FILE, node.line, message, "the id of a cell of `cells`");
            }
            if placed.contains(&cell) {
                let message = format!("the cell `{cell}` is placed twice");
                report.say(FILE, node.line, message, "each cell in one step");
            }
            placed.push(cell.clone());
            ids.push(cell);
        }
        let Some(id) = id else { continue };
        if steps.iter().any(|step| step.id == id) {
            report.say(FILE, item.line, format!("the step `{id}` is there twice"), "a new id");
        }
        steps.push(StepPlan { id, cells: ids });
    }
    for (cell, line) in cells {
        if !placed.contains(&cell.id) {
            let message = format!("the cell `{}` is in no step", cell.id);
            report.say(FILE, *line, message, "its id in `cells` of one step");
        }
    }
    steps
}

/// Every `${name}` of the structure must be a variable.
fn known_variables(root: &Node, variables: &[Variable], report: &mut Report) {
    let Ok(values) = values(variables, &BTreeMap::new()) else { return };
    root.texts(&mut |line, text| {
        if let Err(error) = substitute(text, &values) {
            report.say(FILE, line, error.to_string(), "a variable of `variables`");
        }
    });
}

/// Reads `track.yaml`.
pub(super) fn track(
    path: &str,
    source: Option<&String>,
    id: &str,
    report: &mut Report,
) -> Option<Track> {
    let Some(source) = source else {
        report.say(path, 1, "the file is missing", "`title` and `summary` of the track");
        return None;
    };
    let root = read_yaml(path, source, report)?;
    let mut fields = Fields::of(path, &root, "the track", report)?;
    let title = fields.require("title", report);
    let title = title.and_then(|node| localized(path, node, "title", report));
    let summary = fields.require("summary", report);
    let summary = summary.and_then(|node| localized(path, node, "summary", report));
    fields.finish(report);
    Some(Track { id: id.to_owned(), title: title?, summary: summary?, scenarios: Vec::new() })
}
