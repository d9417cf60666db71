//! `podium lint`: rules for scenario folders.

use std::collections::BTreeSet;

use super::say;
use crate::authoring::finding::Finding;
use crate::authoring::lint;
use crate::cli::{self, Format};
use crate::content;
use crate::error::Failure;

/// Lints; fails when there is a finding.
pub fn run(arguments: &cli::Lint) -> Result<(), Failure> {
    if arguments.schema {
        return say(
            &serde_json::to_string_pretty(&notebook::schema::scenario()).unwrap_or_default()
        );
    }
    let files = content::files(&arguments.folder)?;
    let known = lint::ids(&files);
    if let Some(unknown) = arguments.names.iter().find(|name| !known.contains(name)) {
        let cause = format!("there is no scenario `{unknown}`");
        return Err(Failure::usage(cause, "see `podium scenarios`"));
    }
    if known.is_empty() {
        let cause = format!("{} holds no scenario", arguments.folder.display());
        return Err(Failure::unsound(cause, "name the folder of the scenarios with --scenarios"));
    }
    let found = lint::course(&files, &arguments.names);
    let names = if arguments.names.is_empty() { &known } else { &arguments.names };
    report(names, &found, arguments)
}

fn report(names: &[String], found: &[Finding], arguments: &cli::Lint) -> Result<(), Failure> {
    if arguments.format == Format::Json {
        say(&serde_json::to_string_pretty(found).unwrap_or_default())?;
    } else {
        for name in names {
            let own = format!("{name}/");
            if !found.iter().any(|finding| finding.file.starts_with(&own)) {
                say(&format!("ok   {name}"))?;
            }
        }
        for finding in found {
            say(&format!("{}/{finding}", arguments.folder.display()))?;
        }
    }
    if found.is_empty() {
        return Ok(());
    }
    let files: BTreeSet<&str> = found.iter().map(|finding| finding.file.as_str()).collect();
    let many = |count: usize, what: &str| match count {
        1 => format!("1 {what}"),
        _ => format!("{count} {what}s"),
    };
    let cause = format!("{} in {}", many(found.len(), "finding"), many(files.len(), "file"));
    Err(Failure::unsound(cause, "see the lines above"))
}
