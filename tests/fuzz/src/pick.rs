//! Chance in the words of the generators.

use cluster::rng::Stream;

/// What generators ask of a stream.
pub(crate) trait Pick {
    /// A number below `bound`.
    fn upto(&mut self, bound: usize) -> usize;

    /// True once in `times`.
    fn once_in(&mut self, times: usize) -> bool {
        self.upto(times) == 0
    }

    /// One of several.
    fn one<'a, T: ?Sized>(&mut self, from: &[&'a T]) -> &'a T;

    /// Up to `most` words, one after the other.
    fn words(&mut self, from: &[&str], most: usize) -> String {
        (0..=self.upto(most)).map(|_| self.one(from)).collect()
    }
}

impl Pick for Stream {
    fn upto(&mut self, bound: usize) -> usize {
        let bound = u64::try_from(bound).unwrap_or_default();
        usize::try_from(self.below(bound)).unwrap_or_default()
    }

    #[expect(clippy::expect_used, reason = "the lists of generators are not empty")]
    fn one<'a, T: ?Sized>(&mut self, from: &[&'a T]) -> &'a T {
        from.get(self.upto(from.len())).expect("a list with something in it")
    }
}
