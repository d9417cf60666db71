//! `realcluster`: the harness from the command line.
//!
//! *Invariant:* everything it starts ends with it; there is nothing to tear down afterwards.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a command line tool talks to its terminal"
)]

use std::io::Read as _;
use std::path::Path;
use std::process::ExitCode;

use realcluster::{ControlPlane, Failure, NodeTier, control_plane, node_tier, programs, schema};

const USAGE: &str = "\
Runs a real Kubernetes for tests, built from Go modules.

Usage: realcluster <COMMAND>

Commands:
  build                      Build the Go programs of both tiers into the cache.
  up [--no-controllers]      Run a control plane on loopback until standard input ends (Ctrl-D).
  up --nodes                 Run a whole cluster with a node (root) until standard input ends.
  down                       Remove what harnesses that were killed left behind.
  schema                     Write shared/apimachinery/schema from a real API server.

`up` prints `KUBECONFIG=...`, `LEARNER_KUBECONFIG=...` and `KUBECTL=...`, then `ready`.
";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let result = match words.as_slice() {
        ["build"] => build(),
        ["up"] => ControlPlane::start().and_then(serve_plane),
        ["up", "--nodes"] => NodeTier::start().and_then(|tier| {
            let program = programs::control_plane()?;
            serve(&tier.kubeconfig(), &tier.learner_kubeconfig(), &program)
        }),
        ["down"] => {
            control_plane::sweep();
            node_tier::sweep();
            Ok(())
        }
        ["up", "--no-controllers"] => ControlPlane::start_with(&[]).and_then(serve_plane),
        ["schema"] => write_schema(),
        [] | ["help" | "--help" | "-h"] => {
            println!("{USAGE}");
            Ok(())
        }
        other => Err(format!("`{}` is not a command; see `realcluster help`", other.join(" "))),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("error: {failure}");
            ExitCode::FAILURE
        }
    }
}

fn build() -> Result<(), Failure> {
    println!("{}", programs::control_plane()?.display());
    println!("{}", programs::containerd()?.display());
    println!("{}", programs::agnhost()?.display());
    Ok(())
}

fn serve_plane(plane: ControlPlane) -> Result<(), Failure> {
    serve(&plane.kubeconfig(), &plane.learner_kubeconfig(), plane.program())
}

fn serve(admin: &Path, learner: &Path, program: &Path) -> Result<(), Failure> {
    println!("KUBECONFIG={}", admin.display());
    println!("LEARNER_KUBECONFIG={}", learner.display());
    println!("KUBECTL={} kubectl", program.display());
    println!("ready");
    let mut ignored = Vec::new();
    let read = std::io::stdin().read_to_end(&mut ignored);
    read.map(|_| ()).map_err(|error| format!("standard input cannot be read: {error}"))
}

fn write_schema() -> Result<(), Failure> {
    let plane = ControlPlane::start_with(&[])?;
    let files = schema::render(&plane)?;
    schema::write_files(&files)?;
    for (name, text) in files {
        println!("{:>7} {name}", text.len());
    }
    Ok(())
}
