//! A new scenario folder: small, in both languages, and proved by its check from the first moment.

use std::fs;
use std::path::Path;

use crate::error::Failure;

/// The files of a new folder. Capital words are filled in.
const FILES: [(&str, &str); 7] = [
    ("scenario.yaml", include_str!("../../templates/new/scenario.yaml")),
    ("ko.md", include_str!("../../templates/new/ko.md")),
    ("en.md", include_str!("../../templates/new/en.md")),
    ("setup/namespace.yaml", include_str!("../../templates/new/setup/namespace.yaml")),
    ("cells/greeting.yaml", include_str!("../../templates/new/cells/greeting.yaml")),
    ("cells/greeting-solved.yaml", include_str!("../../templates/new/cells/greeting-solved.yaml")),
    (
        "cells/greeting-by-command.txt",
        include_str!("../../templates/new/cells/greeting-by-command.txt"),
    ),
];
const SCHEMA: &str = "scenario.schema.json";
const TRACK: &str = include_str!("../../templates/new/track.yaml");

/// A name of a scenario, taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Name<'n> {
    /// The track.
    pub track: &'n str,
    /// The folder in it.
    pub folder: &'n str,
    section: u32,
    title: &'n str,
}

impl<'n> Name<'n> {
    /// Reads `TRACK/NN-name`.
    pub fn parse(text: &'n str) -> Result<Self, Failure> {
        let wrong = |cause: String| {
            Failure::usage(
                cause,
                "write TRACK/NN-name in small letters, for example `my-course/01-pods`",
            )
        };
        let Some((track, folder)) = text.split_once('/') else {
            return Err(wrong(format!("`{text}` names no track")));
        };
        if !is_word(track, ".-") {
            return Err(wrong(format!("`{track}` is no name of a track")));
        }
        let section = folder.get(..2).and_then(|digits| digits.parse().ok());
        let title = folder.get(2..).and_then(|rest| rest.strip_prefix('-'));
        match (section, title) {
            (Some(section), Some(title)) if is_word(title, "-") => {
                Ok(Self { track, folder, section, title })
            }
            _ => Err(wrong(format!(
                "`{folder}` is no name of a scenario: it is not two digits, a dash and a word"
            ))),
        }
    }
}

/// Whether a text has only small letters, digits and some signs between them.
fn is_word(text: &str, signs: &str) -> bool {
    let inside = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit();
    text.chars().all(|letter| inside(letter) || signs.contains(letter))
        && text.starts_with(inside)
        && text.ends_with(inside)
}

/// Writes the folder; gives the files that were made, relative to the folder of all scenarios.
pub fn write(scenarios: &Path, name: &Name<'_>) -> Result<Vec<String>, Failure> {
    let id = format!("{}/{}", name.track, name.folder);
    let folder = scenarios.join(&id);
    if folder.exists() {
        return Err(Failure::usage(
            format!("{} is there already", folder.display()),
            "choose another name, or remove the folder first",
        ));
    }
    let fill = |text: &str| {
        text.replace("SECTION", &name.section.to_string())
            .replace("TRACK", name.track)
            .replace("NAME", name.title)
    };
    let mut made = Vec::new();
    let track = format!("{}/track.yaml", name.track);
    if !scenarios.join(&track).exists() {
        put(&scenarios.join(&track), &fill(TRACK))?;
        made.push(track);
    }
    // The first line of scenario.yaml names it.
    if !scenarios.join(SCHEMA).exists() {
        let schema = serde_json::to_string_pretty(&notebook::schema::scenario());
        put(&scenarios.join(SCHEMA), &(schema.unwrap_or_default() + "\n"))?;
        made.push(SCHEMA.to_owned());
    }
    for (path, text) in FILES {
        let path = format!("{id}/{path}");
        put(&scenarios.join(&path), &fill(text))?;
        made.push(path);
    }
    Ok(made)
}

fn put(path: &Path, text: &str) -> Result<(), Failure> {
    let written =
        path.parent().map_or(Ok(()), fs::create_dir_all).and_then(|()| fs::write(path, text));
    written.map_err(|error| {
        Failure::surroundings(
            format!("{} cannot be written ({error})", path.display()),
            "choose a folder that you may write to with --scenarios",
        )
    })
}
