//! The unified diff that refusals of updates carry (`k8s.io/apimachinery/pkg/util/diff/diff.go`).
//!
//! Upstream's matcher is Python's `difflib`, popular lines left out included: another algorithm finds
//! other hunks.

use std::collections::BTreeMap;

const CONTEXT: usize = 3;

/// From this many lines on, a line that is more than a hundredth of them anchors nothing.
const POPULAR_FROM: usize = 200;

/// Equal runs: `a[from..from + length]` is `b[to..to + length]`.
#[derive(Clone, Copy)]
struct Match {
    from: usize,
    to: usize,
    length: usize,
}

/// A part of both texts: lines `a.0..a.1` became `b.0..b.1`, or are the same.
#[derive(Clone, Copy)]
struct Code {
    equal: bool,
    a: (usize, usize),
    b: (usize, usize),
}

struct Matcher<'a> {
    a: Vec<&'a str>,
    b: Vec<&'a str>,
    places: BTreeMap<&'a str, Vec<usize>>,
}

/// The hunks that turn one text into another, each line ended.
pub(super) fn unified(before: &str, after: &str) -> String {
    let matcher = Matcher::new(before, after);
    let mut text = String::new();
    for group in matcher.groups() {
        let (Some(first), Some(last)) = (group.first(), group.last()) else { continue };
        let (before, after) = (range(first.a.0, last.a.1), range(first.b.0, last.b.1));
        text.extend(["@@ -", &before, " +", &after, " @@\n"]);
        for code in &group {
            let mut lines = |mark: char, list: &[&str], part: (usize, usize)| {
                for line in list.get(part.0..part.1).unwrap_or_default() {
                    text.push(mark);
                    text.push_str(line);
                    text.push('\n');
                }
            };
            if code.equal {
                lines(' ', &matcher.a, code.a);
            } else {
                lines('-', &matcher.a, code.a);
                lines('+', &matcher.b, code.b);
            }
        }
    }
    text
}

fn range(start: usize, end: usize) -> String {
    match end - start {
        0 => format!("{start},0"),
        1 => format!("{}", start + 1),
        length => format!("{},{length}", start + 1),
    }
}

impl<'a> Matcher<'a> {
    fn new(before: &'a str, after: &'a str) -> Self {
        let (a, b): (Vec<&str>, Vec<&str>) =
            (before.split('\n').collect(), after.split('\n').collect());
        let mut places: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        for (index, line) in b.iter().enumerate() {
            places.entry(line).or_default().push(index);
        }
        if b.len() >= POPULAR_FROM {
            let most = b.len() / 100 + 1;
            places.retain(|_, found| found.len() <= most);
        }
        Self { a, b, places }
    }

    fn same(&self, from: usize, to: usize) -> bool {
        self.a.get(from) == self.b.get(to)
    }

    /// The longest run within both parts; the earliest of several.
    fn longest(&self, a: (usize, usize), b: (usize, usize)) -> Match {
        let mut best = Match { from: a.0, to: b.0, length: 0 };
        let mut lengths: BTreeMap<usize, usize> = BTreeMap::new();
        for from in a.0..a.1 {
            let mut next = BTreeMap::new();
            let found = self.a.get(from).and_then(|line| self.places.get(line));
            for &to in found.into_iter().flatten() {
                if to < b.0 {
                    continue;
                }
                if to >= b.1 {
                    break;
                }
                let before = to.checked_sub(1).and_then(|one| lengths.get(&one)).copied();
                let length = before.unwrap_or(0) + 1;
                next.insert(to, length);
                if length > best.length {
                    best = Match { from: from + 1 - length, to: to + 1 - length, length };
                }
            }
            lengths = next;
        }
        while best.from > a.0 && best.to > b.0 && self.same(best.from - 1, best.to - 1) {
            best = Match { from: best.from - 1, to: best.to - 1, length: best.length + 1 };
        }
        while best.from + best.length < a.1
            && best.to + best.length < b.1
            && self.same(best.from + best.length, best.to + best.length)
        {
            best.length += 1;
        }
        best
    }

    fn matches(&self, a: (usize, usize), b: (usize, usize), out: &mut Vec<Match>) {
        let found = self.longest(a, b);
        if found.length == 0 {
            return;
        }
        if a.0 < found.from && b.0 < found.to {
            self.matches((a.0, found.from), (b.0, found.to), out);
        }
        match out.last_mut() {
            Some(last)
                if last.from + last.length == found.from && last.to + last.length == found.to =>
            {
                last.length += found.length;
            }
            _ => out.push(found),
        }
        let (from, to) = (found.from + found.length, found.to + found.length);
        if from < a.1 && to < b.1 {
            self.matches((from, a.1), (to, b.1), out);
        }
    }

    fn codes(&self) -> Vec<Code> {
        let mut matches = Vec::new();
        self.matches((0, self.a.len()), (0, self.b.len()), &mut matches);
        matches.push(Match { from: self.a.len(), to: self.b.len(), length: 0 });
        let (mut from, mut to) = (0, 0);
        let mut codes = Vec::new();
        for one in matches {
            if from < one.from || to < one.to {
                codes.push(Code { equal: false, a: (from, one.from), b: (to, one.to) });
            }
            (from, to) = (one.from + one.length, one.to + one.length);
            if one.length > 0 {
                codes.push(Code { equal: true, a: (one.from, from), b: (one.to, to) });
            }
        }
        codes
    }

    /// The changes with their context; those that are far from each other apart.
    fn groups(&self) -> Vec<Vec<Code>> {
        let mut codes = self.codes();
        if let Some(first) = codes.first_mut().filter(|code| code.equal) {
            first.a.0 = first.a.0.max(first.a.1.saturating_sub(CONTEXT));
            first.b.0 = first.b.0.max(first.b.1.saturating_sub(CONTEXT));
        }
        if let Some(last) = codes.last_mut().filter(|code| code.equal) {
            last.a.1 = last.a.1.min(last.a.0 + CONTEXT);
            last.b.1 = last.b.1.min(last.b.0 + CONTEXT);
        }
        let mut groups = Vec::new();
        let mut group: Vec<Code> = Vec::new();
        for mut code in codes {
            if code.equal && code.a.1 - code.a.0 > 2 * CONTEXT {
                let head = (code.a.0, code.a.1.min(code.a.0 + CONTEXT));
                let tail = (code.b.0, code.b.1.min(code.b.0 + CONTEXT));
                group.push(Code { equal: true, a: head, b: tail });
                groups.push(std::mem::take(&mut group));
                code.a.0 = code.a.0.max(code.a.1.saturating_sub(CONTEXT));
                code.b.0 = code.b.0.max(code.b.1.saturating_sub(CONTEXT));
            }
            group.push(code);
        }
        if group.iter().any(|code| !code.equal) {
            groups.push(group);
        }
        groups
    }
}
