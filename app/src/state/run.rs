//! What a cell did: the state of its last run and what came of it.

use protocol::v1::{
    ApplyOutcome, CheckState, CheckView, ConnectionState, ConnectionView, ObjectOutcome,
    OutputLine, Phrase, RunId, RunOutcome,
};

/// The most lines of output that are kept.
const LINES_MAX: usize = 2000;

/// Where a cell stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Phase {
    /// Never ran, or was reset.
    #[default]
    Pristine,
    /// Sent, and not yet taken up.
    Queued,
    /// Not sent yet, because there is no connection.
    Unsent,
    /// At work.
    Running,
    /// All of it worked.
    Ok,
    /// Some of it did not.
    Failed,
    /// Stopped on request.
    Cancelled,
    /// Whether it happened is not known.
    Unknown,
}

/// What a run waits for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Progress {
    /// In words.
    pub phrase: Phrase,
    /// Parts done.
    pub done: u32,
    /// Parts in all.
    pub total: u32,
}

/// A connection that does something else than before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ConnectionChange {
    /// What it did.
    pub before: ConnectionState,
    /// What it does.
    pub now: ConnectionView,
}

/// A cell's last run. The console keeps the output of all its runs.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct CellRun {
    /// The run, while one is known.
    pub run: Option<RunId>,
    /// Where it stands.
    pub phase: Phase,
    /// An earlier cell ran again since.
    pub stale: bool,
    /// Cluster time of its beginning.
    pub started_millis: i64,
    /// Cluster time of its end.
    pub ended_millis: i64,
    /// Position of its first event in the log; later runs have larger ones.
    pub first_seq: u64,
    /// What it waits for.
    pub progress: Option<Progress>,
    /// It reads what is typed.
    pub listening: bool,
    /// What was printed.
    pub output: Vec<OutputLine>,
    /// What became of each document.
    pub results: Vec<ObjectOutcome>,
    /// The checks.
    pub checks: Vec<CheckView>,
    /// Connections that changed since it began.
    pub connections: Vec<ConnectionChange>,
    /// How often in a row its checks failed.
    pub failures: u32,
}

impl CellRun {
    /// Whether something is under way.
    pub(crate) fn is_busy(&self) -> bool {
        matches!(self.phase, Phase::Queued | Phase::Unsent | Phase::Running)
    }

    /// A new run begins; a console keeps what was printed before.
    pub(crate) fn begin(&mut self, run: RunId, at_millis: i64, seq: u64, keep_output: bool) {
        let mut output = if keep_output { std::mem::take(&mut self.output) } else { Vec::new() };
        if let Some(last) = output.last_mut() {
            last.open = false;
        }
        let failures = self.failures;
        *self = Self {
            run: Some(run),
            phase: Phase::Running,
            started_millis: at_millis,
            first_seq: seq,
            output,
            failures,
            ..Self::default()
        };
    }

    /// The run printed lines. What follows a line that has not ended goes on in it.
    pub(crate) fn print(&mut self, lines: Vec<OutputLine>) {
        for line in lines {
            match self.output.last_mut() {
                Some(last) if last.open && last.stream == line.stream => {
                    last.text.push_str(&line.text);
                    last.open = line.open;
                }
                _ => self.output.push(line),
            }
        }
        let extra = self.output.len().saturating_sub(LINES_MAX);
        self.output.drain(..extra);
    }

    /// The run ends.
    pub(crate) fn end(&mut self, outcome: RunOutcome, at_millis: i64) {
        self.progress = None;
        self.listening = false;
        self.ended_millis = at_millis;
        let failed_check = self.checks.iter().any(|check| check.state == CheckState::Failed);
        let refused = self.results.iter().any(|result| result.outcome == ApplyOutcome::Failed);
        self.phase = match outcome {
            RunOutcome::Ok if failed_check || refused => Phase::Failed,
            RunOutcome::Ok => Phase::Ok,
            RunOutcome::Failed => Phase::Failed,
            RunOutcome::Cancelled => Phase::Cancelled,
            RunOutcome::Unknown => Phase::Unknown,
        };
        self.failures = match self.phase {
            Phase::Failed => self.failures + 1,
            Phase::Ok => 0,
            _ => self.failures,
        };
    }
}
