//! Amounts of resources, as `k8s.io/apimachinery/pkg/api/resource/quantity.go`: exact decimals with a
//! suffix, printed in a canonical form of the family they were written in.

mod big;
mod parse;

use std::cmp::Ordering;
use std::fmt;

use self::big::Big;

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

/// An amount: `digits * 10^power`.
#[derive(Debug, Clone)]
pub struct Quantity {
    digits: Digits,
    power: i32,
    format: Format,
}

/// Upstream calculates with 64 bits while it can (`int64Amount`) and goes over to big numbers (`inf.Dec`) when it
/// cannot; the two do not round alike.
#[derive(Debug, Clone)]
enum Digits {
    Int(i64),
    Big(Big),
}

impl Digits {
    fn of(value: i128) -> Self {
        i64::try_from(value).map_or_else(|_| Self::Big(value.into()), Self::Int)
    }

    fn big(&self) -> Big {
        match self {
            Self::Int(value) => i128::from(*value).into(),
            Self::Big(value) => value.clone(),
        }
    }
}

/// Upstream writes out all zeros of a number, which no memory holds when they are too many: here that is the end.
const MOST_PLACES: u32 = 100_000;

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
        Self { digits: Digits::of(units), power: 0, format }
    }

    /// Thousandths of a unit.
    pub fn from_milli(milli: i128) -> Self {
        Self { digits: Digits::of(milli), power: -3, format: Format::DecimalSi }
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
        match &self.digits {
            Digits::Int(digits) => scaled_int(*digits, by),
            Digits::Big(digits) => scaled_big(digits, by),
        }
        .into()
    }

    /// The sum, in the format of `self` (or of `other`, when `self` is zero).
    #[must_use]
    pub fn add(&self, other: &Self) -> Self {
        let format = if self.is_zero() { other.format } else { self.format };
        let small = match (&self.digits, &other.digits) {
            (Digits::Int(one), Digits::Int(more)) => {
                add_int((*one, self.power), (*more, other.power))
            }
            _ => None,
        };
        let (digits, power) = match small {
            Some((digits, power)) => (Digits::Int(digits), power),
            None => self.add_big(other),
        };
        Self { digits, power, format }
    }

    /// The difference.
    #[must_use]
    pub fn sub(&self, other: &Self) -> Self {
        let digits = match &other.digits {
            Digits::Int(digits) => Digits::Int(digits.wrapping_neg()),
            Digits::Big(digits) => Digits::Big(digits.clone().negated()),
        };
        self.add(&Self { digits, ..*other })
    }

    fn add_big(&self, other: &Self) -> (Digits, i32) {
        let least = self.power.min(other.power);
        let grown = |one: &Self| {
            let places = one.power.abs_diff(least);
            (places <= MOST_PLACES).then(|| one.digits.big().grown(places))
        };
        match (grown(self), grown(other)) {
            (Some(one), Some(more)) => (Digits::Big(one.plus(&more)), least),
            (None, _) if !self.is_zero() => (Digits::Big(self.digits.big()), self.power),
            _ => (Digits::Big(other.digits.big()), other.power),
        }
    }

    /// Whether it is zero.
    pub fn is_zero(&self) -> bool {
        self.sign() == 0
    }

    /// Whether it is below zero.
    pub fn is_negative(&self) -> bool {
        self.sign() < 0
    }

    /// -1, 0 or 1.
    pub fn sign(&self) -> i8 {
        match &self.digits {
            Digits::Int(digits) => match digits.cmp(&0) {
                Ordering::Less => -1,
                Ordering::Equal => 0,
                Ordering::Greater => 1,
            },
            Digits::Big(digits) => digits.sign(),
        }
    }

    /// The digits without zeros at their end.
    fn reduced(&self) -> (Big, i64) {
        let (digits, places) = self.digits.big().reduced();
        (digits, i64::from(self.power) + i64::from(places))
    }
}

/// `int64Amount.Add`; nothing when it overflows.
fn add_int((one, power): (i64, i32), (more, other_power): (i64, i32)) -> Option<(i64, i32)> {
    if more == 0 {
        return Some((one, power));
    }
    if one == 0 {
        return Some((more, other_power));
    }
    let least = power.min(other_power);
    let grown =
        |digits: i64, power: i32| digits.checked_mul(10_i64.checked_pow(power.abs_diff(least))?);
    Some((grown(one, power)?.checked_add(grown(more, other_power)?)?, least))
}

/// `amount.go AsScaledInt64`: rounds away from zero; of what overflows the low bits are left, or nothing.
fn scaled_int(digits: i64, by: i32) -> i64 {
    let steps = by.unsigned_abs();
    if by < 0 {
        return match 10_i64.checked_pow(steps) {
            Some(unit) => digits / unit + (digits % unit).signum(),
            None => digits.signum(),
        };
    }
    let exact = 10_i64.checked_pow(steps).and_then(|unit| digits.checked_mul(unit));
    match (exact, by) {
        (Some(found), _) => found,
        // One multiplication, whose result is returned as it is (`positiveScaleInt64`).
        (None, 1 | 2 | 3 | 6 | 9) if digits != i64::MIN => {
            digits.wrapping_mul(10_i64.wrapping_pow(steps))
        }
        _ => 0,
    }
}

/// `scale_int.go scaledValue`, which rounds up what is below zero, too.
fn scaled_big(digits: &Big, by: i32) -> i64 {
    let steps = by.unsigned_abs();
    if by >= 0 {
        // `int64(math.Pow10(n))` of what does not fit.
        let factor = 10_i64.checked_pow(steps).unwrap_or(i64::MIN);
        return digits.low_bits().wrapping_mul(factor);
    }
    // Upstream asks only whether it is too large, and takes what is far below zero for a small number, too.
    let small = *digits < Big::from(i128::from(i64::MAX));
    if let Some(unit) = 10_i64.checked_pow(steps).filter(|_| small) {
        let low = digits.low_bits();
        return (low / unit).wrapping_add(i64::from(low % unit != 0));
    }
    let (quotient, rest) = digits.clone().shrunk(steps);
    // The quotient goes down, and then one up.
    let up = i64::from(rest && digits.sign() > 0);
    quotient.low_bits().wrapping_add(up)
}

impl fmt::Display for Quantity {
    /// `CanonicalizeBytes`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_zero() {
            return f.write_str("0");
        }
        let (digits, power) = self.reduced();
        let whole = u32::try_from(power).ok().filter(|places| *places <= MOST_PLACES);
        if self.format == Format::BinarySi
            && let Some(units) = whole.map(|places| digits.clone().grown(places))
            && units.clone().divided(1024).0.sign() != 0
        {
            return binary(units, f);
        }
        let down = u32::try_from(power.rem_euclid(3)).unwrap_or(0);
        let (digits, power) = (digits.grown(down), power - i64::from(down));
        if self.format == Format::DecimalExponent && power != 0 {
            return write!(f, "{digits}e{power}");
        }
        // Where there is no suffix upstream writes none.
        let known = DECIMAL.iter().find(|(_, found)| i64::from(*found) == power);
        write!(f, "{digits}{}", known.map_or("", |(name, _)| name))
    }
}

/// As many units as there are, in the largest suffix that divides them.
fn binary(mut units: Big, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let mut suffix = "";
    for (name, _) in BINARY {
        let (less, rest) = units.clone().divided(1024);
        if rest != 0 {
            break;
        }
        (units, suffix) = (less, name);
    }
    write!(f, "{units}{suffix}")
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
        if signs.is_ne() || self.is_zero() {
            return signs;
        }
        if let (Digits::Int(one), Digits::Int(more)) = (&self.digits, &other.digits)
            && self.power == other.power
        {
            return one.cmp(more);
        }
        let ((ours, power), (theirs, other_power)) = (self.reduced(), other.reduced());
        let length = |digits: &Big, power: i64| {
            i64::try_from(digits.length()).unwrap_or(i64::MAX).saturating_add(power)
        };
        let order = length(&ours, power).cmp(&length(&theirs, other_power));
        let order = if self.is_negative() { order.reverse() } else { order };
        order.then_with(|| {
            // Of the same length they differ in their powers by no more than they have digits.
            let least = power.min(other_power);
            let places = |power: i64| u32::try_from(power - least).unwrap_or(0);
            ours.grown(places(power)).cmp(&theirs.grown(places(other_power)))
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
        let most = "-99999999999999999999999999999999999999";
        assert_eq!(sum(most, "-1n"), "-99999999999999999999999999999999999999000000001n");
        assert_eq!(sum("7e90", "-7"), format!("6{}3", "9".repeat(89)));
        assert_eq!(
            sum("1Ki", "1e60"),
            "976562500000000000000000000000000000000000000000000000001Ki"
        );
        // Nobody has the memory for all zeros of this.
        assert_eq!(sum("1e0", "1e2000000001"), "1e2000000001");
    }
}
