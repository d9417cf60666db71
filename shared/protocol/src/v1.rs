//! Version 1 of the protocol.
//!
//! A client creates a session, sends [`Command`]s (things that happen; their results arrive as
//! [`Event`]s) and [`Query`]s (things that are answered at once), and reads the session's event log
//! from any sequence number on.
//!
//! Enums are tagged by the name around them (`{"apply": {…}}`): a tag inside makes readers buffer what
//! they read, which costs the page some 20 KiB.

mod command;
mod event;
mod phrase;
mod query;
mod session;
mod worker;

pub use command::{ClockCommand, Command, CommandEnvelope, ResetScope, RunId};
pub use event::{
    ApplyOutcome, CapabilityView, CheckState, CheckView, ConnectionState, ConnectionView, Event,
    EventBody, Level, ObjectKey, ObjectOutcome, OutputLine, PodRef, RunOutcome, Stream,
};
pub use phrase::Phrase;
pub use query::{
    Answer, Completion, DiffLine, DiffSign, Finding, Fix, ObjectDiff, Query, Severity, Span,
};
pub use session::{
    ApiProblem, ClockView, CreateSession, Executor, ExecutorView, Language, SessionId, SessionView,
};
pub use worker::{FromWorker, Past, ToWorker};

/// The version that a client must send in the `x-podium-protocol` header.
pub const VERSION: &str = "v1";
