//! `podium kubectl`: the console's kubectl in a terminal.

use std::io::Read as _;
use std::path::PathBuf;
use std::sync::Arc;

use kube::config::AuthInfo;
use kubectl::{Files, Invocation, Output};
use tokio::sync::Notify;

use crate::cli::Kubectl;
use crate::error::Failure;
use crate::gateway;

/// What a shell calls the end of a program by SIGPIPE.
const BROKEN_PIPE: i32 = 141;

/// Runs one command; its exit code.
pub async fn run(arguments: &Kubectl) -> Result<u8, Failure> {
    let words = &arguments.arguments;
    let file = kubeconfig(words)?;
    let kubectl = gateway::kubectl(&file, flag(words, "--context"), credentials(words)).await?;
    let invocation = Invocation::of(words.clone());
    let input = if reads_input(words) { input()? } else { String::new() };
    let reader_left = Arc::new(Notify::new());
    let mut terminal = Terminal { reader_left: Arc::clone(&reader_left) };
    let code = tokio::select! {
        code = kubectl.run(&invocation, &Folder, &input, &mut terminal) => code,
        () = reader_left.notified() => BROKEN_PIPE,
    };
    Ok(u8::try_from(code).unwrap_or(u8::MAX))
}

/// The credentials of the flags, if there are any.
fn credentials(words: &[String]) -> Option<AuthInfo> {
    let token = flag(words, "--token").map(|token| token.to_owned().into());
    let client_certificate = flag(words, "--client-certificate").map(str::to_owned);
    let client_key = flag(words, "--client-key").map(str::to_owned);
    let given = token.is_some() || client_certificate.is_some();
    given.then(|| AuthInfo { token, client_certificate, client_key, ..AuthInfo::default() })
}

/// The value of a flag of the connection, which kubectl's own parser only takes note of.
fn flag<'a>(words: &'a [String], name: &str) -> Option<&'a str> {
    // Behind `--` stands what a container is to run.
    let mut words = words.iter().take_while(|word| *word != "--");
    while let Some(word) = words.next() {
        if word == name {
            return words.next().map(String::as_str);
        }
        if let Some(value) = word.strip_prefix(name).and_then(|rest| rest.strip_prefix('=')) {
            return Some(value);
        }
    }
    None
}

fn kubeconfig(words: &[String]) -> Result<PathBuf, Failure> {
    if let Some(file) = flag(words, "--kubeconfig") {
        return Ok(file.into());
    }
    let named = std::env::var_os("KUBECONFIG").filter(|files| !files.is_empty());
    if let Some(file) = named.and_then(|files| std::env::split_paths(&files).next()) {
        return Ok(file);
    }
    std::env::home_dir().map(|home| home.join(".kube/config")).ok_or_else(|| {
        Failure::usage("no kubeconfig was named", "name one with --kubeconfig or KUBECONFIG")
    })
}

/// Whether a command takes something from standard input.
fn reads_input(words: &[String]) -> bool {
    words.iter().take_while(|word| *word != "--").any(|word| {
        matches!(word.as_str(), "-" | "-f-" | "--filename=-" | "--stdin" | "-i" | "-it" | "-ti")
    })
}

fn input() -> Result<String, Failure> {
    let mut text = Vec::new();
    std::io::stdin().read_to_end(&mut text).map_err(|error| {
        Failure::surroundings(
            format!("standard input cannot be read ({error})"),
            "give the text with -f FILE",
        )
    })?;
    Ok(String::from_utf8_lossy(&text).into_owned())
}

/// The files of the folder that the command runs in.
struct Folder;

impl Files for Folder {
    fn read(&self, name: &str) -> Option<String> {
        std::fs::read_to_string(name).ok()
    }
}

/// Standard output and standard error, at once.
struct Terminal {
    /// Told when nobody reads any more (`| head`): what would go on for ever ends then.
    reader_left: Arc<Notify>,
}

impl Terminal {
    fn write(&self, mut to: impl std::io::Write, text: &str) {
        if to.write_all(text.as_bytes()).and_then(|()| to.flush()).is_err() {
            self.reader_left.notify_one();
        }
    }
}

impl Output for Terminal {
    fn stdout(&mut self, text: &str) {
        self.write(std::io::stdout(), text);
    }

    fn stderr(&mut self, text: &str) {
        self.write(std::io::stderr(), text);
    }
}
