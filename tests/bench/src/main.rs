//! `cargo xtask bench`: speed, memory and size, as ratios against a peer in the same run.
//!
//! The peer is the real etcd and kube-apiserver of `tests/realcluster`: the same client sends the same
//! requests to both, over HTTPS on loopback. Absolute figures depend on the machine and its other work;
//! quote the ratios.
//!
//! *Invariant:* measures and prints; judges nothing, and is no test.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a command line tool talks to its terminal"
)]

mod memory;
mod page;
mod requests;
mod server;
mod sizes;
mod subject;
mod world;

use std::process::ExitCode;

/// What is measured, as one chooses it.
const PARTS: [&str; 4] = ["requests", "world", "sessions", "page"];

/// What can go wrong: one sentence.
type Failure = Box<dyn std::error::Error + Send + Sync>;

#[tokio::main]
async fn main() -> ExitCode {
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("error: {failure}");
            ExitCode::FAILURE
        }
    }
}

async fn run() -> Result<(), Failure> {
    let wanted: Vec<String> = std::env::args().skip(1).collect();
    if let Some(unknown) = wanted.iter().find(|part| !PARTS.contains(&part.as_str())) {
        return Err(format!("{unknown} is none of {}", PARTS.join(", ")).into());
    }
    let is_wanted = |part: &str| wanted.is_empty() || wanted.iter().any(|one| one == part);
    if is_wanted("requests") {
        servers().await?;
    }
    if is_wanted("world") {
        world::print()?;
    }
    if is_wanted("sessions") {
        memory::sessions().await?;
    }
    if is_wanted("page") {
        page::print().await?;
        sizes::print()?;
    }
    Ok(())
}

/// Both API servers, one beside the other.
async fn servers() -> Result<(), Failure> {
    println!("Requests per second over HTTPS, same client, same requests.");
    println!(
        "The embedded cluster keeps its state in memory and does not replicate it; the real one does"
    );
    println!("(without fsync here).\n");
    let ours = subject::Subject::embedded()?;
    let real = subject::Subject::real()?;
    println!("{:34} {:>10} {:>10} {:>8}", "", "embedded", "real", "ratio");
    println!(
        "{:34} {:>8} ms {:>8} ms {:>7.1}x",
        "start to ready",
        ours.boot.as_millis(),
        real.boot.as_millis(),
        real.boot.as_secs_f64() / ours.boot.as_secs_f64()
    );
    memory_row("resident memory, empty", &ours, &real);
    requests::compare(&ours, &real).await?;
    memory_row("resident memory afterwards", &ours, &real);
    println!();
    Ok(())
}

fn memory_row(label: &str, ours: &subject::Subject, real: &subject::Subject) {
    let (embedded, peer) = (ours.resident_mib(), real.resident_mib());
    let ratio = f64::from(peer) / f64::from(embedded.max(1));
    println!("{label:34} {embedded:>7} MiB {peer:>7} MiB {ratio:>7.1}x");
}
