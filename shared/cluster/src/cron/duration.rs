//! Go's `1h30m` (`time.ParseDuration`).

use apimachinery::go::quote_bytes as quote;

/// What is past the largest duration, in nanoseconds.
const TOO_LONG: u64 = 1 << 63;

/// Nanoseconds; the error is Go's.
pub(super) fn parse(text: &str) -> Result<i64, String> {
    let wrong = || format!("time: invalid duration {}", quote(text));
    let (negative, mut rest) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    if rest == "0" {
        return Ok(0);
    }
    if rest.is_empty() {
        return Err(wrong());
    }
    let mut total = 0_u64;
    while !rest.is_empty() {
        let (whole, after) = digits(rest);
        let (fraction, after) = after.strip_prefix('.').map_or(("", after), digits);
        if whole.is_empty() && fraction.is_empty() {
            return Err(wrong());
        }
        let length = after.find(|one: char| one == '.' || one.is_ascii_digit());
        let (name, left) =
            after.split_at_checked(length.unwrap_or(after.len())).unwrap_or_default();
        let count = if whole.is_empty() { Ok(0) } else { whole.parse::<u64>() };
        // Upstream looks at the length of the number before it looks for the unit.
        let count = count.ok().filter(|count| *count <= TOO_LONG).ok_or_else(wrong)?;
        if name.is_empty() {
            return Err(format!("time: missing unit in duration {}", quote(text)));
        }
        let unit = unit(name).ok_or_else(|| {
            format!("time: unknown unit {} in duration {}", quote(name), quote(text))
        })?;
        let whole = Some(count).filter(|count| *count <= TOO_LONG / unit).ok_or_else(wrong)? * unit;
        total = whole
            .checked_add(part_of(fraction, unit))
            .and_then(|length| total.checked_add(length))
            .filter(|total| *total <= TOO_LONG)
            .ok_or_else(wrong)?;
        rest = left;
    }
    match i64::try_from(total) {
        Ok(found) => Ok(if negative { -found } else { found }),
        Err(_) if negative => Ok(i64::MIN),
        Err(_) => Err(wrong()),
    }
}

fn digits(text: &str) -> (&str, &str) {
    let end = text.find(|one: char| !one.is_ascii_digit()).unwrap_or(text.len());
    text.split_at_checked(end).unwrap_or((text, ""))
}

fn unit(name: &str) -> Option<u64> {
    Some(match name {
        "ns" => 1,
        // Two letters look like the one that means a millionth.
        "us" | "\u{b5}s" | "\u{3bc}s" => 1_000,
        "ms" => 1_000_000,
        "s" => 1_000_000_000,
        "m" => 60_000_000_000,
        "h" => 3_600_000_000_000,
        _ => return None,
    })
}

/// The digits behind the point, of a unit.
fn part_of(fraction: &str, unit: u64) -> u64 {
    // A unit has fewer nanoseconds than the eighteenth digit could count.
    let (mut digits, mut scale) = (0_u128, 1_u128);
    for digit in fraction.bytes().take(18) {
        digits = digits * 10 + u128::from(digit - b'0');
        scale *= 10;
    }
    u64::try_from(digits * u128::from(unit) / scale).unwrap_or_default()
}
