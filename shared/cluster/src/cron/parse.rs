//! The reader of schedules (`parser.go`).

use super::{Field, Fields, Schedule, Times, duration, zone};
use apimachinery::go::quote;

const MONTHS: [&str; 12] =
    ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const DAYS: [&str; 7] = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

/// The numbers of a field.
struct Bounds {
    min: u64,
    max: u64,
    names: &'static [&'static str],
}

const MINUTES: Bounds = Bounds { min: 0, max: 59, names: &[] };
const HOURS: Bounds = Bounds { min: 0, max: 23, names: &[] };
const DAYS_OF_MONTH: Bounds = Bounds { min: 1, max: 31, names: &[] };
const MONTHS_OF_YEAR: Bounds = Bounds { min: 1, max: 12, names: &MONTHS };
const WEEKDAYS: Bounds = Bounds { min: 0, max: 6, names: &DAYS };

/// `ParseCronScheduleWithPanicRecovery` (`pkg/util/parsers/parsers.go`).
pub(super) fn schedule(text: &str) -> Result<Schedule, String> {
    if text.is_empty() {
        return Err("empty spec string".to_owned());
    }
    let (named, text) = if text.starts_with("TZ=") || text.starts_with("CRON_TZ=") {
        own_zone(text).map(|(zone, rest)| (Some(zone), rest))?
    } else {
        (None, text)
    };
    let times =
        if text.starts_with('@') { descriptor(text)? } else { Times::Fields(fields(text)?) };
    Ok(Schedule { times, zone: named })
}

fn own_zone(text: &str) -> Result<(jiff::tz::TimeZone, &str), String> {
    let start = text.find('=').map_or(0, |at| at + 1);
    // Upstream panics, and its caller tells of it.
    let end = text.find(' ').ok_or_else(|| {
        "invalid schedule format: runtime error: slice bounds out of range [:-1]".to_owned()
    })?;
    let name = text.get(start..end).ok_or_else(|| {
        format!("invalid schedule format: runtime error: slice bounds out of range [{start}:{end}]")
    })?;
    let bad = |why: String| format!("provided bad location {name}: {why}");
    if name.contains("..") || name.starts_with(['/', '\\']) {
        return Err(bad("time: invalid location name".to_owned()));
    }
    let found = zone(name).ok_or_else(|| bad(format!("unknown time zone {name}")))?;
    Ok((found, text.get(end..).unwrap_or_default().trim()))
}

fn descriptor(text: &str) -> Result<Times, String> {
    let plain = match text {
        "@yearly" | "@annually" => "0 0 1 1 *",
        "@monthly" => "0 0 1 * *",
        "@weekly" => "0 0 * * 0",
        "@daily" | "@midnight" => "0 0 * * *",
        "@hourly" => "0 * * * *",
        _ => {
            let every = text.strip_prefix("@every ");
            let every = every.ok_or_else(|| format!("unrecognized descriptor: {text}"))?;
            let length = duration::parse(every)
                .map_err(|why| format!("failed to parse duration {text}: {why}"))?;
            // Whole seconds, and one at least (`constantdelay.go`).
            let seconds = (length / 1_000_000_000).max(1);
            let seconds = u64::try_from(seconds).unwrap_or(1);
            return Ok(Times::Every(std::time::Duration::from_secs(seconds)));
        }
    };
    fields(plain).map(Times::Fields)
}

fn fields(text: &str) -> Result<Fields, String> {
    let parts: Vec<&str> = text.split_whitespace().collect();
    let &[minute, hour, day, month, weekday] = parts.as_slice() else {
        let (count, parts) = (parts.len(), parts.join(" "));
        return Err(format!("expected exactly 5 fields, found {count}: [{parts}]"));
    };
    Ok(Fields {
        minute: field(minute, &MINUTES)?,
        hour: field(hour, &HOURS)?,
        day: field(day, &DAYS_OF_MONTH)?,
        month: field(month, &MONTHS_OF_YEAR)?,
        weekday: field(weekday, &WEEKDAYS)?,
    })
}

/// `getField`.
fn field(text: &str, bounds: &Bounds) -> Result<Field, String> {
    let mut all = Field { bits: 0, star: false };
    for part in text.split(',').filter(|part| !part.is_empty()) {
        let found = range(part, bounds)?;
        all = Field { bits: all.bits | found.bits, star: all.star | found.star };
    }
    Ok(all)
}

/// `getRange`.
fn range(text: &str, bounds: &Bounds) -> Result<Field, String> {
    let (ends, steps) = text.split_once('/').map_or((text, None), |(one, two)| (one, Some(two)));
    let (low, high) = ends.split_once('-').map_or((ends, None), |(one, two)| (one, Some(two)));
    let star = matches!(low, "*" | "?");
    let (start, mut end) = if star {
        // What stands behind the star nobody reads.
        (bounds.min, bounds.max)
    } else {
        let start = number_or_name(low, bounds.names, bounds.min)?;
        match high {
            None => (start, start),
            Some(high) if high.contains('-') => return Err(format!("too many hyphens: {text}")),
            Some(high) => (start, number_or_name(high, bounds.names, bounds.min)?),
        }
    };
    let step = match steps {
        None => 1,
        Some(steps) if steps.contains('/') => return Err(format!("too many slashes: {text}")),
        Some(steps) => number(steps)?,
    };
    if steps.is_some() && high.is_none() {
        // A single number with a step is the beginning of a range.
        end = bounds.max;
    }
    let Bounds { min, max, .. } = bounds;
    if start < *min {
        return Err(format!("beginning of range ({start}) below minimum ({min}): {text}"));
    }
    if end > *max {
        return Err(format!("end of range ({end}) above maximum ({max}): {text}"));
    }
    if start > end {
        return Err(format!("beginning of range ({start}) beyond end of range ({end}): {text}"));
    }
    let Some(width) = usize::try_from(step).ok().filter(|width| *width > 0) else {
        return Err(format!("step of range should be a positive number: {text}"));
    };
    let bits = (start..=end).step_by(width).fold(0, |bits, at| bits | 1 << at);
    Ok(Field { bits, star: star && step == 1 })
}

fn number_or_name(text: &str, names: &[&str], first: u64) -> Result<u64, String> {
    let lower = text.to_lowercase();
    match names.iter().position(|name| *name == lower) {
        Some(at) => Ok(first + u64::try_from(at).unwrap_or_default()),
        None => number(text),
    }
}

/// `strconv.Atoi` of what must not be negative.
fn number(text: &str) -> Result<u64, String> {
    let wrong = |why: &str| {
        format!("failed to parse int from {text}: strconv.Atoi: parsing {}: {why}", quote(text))
    };
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    if digits.is_empty() {
        return Err(wrong("invalid syntax"));
    }
    // What is too large is told as soon as it is, whatever follows.
    digits.bytes().try_fold(0_u64, |found, byte| {
        let digit = Some(byte).filter(u8::is_ascii_digit).ok_or_else(|| wrong("invalid syntax"))?;
        let next = found.checked_mul(10).and_then(|next| next.checked_add((digit - b'0').into()));
        next.ok_or_else(|| wrong("value out of range"))
    })?;
    let found: i64 = text.parse().map_err(|_too_long| wrong("value out of range"))?;
    u64::try_from(found)
        .map_err(|_negative| format!("negative number ({found}) not allowed: {text}"))
}
