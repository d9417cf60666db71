//! Commands on their way to the executor: one after the other, and kept while there is no connection.

use std::collections::VecDeque;

use protocol::v1::{CommandEnvelope, RunId};

/// The longest pause before another attempt: a connection that is back is used within this time.
const MOST_MILLIS: u32 = 2000;
const FIRST_MILLIS: u32 = 250;

/// The commands, the oldest first, with their cells.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Outbox {
    waiting: VecDeque<(String, CommandEnvelope)>,
    failures: u32,
}

impl Outbox {
    /// One more; whether it is the only one, so that sending has to begin.
    pub(crate) fn push(&mut self, cell: String, envelope: CommandEnvelope) -> bool {
        self.waiting.push_back((cell, envelope));
        self.waiting.len() == 1
    }

    /// The one to be sent next.
    pub(crate) fn next(&self) -> Option<(String, CommandEnvelope)> {
        self.waiting.front().cloned()
    }

    /// A command was answered. Whether attempts before had failed.
    pub(crate) fn sent(&mut self, run: &RunId) -> bool {
        self.take_back(run);
        std::mem::take(&mut self.failures) > 0
    }

    /// A command could not be sent: how long to wait before the next attempt, and whether this is the first that failed.
    pub(crate) fn failed(&mut self) -> (u32, bool) {
        let pause = FIRST_MILLIS.saturating_mul(1 << self.failures.min(5)).min(MOST_MILLIS);
        self.failures = self.failures.saturating_add(1);
        (pause, self.failures == 1)
    }

    /// A command is not wanted any more; its cell, if it was still here.
    pub(crate) fn take_back(&mut self, run: &RunId) -> Option<String> {
        let at = self.waiting.iter().position(|(_, envelope)| envelope.run == *run)?;
        self.waiting.remove(at).map(|(cell, _)| cell)
    }

    /// The runs that wait, with their cells.
    pub(crate) fn runs(&self) -> Vec<(String, RunId)> {
        self.waiting.iter().map(|(cell, envelope)| (cell.clone(), envelope.run.clone())).collect()
    }
}

#[cfg(test)]
mod tests {
    use protocol::v1::Command;

    use super::*;

    fn envelope(run: &str) -> CommandEnvelope {
        CommandEnvelope { run: RunId(run.to_owned()), command: Command::Undo }
    }

    fn run(id: &str) -> RunId {
        RunId(id.to_owned())
    }

    #[test]
    fn commands_go_out_in_order_and_none_is_lost_or_sent_twice() {
        let mut outbox = Outbox::default();
        assert!(outbox.push("a".to_owned(), envelope("1")), "sending begins");
        assert!(!outbox.push("b".to_owned(), envelope("2")), "sending goes on");
        let next = |outbox: &Outbox| outbox.next().map(|(_, envelope)| envelope.run.0);
        assert_eq!(outbox.failed(), (250, true));
        assert_eq!(outbox.failed(), (500, false));
        assert_eq!(next(&outbox).as_deref(), Some("1"));
        assert!(outbox.sent(&run("1")), "the connection is back");
        assert_eq!(next(&outbox).as_deref(), Some("2"));
        assert!(!outbox.sent(&run("2")));
        assert_eq!(next(&outbox), None);
        assert!(outbox.push("c".to_owned(), envelope("3")), "sending begins anew");
    }

    #[test]
    fn what_was_not_sent_can_be_taken_back() {
        let mut outbox = Outbox::default();
        outbox.push("a".to_owned(), envelope("1"));
        outbox.push("b".to_owned(), envelope("2"));
        assert_eq!(outbox.take_back(&run("2")).as_deref(), Some("b"));
        assert_eq!(outbox.take_back(&run("2")), None);
        assert_eq!(outbox.runs(), [("a".to_owned(), run("1"))]);
    }

    #[test]
    fn attempts_become_rarer_but_not_rare() {
        let mut outbox = Outbox::default();
        let pauses: Vec<u32> = (0..40).map(|_| outbox.failed().0).collect();
        assert_eq!(pauses.get(..5), Some([250, 500, 1000, 2000, 2000].as_slice()));
        assert_eq!(pauses.last(), Some(&2000));
    }
}
