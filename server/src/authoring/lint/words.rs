//! Words of Kubernetes in Korean as its documentation writes them
//! (<https://kubernetes.io/ko/docs/contribute/localization_ko/>): one word for one thing, in all notebooks.

use serde_json::Value;

use super::prose::lines;
use crate::authoring::finding::Finding;
use crate::authoring::folder::Folder;

/// Each line: how it is not written, and how it is.
const WORDS: &str = include_str!("words.tsv");

/// What a console of another product calls things is not ours to change.
const NAMES_OF_OTHERS: &str = ".menus[";

pub(super) fn check(folder: &Folder, found: &mut Vec<Finding>) {
    for (number, line) in lines(folder, "ko.md") {
        for (wrong, right) in wrong_words(line) {
            let (what, remedy) = told(wrong, right);
            found.push(folder.finding_in("ko.md", number, what, remedy));
        }
    }
    let structure = serde_json::to_value(&folder.korean.scenario).unwrap_or_default();
    texts(folder, &structure, "", found);
}

fn texts(folder: &Folder, value: &Value, path: &str, found: &mut Vec<Finding>) {
    match value {
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                texts(folder, item, &format!("{path}[{index}]"), found);
            }
        }
        Value::Object(entries) => {
            for (key, item) in entries {
                let dot = if path.is_empty() { "" } else { "." };
                texts(folder, item, &format!("{path}{dot}{key}"), found);
            }
        }
        Value::String(text) if !path.contains(NAMES_OF_OTHERS) => {
            for (wrong, right) in wrong_words(text) {
                let (what, remedy) = told(wrong, right);
                found.push(folder.finding(path, what, remedy));
            }
        }
        Value::String(_) | Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

fn wrong_words(text: &str) -> impl Iterator<Item = (&'static str, &'static str)> {
    let words = WORDS.lines().filter_map(|line| line.split_once('\t'));
    words.filter(|(wrong, _)| text.contains(wrong))
}

fn told(wrong: &str, right: &str) -> (String, String) {
    let what = format!("`{wrong}` is not the word of the Korean documentation of Kubernetes");
    (what, format!("write `{right}`"))
}
