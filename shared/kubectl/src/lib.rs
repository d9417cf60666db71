//! kubectl as the notebook's console runs it, native and in the browser: the same requests, the same
//! words and the same exit codes as kubectl 1.36, over [`apimachinery::transport::Transport`].
//!
//! Also a library for those who apply manifests without a command line ([`apply`]), and the reader and
//! writer of manifests ([`manifest`]).
//!
//! *Invariant:* does no I/O of its own, keeps no state between commands, and holds no rule that the
//! API server does not have: what is right or wrong is the server's to say.

mod cli;
mod client;
mod commands;
pub mod completion;
mod console;
mod describe;
mod discovery;
mod failure;
pub mod line;
pub mod manifest;
pub mod nearest;
mod print;
mod select;
pub mod served;
mod session;
mod stream;
mod validation;
mod value;

pub mod apply;

use std::sync::Arc;
use std::task::{Context, Poll};

use apimachinery::transport::{Clock, Transport};

pub use console::Invocation;

/// Why a line of the console cannot be run.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct UsageError {
    /// One sentence.
    pub message: String,
}

impl UsageError {
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self { message: message.into() }
    }
}

/// Where a command writes.
pub trait Output: Send {
    /// Text for standard output.
    fn stdout(&mut self, text: &str);
    /// Text for standard error.
    fn stderr(&mut self, text: &str);
    /// What was written so far is to be seen now, also a line that has not ended: a prompt.
    fn flush(&mut self) {}
}

/// What is typed while a command runs that talks with a container through a terminal.
pub trait Keyboard: Send + Sync {
    /// Somebody reads from now on.
    fn listen(&self);
    /// What was typed next: text with line breaks and control characters, as a terminal sends them.
    fn poll_typed(&self, context: &mut Context<'_>) -> Poll<String>;
}

/// The files that a command may read with `-f`.
pub trait Files: Sync {
    /// The text of a file, if there is one of this name.
    fn read(&self, name: &str) -> Option<String>;
}

/// No files at all.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoFiles;

impl Files for NoFiles {
    fn read(&self, _name: &str) -> Option<String> {
        None
    }
}

/// Output kept as text.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Captured {
    /// Standard output.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
}

impl Output for Captured {
    fn stdout(&mut self, text: &str) {
        self.stdout.push_str(text);
    }

    fn stderr(&mut self, text: &str) {
        self.stderr.push_str(text);
    }
}

/// kubectl on one cluster, as one person, in one namespace.
#[derive(Clone)]
pub struct Kubectl {
    pub(crate) transport: Arc<dyn Transport>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) namespace: String,
    pub(crate) persona: Option<(String, Vec<String>)>,
    pub(crate) keyboard: Option<Arc<dyn Keyboard>>,
}

impl std::fmt::Debug for Kubectl {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Kubectl")
            .field("namespace", &self.namespace)
            .field("persona", &self.persona)
            .finish_non_exhaustive()
    }
}

impl Kubectl {
    /// kubectl over a transport, in the namespace `default`.
    pub fn new(transport: Arc<dyn Transport>, clock: Arc<dyn Clock>) -> Self {
        Self { transport, clock, namespace: "default".to_owned(), persona: None, keyboard: None }
    }

    /// The same in another namespace.
    #[must_use]
    pub fn with_namespace(mut self, namespace: impl Into<String>) -> Self {
        self.namespace = namespace.into();
        self
    }

    /// The same as somebody else, by impersonation.
    #[must_use]
    pub fn with_persona(mut self, user: impl Into<String>, groups: Vec<String>) -> Self {
        self.persona = Some((user.into(), groups));
        self
    }

    /// The same with somebody at the keyboard, so that `-it` opens a terminal.
    #[must_use]
    pub fn with_keyboard(mut self, keyboard: Arc<dyn Keyboard>) -> Self {
        self.keyboard = Some(keyboard);
        self
    }

    /// The namespace of requests that name none.
    pub fn namespace(&self) -> &str {
        &self.namespace
    }

    /// Runs a line and returns kubectl's exit code (of the last filter, when there is a pipe).
    ///
    /// `get -w` and `logs -f` end when the server ends them: drop the future to stop them.
    pub async fn run(
        &self,
        invocation: &Invocation,
        files: &dyn Files,
        stdin: &str,
        out: &mut dyn Output,
    ) -> i32 {
        let stdin = invocation.here.as_deref().unwrap_or(stdin);
        if !invocation.is_piped() {
            return session::run(self, &invocation.arguments, files, stdin, out).await;
        }
        let mut piped = Piped { stdout: String::new(), out };
        let mut code = session::run(self, &invocation.arguments, files, stdin, &mut piped).await;
        let Piped { stdout: mut text, out } = piped;
        for filter in invocation.filters() {
            (text, code) = filter.apply(&text);
        }
        out.stdout(&text);
        code
    }
}

/// Standard output that waits for the filters; standard error that does not.
struct Piped<'a> {
    stdout: String,
    out: &'a mut dyn Output,
}

impl Output for Piped<'_> {
    fn stdout(&mut self, text: &str) {
        self.stdout.push_str(text);
    }

    fn stderr(&mut self, text: &str) {
        self.out.stderr(text);
    }
}
