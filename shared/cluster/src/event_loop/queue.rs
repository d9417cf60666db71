//! The work queue: keys by time, one entry for each controller and key, with back-off after failures.

use std::time::Duration;

use jiff::Timestamp;
use rpds::{RedBlackTreeMapSync, RedBlackTreeSetSync};

use super::Key;

/// Pending work. Equal times are ordered by controller rank, then by key: no chance is involved. A clone costs nothing.
#[derive(Debug, Clone)]
pub(crate) struct Queue {
    order: RedBlackTreeSetSync<(Timestamp, u8, Key)>,
    due: RedBlackTreeMapSync<(u8, Key), Timestamp>,
    failures: RedBlackTreeMapSync<(u8, Key), u32>,
}

impl Default for Queue {
    fn default() -> Self {
        Self {
            order: RedBlackTreeSetSync::new_sync(),
            due: RedBlackTreeMapSync::new_sync(),
            failures: RedBlackTreeMapSync::new_sync(),
        }
    }
}

/// `workqueue.DefaultTypedItemBasedRateLimiter`: 5 ms doubling up to 1000 s.
const FIRST_BACKOFF: Duration = Duration::from_millis(5);
const MAX_BACKOFF: Duration = Duration::from_secs(1000);

impl Queue {
    /// Looks at `key` at `at` or earlier.
    pub(crate) fn add(&mut self, at: Timestamp, rank: u8, key: Key) {
        let slot = (rank, key.clone());
        if let Some(known) = self.due.get(&slot).copied() {
            if known <= at {
                return;
            }
            self.order.remove_mut(&(known, rank, key.clone()));
        }
        self.order.insert_mut((at, rank, key));
        self.due.insert_mut(slot, at);
    }

    /// Looks at `key` again after its next back-off.
    pub(crate) fn add_rate_limited(&mut self, now: Timestamp, rank: u8, key: Key) {
        let slot = (rank, key.clone());
        let failures = self.failures.get(&slot).copied().unwrap_or_default();
        let delay = FIRST_BACKOFF.saturating_mul(1_u32.checked_shl(failures).unwrap_or(u32::MAX));
        self.failures.insert_mut(slot, failures.saturating_add(1).min(30));
        self.add(later(now, delay.min(MAX_BACKOFF)), rank, key);
    }

    /// The key went well: its back-off starts anew.
    pub(crate) fn forget(&mut self, rank: u8, key: &Key) {
        if !self.failures.is_empty() {
            self.failures.remove_mut(&(rank, key.clone()));
        }
    }

    /// When the first entry is due.
    pub(crate) fn next_due(&self) -> Option<Timestamp> {
        self.order.first().map(|(at, _, _)| *at)
    }

    /// Takes the first entry that is due by `until`.
    pub(crate) fn pop(&mut self, until: Timestamp) -> Option<(Timestamp, u8, Key)> {
        let entry = self.order.first().filter(|entry| entry.0 <= until)?.clone();
        self.order.remove_mut(&entry);
        self.due.remove_mut(&(entry.1, entry.2.clone()));
        Some(entry)
    }
}

/// `now` plus `delay`, at the end of time at most.
pub(crate) fn later(now: Timestamp, delay: Duration) -> Timestamp {
    now.checked_add(delay).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use jiff::Timestamp;

    use super::{Key, Queue};

    #[test]
    fn entries_come_by_time_then_rank_then_key_and_only_once() {
        let start = Timestamp::UNIX_EPOCH;
        let after = |millis| start + Duration::from_millis(millis);
        let mut queue = Queue::default();
        queue.add(after(2), 0, Key::new("a", "x"));
        queue.add(after(1), 1, Key::new("a", "x"));
        queue.add(after(1), 0, Key::new("b", "x"));
        queue.add(after(1), 0, Key::new("a", "x"));
        queue.add(after(9), 0, Key::new("a", "x"));
        let order: Vec<String> = std::iter::from_fn(|| queue.pop(after(10)))
            .map(|(at, rank, key)| {
                format!("{} {rank} {}/{}", at.as_millisecond(), key.namespace, key.name)
            })
            .collect();
        assert_eq!(order, ["1 0 a/x", "1 0 b/x", "1 1 a/x"]);
    }

    #[test]
    fn failures_double_the_delay_until_forgotten() {
        let start = Timestamp::UNIX_EPOCH;
        let mut queue = Queue::default();
        let mut delays = Vec::new();
        for round in 0..5 {
            if round == 3 {
                queue.forget(0, &Key::new("", "n"));
            }
            queue.add_rate_limited(start, 0, Key::new("", "n"));
            delays.extend(queue.pop(Timestamp::MAX).map(|(at, _, _)| at.as_millisecond()));
        }
        assert_eq!(delays, [5, 10, 20, 5, 10]);
    }
}
