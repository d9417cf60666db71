//! The two commands of the README, and what maintainers need besides: `cargo xtask up | test | bench |
//! fuzz | schema`.
//!
//! *Invariant:* starts in seconds (no heavy dependency); everything it installs goes into a cache per
//! version outside `target`, and nothing into the system unless it says so.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a command line tool talks to its terminal"
)]

mod bench;
mod cache;
mod editor;
mod fuzz;
mod page;
mod process;
mod progress;
mod schema;
mod test;
mod tools;
mod up;

use std::process::ExitCode;

const USAGE: &str = "\
Builds, runs and tests Podium.

Usage: cargo xtask <COMMAND>

Commands:
  up [--listen ADDR] [--no-open] [--kubeconfig FILE] [--context NAME] [--dev]
        Install what is missing, build everything, serve it and open the browser.
        --listen   address to serve on (default 127.0.0.1:8080)
        --dev      build the page without optimising it (faster to build, slower to load)
  test [SUITE...] [--list]
        Run all test suites, or some of them, cheapest first.
  build [--dev]
        What `up` builds, without serving it.
  bench [requests | world | sessions | page]...
        Print speed, size and memory as ratios: all of them, or some.
  fuzz [TOPIC...] [--cases N] [--seed N] [--from N]
        Hold the API machinery and the scheduler against Go's own code (needs Go).
  schema
        Write shared/apimachinery/schema from a real API server (needs Go).

Examples:
  cargo xtask up
  cargo xtask up --listen 127.0.0.1:9000 --no-open --kubeconfig ~/.kube/config --context lab
  cargo xtask test tidy clippy
";

/// What a command can fail with: one sentence with the cause and the remedy.
pub(crate) type Failure = String;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (command, rest) = match arguments.split_first() {
        Some((command, rest)) => (command.as_str(), rest),
        None => ("help", arguments.as_slice()),
    };
    let result = match command {
        "up" => up::run(rest),
        "build" => up::build_only(rest),
        "test" => test::run(rest),
        "bench" => bench::run_all(rest),
        "fuzz" => fuzz::run_long(rest),
        "schema" => schema::run(rest),
        "help" | "--help" | "-h" => {
            println!("{USAGE}");
            Ok(())
        }
        other => Err(format!("there is no command `{other}`; `cargo xtask help` lists them")),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("error: {failure}");
            ExitCode::FAILURE
        }
    }
}
