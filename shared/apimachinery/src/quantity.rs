//! Amounts of resources, as `k8s.io/apimachinery/pkg/api/resource/quantity.go`: exact decimals with a
//! suffix, printed in a canonical form of the family they were written in.

use std::cmp::Ordering;
use std::fmt;

/// How a quantity is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// `Ki`, `Mi`, …
    BinarySi,
    /// `m`, none, `k`, `M`, …
    DecimalSi,
    /// `e3`, `e6`, …
    DecimalExponent,
}

/// An amount. Kept in nano units, the finest that upstream keeps; `i128` holds far more than `int64`.
#[derive(Debug, Clone, Copy)]
pub struct Quantity {
    nanos: i128,
    format: Format,
}

const NANO: i128 = 1_000_000_000;
const BINARY: [(&str, u32); 6] =
    [("Ki", 10), ("Mi", 20), ("Gi", 30), ("Ti", 40), ("Pi", 50), ("Ei", 60)];
const DECIMAL: [(&str, i32); 9] =
    [("n", -9), ("u", -6), ("m", -3), ("", 0), ("k", 3), ("M", 6), ("G", 9), ("T", 12), ("P", 15)];
/// Go's text for a string that is no quantity.
const NOT_A_QUANTITY: &str =
    "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'";

impl Quantity {
    /// A whole number of units.
    pub fn from_units(units: i128, format: Format) -> Self {
        Self { nanos: units.saturating_mul(NANO), format }
    }

    /// Thousandths of a unit.
    pub fn from_milli(milli: i128) -> Self {
        Self { nanos: milli.saturating_mul(1_000_000), format: Format::DecimalSi }
    }

    /// Reads a quantity; the error is Go's.
    pub fn parse(text: &str) -> Result<Self, String> {
        if text.is_empty() {
            return Err("cannot parse 0-length quantity".to_owned());
        }
        read(text).ok_or_else(|| NOT_A_QUANTITY.to_owned())
    }

    /// Units, rounded up.
    pub fn value(&self) -> i128 {
        ceil(self.nanos, NANO)
    }

    /// Thousandths, rounded up.
    pub fn milli_value(&self) -> i128 {
        ceil(self.nanos, 1_000_000)
    }

    /// The sum, in the format of `self` (or of `other`, when `self` is zero).
    #[must_use]
    pub fn add(&self, other: &Self) -> Self {
        let format = if self.nanos == 0 { other.format } else { self.format };
        Self { nanos: self.nanos.saturating_add(other.nanos), format }
    }

    /// The difference.
    #[must_use]
    pub fn sub(&self, other: &Self) -> Self {
        let format = if self.nanos == 0 { other.format } else { self.format };
        Self { nanos: self.nanos.saturating_sub(other.nanos), format }
    }

    /// Whether it is zero.
    pub fn is_zero(&self) -> bool {
        self.nanos == 0
    }

    /// Whether it is below zero.
    pub fn is_negative(&self) -> bool {
        self.nanos < 0
    }
}

fn ceil(value: i128, unit: i128) -> i128 {
    // Away from zero, as upstream's `ScaledValue` rounds.
    let (quotient, rest) = (value / unit, value % unit);
    match rest.cmp(&0) {
        Ordering::Greater => quotient + 1,
        Ordering::Less => quotient - 1,
        Ordering::Equal => quotient,
    }
}

fn read(text: &str) -> Option<Quantity> {
    let (negative, rest) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let end = rest.find(|c: char| !(c.is_ascii_digit() || c == '.')).unwrap_or(rest.len());
    let (number, suffix) = rest.split_at_checked(end)?;
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    if (whole.is_empty() && fraction.is_empty()) || fraction.contains('.') {
        return None;
    }
    let (scale, format) = scale_of(suffix)?;
    let digits: i128 = format!("0{whole}{fraction}").parse().ok()?;
    let nanos = scaled(digits, i32::try_from(fraction.len()).ok()?, scale)?;
    Some(Quantity { nanos: if negative { -nanos } else { nanos }, format })
}

enum Scale {
    Binary(u32),
    Decimal(i32),
}

fn scale_of(suffix: &str) -> Option<(Scale, Format)> {
    if let Some((_, bits)) = BINARY.iter().find(|(name, _)| *name == suffix) {
        return Some((Scale::Binary(*bits), Format::BinarySi));
    }
    if let Some((_, power)) = DECIMAL.iter().find(|(name, _)| *name == suffix) {
        return Some((Scale::Decimal(*power), Format::DecimalSi));
    }
    if suffix == "E" {
        return Some((Scale::Decimal(18), Format::DecimalSi));
    }
    let exponent = suffix.strip_prefix(['e', 'E'])?;
    Some((Scale::Decimal(exponent.parse().ok()?), Format::DecimalExponent))
}

/// `digits * 10^-places * scale` in nano units, rounded up as upstream does below one nano.
fn scaled(digits: i128, places: i32, scale: Scale) -> Option<i128> {
    let (factor, power) = match scale {
        Scale::Binary(bits) => (1_i128.checked_shl(bits)?, 9 - places),
        Scale::Decimal(power) => (1, 9 + power - places),
    };
    let value = digits.checked_mul(factor)?;
    if power >= 0 {
        value.checked_mul(10_i128.checked_pow(u32::try_from(power).ok()?)?)
    } else {
        let unit = 10_i128.checked_pow(power.unsigned_abs()).unwrap_or(i128::MAX);
        Some(ceil(value, unit))
    }
}

impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.nanos < 0 { "-" } else { "" };
        let nanos = self.nanos.abs();
        // Upstream prints binary quantities below 1024 units, and fractions, in decimal.
        let binary = self.format == Format::BinarySi && nanos % NANO == 0 && nanos / NANO >= 1024;
        if binary {
            let mut units = nanos / NANO;
            let mut suffix = "";
            for (name, _) in BINARY {
                if units % 1024 != 0 {
                    break;
                }
                units /= 1024;
                suffix = name;
            }
            return write!(f, "{sign}{units}{suffix}");
        }
        let (mut value, mut power) = (nanos, -9);
        while power < 18 && value != 0 && value % 1000 == 0 {
            value /= 1000;
            power += 3;
        }
        if value == 0 {
            return f.write_str("0");
        }
        if self.format == Format::DecimalExponent && power != 0 {
            return write!(f, "{sign}{value}e{power}");
        }
        let suffix =
            DECIMAL.iter().find(|(_, found)| *found == power).map_or("E", |(name, _)| name);
        write!(f, "{sign}{value}{suffix}")
    }
}

impl PartialEq for Quantity {
    fn eq(&self, other: &Self) -> bool {
        self.nanos == other.nanos
    }
}

impl Eq for Quantity {}

impl PartialOrd for Quantity {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Quantity {
    fn cmp(&self, other: &Self) -> Ordering {
        self.nanos.cmp(&other.nanos)
    }
}
