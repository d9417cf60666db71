//! The reader (`quantity.go` `ParseQuantity`, `suffix.go`).

use super::big::Big;
use super::{BINARY, DECIMAL, Digits, Format, MOST_PLACES, Quantity};

const WRONG_FORM: &str =
    "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'";
const WRONG_NUMBER: &str = "unable to parse numeric part of quantity";
const WRONG_SUFFIX: &str = "unable to parse quantity's suffix";
/// So many digits upstream reads into 64 bits.
const DIGITS: i64 = 18;
/// The finest power that upstream keeps.
const NANO: i64 = -9;

/// A text in its parts.
struct Parts<'a> {
    positive: bool,
    /// Digits before the point, without the zeros that lead.
    whole: &'a str,
    fraction: &'a str,
    /// Whether there is a digit at all: upstream takes `k` for `0k`, but not always.
    some: bool,
    suffix: &'a str,
}

/// Reads a quantity, and says whether its text is kept.
pub(super) fn read(text: &str) -> Result<(Quantity, bool), String> {
    if text.is_empty() {
        return Err(WRONG_FORM.to_owned());
    }
    if text == "0" {
        return Ok((Quantity::from_units(0, Format::DecimalSi), true));
    }
    let parts = split(text).ok_or(WRONG_FORM)?;
    let (base, exponent, format) = suffix(parts.suffix).ok_or(WRONG_SUFFIX)?;
    match small(&parts, exponent, format) {
        Some(found) => Ok(found),
        None => big(&parts, base, exponent, format).map(|found| (found, false)),
    }
}

/// `parseQuantityString`.
fn split(text: &str) -> Option<Parts<'_>> {
    let (positive, rest) = match text.strip_prefix('-') {
        Some(rest) => (false, rest),
        None => (true, text.strip_prefix('+').unwrap_or(text)),
    };
    let zeros = rest.len() - rest.trim_start_matches('0').len();
    let (_, rest) = rest.split_at_checked(zeros)?;
    if rest.is_empty() {
        return Some(Parts { positive, whole: "0", fraction: "", some: true, suffix: "" });
    }
    let (whole, rest) = digits(rest);
    let (fraction, suffix) = rest.strip_prefix('.').map_or(("", rest), digits);
    let some = zeros > 0 || !whole.is_empty() || !fraction.is_empty();
    let whole = if whole.is_empty() { "0" } else { whole };
    let tail = suffix.trim_start_matches(|one| "eEinumkKMGTP".contains(one));
    let tail = tail.strip_prefix(['-', '+']).unwrap_or(tail);
    // A text that ends with the letters of the suffix, or with the digits behind them.
    let fits = digits(tail).1.is_empty();
    fits.then_some(Parts { positive, whole, fraction, some, suffix })
}

fn digits(text: &str) -> (&str, &str) {
    let end = text.find(|one: char| !one.is_ascii_digit()).unwrap_or(text.len());
    text.split_at_checked(end).unwrap_or((text, ""))
}

/// Base, exponent and format of a suffix.
fn suffix(text: &str) -> Option<(u32, i64, Format)> {
    if let Some((_, power)) = DECIMAL.iter().find(|(name, _)| *name == text) {
        return Some((10, i64::from(*power), Format::DecimalSi));
    }
    if let Some((_, bits)) = BINARY.iter().find(|(name, _)| *name == text) {
        return Some((2, i64::from(*bits), Format::BinarySi));
    }
    let exponent: i64 = text.strip_prefix(['e', 'E'])?.parse().ok()?;
    // Upstream keeps the low 32 bits.
    #[expect(clippy::cast_possible_truncation, reason = "as upstream does")]
    let exponent = i64::from(exponent as i32);
    Some((10, exponent, Format::DecimalExponent))
}

/// The fast path with 64 bits; nothing when it does not fit.
fn small(parts: &Parts<'_>, exponent: i64, format: Format) -> Option<(Quantity, bool)> {
    let length = |text: &str| i64::try_from(text.len()).unwrap_or(i64::MAX);
    let (mut power, mut factor) = (0, 1_i64);
    let room = match format {
        Format::DecimalExponent | Format::DecimalSi => {
            power = exponent;
            DIGITS - length(parts.whole) - length(parts.fraction)
        }
        Format::BinarySi if parts.fraction.is_empty() => {
            factor = 1_i64.checked_shl(u32::try_from(exponent).ok()?)?;
            15 - length(parts.whole) - exponent * 3 / 10 - 1
        }
        Format::BinarySi => -1,
    };
    power -= length(parts.fraction);
    if room < 0 || power < NANO {
        return None;
    }
    let written = [parts.whole, parts.fraction].concat();
    let value: i64 = written.parse().ok()?;
    let product = value.checked_mul(factor)?;
    let digits = Digits::Int(if parts.positive { product } else { -product });
    let keep = match format {
        Format::BinarySi => exponent % 10 == 0 && value & 7 != 0,
        Format::DecimalExponent | Format::DecimalSi => {
            power % 3 == 0 && !written.ends_with("000") && !written.starts_with('0')
        }
    };
    let power = i32::try_from(power).ok()?;
    Some((Quantity { digits, power, format }, keep))
}

/// The slow path with numbers of any length.
fn big(parts: &Parts<'_>, base: u32, exponent: i64, format: Format) -> Result<Quantity, String> {
    if !parts.some {
        return Err(WRONG_NUMBER.to_owned());
    }
    let places = i64::try_from(parts.fraction.len()).unwrap_or(i64::MAX);
    let mut digits = Big::parse(&[parts.whole, parts.fraction].concat()).ok_or(WRONG_NUMBER)?;
    let mut power = -places;
    if base == 10 {
        power += exponent;
    } else {
        for _ in 0..exponent / 10 {
            digits = digits.times(1024);
        }
    }
    let steps = u32::try_from(power.abs_diff(NANO)).unwrap_or(u32::MAX);
    if power < NANO {
        // Whoever wants something gets something: what is below one nano is rounded up to it.
        let (less, rest) = digits.shrunk(steps);
        digits = less.plus(&Big::from(i128::from(rest)));
        power = NANO;
    } else if steps <= MOST_PLACES {
        digits = digits.grown(steps);
        power = NANO;
    }
    let power = i32::try_from(power).unwrap_or(0);
    let mut found = Quantity { digits: Digits::Big(digits), power, format };
    let most = i128::from(i64::MAX);
    if format == Format::BinarySi && found > Quantity::from_units(most, format) {
        found = Quantity { digits: Digits::Big(most.into()), power: 0, format };
    }
    let one = Quantity::from_units(1, format);
    if format == Format::BinarySi && !found.is_zero() && found < one {
        found.format = Format::DecimalSi;
    }
    if let (Digits::Big(digits), false) = (&found.digits, parts.positive) {
        found.digits = Digits::Big(digits.clone().negated());
    }
    Ok(found)
}
