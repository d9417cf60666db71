//! The append-only log of a session, and what of it is worth keeping.
//!
//! What belongs to a run is kept, so that a page that comes back finds the output of its cells. What
//! only pictures the present (objects, the clock, connections, progress) is dropped when it is old: a
//! reader from before that point gets the present objects as one replacement instead. Sequence numbers
//! of dropped events are not given again, so such a reader sees them skip.

use std::collections::VecDeque;

use protocol::v1::{Event, EventBody};

/// How many events are kept before old pictures are dropped.
const THIN_ABOVE: usize = 2_048;
/// How many of the newest events are never dropped.
const KEEP: usize = 512;
/// How many events are kept at all; then the oldest go, whatever they are.
const MOST: usize = 16_384;

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct EventLog {
    events: VecDeque<Event>,
    seq: u64,
    thinned: u64,
}

impl EventLog {
    /// The newest sequence number.
    pub(crate) fn seq(&self) -> u64 {
        self.seq
    }

    /// Appends an event.
    pub(crate) fn push(&mut self, at_millis: i64, body: EventBody) {
        self.seq += 1;
        self.events.push_back(Event { seq: self.seq, at_millis, body });
        if self.events.len() > THIN_ABOVE + KEEP && self.seq - self.thinned > (2 * KEEP) as u64 {
            self.thin();
        }
    }

    fn thin(&mut self) {
        let kept_from = self.seq - KEEP as u64;
        self.events.retain(|event| event.seq > kept_from || !is_picture(&event.body));
        self.thinned = kept_from;
        while self.events.len() > MOST {
            self.events.pop_front();
        }
    }

    /// The events after a sequence number. `present` gives the objects of this moment for readers that
    /// missed dropped pictures.
    pub(crate) fn since(&self, seq: u64, present: impl FnOnce() -> EventBody) -> Vec<Event> {
        let newer = |event: &&Event| event.seq > seq;
        if seq >= self.thinned {
            return self.events.iter().filter(newer).cloned().collect();
        }
        let split = self.events.partition_point(|event| event.seq < self.thinned);
        let (old, recent) = (self.events.range(..split), self.events.range(split..));
        let at_millis = recent.clone().next().map_or(0, |event| event.at_millis);
        let mut events: Vec<Event> = old.filter(newer).cloned().collect();
        events.push(Event { seq: self.thinned, at_millis, body: present() });
        events.extend(recent.filter(|event| event.seq > self.thinned).cloned());
        events
    }
}

fn is_picture(body: &EventBody) -> bool {
    match body {
        EventBody::Objects { .. }
        | EventBody::Clock { .. }
        | EventBody::Connections { .. }
        | EventBody::RunProgress { .. } => true,
        EventBody::RunStarted { .. }
        | EventBody::Listening { .. }
        | EventBody::Output { .. }
        | EventBody::Applied { .. }
        | EventBody::Checked { .. }
        | EventBody::RunFinished { .. }
        | EventBody::Preflight { .. }
        | EventBody::Reset { .. }
        | EventBody::Notice { .. } => false,
    }
}

#[cfg(test)]
mod tests {
    use protocol::v1::{Level, Phrase};

    use super::*;

    fn objects(text: &str) -> EventBody {
        EventBody::Objects { replace: true, upserts: vec![text.to_owned()], deletes: Vec::new() }
    }

    fn notice(text: &str) -> EventBody {
        EventBody::Notice { level: Level::Info, phrase: Phrase::new(text) }
    }

    #[test]
    fn a_short_log_is_read_from_any_place() {
        let mut log = EventLog::default();
        log.push(1, notice("a"));
        log.push(2, objects("b"));
        let seqs = |seq| -> Vec<u64> {
            log.since(seq, || objects("now")).iter().map(|event| event.seq).collect()
        };
        assert_eq!(seqs(0), [1, 2]);
        assert_eq!(seqs(1), [2]);
        assert_eq!(seqs(2), [0_u64; 0]);
    }

    #[test]
    fn a_long_log_keeps_what_runs_said_and_the_present_objects() {
        let mut log = EventLog::default();
        log.push(0, notice("first"));
        for _ in 0..10_000 {
            log.push(0, objects("old"));
        }
        log.push(0, notice("last"));
        let events = log.since(0, || objects("now"));
        assert!(events.len() < THIN_ABOVE + KEEP, "{} events", events.len());
        assert_eq!(events.first().map(|event| &event.body), Some(&notice("first")));
        assert_eq!(events.get(1).map(|event| &event.body), Some(&objects("now")));
        assert_eq!(
            events.last().map(|event| (event.seq, &event.body)),
            Some((10_002, &notice("last")))
        );
        assert!(events.is_sorted_by(|a, b| a.seq < b.seq));
        assert_eq!(log.since(10_001, || objects("now")).len(), 1);
    }
}
