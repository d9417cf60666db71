//! Whole numbers of any length, for the few amounts that 64 bits do not hold: what `math/big` is to `inf.Dec`.
//! A library of long numbers would do, with much that nothing here needs and everybody who opens the page would download.

use std::cmp::Ordering;
use std::fmt;

/// Digits of a limb.
const PLACES: u32 = 9;
const LIMB: u64 = 1_000_000_000;

/// A sign and limbs of nine decimal digits, the lowest first; the last one is not zero.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Big {
    negative: bool,
    limbs: Vec<u32>,
}

impl Big {
    /// Of nothing but digits.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let mut found = Self::default();
        for chunk in text.as_bytes().rchunks(9) {
            found.limbs.push(std::str::from_utf8(chunk).ok()?.parse().ok()?);
        }
        Some(found.trimmed())
    }

    fn trimmed(mut self) -> Self {
        while self.limbs.last() == Some(&0) {
            self.limbs.pop();
        }
        self.negative &= !self.limbs.is_empty();
        self
    }

    pub(super) fn sign(&self) -> i8 {
        match (self.limbs.is_empty(), self.negative) {
            (true, _) => 0,
            (false, true) => -1,
            (false, false) => 1,
        }
    }

    pub(super) fn negated(mut self) -> Self {
        self.negative = !self.negative && !self.limbs.is_empty();
        self
    }

    /// How many digits it has.
    pub(super) fn length(&self) -> usize {
        let last =
            self.limbs.last().and_then(|last| last.checked_ilog10()).map_or(0, |most| most + 1);
        let whole = self.limbs.len().saturating_sub(1) * 9;
        usize::try_from(last).map_or(whole, |last| whole + last)
    }

    /// Times a small number.
    pub(super) fn times(mut self, factor: u32) -> Self {
        let mut carry = 0;
        for limb in &mut self.limbs {
            let product = u64::from(*limb) * u64::from(factor) + carry;
            *limb = low(product % LIMB);
            carry = product / LIMB;
        }
        if carry > 0 {
            self.limbs.push(low(carry));
        }
        self.trimmed()
    }

    /// Divided by a small number, towards zero, and what is left of it.
    pub(super) fn divided(mut self, by: u32) -> (Self, u32) {
        let mut rest = 0;
        for limb in self.limbs.iter_mut().rev() {
            let found = rest * LIMB + u64::from(*limb);
            *limb = low(found / u64::from(by));
            rest = found % u64::from(by);
        }
        (self.trimmed(), low(rest))
    }

    /// Times a power of ten.
    pub(super) fn grown(mut self, places: u32) -> Self {
        if !self.limbs.is_empty() {
            let zeros = usize::try_from(places / PLACES).unwrap_or(0);
            self.limbs.splice(0..0, std::iter::repeat_n(0, zeros));
        }
        self.times(10_u32.pow(places % PLACES))
    }

    /// Divided by a power of ten, towards zero, and whether something was left.
    pub(super) fn shrunk(mut self, places: u32) -> (Self, bool) {
        let whole = usize::try_from(places / PLACES).unwrap_or(usize::MAX).min(self.limbs.len());
        let some = self.limbs.drain(..whole).any(|limb| limb != 0);
        let (found, rest) = self.divided(10_u32.pow(places % PLACES));
        (found, some || rest != 0)
    }

    /// Without the zeros at its end, and how many they were.
    pub(super) fn reduced(mut self) -> (Self, u32) {
        let zeros = self.limbs.iter().take_while(|limb| **limb == 0).count();
        self.limbs.drain(..zeros);
        let mut places = u32::try_from(zeros).unwrap_or(0) * PLACES;
        while self.limbs.first().is_some_and(|first| first % 10 == 0) {
            self = self.divided(10).0;
            places += 1;
        }
        (self, places)
    }

    /// The low 64 bits, as `Int64` has them.
    pub(super) fn low_bits(&self) -> i64 {
        let all = self.limbs.iter().rev();
        let found = all.fold(0_i64, |found, limb| {
            found.wrapping_mul(1_000_000_000).wrapping_add(i64::from(*limb))
        });
        if self.negative { found.wrapping_neg() } else { found }
    }

    pub(super) fn plus(self, other: &Self) -> Self {
        if self.negative == other.negative {
            return self.together(other);
        }
        match self.beside(other) {
            Ordering::Less => other.clone().without(&self),
            Ordering::Equal | Ordering::Greater => self.without(other),
        }
    }

    fn together(mut self, other: &Self) -> Self {
        let mut carry = 0;
        self.limbs.resize(self.limbs.len().max(other.limbs.len()) + 1, 0);
        for (limb, more) in
            self.limbs.iter_mut().zip(other.limbs.iter().chain(std::iter::repeat(&0)))
        {
            let sum = u64::from(*limb) + u64::from(*more) + carry;
            *limb = low(sum % LIMB);
            carry = sum / LIMB;
        }
        self.trimmed()
    }

    /// Less one that is no larger.
    fn without(mut self, other: &Self) -> Self {
        let mut borrowed = 0;
        for (limb, less) in
            self.limbs.iter_mut().zip(other.limbs.iter().chain(std::iter::repeat(&0)))
        {
            let found = LIMB + u64::from(*limb) - u64::from(*less) - borrowed;
            *limb = low(found % LIMB);
            borrowed = u64::from(found < LIMB);
        }
        self.trimmed()
    }

    /// How the two compare without their signs.
    fn beside(&self, other: &Self) -> Ordering {
        let long = self.limbs.len().cmp(&other.limbs.len());
        long.then_with(|| self.limbs.iter().rev().cmp(other.limbs.iter().rev()))
    }
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "a limb, or what is left of a division by less"
)]
const fn low(value: u64) -> u32 {
    value as u32
}

impl From<i128> for Big {
    fn from(value: i128) -> Self {
        let mut left = value.unsigned_abs();
        let mut limbs = Vec::new();
        while left != 0 {
            limbs.push(u32::try_from(left % u128::from(LIMB)).unwrap_or(0));
            left /= u128::from(LIMB);
        }
        Self { negative: value < 0, limbs }
    }
}

impl Ord for Big {
    fn cmp(&self, other: &Self) -> Ordering {
        self.sign().cmp(&other.sign()).then_with(|| {
            let order = self.beside(other);
            if self.negative { order.reverse() } else { order }
        })
    }
}

impl PartialOrd for Big {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Display for Big {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.negative {
            f.write_str("-")?;
        }
        let mut limbs = self.limbs.iter().rev();
        write!(f, "{}", limbs.next().unwrap_or(&0))?;
        for limb in limbs {
            write!(f, "{limb:09}")?;
        }
        Ok(())
    }
}
