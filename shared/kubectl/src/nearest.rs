//! Which known word was probably meant.

/// How many characters must be added, removed or replaced to get from one word to the other (Levenshtein).
pub fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, left) in a.chars().enumerate() {
        let mut diagonal = i;
        let mut before = i + 1;
        let mut next = vec![before];
        for (right, above) in b.iter().zip(row.iter().skip(1)) {
            let cost = diagonal + usize::from(left != *right);
            before = cost.min(above + 1).min(before + 1);
            diagonal = *above;
            next.push(before);
        }
        row = next;
    }
    row.last().copied().unwrap_or(0)
}

/// The one known word that is nearest, when it is near enough: at most two edits (one for short words), case
/// aside. Nothing when two are equally near.
pub fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let lower = word.to_lowercase();
    let most = if word.chars().count() < 5 { 1 } else { 2 };
    let mut best: Option<(usize, &str)> = None;
    let mut tied = false;
    for candidate in known {
        let far = distance(&lower, &candidate.to_lowercase());
        match best {
            Some((least, _)) if far > least => {}
            Some((least, one)) if far == least => tied |= one != candidate,
            _ => {
                best = Some((far, candidate));
                tied = false;
            }
        }
    }
    best.filter(|(far, _)| *far <= most && !tied).map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn the_nearest_word_is_found_when_there_is_one() {
        let known = ["replicas", "selector", "strategy", "template"];
        assert_eq!(nearest("replica", known), Some("replicas"));
        assert_eq!(nearest("Selector", known), Some("selector"));
        assert_eq!(nearest("tmplate", known), Some("template"));
        assert_eq!(nearest("containers", known), None);
        assert_eq!(nearest("mat", ["map", "max"]), None);
    }
}
