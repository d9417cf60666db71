//! Every line of the script that is built has its cells, and its YAML appears as it is given: the table in
//! the README of the scenarios says where.

use std::collections::{BTreeMap, BTreeSet};

use notebook::read;
use scenarios::{content, files, root};

const TRACK: &str = "hypercloud-4.1";

/// Lines of the script that only announce what follows.
const HEADINGS: [&str; 2] =
    ["\u{C2DC}\u{B098}\u{B9AC}\u{C624}", "\u{C0AC}\u{C6A9}\u{B418}\u{B294} yaml"];

fn script() -> String {
    std::fs::read_to_string(root().join("tests/scenarios/script.md")).expect("the script")
}

/// A line with single blanks.
fn plain(line: &str) -> String {
    line.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// What the script says: its lines outside of YAML, but for the titles of sections and pictures.
fn lines() -> Vec<String> {
    let mut fenced = false;
    let mut found = Vec::new();
    for line in script().lines() {
        if line.starts_with("```") {
            fenced = !fenced;
        }
        let numbered = line.strip_prefix('(').and_then(|rest| rest.split_once(") "));
        let text =
            line.strip_prefix("- ").or_else(|| numbered.map(|(_, text)| text)).unwrap_or(line);
        let other = ["", "**", "![", "```"].iter().any(|sign| match *sign {
            "" => text.trim().is_empty(),
            sign => text.starts_with(sign),
        });
        if !fenced && !other && !HEADINGS.contains(&text) {
            found.push(plain(text));
        }
    }
    found
}

/// The rows of the README's tables: line, notebook and cells.
fn rows() -> Vec<(String, String, Vec<String>)> {
    let readme = std::fs::read_to_string(content().join("README.md")).expect("the README");
    let (_, part) = readme.split_once("| line of the script |").expect("a table");
    let (part, _) = part.split_once("\n## ").expect("what follows");
    let rows = part.lines().filter_map(|line| {
        let columns: Vec<&str> =
            line.strip_prefix("| ")?.strip_suffix(" |")?.split(" | ").collect();
        let [line, notebook, cells] = columns.as_slice() else { return None };
        let cells = cells.split('`').skip(1).step_by(2).map(str::to_owned).collect();
        let said = *line != "---" && *line != "line of the script";
        said.then(|| (plain(line), (*notebook).to_owned(), cells))
    });
    rows.collect()
}

/// The cells of each notebook of the course, each with the files that it starts from.
fn cells() -> BTreeMap<String, BTreeMap<String, String>> {
    let mut notebooks = BTreeMap::new();
    for (track, folder) in scenarios::folders() {
        let texts = files(&content().join(&track).join(&folder));
        let notebook = read::notebook(&track, &folder, &texts, "ko").expect("a notebook");
        let text = |cell: &notebook::cell::Cell| match &cell.kind {
            notebook::cell::CellKind::Manifest { file, .. } => texts.get(file).cloned(),
            _ => None,
        };
        let cells = notebook.scenario.cells.iter();
        let cells = cells.map(|cell| (cell.id.clone(), text(cell).unwrap_or_default()));
        notebooks.insert(format!("{track}/{folder}"), cells.collect());
    }
    notebooks
}

#[test]
fn every_line_of_the_script_has_cells_that_are_there() {
    let (rows, known) = (rows(), cells());
    let mut wrong = Vec::new();
    for (line, notebook, cells) in &rows {
        let Some(there) = known.get(&format!("{TRACK}/{notebook}")) else {
            wrong.push(format!("`{line}`: there is no notebook {notebook}"));
            continue;
        };
        wrong.extend(cells.is_empty().then(|| format!("`{line}` has no cell")));
        let missing = cells.iter().filter(|cell| !there.contains_key(*cell));
        wrong.extend(missing.map(|cell| format!("`{line}`: {notebook} has no cell {cell}")));
    }
    let told: BTreeSet<&String> = rows.iter().map(|(line, _, _)| line).collect();
    let lines = lines();
    assert!(lines.len() > 40, "{lines:?}");
    wrong.extend(
        lines.iter().filter(|line| !told.contains(line)).map(|line| {
            format!("the table of manifests/scenarios/README.md has no row for `{line}`")
        }),
    );
    let strange = told.iter().filter(|line| !line.starts_with('(') && !lines.contains(line));
    wrong.extend(strange.map(|line| format!("`{line}` is no line of the script")));
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// A text without blanks at the ends of lines; the mark of the script is a comment, with a translation.
fn given(text: &str) -> String {
    let line = |line: &str| {
        let line = line.trim_end();
        match line.trim_start_matches("# ").strip_prefix("---> ") {
            Some(mark) => mark.split(" (").next().unwrap_or_default().to_owned(),
            None => line.to_owned(),
        }
    };
    text.trim().lines().map(line).collect::<Vec<_>>().join("\n")
}

#[test]
fn the_yaml_of_the_script_appears_as_it_is_given() {
    let known = cells();
    let named: Vec<String> = rows()
        .iter()
        .flat_map(|(_, notebook, cells)| {
            let there = &known[&format!("{TRACK}/{notebook}")];
            cells.iter().filter_map(|cell| there.get(cell)).map(|text| given(text))
        })
        .collect();
    let text = script();
    let blocks: Vec<&str> = text
        .split("```yaml\n")
        .skip(1)
        .map(|rest| rest.split("```").next().unwrap_or_default())
        .collect();
    assert_eq!(blocks.len(), 6);
    for block in blocks {
        assert!(named.contains(&given(block)), "no cell of the table starts from\n{block}");
    }
}
