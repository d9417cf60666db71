//! Amounts of resources, as `k8s.io/apimachinery/pkg/api/resource/quantity.go`: exact decimals with a
//! suffix, printed in a canonical form of the family they were written in.

mod parse;

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

/// An amount: `digits * 10^power`, of up to 38 digits.
#[derive(Debug, Clone, Copy)]
pub struct Quantity {
    digits: i128,
    power: i32,
    /// Upstream calculates with 64 bits while it can (`int64Amount`) and goes over to big numbers (`inf.Dec`) when it
    /// cannot; the two do not round alike.
    big: bool,
    format: Format,
}

const BINARY: [(&str, u32); 6] =
    [("Ki", 10), ("Mi", 20), ("Gi", 30), ("Ti", 40), ("Pi", 50), ("Ei", 60)];
const DECIMAL: [(&str, i32); 10] = [
    ("n", -9),
    ("u", -6),
    ("m", -3),
    ("", 0),
    ("k", 3),
    ("M", 6),
    ("G", 9),
    ("T", 12),
    ("P", 15),
    ("E", 18),
];

impl Quantity {
    /// A whole number of units.
    pub fn from_units(units: i128, format: Format) -> Self {
        Self { digits: units, power: 0, big: i64::try_from(units).is_err(), format }
    }

    /// Thousandths of a unit.
    pub fn from_milli(milli: i128) -> Self {
        let big = i64::try_from(milli).is_err();
        Self { digits: milli, power: -3, big, format: Format::DecimalSi }
    }

    /// Reads a quantity; the error is Go's.
    pub fn parse(text: &str) -> Result<Self, String> {
        parse::read(text).map(|(found, _)| found)
    }

    /// The text that upstream writes for what somebody wrote. What it takes for canonical it leaves as it is.
    pub fn canonical(text: &str) -> Result<String, String> {
        parse::read(text)
            .map(|(found, keep)| if keep { text.to_owned() } else { found.to_string() })
    }

    /// Units, rounded up.
    pub fn value(&self) -> i128 {
        self.scaled(0)
    }

    /// Thousandths, rounded up.
    pub fn milli_value(&self) -> i128 {
        self.scaled(-3)
    }

    /// `ScaledValue`: what does not fit into 64 bits overflows as upstream's does.
    fn scaled(&self, power: i32) -> i128 {
        let by = self.power.saturating_sub(power);
        if self.big { scaled_big(self.digits, by).into() } else { scaled_int(self.digits, by) }
    }

    /// The sum, in the format of `self` (or of `other`, when `self` is zero).
    #[must_use]
    pub fn add(&self, other: &Self) -> Self {
        let format = if self.digits == 0 { other.format } else { self.format };
        let small = if self.big || other.big { None } else { self.add_int(other) };
        let (digits, power, big) = match small {
            Some((digits, power)) => (digits, power, false),
            None => self.add_big(other),
        };
        Self { digits, power, big, format }
    }

    /// The difference.
    #[must_use]
    pub fn sub(&self, other: &Self) -> Self {
        self.add(&Self { digits: other.digits.saturating_neg(), ..*other })
    }

    /// `int64Amount.Add`; nothing when it overflows.
    fn add_int(&self, other: &Self) -> Option<(i128, i32)> {
        if other.digits == 0 {
            return Some((self.digits, self.power));
        }
        if self.digits == 0 {
            return Some((other.digits, other.power));
        }
        let power = self.power.min(other.power);
        let grown = |one: &Self| {
            let by = 10_i128.checked_pow(one.power.abs_diff(power))?;
            one.digits.checked_mul(by).filter(|digits| i64::try_from(*digits).is_ok())
        };
        let sum = grown(self)? + grown(other)?;
        i64::try_from(sum).is_ok().then_some((sum, power))
    }

    fn add_big(&self, other: &Self) -> (i128, i32, bool) {
        let power = self.power.min(other.power);
        let grown = |one: &Self| {
            let by = 10_i128.checked_pow(one.power.abs_diff(power)).unwrap_or(i128::MAX);
            one.digits.saturating_mul(by)
        };
        (grown(self).saturating_add(grown(other)), power, true)
    }

    /// Whether it is zero.
    pub fn is_zero(&self) -> bool {
        self.digits == 0
    }

    /// Whether it is below zero.
    pub fn is_negative(&self) -> bool {
        self.digits < 0
    }

    /// -1, 0 or 1.
    pub fn sign(&self) -> i8 {
        match self.digits.cmp(&0) {
            Ordering::Less => -1,
            Ordering::Equal => 0,
            Ordering::Greater => 1,
        }
    }

    /// The digits without zeros at their end.
    fn reduced(&self) -> (i128, i32) {
        let (mut digits, mut power) = (self.digits, self.power);
        while digits != 0 && digits % 10 == 0 {
            digits /= 10;
            power += 1;
        }
        (digits, power)
    }

    /// The units, when it is a whole number of them.
    fn whole(&self) -> Option<i128> {
        let (digits, power) = self.reduced();
        let power = u32::try_from(power)
            .ok()
            .filter(|_| digits != 0)
            .or_else(|| (digits == 0).then_some(0))?;
        digits.checked_mul(10_i128.checked_pow(power)?)
    }
}

/// `amount.go AsScaledInt64`: rounds away from zero; of what overflows the low bits are left, or nothing.
fn scaled_int(digits: i128, by: i32) -> i128 {
    let steps = by.unsigned_abs();
    if by < 0 {
        let unit = 10_i128.checked_pow(steps).unwrap_or(i128::MAX);
        let rest = digits % unit;
        return digits / unit + rest.signum();
    }
    let exact = 10_i128.checked_pow(steps).and_then(|unit| digits.checked_mul(unit));
    match (exact, by) {
        (Some(found), _) if i64::try_from(found).is_ok() => found,
        // One multiplication, whose result is returned as it is (`positiveScaleInt64`).
        (Some(found), 1 | 2 | 3 | 6 | 9) if digits != i128::from(i64::MIN) => {
            low_bits(found).into()
        }
        _ => 0,
    }
}

/// `scale_int.go scaledValue`, which rounds up what is below zero, too.
fn scaled_big(digits: i128, by: i32) -> i64 {
    let steps = by.unsigned_abs();
    if by >= 0 {
        // `int64(math.Pow10(n))` of what does not fit.
        let factor = 10_i64.checked_pow(steps).unwrap_or(i64::MIN);
        return low_bits(digits).wrapping_mul(factor);
    }
    let unit = 10_i128.checked_pow(steps).unwrap_or(i128::MAX);
    // Upstream asks only whether it is too large, and takes what is far below zero for a small number, too.
    let (quotient, rest) = if digits < i64::MAX.into() && steps < 19 {
        let low = i128::from(low_bits(digits));
        (low / unit, low % unit)
    } else {
        (digits.div_euclid(unit), digits.rem_euclid(unit))
    };
    low_bits(quotient).wrapping_add(i64::from(rest != 0))
}

#[expect(clippy::cast_possible_truncation, reason = "upstream keeps the low bits")]
const fn low_bits(value: i128) -> i64 {
    value as i64
}

impl fmt::Display for Quantity {
    /// `CanonicalizeBytes`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.digits == 0 {
            return f.write_str("0");
        }
        if self.format == Format::BinarySi
            && let Some(units) = self.whole().filter(|units| units.unsigned_abs() >= 1024)
        {
            let (mut units, mut suffix) = (units, "");
            for (name, _) in BINARY {
                if units % 1024 != 0 {
                    break;
                }
                units /= 1024;
                suffix = name;
            }
            return write!(f, "{units}{suffix}");
        }
        let (mut digits, mut power) = self.reduced();
        while power % 3 != 0 {
            digits = digits.saturating_mul(10);
            power -= 1;
        }
        if self.format == Format::DecimalExponent && power != 0 {
            return write!(f, "{digits}e{power}");
        }
        // Where there is no suffix upstream writes none.
        let suffix = DECIMAL.iter().find(|(_, found)| *found == power).map_or("", |(name, _)| name);
        write!(f, "{digits}{suffix}")
    }
}

impl PartialEq for Quantity {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
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
        let signs = self.sign().cmp(&other.sign());
        if signs.is_ne() || self.digits == 0 {
            return signs;
        }
        let ((ours, power), (theirs, other_power)) = (self.reduced(), other.reduced());
        let length = |digits: i128| i64::from(digits.unsigned_abs().ilog10());
        let (long, other_long) =
            (length(ours) + i64::from(power), length(theirs) + i64::from(other_power));
        // Of the same length they differ in their powers by no more than an `i128` has digits.
        let grown = |digits: i128, by: u32| digits.saturating_mul(10_i128.saturating_pow(by));
        let order = long.cmp(&other_long);
        let order = if self.digits < 0 { order.reverse() } else { order };
        order.then_with(|| {
            let least = power.min(other_power);
            grown(ours, power.abs_diff(least)).cmp(&grown(theirs, other_power.abs_diff(least)))
        })
    }
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::Quantity;

    /// Each of them was wrong once.
    #[test]
    fn quantities_are_what_go_makes_of_them() {
        let mut said = String::new();
        for text in [
            "",
            "1.500",
            "01Ki",
            "m",
            ".",
            "e-10",
            "-",
            "1000E",
            "8Ei",
            "0.5Ki",
            "0.0000000001",
            "1e",
            "1e21",
            "1 ",
            "-5Ei",
            "-1.5000000000000000000",
            "1500m",
            "12e6",
            "1024Mi",
            "1025",
            "100000000000000000000",
        ] {
            let found = Quantity::canonical(text).and_then(|canonical| {
                let found = Quantity::parse(text)?;
                Ok(format!("{canonical} = {} = {}m", found.value(), found.milli_value()))
            });
            said.extend([text, " -> ", &found.unwrap_or_else(|error| error), "\n"]);
        }
        expect![[r"
             -> quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'
            1.500 -> 1.500 = 2 = 1500m
            01Ki -> 01Ki = 1024 = 1024000m
            m -> 0 = 0 = 0m
            . -> 0 = 0 = 0m
            e-10 -> unable to parse numeric part of quantity
            - -> 0 = 0 = 0m
            1000E -> 1 = 0 = 0m
            8Ei -> 9223372036854775807 = 9223372036854775807 = -1000m
            0.5Ki -> 512 = 512 = 512000m
            0.0000000001 -> 1n = 1 = 1m
            1e -> unable to parse quantity's suffix
            1e21 -> 1e21 = 0 = 0m
            1  -> quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'
            -5Ei -> -5Ei = 0 = 0m
            -1.5000000000000000000 -> -1500m = 0 = -1500m
            1500m -> 1500m = 2 = 1500m
            12e6 -> 12e6 = 12000000 = 12000000000m
            1024Mi -> 1Gi = 1073741824 = 1073741824000m
            1025 -> 1025 = 1025 = 1025000m
            100000000000000000000 -> 100E = 7766279631452241920 = 200376420520689664m
        "]].assert_eq(&said);
    }

    #[test]
    fn sums_keep_the_format_of_what_was_there_first() {
        let sum = |one: &str, other: &str| {
            let one = Quantity::parse(one).expect("a quantity");
            one.add(&Quantity::parse(other).expect("a quantity")).to_string()
        };
        assert_eq!(sum("1Gi", "1G"), "2073741824");
        assert_eq!(sum("0", "1Ki"), "1Ki");
        assert_eq!(sum("9223372036854775807", "1"), "9223372036854775808");
        assert_eq!(sum("1n", "1E"), "1000000000000000000000000001n");
        // What has too many digits for us is not right, but nothing breaks.
        let most = "-99999999999999999999999999999999999999";
        assert_eq!(sum(most, "-1n"), "-170141183460469231731687303715884105728n");
    }
}
