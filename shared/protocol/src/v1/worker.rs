//! The protocol over `postMessage`: what HTTP routes are for the server.

use serde::{Deserialize, Serialize};

use super::{Answer, ApiProblem, CommandEnvelope, CreateSession, Event, Query, RunId, SessionView};

/// A command that was taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Past {
    /// When, in milliseconds of the cluster's time since the session began.
    pub at_millis: i64,
    /// The command with its key.
    pub envelope: CommandEnvelope,
}

/// From the page to the worker.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ToWorker {
    /// Open a session; a worker holds one at a time.
    Create {
        /// What to open.
        request: Box<CreateSession>,
        /// What was done in it before the page was loaded again: done once more, so that the learner
        /// finds the cluster as it was left. Empty for a new session.
        /// Each a [`Past`] as JSON text: the page keeps and hands back what it does not read.
        #[serde(default)]
        past: Vec<String>,
    },
    /// Make something happen.
    Command {
        /// The command with its key.
        envelope: Box<CommandEnvelope>,
    },
    /// Ask something.
    Query {
        /// Chosen by the page; comes back with the answer.
        id: u32,
        /// The question.
        query: Box<Query>,
    },
    /// Wall time passed (the session has no clock of its own).
    Tick {
        /// Milliseconds since the last tick.
        millis: u32,
    },
}

/// From the worker to the page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FromWorker {
    /// The worker's code is loaded and can take a session.
    Ready,
    /// The session is open.
    Created {
        /// What the page shows about it.
        session: Box<SessionView>,
    },
    /// Something happened.
    Event {
        /// What.
        event: Box<Event>,
    },
    /// The answer to a query.
    Answer {
        /// Id of the query.
        id: u32,
        /// The answer.
        answer: Box<Answer>,
    },
    /// The session could not be opened.
    Problem {
        /// Why.
        problem: Box<ApiProblem>,
    },
    /// A tick was taken: the worker lives.
    Ticked,
    /// A command was taken; what comes of it is told by events.
    Taken {
        /// The command's run.
        run: RunId,
        /// When, in milliseconds of the cluster's time since the session began.
        at_millis: i64,
    },
    /// A command was not taken.
    Refused {
        /// The command's run.
        run: RunId,
        /// Why.
        problem: Box<ApiProblem>,
    },
    /// The worker met a bug of its own and ends; the session in it is lost.
    Stopped {
        /// What happened, in English, for developers.
        detail: String,
    },
}
