//! The text of kinds that kubectl knows nothing about: every field, with words made of its name.

use serde_json::{Map, Value};

use super::page::Page;
use crate::value::plain;

const SKIPPED: [&str; 5] = [
    ".metadata.managedFields",
    ".metadata.name",
    ".metadata.namespace",
    ".metadata.labels",
    ".metadata.annotations",
];

/// Writes all fields of an object.
pub(super) fn write(page: &mut Page, object: &Value) {
    page.heading(object, true);
    if let Value::Object(map) = object {
        fields(page, 0, map, "");
    }
}

fn fields(page: &mut Page, level: usize, map: &Map<String, Value>, prefix: &str) {
    for (name, value) in map {
        let path = format!("{prefix}.{name}");
        if SKIPPED.contains(&path.as_str()) {
            continue;
        }
        let label = label(name);
        match value {
            Value::Object(inner) => {
                page.at(level, &format!("{label}:\n"));
                fields(page, level + 1, inner, &path);
            }
            Value::Array(items) => {
                page.at(level, &format!("{label}:\n"));
                for item in items {
                    match item {
                        Value::Object(inner) => fields(page, level + 1, inner, &path),
                        other => page.at(level + 1, &format!("{}\n", plain(other))),
                    }
                }
            }
            other => page.field(level, &label, &plain(other)),
        }
    }
}

/// `smartLabelFor`: `clusterIP` reads `Cluster IP`, `apiVersion` reads `API Version`.
fn label(name: &str) -> String {
    if name.chars().any(|c| !c.is_alphabetic() && c != '-') {
        return name.to_owned();
    }
    let words: Vec<String> = merged(camel_case(name))
        .into_iter()
        .map(|word| {
            let upper = word.to_uppercase();
            if matches!(upper.as_str(), "API" | "URL" | "UID" | "GUID") {
                upper
            } else if word.to_lowercase() == word {
                let mut letters = word.chars();
                let first = letters.next().into_iter().flat_map(char::to_uppercase);
                first.chain(letters).collect()
            } else {
                word
            }
        })
        .collect();
    words.join(" ")
}

/// An acronym takes the word behind it that begins with a capital.
fn merged(words: Vec<String>) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    let mut words = words.into_iter().peekable();
    while let Some(word) = words.next() {
        let acronym = word.chars().count() >= 2
            && word.chars().all(|c| !c.is_alphabetic() || c.is_uppercase());
        let joins =
            acronym && words.peek().is_some_and(|next| next.starts_with(char::is_uppercase));
        match words.next_if(|_| joins) {
            Some(next) => found.push(format!("{word}{next}")),
            None => found.push(word),
        }
    }
    found
}

/// `camelcase.Split`: runs of one class of letters, where the last capital of a run belongs to the
/// word behind it.
fn camel_case(name: &str) -> Vec<String> {
    let class = |c: char| {
        if c.is_lowercase() {
            1
        } else if c.is_uppercase() {
            2
        } else {
            4
        }
    };
    let mut runs: Vec<String> = Vec::new();
    let mut last = 0;
    for character in name.chars() {
        match runs.last_mut() {
            Some(run) if class(character) == last => run.push(character),
            _ => runs.push(character.to_string()),
        }
        last = class(character);
    }
    for index in 1..runs.len() {
        let next_is_lower = runs.get(index).is_some_and(|run| run.starts_with(char::is_lowercase));
        let moved = runs
            .get_mut(index - 1)
            .filter(|run| next_is_lower && run.starts_with(char::is_uppercase))
            .and_then(String::pop);
        if let (Some(moved), Some(run)) = (moved, runs.get_mut(index)) {
            run.insert(0, moved);
        }
    }
    runs.retain(|run| !run.is_empty());
    runs
}
