//! `docs/authors.md` walked from an empty folder, word for word: its files are written as it says, its lines are typed,
//! and what it shows is what is seen.

use std::fmt::Write as _;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// A newcomer in an empty folder.
struct Newcomer {
    home: PathBuf,
    folder: PathBuf,
    /// What was seen otherwise than the guide shows it.
    surprises: String,
    typed: usize,
    written: usize,
}

/// What the guide says, in order.
enum Said<'g> {
    /// Lines to type, each with what is shown below it.
    Type(Vec<(&'g str, String)>),
    /// A file to write.
    Write { path: &'g str, text: String },
    /// Lines to put into a file: above a line of it, or at its end.
    Put { above: Option<&'g str>, path: &'g str, text: String },
}

/// Reads the blocks of the guide that somebody who follows it acts upon.
fn read(guide: &str) -> Vec<Said<'_>> {
    let mut said = Vec::new();
    let mut before = "";
    let mut lines = guide.lines();
    while let Some(line) = lines.next() {
        let fence: String = line.chars().take_while(|letter| *letter == '`').collect();
        if fence.len() < 3 {
            if !line.is_empty() {
                before = line;
            }
            continue;
        }
        let inside: Vec<&str> = lines.by_ref().take_while(|line| *line != fence).collect();
        let text: String = inside.iter().map(|line| format!("{line}\n")).collect();
        if line.ends_with("console") {
            said.push(Said::Type(typed(&inside)));
        } else if let Some(path) = named(before, "Write `") {
            said.push(Said::Write { path, text });
        } else if let Some(path) = named(before, "Put at the end of `") {
            said.push(Said::Put { above: None, path, text });
        } else if let Some((above, path)) =
            named(before, "Put above the line `").and_then(|both| both.split_once("` of `"))
        {
            said.push(Said::Put { above: Some(above), path, text });
        }
        before = "";
    }
    said
}

/// What stands between these words and the colon at the end of a line.
fn named<'l>(line: &'l str, words: &str) -> Option<&'l str> {
    line.strip_prefix(words)?.strip_suffix("`:")
}

fn typed<'g>(lines: &[&'g str]) -> Vec<(&'g str, String)> {
    let mut typed: Vec<(&str, String)> = Vec::new();
    for line in lines {
        match (line.strip_prefix("$ "), typed.last_mut()) {
            (Some(command), _) => {
                typed.extend(command.split(" && ").map(|command| (command, String::new())));
            }
            (None, Some((_, shown))) => shown.extend([*line, "\n"]),
            (None, None) => {}
        }
    }
    typed
}

/// A program that runs until the newcomer ends it.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ended = self.0.kill().and_then(|()| self.0.wait());
    }
}

impl Newcomer {
    fn new() -> Self {
        let home =
            Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("guide-{}", std::process::id()));
        let folder = home.join("notebooks");
        std::fs::create_dir_all(&folder).expect("an empty folder");
        std::fs::create_dir_all(home.join(".kube")).expect("a folder");
        Self { home, folder, surprises: String::new(), typed: 0, written: 0 }
    }

    fn podium(&self, words: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_podium"));
        command.args(words).current_dir(&self.folder).env_remove("PODIUM_LOG");
        command
    }

    /// Starts what does not end by itself, and waits for its first line.
    fn start(&self, words: &[&str]) -> (Running, String) {
        let mut child = self.podium(words).stdout(Stdio::piped()).spawn().expect("podium");
        let mut line = String::new();
        let output = child.stdout.take().expect("standard output");
        BufReader::new(output).read_line(&mut line).expect("a line");
        (Running(child), line)
    }

    fn type_line(&mut self, line: &str, shown: &str) {
        self.typed += 1;
        let line = line.replace('~', &self.home.display().to_string());
        let mut words: Vec<&str> = line.split(' ').collect();
        assert_eq!(words.remove(0), "podium", "{line}");
        if words.first() == Some(&"preview") {
            // The page is built elsewhere, and nobody is there to look at it.
            words.extend(["--no-open", "--listen", "127.0.0.1:0", "--dist", "page"]);
            let (_running, said) = self.start(&words);
            if !said.starts_with("Podium previews http://127.0.0.1:") {
                self.surprise(&line, &said);
            }
            return;
        }
        let output = self.podium(&words).output().expect("podium");
        let text = [output.stdout, output.stderr]
            .map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
        let seen = text.concat();
        let as_shown = match shown.strip_prefix("...\n") {
            Some(end) => seen.ends_with(end),
            None => shown.is_empty() || seen == shown,
        };
        // Whoever is shown a failure is told so by its last line.
        if !as_shown || output.status.success() == shown.contains("\npodium: ") {
            self.surprise(&line, &seen);
        }
    }

    fn surprise(&mut self, line: &str, seen: &str) {
        writeln!(self.surprises, "$ {line}\n{seen}").expect("a text");
    }

    fn put(&mut self, path: &str, how: impl FnOnce(&str) -> String) {
        self.written += 1;
        let path = self.folder.join("manifests/scenarios/my-course/01-greeting").join(path);
        let old = std::fs::read_to_string(&path).unwrap_or_default();
        std::fs::write(&path, how(&old)).expect("a file");
    }
}

/// A text with lines put above one of its lines, or at its end.
fn with(old: &str, above: Option<&str>, new: &str) -> String {
    let Some(above) = above else { return format!("{old}{new}") };
    let (before, after) = old.split_once(&format!("\n{above}\n")).expect(above);
    format!("{before}\n{new}{above}\n{after}")
}

#[test]
fn the_guide_for_authors_leads_from_nothing_to_a_checked_notebook() {
    let guide = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/authors.md");
    let guide = std::fs::read_to_string(guide).expect("the guide");
    let mut newcomer = Newcomer::new();
    let page = newcomer.folder.join("page");
    std::fs::create_dir_all(&page).expect("a folder");
    std::fs::write(page.join("index.html"), "<html><head></head></html>").expect("a page");
    // The cluster that the newcomer's kubeconfig leads to.
    let config = newcomer.home.join(".kube/config").display().to_string();
    let cluster = ["cluster", "--listen", "127.0.0.1:0", "--write-kubeconfig", &config];
    let (_cluster, ready) = newcomer.start(&cluster);
    assert!(!ready.is_empty(), "the cluster did not start");
    for said in read(&guide) {
        match said {
            Said::Type(lines) => {
                for (line, shown) in &lines {
                    newcomer.type_line(line, shown);
                }
            }
            Said::Write { path, text } => newcomer.put(path, |_| text),
            Said::Put { above, path, text } => newcomer.put(path, |old| with(old, above, &text)),
        }
    }
    assert_eq!(newcomer.surprises, "");
    // As many as there are: a block that is not understood is not left out in silence.
    assert_eq!((newcomer.typed, newcomer.written), (12, 8));
    std::fs::remove_dir_all(&newcomer.home).expect("tidied up");
}
