//! What was done as a line of time, in words.

use app_ui::strip::{Mark, Strip};
use diagram::timeline::{Timeline, timeline};
use protocol::v1::RunId;

use super::model::{CLOCK, CONSOLE, Model, Moment};
use super::time::{length, millis};

/// Top of the first lane.
const TOP: i32 = 34;
/// From lane to lane.
const LANE: i32 = 34;

/// What the line is drawn of.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Line {
    begin: i64,
    moments: Vec<Moment>,
    picture: Timeline,
    /// Small marks with their looks.
    dots: Vec<(i32, &'static str)>,
}

impl Line {
    /// The line of a session whose clock began at a time.
    pub(crate) fn new(model: &Model, begin: i64, now: i64) -> Self {
        let (done, last) = model.done(begin);
        let mut happened: Vec<(i64, &'static str)> = model
            .objects
            .events()
            .iter()
            .filter_map(|row| {
                Some((millis(&row.at)?, if row.warning { "warning" } else { "event" }))
            })
            .collect();
        happened.extend(model.passed().into_iter().map(|at| (at, "passed")));
        happened.retain(|(at, _)| *at >= begin);
        let times: Vec<i64> = happened.iter().map(|(at, _)| at - begin).collect();
        let picture = timeline(&done, last.as_deref(), &times, now - begin);
        let looks = happened.into_iter().map(|(_, look)| look);
        let mut dots: Vec<_> = picture.happenings.iter().copied().zip(looks).collect();
        // What is drawn last is seen: a warning, then a check that passed.
        dots.sort_by_key(|(x, look)| (rank(look), *x));
        dots.dedup();
        Self { begin, moments: model.moments().to_vec(), picture, dots }
    }

    /// What was done under this id, and whether it is the end of a branch that was left.
    pub(crate) fn moment(&self, id: &str) -> Option<(&Moment, bool)> {
        let moment = self.moments.iter().find(|one| one.run.0 == id)?;
        let mark = self.picture.marks.iter().find(|mark| mark.id == id)?;
        Some((moment, mark.left))
    }

    /// What was done last before something.
    fn before(&self, moment: &Moment) -> Option<&Moment> {
        let before: &RunId = moment.before.as_ref()?;
        self.moments.iter().find(|one| one.run == *before)
    }

    /// A mark in words.
    pub(crate) fn told(&self, id: &str, words: &impl Words) -> String {
        let Some((moment, left)) = self.moment(id) else { return String::new() };
        let title = if left {
            words
                .left(&self.before(moment).map_or_else(String::new, |last| words.title(&last.cell)))
        } else {
            words.title(&moment.cell)
        };
        format!("{} \u{b7} {title}", length(moment.at_millis - self.begin))
    }

    /// The line to be drawn.
    pub(crate) fn strip(&self, words: &impl Words) -> Strip {
        let height = TOP + LANE * i32::try_from(self.picture.lanes).unwrap_or(1) + 4;
        let y = |lane: usize| TOP + LANE * i32::try_from(lane).unwrap_or_default();
        let marks = self.picture.marks.iter().map(|mark| Mark {
            id: mark.id.clone(),
            at: (mark.x, y(mark.lane)),
            look: self.look(&mark.id, words),
            spoken: self.told(&mark.id, words),
        });
        let ways = self.picture.ways.iter();
        let ways = ways.map(|way| way.map(|(x, lane)| (x, y(lane))));
        let stretches = self.picture.stretches.iter();
        Strip {
            width: self.picture.width,
            height,
            marks: marks.collect(),
            ways: ways.collect(),
            words: stretches.map(|(x, long)| (*x, format!("+{}", length(*long)))).collect(),
            dots: self.dots.clone(),
            now: (self.picture.now, y(0)),
        }
    }

    fn look(&self, id: &str, words: &impl Words) -> &'static str {
        match self.moment(id) {
            Some((_, true)) => "left",
            Some((moment, _)) if moment.cell == CLOCK => "clock",
            Some((moment, _)) if moment.cell == CONSOLE || words.is_console(&moment.cell) => {
                "console"
            }
            _ => "act",
        }
    }
}

fn rank(look: &str) -> u8 {
    match look {
        "event" => 0,
        "passed" => 1,
        _ => 2,
    }
}

/// What a notebook says about its cells.
pub(crate) trait Words {
    /// The title of a cell, a step, the console or the clock.
    fn title(&self, cell: &str) -> String;
    /// The end of a branch, after what was done last on it.
    fn left(&self, title: &str) -> String;
    /// Whether a cell is a console.
    fn is_console(&self, cell: &str) -> bool;
}

#[cfg(test)]
mod tests {
    use protocol::v1::{Event, EventBody, ResetScope};

    use super::*;
    use crate::state::model::CellPlace;

    struct Plain;

    impl Words for Plain {
        fn title(&self, cell: &str) -> String {
            format!("<{cell}>")
        }

        fn left(&self, title: &str) -> String {
            format!("left after {title}")
        }

        fn is_console(&self, cell: &str) -> bool {
            cell == "shell"
        }
    }

    #[test]
    fn what_was_done_is_told_with_its_look() {
        let place = |id: &str| CellPlace {
            id: id.to_owned(),
            step: "one".to_owned(),
            console: id == "shell",
            changes: true,
        };
        let mut model = Model::new(["policy", "shell"].map(place).to_vec());
        let run = |id: &str| RunId(id.to_owned());
        let start =
            |id: &str, cell: &str| EventBody::RunStarted { run: run(id), cell: cell.to_owned() };
        let back = EventBody::Reset { scope: ResetScope::Run { run: run("2") }, undone: false };
        let event = r#"{"apiVersion":"v1","kind":"Event","metadata":{"name":"e","namespace":"dev"},
            "type":"Warning","lastTimestamp":"1970-01-01T00:01:02Z"}"#;
        let objects = EventBody::Objects {
            replace: true,
            upserts: vec![event.to_owned()],
            deletes: Vec::new(),
        };
        let events = [
            (61, start("1", "policy")),
            (62, start("2", "shell")),
            (63, start("3", CLOCK)),
            (64, start("4", "reset")),
            (64, back),
            (65, start("5", CONSOLE)),
            (65, objects),
        ];
        for (seq, (seconds, body)) in (1..).zip(events) {
            model.fold(Event { seq, at_millis: seconds * 1000, body });
        }
        let line = Line::new(&model, 60_000, 66_000);
        let strip = line.strip(&Plain);
        let told: Vec<String> = strip
            .marks
            .iter()
            .map(|mark| format!("{} {} {}", mark.at.1, mark.look, mark.spoken))
            .collect();
        assert_eq!(
            told,
            [
                "34 act 00:01 \u{b7} <policy>",
                "68 console 00:02 \u{b7} <shell>",
                "68 clock 00:03 \u{b7} <clock>",
                "68 left 00:04 \u{b7} left after <clock>",
                "34 console 00:05 \u{b7} <console>",
            ]
        );
        assert_eq!(strip.dots.iter().map(|(_, look)| *look).collect::<Vec<_>>(), ["warning"]);
        assert_eq!(
            line.moment("4").map(|(moment, left)| (moment.cell.as_str(), left)),
            Some(("reset", true))
        );
        assert_eq!(line.told("gone", &Plain), "");
    }
}
