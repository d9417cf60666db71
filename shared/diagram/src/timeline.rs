//! What was done along the clock: the branch in use, those that were left, and what happened in the cluster.

use std::collections::BTreeMap;

/// Left edge of the first mark.
const EDGE: i32 = 20;
/// Between two marks that happened at the same time: wide enough to be pressed.
const APART: i32 = 30;
/// What a doubling of the time between two marks adds.
const DOUBLING: i32 = 11;
/// The most that time adds between two marks.
const FAR: i32 = 88;
/// From how many seconds on a stretch tells how long it is.
const LONG: i64 = 60;
/// How many branches that were left are shown.
const BRANCHES: usize = 4;

/// Something that was done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Done {
    /// Its id.
    pub id: String,
    /// When.
    pub at_millis: i64,
    /// What was done before it, on its branch.
    pub after: Option<String>,
    /// It ended the branch of `after`: going to it is going on with that branch.
    pub left: bool,
}

/// The picture.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Timeline {
    /// Width.
    pub width: i32,
    /// Number of lanes: the branch in use is in lane 0.
    pub lanes: usize,
    /// What was done, from left to right.
    pub marks: Vec<Mark>,
    /// From what was done to what was done next: two places with their lanes.
    pub ways: Vec<[(i32, usize); 2]>,
    /// Long stretches: their middle, and how long they are.
    pub stretches: Vec<(i32, i64)>,
    /// Where things happened in the cluster, in the order given.
    pub happenings: Vec<i32>,
    /// Where it is now, in lane 0.
    pub now: i32,
}

/// Something that was done, in its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mark {
    /// Its id.
    pub id: String,
    /// How far to the right.
    pub x: i32,
    /// Its lane.
    pub lane: usize,
    /// The end of a branch that was left.
    pub left: bool,
}

/// Lays out what was done (in the order in which it was), up to `last` on the branch in use, what happened in the
/// cluster, and now. Times are milliseconds since the beginning.
///
/// Time is drawn by its doublings: what takes seconds and what takes days stand on one line.
pub fn timeline(done: &[Done], last: Option<&str>, happened: &[i64], now: i64) -> Timeline {
    let lanes = lanes(done, last);
    let mut shown: Vec<(&Done, usize)> =
        done.iter().filter_map(|one| Some((one, *lanes.get(one.id.as_str())?))).collect();
    shown.sort_by_key(|(one, _)| one.at_millis);

    let mut picture = Timeline::default();
    let mut stops = vec![(0, EDGE)];
    for (one, lane) in shown {
        let x = stop(&mut stops, &mut picture.stretches, one.at_millis);
        let (id, left) = (one.id.clone(), one.left);
        picture.marks.push(Mark { id, x, lane, left });
    }
    picture.now = stop(&mut stops, &mut picture.stretches, now);
    picture.width = picture.now + EDGE;
    picture.lanes = picture.marks.iter().map(|mark| mark.lane + 1).max().unwrap_or(1);
    picture.ways = ways(done, last, &picture);
    picture.happenings = happened.iter().map(|at| between(&stops, *at)).collect();
    picture
}

/// The lane of everything that is shown: the branch in use first, then those that were left, the latest first.
fn lanes<'d>(done: &'d [Done], last: Option<&'d str>) -> BTreeMap<&'d str, usize> {
    let find = |id: &str| done.iter().find(|one| one.id == id);
    let mut lanes = BTreeMap::new();
    let mut next = last.and_then(find);
    while let Some(one) = next {
        if lanes.insert(one.id.as_str(), 0).is_some() {
            break;
        }
        next = one.after.as_deref().and_then(find);
    }
    let mut lane = 0;
    for end in done.iter().rev().filter(|one| one.left) {
        let Some(tip) = end.after.as_deref().and_then(find) else { continue };
        if lane == BRANCHES || lanes.contains_key(tip.id.as_str()) {
            continue;
        }
        lane += 1;
        lanes.insert(end.id.as_str(), lane);
        let mut next = Some(tip);
        while let Some(one) = next.filter(|one| !lanes.contains_key(one.id.as_str())) {
            lanes.insert(one.id.as_str(), lane);
            next = one.after.as_deref().and_then(find);
        }
    }
    lanes
}

/// The place of the next moment.
fn stop(stops: &mut Vec<(i64, i32)>, stretches: &mut Vec<(i32, i64)>, at: i64) -> i32 {
    let (before, from) = stops.last().copied().unwrap_or((0, EDGE));
    let first = stops.len() == 1 && at <= before;
    let seconds = (at - before).max(0) / 1000;
    let doublings = i32::try_from((seconds + 1).ilog2()).unwrap_or_default();
    let x = if first { from } else { from + APART + (doublings * DOUBLING).min(FAR) };
    if seconds >= LONG {
        stretches.push((i32::midpoint(from, x), at - before));
    }
    stops.push((at.max(before), x));
    x
}

/// The place of any time.
fn between(stops: &[(i64, i32)], at: i64) -> i32 {
    let after = stops.iter().position(|(time, _)| *time >= at).unwrap_or(stops.len());
    match (after.checked_sub(1).and_then(|before| stops.get(before)), stops.get(after)) {
        (Some((from, left)), Some((to, right))) => {
            let share = i64::from(right - left) * (at - from) / (to - from).max(1);
            left + i32::try_from(share).unwrap_or_default()
        }
        (Some((_, x)), None) | (None, Some((_, x))) => *x,
        (None, None) => EDGE,
    }
}

fn ways(done: &[Done], last: Option<&str>, picture: &Timeline) -> Vec<[(i32, usize); 2]> {
    let place = |id: &str| {
        let mark = picture.marks.iter().find(|mark| mark.id == id)?;
        Some((mark.x, mark.lane))
    };
    let begin = (EDGE, 0);
    let mut ways: Vec<[(i32, usize); 2]> = picture
        .marks
        .iter()
        .filter_map(|mark| {
            let one = done.iter().find(|one| one.id == mark.id)?;
            let from = one.after.as_deref().and_then(place).unwrap_or(begin);
            Some([from, (mark.x, mark.lane)])
        })
        .collect();
    ways.push([last.and_then(place).unwrap_or(begin), (picture.now, 0)]);
    ways.retain(|[from, to]| from != to);
    ways
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;

    fn done(id: &str, seconds: i64, after: &str) -> Done {
        let after = (!after.is_empty()).then(|| after.to_owned());
        Done { id: id.to_owned(), at_millis: seconds * 1000, after, left: id.starts_with("back") }
    }

    fn told(picture: &Timeline) -> String {
        let marks = picture.marks.iter();
        let marks: Vec<_> =
            marks.map(|mark| format!("{}@{},{}", mark.id, mark.x, mark.lane)).collect();
        format!(
            "{}x{} {} now@{}\nways {:?}\nstretches {:?}\nhappenings {:?}\n",
            picture.width,
            picture.lanes,
            marks.join(" "),
            picture.now,
            picture.ways,
            picture.stretches,
            picture.happenings
        )
    }

    #[test]
    fn seconds_and_hours_stand_on_one_line() {
        let all =
            [done("a", 3, ""), done("b", 3, "a"), done("c", 3600, "b"), done("d", 90_000, "c")];
        let picture = timeline(&all, Some("d"), &[1500, 3_000, 1_800_000, 95_000_000], 90_005_000);
        expect![[r"
            410x1 a@72,0 b@102,0 c@220,0 d@338,0 now@390
            ways [[(20, 0), (72, 0)], [(72, 0), (102, 0)], [(102, 0), (220, 0)], [(220, 0), (338, 0)], [(338, 0), (390, 0)]]
            stretches [(161, 3597000), (279, 86400000)]
            happenings [46, 72, 160, 390]
        "]].assert_eq(&told(&picture));
    }

    #[test]
    fn a_branch_that_was_left_has_a_lane_and_an_end() {
        let all = [
            done("a", 1, ""),
            done("b", 2, "a"),
            done("c", 5, "b"),
            done("back-1", 6, "c"),
            done("d", 3, "a"),
            done("back-2", 9, "c"),
        ];
        expect![[r"
            286x2 a@61,0 b@102,1 d@143,0 c@184,1 back-2@236,1 now@266
            ways [[(20, 0), (61, 0)], [(61, 0), (102, 1)], [(61, 0), (143, 0)], [(102, 1), (184, 1)], [(184, 1), (236, 1)], [(143, 0), (266, 0)]]
            stretches []
            happenings []
        "]].assert_eq(&told(&timeline(&all, Some("d"), &[], 4000)));
        let whole = timeline(&all, None, &[], 0);
        assert_eq!(whole.marks.iter().filter(|mark| mark.lane == 1).count(), 4);
        let own = timeline(&all, Some("c"), &[], 9000);
        assert_eq!(own.lanes, 1, "the branch in use is not one that was left");
    }

    #[test]
    fn nothing_done_is_a_line_without_marks() {
        expect![[r"
            81x1  now@61
            ways [[(20, 0), (61, 0)]]
            stretches []
            happenings [20, 48]
        "]]
        .assert_eq(&told(&timeline(&[], None, &[0, 700], 1000)));
        assert_eq!(timeline(&[], None, &[], 0).now, EDGE);
        let odd = [done("a", 1, "a")];
        assert_eq!(timeline(&odd, Some("a"), &[], 0).marks.len(), 1);
    }
}
