//! `cargo xtask up`: from a fresh clone to the page in the browser.

use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};
use std::time::Instant;

use crate::page::Profile;
use crate::process::{has, root, run_quiet};
use crate::progress::{human, step};
use crate::{Failure, editor, page, tools};

struct Options {
    listen: String,
    open: bool,
    profile: Profile,
    /// Passed on to `podium serve`.
    cluster: Vec<String>,
}

/// Builds, serves and opens.
pub(crate) fn run(arguments: &[String]) -> Result<(), Failure> {
    let options = parse(arguments)?;
    let started = Instant::now();
    let podium = build(options.profile)?;
    println!("> Everything is built ({})", human(started.elapsed()));
    serve(&podium, &options)
}

/// Builds what `up` serves.
pub(crate) fn build_only(arguments: &[String]) -> Result<(), Failure> {
    build(parse(arguments)?.profile).map(|_| ())
}

/// Builds everything and returns the path of `podium`.
pub(crate) fn build(profile: Profile) -> Result<std::path::PathBuf, Failure> {
    let path = step("Checking tools", tools::ensure)?;
    editor::ensure()?;
    step("Fetching crates", || {
        run_quiet(crate::process::cargo().args(["fetch", "--locked", "--quiet"]))
    })?;
    let podium = page::server()?;
    page::dist(&path, &podium, profile)?;
    Ok(podium)
}

fn parse(arguments: &[String]) -> Result<Options, Failure> {
    let mut options = Options {
        listen: "127.0.0.1:8080".to_owned(),
        open: true,
        profile: Profile::Release,
        cluster: Vec::new(),
    };
    let mut words = arguments.iter();
    while let Some(word) = words.next() {
        let mut value = || {
            words
                .next()
                .cloned()
                .ok_or_else(|| format!("`{word}` needs a value; see `cargo xtask help`"))
        };
        match word.as_str() {
            "--listen" => options.listen = value()?,
            "--no-open" => options.open = false,
            "--dev" => options.profile = Profile::Dev,
            "--kubeconfig" | "--context" => {
                let value = value()?;
                options.cluster.extend([word.clone(), value]);
            }
            other => {
                return Err(format!("`{other}` is not an option of up; see `cargo xtask help`"));
            }
        }
    }
    Ok(options)
}

/// Runs the server until it ends; opens the page as soon as the server says where it is.
fn serve(podium: &std::path::Path, options: &Options) -> Result<(), Failure> {
    let mut child = Command::new(podium)
        .args(["serve", "--listen", &options.listen])
        .args(&options.cluster)
        .current_dir(root())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|error| format!("{} could not be started: {error}", podium.display()))?;
    if let Some(output) = child.stdout.take() {
        for line in BufReader::new(output).lines().map_while(Result::ok) {
            println!("{line}");
            let address = line.find("http://").and_then(|at| line.get(at..));
            if let (Some(address), true) = (address, options.open) {
                open(address.trim());
            }
        }
    }
    let status =
        child.wait().map_err(|error| format!("the server cannot be waited for: {error}"))?;
    if status.success() { Ok(()) } else { Err(format!("the server ended with {status}")) }
}

fn open(address: &str) {
    let opener = if cfg!(target_os = "macos") { "open" } else { "xdg-open" };
    if !has(opener) {
        println!("  no `{opener}` here: open {address} in a browser");
        return;
    }
    if Command::new(opener).arg(address).stdin(Stdio::null()).spawn().is_err() {
        println!("  the browser did not start: open {address} by hand");
    }
}
