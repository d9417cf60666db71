//! The same steps on two clusters: what is answered, and what components complain about in their logs.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::{Failure, said};

/// One of the clusters, and what was answered there.
pub struct Side {
    name: &'static str,
    program: PathBuf,
    kubeconfig: PathBuf,
    /// Commands with their answers, without what is up to chance.
    pub answers: String,
}

impl Side {
    /// The cluster of a kubeconfig.
    pub fn of(name: &'static str, kubeconfig: PathBuf) -> Result<Self, Failure> {
        let program = realcluster::programs::control_plane()?;
        Ok(Self { name, program, kubeconfig, answers: String::new() })
    }

    /// Has kubectl do a step, a line of a shell; it must succeed.
    pub fn run(&mut self, step: &str) -> Result<(), Failure> {
        let manifests = Path::new(env!("CARGO_MANIFEST_DIR")).join("manifests");
        let script = format!("kubectl() {{ \"$PROGRAM\" kubectl \"$@\"; }}\nkubectl {step}");
        let mut command = Command::new("sh");
        command
            .args(["-c", &script])
            .env("PROGRAM", &self.program)
            .env("MANIFESTS", manifests)
            .env("KUBECONFIG", &self.kubeconfig);
        let output =
            command.output().map_err(|error| format!("kubectl could not be started: {error}"))?;
        if !output.status.success() {
            return Err(format!("{}: {step}: {}", self.name, said(&output)));
        }
        self.answers.extend(["$ kubectl ", step, "\n", &without_chance(&said(&output))]);
        Ok(())
    }
}

/// Names that a server makes up, addresses and times.
fn without_chance(text: &str) -> String {
    let lines = text.lines().map(|line| {
        let words = line.split_inclusive([' ', '"', '/', ',', '[', ']', '\'']);
        words.map(without_chance_word).collect::<String>()
    });
    let mut lines: Vec<String> = lines.collect();
    // Pods of a set are named by chance, and listed by name.
    lines.sort();
    lines.join("\n") + "\n"
}

fn without_chance_word(word: &str) -> String {
    const SUFFIX: &str = "bcdfghjklmnpqrstvwxz2456789";
    let end = word.trim_end_matches([' ', '"', '/', ',', ']', '[', '\'']).len();
    let (bare, rest) = word.split_at_checked(end).unwrap_or((word, ""));
    let parts = bare.split('-').map(|part| {
        let chance = part.len() >= 5
            && part.chars().any(|letter| letter.is_ascii_digit())
            && part.chars().all(|letter| SUFFIX.contains(letter));
        if chance || (part.len() == 5 && part.chars().all(|letter| SUFFIX.contains(letter))) {
            return "X".to_owned();
        }
        let number = !part.is_empty() && part.chars().all(|letter| letter.is_ascii_digit());
        if number && part.len() > 1 { "N".to_owned() } else { part.to_owned() }
    });
    parts.collect::<Vec<_>>().join("-") + rest
}

/// The errors of a log: where each was written, and its text without what differs from run to run.
pub fn errors(log: &str) -> BTreeSet<String> {
    let error = |line: &str| line.starts_with(['E', 'F']) && line.contains("] ");
    log.lines()
        .filter(|line| error(line))
        .filter_map(|line| {
            let (head, text) = line.split_once("] ")?;
            let file = head.split(' ').next_back()?.split(':').next()?;
            // Every controller that reads what it wrote says this, when its cache is slower.
            if text.contains("read version: ") {
                return Some("read version: N is not as new as written version: N".to_owned());
            }
            let text = without_digests(text);
            Some(format!("{file}: {}", without_numbers(without_chance(&text).trim_end())))
        })
        .collect()
}

/// Where it is kept what controllers and scheduler were seen to write at the real server when a race went one way.
pub fn races() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("manifests/errors.txt")
}

/// The errors kept in [`races`], none when there is no such file yet.
pub fn errors_of_races() -> BTreeSet<String> {
    let text = std::fs::read_to_string(races()).unwrap_or_default();
    text.lines().map(str::to_owned).collect()
}

/// Without the names of containers and of pods' folders.
fn without_digests(text: &str) -> String {
    const SHORTEST: usize = 32;
    let of_digest = |letter: char| letter == '-' || letter.is_ascii_hexdigit();
    let mut found = String::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let end = rest.find(|letter| !of_digest(letter)).unwrap_or(rest.len());
        let end = if end == 0 { first.len_utf8() } else { end };
        let (run, after) = rest.split_at(end);
        found.push_str(if run.len() >= SHORTEST { "ID" } else { run });
        rest = after;
    }
    found
}

fn without_numbers(text: &str) -> String {
    let mut found = String::new();
    for letter in text.chars() {
        let letter = if letter.is_ascii_digit() { 'N' } else { letter };
        if letter != 'N' || !found.ends_with('N') {
            found.push(letter);
        }
    }
    found
}
