//! How a command fails, and what kubectl says then (`pkg/cmd/util/helpers.go checkErr`).

pub(crate) use apimachinery::go::quote as go_quote;
use apimachinery::status::Status;
use apimachinery::transport::TransportError;

/// A failed command.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Failure {
    /// The server's answer.
    Status(Box<Status>),
    /// An error of the client; printed behind `error: `.
    Message(String),
    /// Printed as it is.
    Raw(String),
    /// Nothing more to say.
    Exit(i32),
    /// Several.
    Many(Vec<Self>),
    /// Standard error and exit code of a remote command.
    Remote(String, i32),
}

pub(crate) type Outcome<T = ()> = Result<T, Failure>;

impl Failure {
    pub(crate) fn message(text: impl Into<String>) -> Self {
        Self::Message(text.into())
    }

    /// `UsageErrorf`.
    pub(crate) fn usage(path: &str, text: impl Into<String>) -> Self {
        Self::Message(format!("{}\nSee '{path} -h' for help and examples", text.into()))
    }

    /// All errors of a command that went on after the first.
    pub(crate) fn gather(mut failures: Vec<Self>) -> Outcome {
        match failures.len() {
            0 => Ok(()),
            1 => failures.pop().map_or(Ok(()), Err),
            _ => Err(Self::Many(failures)),
        }
    }

    pub(crate) fn status(&self) -> Option<&Status> {
        match self {
            Self::Status(status) => Some(status),
            _ => None,
        }
    }

    pub(crate) fn has_reason(&self, reason: &str) -> bool {
        self.status().is_some_and(|status| status.reason == reason)
    }

    pub(crate) fn is_not_found(&self) -> bool {
        self.has_reason("NotFound")
    }

    /// `err.Error()`.
    pub(crate) fn text(&self) -> String {
        match self {
            Self::Status(status) => status.message.clone(),
            Self::Message(text) | Self::Raw(text) | Self::Remote(text, _) => text.clone(),
            Self::Exit(_) => "exit".to_owned(),
            Self::Many(failures) => {
                let mut texts: Vec<String> = Vec::new();
                for failure in failures {
                    let text = failure.text();
                    if !texts.contains(&text) {
                        texts.push(text);
                    }
                }
                if texts.len() == 1 { texts.concat() } else { format!("[{}]", texts.join(", ")) }
            }
        }
    }

    /// `AddSourceToErr`.
    pub(crate) fn with_source(self, doing: &str, source: &str) -> Self {
        if source.is_empty() {
            return self;
        }
        let add = |text: &str| format!("error when {doing} {}: {text}", go_quote(source));
        match self {
            Self::Status(mut status) => {
                status.message = add(&status.message);
                Self::Status(status)
            }
            other => Self::Message(add(&other.text())),
        }
    }

    /// What goes to standard error, and the exit code.
    pub(crate) fn said(&self) -> (String, i32) {
        match self {
            Self::Exit(code) => (String::new(), *code),
            Self::Remote(text, code) => (line(text.clone()), *code),
            Self::Raw(text) => (line(text.clone()), 1),
            Self::Status(status) if status.reason == "Invalid" => (line(invalid(status)), 1),
            Self::Many(failures) => {
                (failures.iter().map(|failure| line(failure.standard())).collect(), 1)
            }
            Self::Status(_) => (line(self.standard()), 1),
            Self::Message(text) => {
                let text = if text.starts_with("error: ") || is_connection(text) {
                    text.clone()
                } else {
                    format!("error: {text}")
                };
                (line(text), 1)
            }
        }
    }

    /// `messageForError`: the standard words, without `error: ` before a client's error.
    fn standard(&self) -> String {
        match self {
            Self::Status(status) if status.reason == "Unauthorized" => {
                format!("error: You must be logged in to the server ({})", status.message)
            }
            Self::Status(status) if status.reason.is_empty() => {
                format!("Error from server: {}", status.message)
            }
            Self::Status(status) => {
                format!("Error from server ({}): {}", status.reason, status.message)
            }
            other => other.text(),
        }
    }
}

impl From<TransportError> for Failure {
    fn from(error: TransportError) -> Self {
        match error {
            TransportError::Connection(why) => {
                Self::Message(format!("Unable to connect to the server: {why}"))
            }
            TransportError::Credentials(why) => {
                Self::Message(format!("You must be logged in to the server ({why})"))
            }
            TransportError::Unsupported(why) => Self::Message(why),
        }
    }
}

fn is_connection(text: &str) -> bool {
    text.starts_with("Unable to connect to the server")
}

fn line(mut text: String) -> String {
    if !text.is_empty() && !text.ends_with('\n') {
        text.push('\n');
    }
    text
}

fn invalid(status: &Status) -> String {
    let mut said = "The request is invalid".to_owned();
    let Some(details) = &status.details else {
        if !status.message.is_empty() {
            said = format!("{said}: {}", status.message);
        }
        return said;
    };
    if !details.kind.is_empty() || !details.name.is_empty() {
        said = format!(
            "The {} {} is invalid",
            go_quote(&details.kind).trim_matches('"'),
            go_quote(&details.name)
        );
    } else if !status.message.is_empty() && details.causes.is_empty() {
        said = format!("{said}: {}", status.message);
    }
    let mut causes: Vec<String> = Vec::new();
    for cause in &details.causes {
        let text = format!("{}: {}", cause.field, cause.message);
        if !causes.contains(&text) {
            causes.push(text);
        }
    }
    match causes.as_slice() {
        [] => said,
        [single] => format!("{said}: {single}\n"),
        several => {
            format!("{said}: \n* {}\n", several.join("\n* "))
        }
    }
}
