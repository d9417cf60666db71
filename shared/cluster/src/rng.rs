//! Chance as an input: named child streams of one seed, so that a new consumer never shifts the others.

use rand_core::RngCore as _;
use rand_pcg::Pcg64Mcg;

/// A stream of pseudo-random numbers with a name of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stream(Pcg64Mcg);

impl Stream {
    /// The child stream `name` of `seed`. The same pair always gives the same numbers.
    pub fn new(seed: u64, name: &str) -> Self {
        let high = mix(seed ^ hash(name));
        let low = mix(high ^ seed.rotate_left(32));
        Self(Pcg64Mcg::new((u128::from(high) << 64) | u128::from(low)))
    }

    /// The next 64 bits.
    pub fn next(&mut self) -> u64 {
        self.0.next_u64()
    }

    /// A number below `bound`; 0 when `bound` is 0.
    pub fn below(&mut self, bound: u64) -> u64 {
        let wide = u128::from(self.next()) * u128::from(bound);
        u64::try_from(wide >> 64).unwrap_or_default()
    }

    /// The next 16 bytes, for example for a UUID.
    pub fn bytes16(&mut self) -> [u8; 16] {
        let mut bytes = [0; 16];
        self.0.fill_bytes(&mut bytes);
        bytes
    }

    /// `length` characters out of `alphabet`.
    pub fn letters(&mut self, alphabet: &str, length: usize) -> String {
        let letters: Vec<char> = alphabet.chars().collect();
        let bound = u64::try_from(letters.len()).unwrap_or_default();
        (0..length)
            .filter_map(|_| letters.get(usize::try_from(self.below(bound)).unwrap_or_default()))
            .collect()
    }
}

/// FNV-1a: names are short, and all that counts is that different names give different streams.
pub(crate) fn hash(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

/// The finaliser of splitmix64: neighbouring seeds give unrelated streams.
fn mix(value: u64) -> u64 {
    let value = value.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ (value >> 31)
}

#[cfg(test)]
mod tests {
    use super::Stream;

    #[test]
    fn streams_differ_by_name_and_repeat_by_seed() {
        let first: Vec<u64> = (0..4)
            .map({
                let mut s = Stream::new(1, "uid");
                move |_| s.next()
            })
            .collect();
        let again: Vec<u64> = (0..4)
            .map({
                let mut s = Stream::new(1, "uid");
                move |_| s.next()
            })
            .collect();
        let other: Vec<u64> = (0..4)
            .map({
                let mut s = Stream::new(1, "suffix");
                move |_| s.next()
            })
            .collect();
        assert_eq!(first, again);
        assert_ne!(first, other);
    }

    #[test]
    fn letters_come_from_the_alphabet() {
        let text = Stream::new(7, "suffix").letters("bcdf", 64);
        assert_eq!(text.len(), 64);
        assert!(text.chars().all(|letter| "bcdf".contains(letter)));
    }
}
