//! The differential runner: the same kubectl commands against two clusters must print the same.
//!
//! A transcript is a terminal session in a file: commands, heredoc manifests and what kubectl
//! printed. What it prints is blessed only by the real control plane (`UPDATE_EXPECT=1` on the test
//! `real`); the embedded cluster has to print the same (test `embedded`).
//!
//! *Invariant:* an expectation is never written from the embedded cluster's answer.

mod embedded;
mod known;
mod normalise;
mod run;
mod transcript;
mod webhook;

pub use embedded::{Embedded, check_all, podium};
pub use known::Known;
pub use normalise::Normaliser;
pub use run::{Difference, Report, Target, bless, check, differences, outcomes};
pub use transcript::{Plane, Step, Transcript, all};

/// What can go wrong: one sentence with the cause and, where there is one, the remedy.
pub type Failure = String;
