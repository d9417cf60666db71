//! In which order the items of two lists stand when they become one
//! (`sigs.k8s.io/structured-merge-diff/typed/merge.go visitListItems`).

use super::set::Element;

/// An item of the result: where it stands in the live list, and in the applied one.
pub(super) type Pair = (Option<usize>, Option<usize>);

/// Applied items keep the order in which they were applied; live ones that were not applied stay where they
/// are among them.
pub(super) fn interleave(live: &[Element], applied: &[Element]) -> Vec<Pair> {
    let at = |list: &[Element], wanted: &Element| list.iter().position(|one| one == wanted);
    let mut shared = applied.iter().filter(|one| at(live, one).is_some());
    let mut next_shared = shared.next();
    let mut merged: Vec<&Element> = Vec::new();
    let mut found = Vec::with_capacity(live.len().max(applied.len()));
    let (mut from_live, mut from_applied) = (0, 0);
    loop {
        let (ours, theirs) = (live.get(from_live), applied.get(from_applied));
        match (ours, theirs) {
            (None, None) => return found,
            (Some(ours), Some(theirs)) if ours == theirs => {
                found.push((Some(from_live), Some(from_applied)));
                merged.push(ours);
                from_live += 1;
                from_applied += 1;
                next_shared = shared.next();
                continue;
            }
            // Shared, but another shared one comes first.
            (Some(ours), Some(_))
                if at(applied, ours).is_some() && next_shared.is_some_and(|next| next != ours) =>
            {
                from_live += 1;
                continue;
            }
            _ => {}
        }
        if let Some(ours) = ours {
            if at(applied, ours).is_none() {
                found.push((Some(from_live), None));
                from_live += 1;
                continue;
            }
            if merged.contains(&ours) {
                from_live += 1;
            }
        }
        if let Some(theirs) = theirs {
            found.push((at(live, theirs), Some(from_applied)));
            merged.push(theirs);
            from_applied += 1;
            if next_shared == Some(theirs) {
                next_shared = shared.next();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::interleave;
    use crate::apply::set::Element;

    fn together(live: &str, applied: &str) -> String {
        let keys = |text: &str| -> Vec<Element> {
            text.chars().map(|one| Element::Field(one.to_string())).collect()
        };
        let name = |list: &str, index: usize| list.chars().nth(index).unwrap_or('?');
        interleave(&keys(live), &keys(applied))
            .into_iter()
            .map(|(ours, theirs)| match (ours, theirs) {
                (Some(index), _) => name(live, index),
                (None, Some(index)) => name(applied, index),
                (None, None) => '?',
            })
            .collect()
    }

    #[test]
    fn applied_items_keep_their_order_and_live_ones_their_place() {
        for (live, applied, found) in [
            ("w", "sw", "sw"),
            ("abc", "cd", "abcd"),
            ("abc", "ca", "bca"),
            ("abc", "", "abc"),
            ("", "ab", "ab"),
            ("ab", "ba", "ba"),
            ("abcd", "dxb", "acdxb"),
        ] {
            assert_eq!(together(live, applied), found, "{live} with {applied}");
        }
    }
}
