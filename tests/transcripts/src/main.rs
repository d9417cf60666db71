//! `transcripts`: runs the transcripts by hand.
//!
//! *Invariant:* it only reads expectations; blessing is the test `real`'s.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a command line tool talks to its terminal"
)]

use std::path::Path;
use std::process::ExitCode;

use transcripts::{Failure, Report, Target};

const USAGE: &str = "\
Runs kubectl transcripts against clusters.

Usage: transcripts <COMMAND>

Commands:
  check KUBECONFIG           Run all on a cluster and compare with the committed expectations.
  compare KUBECONFIG KUBECONFIG
                             Run all on two clusters and print where they differ (- first, + second).

TRANSCRIPTS='apply errors/pod' runs those whose names contain one of the words. PLANE=bare, full or
nodes runs those for that kind of cluster. KUBECTL=/path is used instead of kubectl 1.36.
";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let result = match words.as_slice() {
        ["check", kubeconfig] => run(kubeconfig, None),
        ["compare", first, second] => run(first, Some(second)),
        _ => Err(USAGE.to_owned()),
    };
    match result {
        Ok(report) => {
            println!("{report}");
            if report.differences.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
        }
        Err(failure) => {
            eprintln!("error: {failure}");
            ExitCode::FAILURE
        }
    }
}

fn run(first: &str, second: Option<&str>) -> Result<Report, Failure> {
    let first = target(first)?;
    let second = second.map(target).transpose()?;
    let plane = std::env::var("PLANE").unwrap_or_default();
    let mut report = Report::default();
    for transcript in transcripts::all()? {
        if !plane.is_empty() && !format!("{:?}", transcript.plane).eq_ignore_ascii_case(&plane) {
            continue;
        }
        report.add(match &second {
            None => transcripts::check(&first, &transcript)?,
            Some(second) => {
                let expected = transcripts::outcomes(&first, &transcript)?;
                let found = transcripts::outcomes(second, &transcript)?;
                transcripts::differences(&transcript, &expected, &found)
            }
        });
    }
    Ok(report)
}

fn target(kubeconfig: &str) -> Result<Target, Failure> {
    if let Ok(kubectl) = std::env::var("KUBECTL") {
        return Target::new(&[&kubectl], Path::new(kubeconfig));
    }
    Target::of(Path::new(kubeconfig))
}
