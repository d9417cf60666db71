//! Sizes, headers and names of files.

use tidy::{is_test, root, rust, sources, tracked};

/// Lines of a source file without its tests.
const LINES_MAX: usize = 500;
/// Size of any tracked file: larger ones are built or vendored.
const BYTES_MAX: u64 = 300 * 1024;
/// Words that say nothing about what a thing is.
const EMPTY_WORDS: [&str; 6] = ["util", "utils", "helper", "helpers", "common", "misc"];

#[test]
fn a_source_file_has_at_most_500_lines_without_its_tests() {
    let wrong: Vec<String> = rust()
        .iter()
        .filter(|source| !is_test(&source.path))
        .filter_map(|source| {
            let product = source.text.split("\n#[cfg(test)]\nmod tests").next().unwrap_or_default();
            let lines = product.lines().count();
            (lines > LINES_MAX).then(|| format!("{}: {lines} lines", source.path))
        })
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn no_tracked_file_is_large() {
    let wrong: Vec<String> = tracked()
        .into_iter()
        .filter(|path| path != "Cargo.lock")
        .filter(|path| root().join(path).metadata().is_ok_and(|found| found.len() > BYTES_MAX))
        .collect();
    assert!(wrong.is_empty(), "over {BYTES_MAX} bytes: {wrong:?}");
}

#[test]
fn every_module_begins_by_saying_what_it_is_for() {
    let wrong: Vec<String> = rust()
        .iter()
        .filter(|source| !source.text.starts_with("//! "))
        .map(|source| source.path.clone())
        .collect();
    assert!(wrong.is_empty(), "without a `//!` first line: {wrong:?}");
}

#[test]
fn every_crate_says_what_it_deliberately_does_not_do() {
    let wrong: Vec<String> = rust()
        .iter()
        .filter(|source| {
            source.path.ends_with("src/lib.rs") || source.path.ends_with("src/main.rs")
        })
        .filter(|source| !source.text.contains("*Invariant:*"))
        .filter(|source| {
            // A binary beside a library is described by the library.
            let library = source.path.replace("main.rs", "lib.rs");
            source.path == library || !root().join(library).is_file()
        })
        .map(|source| source.path.clone())
        .collect();
    assert!(wrong.is_empty(), "without an *Invariant:* in their docs: {wrong:?}");
}

#[test]
fn no_file_has_a_name_that_attracts_everything() {
    let wrong: Vec<String> = tracked()
        .into_iter()
        .filter(|path| path.ends_with(".rs"))
        .filter(|path| {
            let stem = path.rsplit('/').next().unwrap_or_default().trim_end_matches(".rs");
            stem == "mod" || EMPTY_WORDS.contains(&stem)
        })
        .collect();
    assert!(wrong.is_empty(), "{wrong:?}");
}

#[test]
fn nothing_is_left_open_and_no_test_sleeps_or_is_ignored() {
    let marks = [
        concat!("to", "do!("),
        concat!("unimple", "mented!("),
        concat!("#[ig", "nore"),
        concat!("thread::", "sleep("),
        concat!("FIX", "ME"),
        concat!("TO", "DO"),
    ];
    let mut wrong = Vec::new();
    for source in rust() {
        for (number, line) in source.text.lines().enumerate() {
            if let Some(mark) = marks.iter().find(|mark| line.contains(**mark)) {
                wrong.push(format!("{}:{}: {mark}", source.path, number + 1));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn no_file_names_this_machine() {
    let marks = [
        concat!("/wo", "rk/main"),
        concat!("/wo", "rk/shared"),
        concat!("/wo", "rk/.library"),
        concat!("/ro", "ot/"),
        concat!("/fa", "rm/"),
    ];
    let mut wrong = Vec::new();
    for source in sources(|path| path != "Cargo.lock" && path != "tests/tidy/tests/shape.rs") {
        for (number, line) in source.text.lines().enumerate() {
            if marks.iter().any(|mark| line.contains(mark)) && !line.contains("/root/.") {
                wrong.push(format!("{}:{}: {}", source.path, number + 1, line.trim()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
