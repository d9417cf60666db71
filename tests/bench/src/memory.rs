//! Resident memory, as the kernel counts it.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::json;

use crate::Failure;
use crate::subject::{podium, root};

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

/// Resident memory of all processes that run a program, KiB.
pub(crate) fn resident_kib_of(program: &Path) -> u32 {
    let Ok(entries) = std::fs::read_dir("/proc") else { return 0 };
    entries
        .flatten()
        .filter(|entry| {
            std::fs::read_link(entry.path().join("exe")).is_ok_and(|exe| exe == program)
        })
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .map(resident_kib)
        .sum()
}

/// Opens idle sessions in a fresh server and prints what one costs.
pub(crate) async fn sessions() -> Result<(), Failure> {
    let mut child = Command::new(podium())
        .args(["serve", "--listen", "127.0.0.1:0"])
        .current_dir(root())
        .stdout(Stdio::piped())
        .spawn()?;
    let output = child.stdout.take().ok_or("the server has no output")?;
    let mut lines = BufReader::new(output).lines();
    let url = lines
        .by_ref()
        .map_while(Result::ok)
        .find_map(|line| line.find("http://").and_then(|at| line.get(at..)).map(str::to_owned))
        .ok_or("the server did not say where it serves")?;
    std::thread::spawn(move || lines.map_while(Result::ok).count());
    let before = resident_kib(child.id());
    let opened = open(url.trim().trim_end_matches('/')).await;
    let after = resident_kib(child.id());
    child.kill()?;
    child.wait()?;
    opened?;
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
