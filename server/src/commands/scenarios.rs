//! `podium scenarios`: lists the course, or compiles it for the page.

use std::fs;
use std::path::Path;

use notebook::scenario::Status;

use super::say;
use crate::cli::{self, Format};
use crate::content::Content;
use crate::error::Failure;

/// Lists or exports.
pub fn run(arguments: &cli::Scenarios) -> Result<(), Failure> {
    let content = Content::read(&arguments.folder)?;
    if let Some(target) = &arguments.export {
        return export(&content, target);
    }
    if arguments.format == Format::Json {
        let text = serde_json::to_string_pretty(&content.catalog).unwrap_or_default();
        return say(&text);
    }
    for entry in content.entries() {
        let status = match entry.status {
            Status::Ready => "ready",
            Status::Planned => "planned",
        };
        say(&format!("{:36} {status:8} {:>3} min  {}", entry.id, entry.minutes, entry.title.en))?;
    }
    Ok(())
}

fn export(content: &Content, target: &Path) -> Result<(), Failure> {
    for (path, text) in content.compiled()? {
        let file = target.join(path);
        let written =
            file.parent().map_or(Ok(()), fs::create_dir_all).and_then(|()| fs::write(&file, text));
        written.map_err(|error| {
            Failure::surroundings(
                format!("{} cannot be written ({error})", file.display()),
                "choose a folder that you may write to",
            )
        })?;
    }
    Ok(())
}
