//! The differences that are known, so that a new one and a repaired one both show.
//!
//! One per line: `topic/name:line | first line of the command | cause`.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use crate::{Difference, Failure, Report, Transcript};

/// The file beside the transcripts.
const FILE: &str = "known-differences.txt";

/// The listed differences: where (`topic/name:line`), and the command there.
pub struct Known {
    commands: BTreeMap<String, String>,
}

impl Known {
    /// Reads the committed list.
    pub fn read() -> Result<Self, Failure> {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(FILE);
        let text = fs::read_to_string(&path)
            .map_err(|error| format!("{} cannot be read: {error}", path.display()))?;
        Self::parse(&text)
    }

    fn parse(text: &str) -> Result<Self, Failure> {
        let mut commands = BTreeMap::new();
        for (number, line) in text.lines().enumerate() {
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let wrong =
                || format!("{FILE}:{}: not `topic/name:line | command | cause`", number + 1);
            // A command may hold the separator, the place and the cause may not.
            let (place, rest) = line.split_once(" | ").ok_or_else(wrong)?;
            let (command, cause) = rest.rsplit_once(" | ").ok_or_else(wrong)?;
            if cause.trim().is_empty() {
                return Err(wrong());
            }
            if commands.insert(place.to_owned(), command.to_owned()).is_some() {
                return Err(format!("{FILE}:{}: {place} is listed twice", number + 1));
            }
        }
        Ok(Self { commands })
    }

    /// Takes the listed differences out of a report, and says which listed ones were not found.
    ///
    /// Only entries of `ran` count: a filtered run says nothing about the others.
    pub fn settle(&self, report: &mut Report, ran: &[Transcript]) -> Vec<String> {
        let listed = |difference: &Difference| {
            let place = format!("{}:{}", difference.transcript, difference.line);
            let command = difference.script.lines().next().unwrap_or_default();
            self.commands.get(&place).is_some_and(|known| known == command).then_some(place)
        };
        let found: Vec<String> = report.differences.iter().filter_map(listed).collect();
        report.differences.retain(|difference| listed(difference).is_none());
        let did_run = |place: &str| {
            ran.iter().any(|it| place.rsplit_once(':').is_some_and(|(name, _)| name == it.name))
        };
        let stale = self.commands.iter().filter(|(place, _)| did_run(place));
        let stale = stale.filter(|(place, _)| !found.contains(place));
        stale.map(|(place, command)| format!("{place} | {command}")).collect()
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::Known;
    use crate::{Difference, Report, Transcript};

    fn difference(line: usize) -> Difference {
        Difference {
            transcript: "apply/diff".to_owned(),
            line,
            script: "kubectl get a | wc -l\nmore".to_owned(),
            expected: String::new(),
            found: String::new(),
        }
    }

    #[test]
    fn a_listed_difference_goes_and_an_unlisted_or_repaired_one_is_told() {
        let known = Known::parse(
            "# c\n\napply/diff:3 | kubectl get a | wc -l | order\napply/diff:7 | b | text\n\
             rbac/roles:1 | c | did not run\n",
        )
        .expect("a list");
        let mut report = Report { commands: 9, differences: vec![difference(3), difference(5)] };
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("apply/diff.txt");
        let ran = [Transcript::read(&path).expect("a transcript")];
        assert_eq!(known.settle(&mut report, &ran), ["apply/diff:7 | b"]);
        assert_eq!(report.differences.iter().map(|it| it.line).collect::<Vec<_>>(), [5]);
    }

    #[test]
    fn an_entry_without_a_cause_or_given_twice_is_refused() {
        assert!(Known::parse("apply/diff:3 | kubectl\n").is_err());
        assert!(Known::parse("a/b:3 | c | d\na/b:3 | c | d\n").is_err());
    }
}
