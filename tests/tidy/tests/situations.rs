//! The table of what happens by itself: every row has a proof that is there.

use std::collections::BTreeSet;
use std::fs;

use tidy::{is_test, root, rust};

/// What the table has at least.
const LEAST: usize = 120;

struct Row {
    situation: String,
    place: String,
    words: String,
}

fn rows() -> Vec<Row> {
    let text =
        fs::read_to_string(root().join("tests/transcripts/situations.txt")).unwrap_or_default();
    let lines = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines
        .map(|line| {
            let parts: Vec<&str> = line.splitn(3, " | ").collect();
            assert_eq!(parts.len(), 3, "`{line}` is not `situation | place | words`");
            let part = |at: usize| parts.get(at).copied().unwrap_or_default().to_owned();
            Row { situation: part(0), place: part(1), words: part(2) }
        })
        .collect()
}

/// Why a row proves nothing, if so.
fn wrong(row: &Row, product: &str) -> Option<String> {
    let Row { place, words, .. } = row;
    let Some((file, function)) = place.split_once(".rs: ") else {
        let path = root().join(format!("tests/transcripts/{place}.txt"));
        let Ok(text) = fs::read_to_string(path) else {
            return Some(format!("there is no transcript {place}"));
        };
        return (!text.contains(words.as_str())).then(|| format!("{place} does not say `{words}`"));
    };
    let folders = ["shared/cluster/tests", "shared/addons/tests"];
    let texts =
        folders.map(|folder| fs::read_to_string(root().join(folder).join(format!("{file}.rs"))));
    let Some(text) = texts.into_iter().find_map(Result::ok) else {
        return Some(format!("there is no test {file}.rs"));
    };
    if !text.contains(&format!("#[test]\nfn {function}()")) {
        return Some(format!("{file}.rs has no test {function}"));
    }
    (!product.contains(words.as_str()))
        .then(|| format!("nothing in shared/cluster/src or shared/addons/src cites {words}"))
}

#[test]
fn every_situation_is_shown_where_the_table_says() {
    let product: String = rust()
        .into_iter()
        .filter(|source| {
            let folders = ["shared/cluster/src", "shared/addons/src"];
            folders.iter().any(|folder| source.path.starts_with(folder)) && !is_test(&source.path)
        })
        .map(|source| source.text)
        .collect();
    let rows = rows();
    let names: BTreeSet<&str> = rows.iter().map(|row| row.situation.as_str()).collect();
    assert_eq!(names.len(), rows.len(), "a situation is named twice");
    assert!(rows.len() >= LEAST, "{} situations are too few", rows.len());
    let wrong: Vec<String> = rows
        .iter()
        .filter_map(|row| Some(format!("{}: {}", row.situation, wrong(row, &product)?)))
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
