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
    drop((ours, real));
    world::print()?;
    memory::sessions().await?;
    page::print().await?;
    sizes::print()
}

fn memory_row(label: &str, ours: &subject::Subject, real: &subject::Subject) {
    let (embedded, peer) = (ours.resident_mib(), real.resident_mib());
    let ratio = f64::from(peer) / f64::from(embedded.max(1));
    println!("{label:34} {embedded:>7} MiB {peer:>7} MiB {ratio:>7.1}x");
}
