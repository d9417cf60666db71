//! What is wrong in a scenario folder, where, and what to do about it.

use std::fmt;

use notebook::read::Diagnostic;
use serde::Serialize;

/// Something wrong.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Finding {
    /// File, relative to the folder of all scenarios.
    pub file: String,
    /// Line, from 1.
    pub line: usize,
    /// What is wrong.
    pub what: String,
    /// What to do about it.
    pub remedy: String,
}

impl Finding {
    /// A finding of the reader, in a folder.
    pub fn read(folder: &str, diagnostic: Diagnostic) -> Self {
        let Diagnostic { file, line, message, expected } = diagnostic;
        let file = if folder.is_empty() { file } else { format!("{folder}/{file}") };
        let remedy = match expected.as_str() {
            "" => "mend it".to_owned(),
            expected => format!("expected {expected}"),
        };
        Self { file, line: usize::try_from(line).unwrap_or(1), what: message, remedy }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}:{}: {}; {}", self.file, self.line, self.what, self.remedy)
    }
}
