//! Memory and CPU of processes, as the kernel counts them.

use std::path::Path;
use std::time::Duration;

use serde_json::json;

use crate::Failure;
use crate::server::Server;

const SESSIONS: u32 = 100;

/// Resident memory of one process, KiB; 0 when it is gone.
pub(crate) fn resident_kib(process: u32) -> u32 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))
        .and_then(|rest| rest.split_whitespace().next())
        .and_then(|number| number.parse().ok())
        .unwrap_or(0)
}

/// CPU that one process has used; none when it is gone.
pub(crate) fn cpu(process: u32) -> Duration {
    let Ok(tasks) = std::fs::read_dir(format!("/proc/{process}/task")) else {
        return Duration::ZERO;
    };
    // `schedstat` counts nanoseconds, where `stat` counts hundredths of a second.
    let used = tasks.flatten().filter_map(|task| {
        let text = std::fs::read_to_string(task.path().join("schedstat")).ok()?;
        text.split(' ').next()?.parse().ok().map(Duration::from_nanos)
    });
    used.sum()
}

/// All processes that run a program.
pub(crate) fn processes_of(program: &Path) -> Vec<u32> {
    let Ok(entries) = std::fs::read_dir("/proc") else { return Vec::new() };
    entries
        .flatten()
        .filter(|entry| {
            std::fs::read_link(entry.path().join("exe")).is_ok_and(|exe| exe == program)
        })
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .collect()
}

/// Opens idle sessions in a fresh server and prints what one costs.
pub(crate) async fn sessions() -> Result<(), Failure> {
    let server = Server::start()?;
    let before = resident_kib(server.id());
    open(&server.url).await?;
    let after = resident_kib(server.id());
    println!("{:34} {:>7} KiB", "memory of the server, idle", before);
    println!(
        "{:34} {:>7} KiB\n",
        "memory per idle session",
        (after.saturating_sub(before)) / SESSIONS
    );
    Ok(())
}

async fn open(url: &str) -> Result<(), Failure> {
    let config = kube::Config::new(url.parse()?);
    let client = kube::Client::try_from(config)?;
    let body = json!({
        "scenario": "hypercloud-4.1/03-network-policy", "language": "en", "executor": "embedded-server",
    })
    .to_string();
    for _ in 0..SESSIONS {
        let request = http::Request::post("/api/v1/sessions")
            .header("content-type", "application/json")
            .header("x-podium-protocol", "v1")
            .body(body.clone().into_bytes())?;
        client.request_text(request).await?;
    }
    Ok(())
}
