//! The file format of a transcript.
//!
//! ```text
//! #! plane full                 <- bare (default): no controllers; full: with them, without nodes; nodes
//! # A comment.
//! $ kubectl apply -f - <<'E'    <- a command for `sh`, with its heredoc
//! ...
//! E
//!   configmap/a created         <- standard output, indented by two spaces
//! ! Warning: ...                <- standard error
//! [exit code 1]                 <- when it is not 0
//! ```

use std::fs;
use std::path::{Path, PathBuf};

use crate::Failure;

/// Which control plane a transcript needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Plane {
    /// An API server alone: nothing changes unless a command changes it.
    Bare,
    /// With controllers and scheduler, without nodes.
    Full,
    /// With a node that runs pods.
    Nodes,
}

/// A command and what it printed when it was blessed.
#[derive(Clone, Debug)]
pub struct Step {
    /// Line of the command in the file, from 1.
    pub line: usize,
    /// The text for `sh -c`, heredoc included.
    pub script: String,
    /// What is expected, in the notation of the file.
    pub expected: String,
}

enum Part {
    Text(String),
    Step(Step),
}

/// A parsed transcript file.
pub struct Transcript {
    /// Where it is.
    pub path: PathBuf,
    /// `topic/name`.
    pub name: String,
    /// What it runs on.
    pub plane: Plane,
    parts: Vec<Part>,
}

/// All transcripts of this crate whose name contains one of the words of `TRANSCRIPTS` (default all).
pub fn all() -> Result<Vec<Transcript>, Failure> {
    let filter = std::env::var("TRANSCRIPTS").unwrap_or_default();
    let wanted: Vec<&str> = filter.split_whitespace().collect();
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut paths = Vec::new();
    for topic in entries(root)? {
        if topic.join("../Cargo.toml").is_file() && topic.is_dir() && !is_code(&topic) {
            paths.extend(entries(&topic)?);
        }
    }
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "txt"));
    paths.sort();
    let mut transcripts = Vec::new();
    for path in paths {
        let transcript = Transcript::read(&path)?;
        if wanted.is_empty() || wanted.iter().any(|word| transcript.name.contains(word)) {
            transcripts.push(transcript);
        }
    }
    Ok(transcripts)
}

fn is_code(folder: &Path) -> bool {
    folder.file_name().is_some_and(|name| name == "src" || name == "tests")
}

fn entries(folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    let entries = fs::read_dir(folder)
        .map_err(|error| format!("{} cannot be read: {error}", folder.display()))?;
    Ok(entries.flatten().map(|entry| entry.path()).collect())
}

impl Transcript {
    /// Reads a file.
    pub fn read(path: &Path) -> Result<Self, Failure> {
        let text = fs::read_to_string(path)
            .map_err(|error| format!("{} cannot be read: {error}", path.display()))?;
        let part = |path: Option<&Path>| {
            path.and_then(Path::file_stem)
                .map(|stem| stem.to_string_lossy().into_owned())
                .unwrap_or_default()
        };
        let name = format!("{}/{}", part(path.parent()), part(Some(path)));
        let plane = match text.lines().next() {
            Some("#! plane full") => Plane::Full,
            Some("#! plane nodes") => Plane::Nodes,
            _ => Plane::Bare,
        };
        Ok(Self { path: path.to_owned(), name, plane, parts: parse(&text)? })
    }

    /// Its own namespace, so that transcripts can share a cluster.
    pub fn namespace(&self) -> String {
        self.name.replace('/', "-")
    }

    /// The commands.
    pub fn steps(&self) -> Vec<&Step> {
        self.parts
            .iter()
            .filter_map(|part| match part {
                Part::Step(step) => Some(step),
                Part::Text(_) => None,
            })
            .collect()
    }

    /// The file with other outcomes.
    pub fn with(&self, outcomes: &[String]) -> String {
        let mut outcomes = outcomes.iter();
        let mut text = String::new();
        for part in &self.parts {
            match part {
                Part::Text(line) => text.extend([line, "\n"]),
                Part::Step(step) => {
                    text.extend(["$ ", &step.script, "\n"]);
                    match outcomes.next().map(|outcome| outcome.trim_end()) {
                        None | Some("") => {}
                        Some(outcome) => text.extend([outcome, "\n"]),
                    }
                }
            }
        }
        text
    }
}

fn parse(text: &str) -> Result<Vec<Part>, Failure> {
    let mut parts = Vec::new();
    let mut lines = text.lines().enumerate().peekable();
    while let Some((number, line)) = lines.next() {
        let Some(command) = line.strip_prefix("$ ") else {
            if line.starts_with("  ") || line.starts_with("! ") {
                return Err(format!("line {}: output without a command", number + 1));
            }
            parts.push(Part::Text(line.to_owned()));
            continue;
        };
        let mut script = command.to_owned();
        if let Some(word) = heredoc(command) {
            loop {
                let Some((_, line)) = lines.next() else {
                    return Err(format!(
                        "line {}: the heredoc does not end with {word}",
                        number + 1
                    ));
                };
                script.extend(["\n", line]);
                if line == word {
                    break;
                }
            }
        }
        let mut expected: Vec<&str> = Vec::new();
        while let Some((_, line)) = lines.next_if(|(_, line)| is_output(line)) {
            expected.push(line);
        }
        let blanks = expected.iter().rev().take_while(|line| line.is_empty()).count();
        expected.truncate(expected.len() - blanks);
        parts.push(Part::Step(Step { line: number + 1, script, expected: expected.join("\n") }));
        parts.extend((0..blanks).map(|_| Part::Text(String::new())));
    }
    Ok(parts)
}

fn is_output(line: &str) -> bool {
    line.is_empty()
        || line.starts_with("  ")
        || line.starts_with('!')
        || line.starts_with("[exit code ")
}

/// The word that ends the heredoc of a command.
fn heredoc(command: &str) -> Option<&str> {
    let (_, rest) = command.split_once("<<")?;
    rest.split_whitespace().next().map(|word| word.trim_matches('\''))
}
