//! The learner's hands on the clock.

use std::sync::Arc;
use std::time::Duration;

use apimachinery::transport::BoxFuture;
use jiff::Timestamp;
use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;
use protocol::v1::{ClockCommand, Phrase, RunId, RunOutcome};

use super::Session;
use crate::embedded::between;
use crate::time::FASTEST;

/// The furthest single move.
const FURTHEST: Duration = Duration::from_hours(24);

/// How long a condition is waited for when it does not say so itself.
const PATIENCE: &str = "1h";

impl Session {
    /// Moves the clock, or says why it cannot be. `Err` is a move that takes a while.
    pub(super) fn move_clock(
        &mut self,
        run: &RunId,
        clock: ClockCommand,
    ) -> Result<RunOutcome, BoxFuture<'static, RunOutcome>> {
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
                return Err(self.sleep(by));
            }
            ClockCommand::Daily { hour, minute } => {
                let Some(at) = next_daily(self.ends.clock.now(), hour, minute) else {
                    self.warn(Phrase::new("session-clock-no-time"));
                    return Ok(RunOutcome::Failed);
                };
                return Err(self.sleep(between(self.ends.clock.now(), at)));
            }
            ClockCommand::Until { condition } => {
                let patience = if condition.contains("--timeout") {
                    String::new()
                } else {
                    format!(" --timeout={PATIENCE}")
                };
                let line = format!("kubectl wait {condition}{patience}");
                return Err(self.console_work(run, "clock", line, None, (None, None)));
            }
        }
        Ok(RunOutcome::Ok)
    }

    /// Lets time pass at once, and everything that is due in it happen.
    fn sleep(&self, by: Duration) -> BoxFuture<'static, RunOutcome> {
        let clock = Arc::clone(&self.ends.clock);
        Box::pin(async move {
            clock.sleep(by).await;
            RunOutcome::Ok
        })
    }
}

/// The next moment after `now` at which clocks in UTC show a time of the day.
fn next_daily(now: Timestamp, hour: u8, minute: u8) -> Option<Timestamp> {
    let time = Time::new(i8::try_from(hour).ok()?, i8::try_from(minute).ok()?, 0, 0).ok()?;
    let today = now.to_zoned(TimeZone::UTC).date();
    let at = |date: Date| Some(date.to_datetime(time).to_zoned(TimeZone::UTC).ok()?.timestamp());
    at(today).filter(|at| *at > now).or_else(|| at(today.tomorrow().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_time_of_a_day_is_today_or_tomorrow_and_never_now() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let now = at("2026-12-31T01:30:00Z");
        assert_eq!(next_daily(now, 2, 0), Some(at("2026-12-31T02:00:00Z")));
        assert_eq!(next_daily(now, 1, 30), Some(at("2027-01-01T01:30:00Z")));
        assert_eq!(next_daily(now, 24, 0), None);
        assert_eq!(next_daily(now, 2, 60), None);
    }
}
