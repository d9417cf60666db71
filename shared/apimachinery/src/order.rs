//! Stable sorting whose code exists once: the standard library's sort is written out anew, four kilobytes
//! each, for every type and comparison, and the worker of the page is downloaded by everybody.

use std::cmp::Ordering;

/// Sorting in place; elements that compare equal keep their order.
pub trait Order<T> {
    /// Sorts by a comparison.
    fn order_by(&mut self, compare: impl FnMut(&T, &T) -> Ordering);

    /// Sorts by a key.
    fn order_by_key<K: Ord>(&mut self, mut key: impl FnMut(&T) -> K) {
        self.order_by(|one, other| key(one).cmp(&key(other)));
    }
}

impl<T> Order<T> for [T] {
    fn order_by(&mut self, mut compare: impl FnMut(&T, &T) -> Ordering) {
        let mut order =
            sorted(self.len(), &mut |one, other| match (self.get(one), self.get(other)) {
                (Some(one), Some(other)) => compare(one, other),
                (one, other) => one.is_some().cmp(&other.is_some()),
            });
        for (at, from) in swaps(&mut order) {
            self.swap(at, from);
        }
    }
}

/// The positions 0 to `length` in the order of what stands there.
#[inline(never)]
fn sorted(length: usize, compare: &mut dyn FnMut(usize, usize) -> Ordering) -> Vec<usize> {
    let mut order: Vec<usize> = (0..length).collect();
    order.sort_by(|one, other| compare(*one, *other));
    order
}

/// The swaps that bring to every position what `order` names for it: along each cycle.
#[inline(never)]
fn swaps(order: &mut [usize]) -> Vec<(usize, usize)> {
    let mut found = Vec::new();
    for start in 0..order.len() {
        let mut at = start;
        while let Some(place) = order.get_mut(at) {
            let from = std::mem::replace(place, at);
            if from == start || from == at {
                break;
            }
            found.push((at, from));
            at = from;
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_list_comes_out_as_the_standard_sort_leaves_it() {
        let mut state = 7_u32;
        for length in 0..200_usize {
            let list: Vec<(u32, usize)> = (0..length)
                .map(|index| {
                    state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                    (state >> 28, index)
                })
                .collect();
            let (mut ours, mut standard) = (list.clone(), list);
            ours.order_by_key(|(key, _)| *key);
            standard.sort_by_key(|(key, _)| *key);
            assert_eq!(ours, standard);
            ours.order_by(|one, other| other.cmp(one));
            standard.sort_by(|one, other| other.cmp(one));
            assert_eq!(ours, standard);
        }
    }
}
