//! The audit log of a cluster as a file of JSON lines (`--audit-log`), as kube-apiserver's `--audit-log-path`.

use std::fs::OpenOptions;
use std::io::Write;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use cluster::apiserver::audit::{Event, Sink};

use crate::error::Failure;

/// An open log.
pub(crate) struct AuditLog {
    output: Mutex<Box<dyn Write + Send>>,
}

impl std::fmt::Debug for AuditLog {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("AuditLog")
    }
}

impl AuditLog {
    /// Opens a log, `-` being standard output; what a file holds already stays.
    pub(crate) fn open(file: &Path) -> Result<Arc<Self>, Failure> {
        let output: Box<dyn Write + Send> = if file == Path::new("-") {
            Box::new(std::io::stdout())
        } else {
            let opened = OpenOptions::new().create(true).append(true).open(file);
            Box::new(opened.map_err(|error| {
                Failure::surroundings(
                    format!("the audit log {} cannot be written ({error})", file.display()),
                    "choose a file that you may write with --audit-log",
                )
            })?)
        };
        Ok(Arc::new(Self { output: Mutex::new(output) }))
    }
}

impl Sink for AuditLog {
    fn write(&self, event: &Event) {
        let mut line = event.line();
        line.push('\n');
        let mut output = self.output.lock().unwrap_or_else(PoisonError::into_inner);
        // One call for each line, so that whoever follows the file sees whole events.
        if let Err(error) = output.write_all(line.as_bytes()).and_then(|()| output.flush()) {
            tracing::error!(%error, "the audit log cannot be written");
        }
    }
}
