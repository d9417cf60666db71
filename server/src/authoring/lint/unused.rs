//! What nothing uses or nothing can reach: variables, personas, prerequisites that are not there.

use notebook::scenario::Scenario;
use serde_json::Value;

use crate::authoring::finding::Finding;
use crate::authoring::folder::Folder;
use crate::authoring::lint::Files;

pub(super) fn check(folder: &Folder, files: &Files, found: &mut Vec<Finding>) {
    let scenario = &folder.english.scenario;
    for (index, id) in scenario.prerequisites.iter().enumerate() {
        if !files.contains_key(&format!("{id}/scenario.yaml")) {
            let what = format!("there is no scenario `{id}` that could be done before");
            let remedy = "name a folder as <track>/<folder>, see `podium scenarios`";
            found.push(folder.finding(&format!("prerequisites[{index}]"), what, remedy));
        }
    }
    let text = serde_json::to_value(scenario).unwrap_or_default();
    for (index, variable) in scenario.variables.iter().enumerate() {
        if !mentions(&text, &format!("${{{}}}", variable.name)) {
            let what = format!("nothing uses the variable `{}`", variable.name);
            let remedy = format!("write ${{{}}} where it is meant, or remove it", variable.name);
            found.push(folder.finding(&format!("variables[{index}]"), what, remedy));
        }
    }
    for (index, persona) in scenario.personas.iter().enumerate().skip(1) {
        if !uses_persona(&text, &persona.id) && !draws_all(scenario) {
            let what = format!("nothing is done or asked as the persona `{}`", persona.id);
            found.push(folder.finding(&format!("personas[{index}]"), what, "use it, or remove it"));
        }
    }
}

fn mentions(value: &Value, what: &str) -> bool {
    match value {
        Value::String(text) => text.contains(what),
        Value::Array(items) => items.iter().any(|item| mentions(item, what)),
        Value::Object(entries) => entries.values().any(|item| mentions(item, what)),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}

fn uses_persona(value: &Value, id: &str) -> bool {
    match value {
        Value::Array(items) => items.iter().any(|item| uses_persona(item, id)),
        Value::Object(entries) => entries.iter().any(|(key, value)| match (key.as_str(), value) {
            ("persona", Value::String(named)) => named == id,
            ("personas", Value::Array(names)) => {
                names.iter().any(|name| name == id) || uses_persona(value, id)
            }
            _ => uses_persona(value, id),
        }),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
    }
}

/// Whether a matrix of access shows every persona there is.
fn draws_all(scenario: &Scenario) -> bool {
    use notebook::cell::{CellKind, DiagramView};
    scenario.cells.iter().any(|cell| {
        matches!(&cell.kind, CellKind::Diagram { view: DiagramView::Access { personas, .. } }
            if personas.is_empty())
    })
}
