//! Other people's clients and components against `podium cluster`, unchanged: helm, client-go, kube-rs, the
//! clients for Python and JavaScript, and the real controllers, scheduler and kubelet.
//!
//! What each does stands beside it: `chart`, `python`, `node`, `manifests`, and `tests/realcluster/informers`.
//!
//! *Invariant:* nothing here answers for the cluster or helps a client along; what comes out is the client's.

mod installed;
mod podium;
pub mod side;

pub use installed::{node, python};
pub use podium::Podium;

use std::process::{Command, Output};

/// What can go wrong: one sentence with the cause and, where there is one, the remedy.
pub type Failure = String;

/// Runs a command to its end; fails with what it said unless it succeeds.
pub fn run(command: &mut Command) -> Result<String, Failure> {
    let output = command
        .output()
        .map_err(|error| format!("{} could not be started: {error}", name(command)))?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    Err(format!("{} failed:\n{}", name(command), said(&output)))
}

/// Both outputs of a command.
pub fn said(output: &Output) -> String {
    [&output.stdout, &output.stderr].map(|bytes| String::from_utf8_lossy(bytes)).concat()
}

fn name(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words.map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ")
}
