//! Go's durations: `1h30m`, `500ms`.

use crate::value::append;
use std::time::Duration;

const UNITS: [(&str, u64); 8] = [
    ("ns", 1),
    ("us", 1_000),
    ("\u{b5}s", 1_000),
    ("\u{3bc}s", 1_000),
    ("ms", 1_000_000),
    ("s", 1_000_000_000),
    ("m", 60_000_000_000),
    ("h", 3_600_000_000_000),
];

/// `time.ParseDuration`; `None` stands for a negative one.
pub(crate) fn parse_duration(text: &str) -> Result<Option<Duration>, String> {
    let invalid = || format!("time: invalid duration \"{text}\"");
    let (negative, rest) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    if rest == "0" {
        return Ok(Some(Duration::ZERO));
    }
    let mut total = 0_u64;
    let mut rest = rest;
    if rest.is_empty() {
        return Err(invalid());
    }
    while !rest.is_empty() {
        let number_end = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
        let (number, tail) = rest.split_at_checked(number_end).ok_or_else(invalid)?;
        let unit_end = tail.find(|c: char| c.is_ascii_digit() || c == '.').unwrap_or(tail.len());
        let (unit, next) = tail.split_at_checked(unit_end).ok_or_else(invalid)?;
        if number.is_empty() || number == "." {
            return Err(invalid());
        }
        if unit.is_empty() {
            return Err(format!("time: missing unit in duration \"{text}\""));
        }
        let Some((_, scale)) = UNITS.iter().find(|(name, _)| *name == unit) else {
            return Err(format!("time: unknown unit \"{unit}\" in duration \"{text}\""));
        };
        let value: f64 = number.parse().map_err(|error| format!("{} ({error})", invalid()))?;
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            clippy::cast_precision_loss,
            reason = "a duration of a command line; saturation is right"
        )]
        let part = (value * *scale as f64) as u64;
        total = total.saturating_add(part);
        rest = next;
    }
    Ok((!negative || total == 0).then(|| Duration::from_nanos(total)))
}

/// `time.Duration.String`.
pub(crate) fn go_duration(duration: Duration) -> String {
    let nanos = duration.as_nanos();
    if nanos == 0 {
        return "0s".to_owned();
    }
    if nanos < 1_000_000_000 {
        let (unit, scale) = match nanos {
            0..1_000 => ("ns", 1),
            1_000..1_000_000 => ("\u{b5}s", 1_000),
            _ => ("ms", 1_000_000),
        };
        return format!("{}{unit}", fraction(nanos, scale));
    }
    let seconds = duration.as_secs();
    let (hours, minutes) = (seconds / 3600, seconds / 60 % 60);
    let rest = u128::from(seconds % 60) * 1_000_000_000 + u128::from(duration.subsec_nanos());
    let mut said = String::new();
    if hours > 0 {
        append(&mut said, format_args!("{hours}h"));
    }
    if hours > 0 || minutes > 0 {
        append(&mut said, format_args!("{minutes}m"));
    }
    append(&mut said, format_args!("{}s", fraction(rest, 1_000_000_000)));
    said
}

fn fraction(value: u128, scale: u128) -> String {
    let (whole, rest) = (value / scale, value % scale);
    if rest == 0 {
        return whole.to_string();
    }
    let width = scale.ilog10() as usize;
    let digits = format!("{rest:0width$}");
    format!("{whole}.{}", digits.trim_end_matches('0'))
}
