//! The session's clock: how wall time becomes the cluster's.
//!
//! While it runs, every second of the wall is `speed` seconds of the cluster; paused, none is. Runs that
//! wait (a check with `within`, `kubectl wait`, a command in a container) do not make a person wait for
//! them: they move the cluster's time straight to what they wait for, also while the clock is paused,
//! because a paused clock means "nothing happens while I think", not "nothing I start ever ends". Every
//! such jump is told by a `Clock` event. What only looks (watches, followed logs) moves no time.

use std::time::Duration;

use jiff::Timestamp;
use protocol::v1::ClockView;

/// The fastest speed.
pub(crate) const FASTEST: u32 = 64;
/// The longest pause between two ticks that counts: after a laptop woke up, the cluster does not race.
const LONGEST_TICK: Duration = Duration::from_secs(5);
/// How often the page hears of a clock that simply runs.
const TELL_EVERY: Duration = Duration::from_secs(1);
/// A difference that the page would see.
const JUMP: Duration = Duration::from_millis(500);

/// See the module.
#[derive(Debug)]
pub(crate) struct SessionClock {
    began: Timestamp,
    speed: u32,
    movable: bool,
    told: Option<ClockView>,
    expected: Timestamp,
    since_told: Duration,
}

impl SessionClock {
    /// A clock that runs at the speed of the wall from `now` on.
    pub(crate) fn new(now: Timestamp, movable: bool) -> Self {
        Self {
            began: now,
            speed: 1,
            movable,
            told: None,
            expected: now,
            since_told: Duration::ZERO,
        }
    }

    /// Cluster seconds per wall second.
    pub(crate) fn speed(&self) -> u32 {
        self.speed
    }

    /// Sets the speed; 0 pauses.
    pub(crate) fn set_speed(&mut self, speed: u32) {
        self.speed = speed.min(FASTEST);
    }

    /// How much cluster time this much wall time is.
    pub(crate) fn tick(&mut self, wall: Duration) -> Duration {
        self.since_told += wall;
        let passed = wall.min(LONGEST_TICK) * self.speed;
        self.expected = self.expected.saturating_add(passed).unwrap_or(Timestamp::MAX);
        passed
    }

    /// The clock at a moment.
    pub(crate) fn view(&self, now: Timestamp) -> ClockView {
        ClockView {
            now_millis: now.as_millisecond(),
            elapsed_millis: now.as_millisecond() - self.began.as_millisecond(),
            speed: self.speed,
            movable: self.movable,
        }
    }

    /// What to tell the page, if anything: a new speed, a jump, or once a second that time goes on.
    pub(crate) fn news(&mut self, now: Timestamp) -> Option<ClockView> {
        if !self.movable {
            return None;
        }
        let view = self.view(now);
        let changed = self.told.is_none_or(|told| told.speed != view.speed);
        let off = now.duration_since(self.expected).abs();
        let jumped = off > jiff::SignedDuration::try_from(JUMP).unwrap_or_default();
        let due = self.since_told >= TELL_EVERY && self.told != Some(view);
        if !(changed || jumped || due) {
            return None;
        }
        self.told = Some(view);
        self.expected = now;
        self.since_told = Duration::ZERO;
        Some(view)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(secs: i64) -> Timestamp {
        Timestamp::from_second(secs).unwrap()
    }

    #[test]
    fn wall_time_counts_by_the_speed_and_not_at_all_when_paused() {
        let mut clock = SessionClock::new(at(0), true);
        assert_eq!(clock.tick(Duration::from_millis(250)), Duration::from_millis(250));
        clock.set_speed(16);
        assert_eq!(clock.tick(Duration::from_millis(250)), Duration::from_secs(4));
        clock.set_speed(0);
        assert_eq!(clock.tick(Duration::from_secs(1)), Duration::ZERO);
        clock.set_speed(1000);
        assert_eq!(clock.speed(), 64);
    }

    #[test]
    fn a_long_absence_does_not_race_the_cluster() {
        let mut clock = SessionClock::new(at(0), true);
        assert_eq!(clock.tick(Duration::from_hours(1)), Duration::from_secs(5));
    }

    #[test]
    fn the_page_hears_of_speeds_and_jumps_at_once_and_of_running_every_second() {
        let mut clock = SessionClock::new(at(0), true);
        assert!(clock.news(at(0)).is_some(), "the first");
        assert!(clock.news(at(0)).is_none(), "nothing new");
        clock.tick(Duration::from_millis(400));
        assert!(clock.news(Timestamp::from_millisecond(400).unwrap()).is_none(), "as expected");
        clock.tick(Duration::from_millis(600));
        assert_eq!(clock.news(at(1)).map(|view| view.now_millis), Some(1000));
        assert_eq!(clock.news(at(31)).map(|view| view.elapsed_millis), Some(31_000), "a jump");
        clock.set_speed(0);
        assert_eq!(clock.news(at(31)).map(|view| view.speed), Some(0));
    }
}
