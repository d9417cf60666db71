//! `podium new`: a scenario folder to begin with.

use super::say;
use crate::authoring::scaffold::{self, Name};
use crate::cli;
use crate::error::Failure;

/// Makes the folder and says what to do next.
pub fn run(arguments: &cli::New) -> Result<(), Failure> {
    let name = Name::parse(&arguments.name)?;
    for file in scaffold::write(&arguments.folder, &name)? {
        say(&format!("{}/{file}", arguments.folder.display()))?;
    }
    let id = &arguments.name;
    say(&format!(
        "\nNext: podium check {id}, podium lint {id}, podium mutate {id}, podium preview {id}"
    ))
}
