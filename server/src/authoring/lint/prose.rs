//! Both languages say everything: texts, steps, and the same blocks in the same order.

use notebook::prose::Block;
use notebook::scenario::{Notebook, Status};
use serde_json::Value;

use crate::authoring::finding::Finding;
use crate::authoring::folder::Folder;

pub(super) fn check(folder: &Folder, found: &mut Vec<Finding>) {
    let scenario = &folder.english.scenario;
    let structure = serde_json::to_value(scenario).unwrap_or_default();
    texts(folder, &structure, "", found);
    for (number, line) in lines(folder, "en.md") {
        if is_korean(line) {
            let what = "a Korean text in the English prose";
            found.push(folder.finding_in("en.md", number, what, "translate it"));
        }
    }
    if scenario.status == Status::Planned {
        return;
    }
    for (number, _) in paragraphs(folder, "ko.md").iter().filter(|(_, text)| is_foreign(text)) {
        let what = "a text without a Korean word in the Korean prose";
        found.push(folder.finding_in("ko.md", *number, what, "translate it"));
    }
    let (korean, english) = (parts(&folder.korean), parts(&folder.english));
    for ((step, one), (_, other)) in korean.iter().zip(&english) {
        let place = |file: &str| {
            let opens = format!("{{#{step}}}");
            let mut lines = lines(folder, file).into_iter();
            lines.find(|(_, line)| line.contains(&opens)).map_or(1, |(number, _)| number)
        };
        let (one, other) = (shapes(one), shapes(other));
        if one != other {
            let at = one.iter().zip(&other).take_while(|(one, other)| one == other).count();
            let side =
                |shapes: &[String]| shapes.get(at).cloned().unwrap_or_else(|| "nothing".to_owned());
            let what = format!(
                "block {} of `{step}` is {} in English and {} in Korean",
                at + 1,
                side(&other),
                side(&one)
            );
            let remedy = "say the same in both languages, block by block";
            found.push(folder.finding_in("en.md", place("en.md"), what, remedy));
        }
    }
}

/// The introduction and the steps, each with its blocks.
fn parts(notebook: &Notebook) -> Vec<(&str, &[Block])> {
    let steps = notebook.steps.iter().map(|step| (step.id.as_str(), step.blocks.as_slice()));
    std::iter::once(("introduction", notebook.introduction.as_slice())).chain(steps).collect()
}

/// The kinds of the blocks; of code also what it says, which has no language.
fn shapes(blocks: &[Block]) -> Vec<String> {
    let shape = |block: &Block| match block {
        Block::Cell { id } => format!("the cell `{id}`"),
        Block::Heading { level, .. } => format!("a heading of level {level}"),
        Block::Paragraph { .. } => "a paragraph".to_owned(),
        Block::List { items, .. } => format!("a list of {}", items.len()),
        Block::Code { .. } => "a block of code".to_owned(),
        Block::Quote { .. } => "a quotation".to_owned(),
        Block::Table { rows, .. } => format!("a table of {} rows", rows.len()),
    };
    blocks.iter().map(shape).collect()
}

/// Whether a text says something, beside its code and where its links lead, and nothing of it in Korean.
fn is_foreign(text: &str) -> bool {
    let outside: String = text.split('`').step_by(2).collect();
    let words = outside.split(|sign: char| sign.is_whitespace() || "[]()|".contains(sign));
    let is_word = |word: &&str| {
        !word.contains([':', '#', '/'])
            && word.chars().filter(char::is_ascii_alphabetic).count() > 1
    };
    !is_korean(text) && words.filter(is_word).count() > 1
}

fn is_korean(text: &str) -> bool {
    text.chars().any(|letter| ('\u{AC00}'..='\u{D7A3}').contains(&letter))
}

/// Lines outside of fences, with their numbers.
pub(super) fn lines<'f>(folder: &'f Folder, file: &str) -> Vec<(usize, &'f str)> {
    let text = folder.files.get(file).map(String::as_str).unwrap_or_default();
    let mut fenced = false;
    let mut lines = Vec::new();
    for (index, line) in text.lines().enumerate() {
        if line.trim_start().starts_with("```") {
            fenced = !fenced;
        } else if !fenced {
            lines.push((index + 1, line));
        }
    }
    lines
}

/// What stands together between empty lines outside of fences, each with the number of its first line. A row of a table
/// stands alone.
fn paragraphs(folder: &Folder, file: &str) -> Vec<(usize, String)> {
    let mut found: Vec<(usize, String)> = Vec::new();
    let mut before = None;
    for (number, line) in lines(folder, file) {
        let goes_on = before == Some(number - 1) && !line.starts_with(['#', '|', '-']);
        match found.last_mut() {
            Some((_, text)) if goes_on => text.extend([" ", line]),
            _ => found.push((number, line.to_owned())),
        }
        before = (!line.trim().is_empty()).then_some(number);
    }
    found
}

/// Every text in two languages: the English one is no Korean, and the Korean one says its sentences in
/// Korean.
fn texts(folder: &Folder, value: &Value, path: &str, found: &mut Vec<Finding>) {
    match value {
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                texts(folder, item, &format!("{path}[{index}]"), found);
            }
        }
        Value::Object(entries) => {
            let text = |key: &str| entries.get(key).and_then(Value::as_str);
            if let (Some(korean), Some(english), 2) = (text("ko"), text("en"), entries.len()) {
                if is_korean(english) {
                    let what = "the English text is Korean";
                    found.push(folder.finding(&format!("{path}.en"), what, "translate it"));
                }
                // A name has capitals throughout, and is the same in both.
                let words = english.split_whitespace();
                let small = |word: &str| word.starts_with(|letter: char| letter.is_lowercase());
                let sentence = words.clone().count() > 2 && words.clone().any(small);
                if sentence && korean == english {
                    let what = "the Korean text is the English one";
                    found.push(folder.finding(&format!("{path}.ko"), what, "translate it"));
                }
                return;
            }
            for (key, item) in entries {
                let dot = if path.is_empty() { "" } else { "." };
                texts(folder, item, &format!("{path}{dot}{key}"), found);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}
