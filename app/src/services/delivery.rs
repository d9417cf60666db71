//! What passes between an executor and the page, whichever executor it is.

use std::rc::Rc;

use protocol::v1::{ApiProblem, Event, Phrase};

/// What an executor tells without being asked.
#[derive(Debug)]
pub(crate) enum Delivery {
    /// The next entry of the event log.
    Event(Event),
    /// The connection stands.
    Online,
    /// The connection broke; it is being made again.
    Offline,
    /// The session is gone and will not come back; why.
    Lost(Phrase),
}

/// Takes deliveries.
pub(crate) type Deliver = Rc<dyn Fn(Delivery)>;

/// What becomes of what was done in this tab before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Past {
    /// It is done again.
    Kept,
    /// It is done again but for the last command, in which the worker ended.
    ButLast,
    /// It is forgotten.
    Forgotten,
}

/// A problem that the page itself found.
pub(crate) fn problem(status: u16, phrase: Phrase, detail: impl Into<String>) -> ApiProblem {
    ApiProblem { status, phrase, detail: detail.into() }
}
