//! What happened, in order.

use serde::{Deserialize, Serialize};

use super::{ClockView, Finding, Phrase, ResetScope, RunId};

/// One entry of a session's append-only log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Event {
    /// 1, 2, 3 … without gaps.
    pub seq: u64,
    /// The cluster's clock, milliseconds since the Unix epoch.
    pub at_millis: i64,
    /// What happened.
    pub body: EventBody,
}

/// The kinds of things that happen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", rename_all_fields = "camelCase")]
pub enum EventBody {
    /// A run began.
    RunStarted {
        /// The run.
        run: RunId,
        /// The cell (or `console`), or the step of a solution.
        cell: String,
    },
    /// A run says what it is waiting for.
    RunProgress {
        /// The run.
        run: RunId,
        /// The cell.
        cell: String,
        /// For example "waiting for pod dev/np-test to be ready".
        phrase: Phrase,
        /// Parts done.
        done: u32,
        /// Parts in all.
        total: u32,
    },
    /// A run talks with a container through a terminal: it takes [`super::Command::Input`] until it ends.
    Listening {
        /// The run.
        run: RunId,
        /// The cell.
        cell: String,
    },
    /// Text that a command printed.
    Output {
        /// The run.
        run: RunId,
        /// The cell.
        cell: String,
        /// New lines, in order.
        lines: Vec<OutputLine>,
    },
    /// What the server answered for each document of an apply or delete.
    Applied {
        /// The run.
        run: RunId,
        /// The cell.
        cell: String,
        /// One entry per document, in order.
        results: Vec<ObjectOutcome>,
    },
    /// Checks were evaluated.
    Checked {
        /// The run.
        run: RunId,
        /// The check cell.
        cell: String,
        /// One entry per check, in the order of the scenario.
        checks: Vec<CheckView>,
    },
    /// A run ended.
    RunFinished {
        /// The run.
        run: RunId,
        /// The cell.
        cell: String,
        /// How it ended.
        outcome: RunOutcome,
    },
    /// Objects that the page may show changed.
    Objects {
        /// Whether this replaces all that was known (after a reset or a relist).
        replace: bool,
        /// Created or changed objects as JSON text, without managed fields; Secret values are cut.
        upserts: Vec<String>,
        /// Objects that are gone.
        deletes: Vec<ObjectKey>,
    },
    /// Connections that a diagram cell watches were probed.
    Connections {
        /// The diagram cell.
        cell: String,
        /// All edges, in the order of the scenario.
        edges: Vec<ConnectionView>,
    },
    /// The clock moved or changed its speed. Sent at most four times a wall second.
    Clock {
        /// The clock.
        clock: ClockView,
    },
    /// What the cluster can do that the scenario needs.
    Preflight {
        /// One entry per requirement.
        capabilities: Vec<CapabilityView>,
    },
    /// The cluster went back to an earlier state. Cells that ran later are to be shown as not run.
    Reset {
        /// How far back.
        scope: ResetScope,
        /// Whether this was the undoing of a reset.
        undone: bool,
    },
    /// Something a person should know that belongs to no run.
    Notice {
        /// How loud.
        level: Level,
        /// What.
        phrase: Phrase,
    },
}

/// Where a line of output came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Stream {
    /// The command itself, as typed.
    Command,
    /// Standard output.
    Stdout,
    /// Standard error.
    Stderr,
    /// A `Warning` header of the API server.
    Warning,
}

/// A line of output.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutputLine {
    /// Where it came from.
    pub stream: Stream,
    /// The text without its line break.
    pub text: String,
    /// The line has not ended: the next one of this stream goes on where it stops.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub open: bool,
}

/// Names one object.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ObjectKey {
    /// For example `apps/v1` or `v1`.
    pub api_version: String,
    /// For example `Deployment`.
    pub kind: String,
    /// Empty for cluster-scoped objects.
    #[serde(default)]
    pub namespace: String,
    /// The name.
    pub name: String,
}

/// What became of one document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ObjectOutcome {
    /// Which object; `None` when the document could not be read that far.
    pub object: Option<ObjectKey>,
    /// What happened.
    pub outcome: ApplyOutcome,
    /// What the server or kubectl said, word for word.
    pub message: String,
    /// Findings with their place in the text (only when it failed).
    #[serde(default)]
    pub findings: Vec<Finding>,
}

/// How applying one document ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ApplyOutcome {
    /// It did not exist before.
    Created,
    /// It was changed.
    Configured,
    /// Nothing had to be changed.
    Unchanged,
    /// It is gone or going.
    Deleted,
    /// The server or the reader refused it.
    Failed,
    /// Whether it happened is not known (the connection broke).
    Unknown,
}

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RunOutcome {
    /// All of it worked.
    Ok,
    /// Some of it did not.
    Failed,
    /// It was stopped on request.
    Cancelled,
    /// It is not known.
    Unknown,
}

/// The state of a check.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CheckState {
    /// It holds.
    Passed,
    /// It does not hold.
    Failed,
    /// It cannot be evaluated on this cluster.
    Skipped,
}

/// A check with what was expected and what was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckView {
    /// Id of the check within its cell.
    pub id: String,
    /// Whether it holds.
    pub state: CheckState,
    /// What was expected.
    pub expected: Phrase,
    /// What was found.
    pub found: Phrase,
    /// The most likely cause, when it fails.
    pub cause: Option<Phrase>,
    /// Ids of hints of the cell that fit what is wrong now.
    #[serde(default)]
    pub hints: Vec<String>,
}

/// A pod as the end of a connection.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct PodRef {
    /// Namespace.
    pub namespace: String,
    /// Pod name.
    pub name: String,
}

/// Whether new connections get through.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ConnectionState {
    /// They do.
    Allowed,
    /// They run into a timeout.
    Blocked,
    /// Nobody listens there.
    Refused,
    /// It could not be found out (a pod is missing or not running).
    Unknown,
}

/// One edge of a connection diagram.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ConnectionView {
    /// Source.
    pub from: PodRef,
    /// Destination.
    pub to: PodRef,
    /// Destination port.
    pub port: u16,
    /// What a new connection does.
    pub state: ConnectionState,
    /// Why, when the cluster can say (the embedded one always can).
    pub reason: Option<Phrase>,
    /// The object that decided, for example the NetworkPolicy.
    pub decided_by: Option<ObjectKey>,
}

/// A requirement of the scenario and whether the cluster meets it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CapabilityView {
    /// The requirement's name in `scenario.yaml`, for example `network-policy-enforced`.
    pub id: String,
    /// Whether it is met; `None` when it could not be found out.
    pub met: Option<bool>,
    /// How it was found out and what it means.
    pub phrase: Phrase,
}

/// How loud a notice is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Level {
    /// Good to know.
    Info,
    /// Something may not work.
    Warning,
    /// Something did not work.
    Error,
}
