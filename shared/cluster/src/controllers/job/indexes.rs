//! Sets of completion indexes as the API writes them: `0-2,5` (`pkg/controller/job/indexed_job_utils.go`).

use std::collections::BTreeSet;
use std::fmt;

/// A set of indexes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Indexes(BTreeSet<i64>);

impl Indexes {
    pub(super) fn parse(text: &str) -> Self {
        let range = |part: &str| {
            let (first, last) = part.split_once('-').unwrap_or((part, part));
            Some(first.trim().parse::<i64>().ok()?..=last.trim().parse::<i64>().ok()?)
        };
        Self(text.split(',').filter_map(range).flatten().collect())
    }

    pub(super) fn extend(&mut self, more: impl Iterator<Item = i64>) {
        self.0.extend(more);
    }

    pub(super) fn contains(&self, index: i64) -> bool {
        self.0.contains(&index)
    }

    pub(super) fn count(&self) -> i64 {
        super::count(self.0.len())
    }

    /// How many of `others` are in this set too.
    pub(super) fn common(&self, others: &Self) -> i64 {
        super::count(self.0.intersection(&others.0).count())
    }
}

impl fmt::Display for Indexes {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut runs: Vec<(i64, i64)> = Vec::new();
        for index in &self.0 {
            match runs.last_mut() {
                Some((_, last)) if *last + 1 == *index => *last = *index,
                _ => runs.push((*index, *index)),
            }
        }
        let parts: Vec<String> = runs
            .iter()
            .map(|(first, last)| match last - first {
                0 => first.to_string(),
                1 => format!("{first},{last}"),
                _ => format!("{first}-{last}"),
            })
            .collect();
        formatter.write_str(&parts.join(","))
    }
}

#[cfg(test)]
mod tests {
    use super::Indexes;

    #[test]
    fn indexes_are_written_as_they_are_read() {
        let both = |text: &str| Indexes::parse(text).to_string();
        assert_eq!(both("0-2,5,7,8"), "0-2,5,7,8");
        assert_eq!(both("1,2,3"), "1-3");
        assert_eq!(both(""), "");
    }
}
