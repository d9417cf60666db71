//! How an update went: the pods of each version whenever they changed.

use diagram::rollout::Rollout;

/// How many changes are kept.
const KEPT: usize = 80;

/// A moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Moment {
    /// The cluster's time in milliseconds.
    pub at_millis: i64,
    /// Revisions with their pods and how many of them were available, the oldest first.
    pub versions: Vec<(i64, i64, i64)>,
    /// Between which numbers of pods an update moved then.
    pub bounds: (i64, i64),
}

impl Moment {
    /// All pods.
    pub(crate) fn pods(&self) -> i64 {
        self.versions.iter().map(|(_, pods, _)| pods).sum()
    }

    /// Whether fewer pods were available than an update leaves, or there were more than it makes.
    pub(crate) fn is_outside(&self) -> bool {
        let available: i64 = self.versions.iter().map(|(.., available)| available).sum();
        available < self.bounds.0 || self.pods() > self.bounds.1
    }
}

/// The moments, the oldest first.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Timeline {
    moments: Vec<Moment>,
}

impl Timeline {
    /// Takes notice of how it is now. When the clock went back, what came after is forgotten.
    pub(crate) fn see(&mut self, at_millis: i64, now: &Rollout) {
        self.moments.retain(|moment| moment.at_millis <= at_millis);
        let mut versions: Vec<_> =
            now.versions.iter().map(|one| (one.revision, one.pods, one.available)).collect();
        versions.reverse();
        let bounds = (now.least, now.most);
        let same = |last: &Moment| last.versions == versions && last.bounds == bounds;
        if self.moments.last().is_some_and(same) {
            return;
        }
        self.moments.push(Moment { at_millis, versions, bounds });
        let extra = self.moments.len().saturating_sub(KEPT);
        self.moments.drain(..extra);
    }

    /// The moments, the oldest first.
    pub(crate) fn moments(&self) -> &[Moment] {
        &self.moments
    }

    /// The most pods that there were or could have been.
    pub(crate) fn tallest(&self) -> i64 {
        self.moments.iter().map(|one| one.pods().max(one.bounds.1)).max().unwrap_or_default().max(1)
    }
}

#[cfg(test)]
mod tests {
    use diagram::rollout::Version;

    use super::*;

    fn rollout(pods: &[(i64, i64)]) -> Rollout {
        let version = |(revision, pods): &(i64, i64)| Version {
            revision: *revision,
            images: Vec::new(),
            pods: *pods,
            available: *pods,
        };
        let versions = pods.iter().map(version).collect();
        Rollout { wanted: 2, least: 1, most: 3, available: 2, total: 2, versions }
    }

    #[test]
    fn only_changes_are_kept_and_a_reset_forgets_what_came_after() {
        let mut line = Timeline::default();
        line.see(1, &rollout(&[(1, 2)]));
        line.see(2, &rollout(&[(1, 2)]));
        line.see(3, &rollout(&[(2, 1), (1, 2)]));
        let seen: Vec<_> = line.moments().iter().map(|one| one.at_millis).collect();
        assert_eq!(seen, [1, 3]);
        assert_eq!(line.moments().last().unwrap().versions, [(1, 2, 2), (2, 1, 1)]);
        assert_eq!(line.tallest(), 3);
        assert!(!line.moments().last().unwrap().is_outside());
        line.see(2, &rollout(&[(1, 0)]));
        assert!(line.moments().last().unwrap().is_outside(), "one stays available");
        line.see(2, &rollout(&[(1, 1)]));
        let seen: Vec<_> = line.moments().iter().map(|one| one.at_millis).collect();
        assert_eq!(seen, [1, 2, 2]);
    }

    #[test]
    fn old_changes_make_room() {
        let mut line = Timeline::default();
        for at in 0..200 {
            line.see(at, &rollout(&[(1, at)]));
        }
        assert_eq!(line.moments().len(), KEPT);
        assert_eq!(line.moments().last().unwrap().at_millis, 199);
    }
}
