//! Every scenario folder reads without a diagnostic, and its languages agree.

use notebook::prose::Block;
use notebook::read;
use notebook::scenario::{Notebook, Status};
use scenarios::{content, files, folders};

#[expect(clippy::panic, reason = "the diagnostics are the message of the test")]
fn read_in(track: &str, folder: &str, language: &str) -> Notebook {
    let files = files(&content().join(track).join(folder));
    read::notebook(track, folder, &files, language).unwrap_or_else(|found| {
        let lines: Vec<String> = found.iter().map(|one| format!("{folder}/{one}")).collect();
        panic!("{}", lines.join("\n"))
    })
}

fn cells(notebook: &Notebook) -> Vec<Vec<String>> {
    let ids = |blocks: &[Block]| {
        let cells = blocks.iter().filter_map(|block| match block {
            Block::Cell { id } => Some(id.clone()),
            _ => None,
        });
        cells.collect()
    };
    notebook.steps.iter().map(|step| ids(&step.blocks)).collect()
}

#[test]
fn every_scenario_reads_in_both_languages_with_the_same_cells() {
    assert!(!folders().is_empty());
    for (track, folder) in folders() {
        let korean = read_in(&track, &folder, "ko");
        let english = read_in(&track, &folder, "en");
        assert_eq!(cells(&korean), cells(&english), "{folder}");
        assert_eq!(korean.scenario, english.scenario, "{folder}");
    }
}

#[test]
fn the_catalogue_lists_all_eleven_sections_of_the_course() {
    let catalog = read::catalog(&files(&content())).unwrap();
    let track = catalog.tracks.iter().find(|track| track.id == "hypercloud-4.1").unwrap();
    // A section may have several notebooks; they stand together.
    let mut sections: Vec<u32> = track.scenarios.iter().map(|entry| entry.section).collect();
    sections.dedup();
    assert_eq!(sections, (0..=10).collect::<Vec<_>>());
    let ready: Vec<&str> = track
        .scenarios
        .iter()
        .filter(|entry| entry.status == Status::Ready)
        .map(|entry| entry.id.as_str())
        .collect();
    let expected = [
        "hypercloud-4.1/00-environment",
        "hypercloud-4.1/01-console",
        "hypercloud-4.1/02-accounts",
        "hypercloud-4.1/02-authority",
        "hypercloud-4.1/03-network-policy",
        "hypercloud-4.1/03-policy-rules",
        "hypercloud-4.1/04-containers",
        "hypercloud-4.1/06-applications",
        "hypercloud-4.1/06-autoscaling",
        "hypercloud-4.1/06-batch",
        "hypercloud-4.1/06-placement",
    ];
    assert_eq!(ready, expected);
}
