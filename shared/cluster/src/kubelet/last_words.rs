//! What a container says when it ends (`terminationMessagePath`, `terminationMessagePolicy`;
//! `pkg/kubelet/kuberuntime/kuberuntime_container.go getTerminationMessage`).

use serde_json::Value;

use super::container::Container;
use crate::fields;

/// The most of the file that is kept (`MaxContainerTerminationMessageLength`).
const MOST_BYTES: usize = 4096;
/// The most of a log that stands in for it (`MaxContainerTerminationMessageLogLength`, `...LogLines`).
const MOST_LOG_BYTES: usize = 2048;
const MOST_LOG_LINES: usize = 80;

/// Where a container leaves its last words.
#[derive(Debug, Clone, Default)]
pub(crate) struct LastWords {
    path: String,
    from_log: bool,
}

impl LastWords {
    /// What a container's spec says.
    pub(super) fn of(spec: &Value) -> Self {
        Self {
            path: fields::text(spec, "/terminationMessagePath").to_owned(),
            from_log: fields::text(spec, "/terminationMessagePolicy") == "FallbackToLogsOnError",
        }
    }

    /// The file, which the kubelet makes before the container starts.
    pub(super) fn path(&self) -> &str {
        &self.path
    }
}

impl Container {
    /// What a container that has ended with a code said last.
    pub(super) fn last_words(&self, code: i32) -> String {
        let words = &self.words;
        let file = self.files.read(&words.path).unwrap_or_default();
        if !file.is_empty() || code == 0 || !words.from_log {
            let kept = file.get(..MOST_BYTES).unwrap_or(&file);
            return String::from_utf8_lossy(kept).into_owned();
        }
        let from = self.log.len().saturating_sub(MOST_LOG_LINES);
        let lines = self.log.iter().skip(from).map(|line| format!("{}\n", line.text));
        let text: String = lines.collect();
        let cut = text.len().saturating_sub(MOST_LOG_BYTES);
        let cut = (cut..=text.len()).find(|at| text.is_char_boundary(*at)).unwrap_or(cut);
        text.get(cut..).unwrap_or_default().to_owned()
    }
}
