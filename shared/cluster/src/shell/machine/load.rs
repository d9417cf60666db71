//! What the processes of a shell cost: programs that only use up a CPU, time limits, and processes that
//! outlive whoever started them.

use std::time::Duration;

use jiff::Timestamp;

use super::{Descriptor, Frame, Shell, Task, Waiting};

/// How long a process that used up its budget is off the CPU.
const SLICE: Duration = Duration::from_millis(10);
/// After so many slices in a row a loop is taken for one that only burns: it gets its turn less and less often.
const PATIENCE: u32 = 100;
/// At most so seldom.
const SELDOM: Duration = Duration::from_secs(5);
/// Frames of a step, and of a step of a loop that only burns.
const BUDGET: u32 = 4000;
const SMALL_BUDGET: u32 = 400;

impl Shell {
    /// How many frames the next step may run.
    pub(super) fn budget(&self) -> u32 {
        if self.spins > PATIENCE { SMALL_BUDGET } else { BUDGET }
    }

    /// When a shell that used up its budget goes on.
    pub(super) fn pause(&mut self, now: Timestamp) -> Waiting {
        self.spins = self.spins.saturating_add(1);
        let doubled = self.spins.saturating_sub(PATIENCE).min(16);
        let pause = SLICE.saturating_mul(1 << doubled).min(SELDOM);
        Waiting::Until(now.checked_add(pause).unwrap_or(Timestamp::MAX))
    }

    /// How many CPUs its processes would use if nothing kept them from it.
    pub(crate) fn load(&self) -> u32 {
        let busy: u32 = self
            .tasks
            .values()
            .map(|task| match task.stack.last() {
                Some(Frame::Busy { cores, .. }) => *cores,
                _ => 0,
            })
            .sum();
        busy + u32::from(self.spins > 0)
    }

    /// How many bytes its processes hold.
    pub(crate) fn memory(&self) -> u64 {
        let held = |task: &Task| match task.stack.last() {
            Some(Frame::Busy { memory, .. }) => *memory,
            _ => 0,
        };
        self.tasks.values().map(held).fold(0, u64::saturating_add)
    }

    /// Whether something runs on that its first process has started.
    pub(crate) fn leaves_children(&self) -> bool {
        self.tasks.keys().any(|id| *id != 0)
    }

    /// Its first process has ended; the others go on without it.
    pub(crate) fn orphan(&mut self) {
        self.finished.clear();
        self.spins = 0;
    }

    /// Ends what has run longer than it may.
    pub(super) fn enforce_deadlines(&mut self, now: Timestamp) -> bool {
        let mut ended = false;
        for task in self.tasks.values_mut() {
            ended |= task.enforce_deadline(now);
        }
        ended
    }
}

impl Task {
    /// When a time limit of the task's commands ends.
    pub(super) fn deadline(&self) -> Option<Timestamp> {
        self.stack
            .iter()
            .filter_map(|frame| match frame {
                Frame::Deadline { at, .. } => Some(*at),
                _ => None,
            })
            .min()
    }

    fn enforce_deadline(&mut self, now: Timestamp) -> bool {
        let due = |frame: &Frame| matches!(frame, Frame::Deadline { at, .. } if *at <= now);
        let Some(place) = self.stack.iter().position(due) else { return false };
        while self.stack.len() > place {
            match self.stack.pop() {
                Some(Frame::Restore(old)) => self.descriptors = old,
                Some(Frame::Deadline { code, .. }) => self.scope.status = code,
                _ => {}
            }
        }
        true
    }

    /// Whether what it writes goes to another process.
    pub(super) fn writes_to_pipe(&self) -> bool {
        matches!(self.descriptors.get(1), Some(Descriptor::Pipe(_)))
    }
}
