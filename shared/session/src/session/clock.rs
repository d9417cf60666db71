//! The learner's hands on the clock.

use std::time::Duration;

use protocol::v1::{ClockCommand, Phrase, RunOutcome};

use super::{Session, Work};
use crate::embedded::between;
use crate::time::FASTEST;

/// The furthest single move.
const FURTHEST: Duration = Duration::from_hours(24);

impl Session {
    /// Moves the clock, or says why it cannot be. `Err` is a move that takes a while.
    pub(super) fn move_clock(&mut self, clock: ClockCommand) -> Result<RunOutcome, Work> {
        let Some(steering) = self.ends.steering.clone() else {
            self.warn(Phrase::new("session-clock-real"));
            return Ok(RunOutcome::Failed);
        };
        match clock {
            ClockCommand::Pause => self.clock.set_speed(0),
            ClockCommand::Run { speed } if (1..=FASTEST).contains(&speed) => {
                self.clock.set_speed(speed);
            }
            ClockCommand::Run { .. } => {
                self.warn(Phrase::new("session-clock-speed").with("most", FASTEST.to_string()));
                return Ok(RunOutcome::Failed);
            }
            ClockCommand::Step => {
                self.clock.set_speed(0);
                let Some(due) = steering.next_due() else {
                    self.warn(Phrase::new("session-clock-nothing"));
                    return Ok(RunOutcome::Ok);
                };
                let step = between(self.ends.clock.now(), due);
                steering.advance(step.max(Duration::from_nanos(1)));
            }
            ClockCommand::Advance { millis } => {
                let by = Duration::from_millis(millis);
                if by > FURTHEST {
                    self.warn(Phrase::new("session-clock-far"));
                    return Ok(RunOutcome::Failed);
                }
                let clock = std::sync::Arc::clone(&self.ends.clock);
                return Err(Box::pin(async move { clock.sleep(by).await }));
            }
        }
        Ok(RunOutcome::Ok)
    }
}
