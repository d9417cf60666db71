//! The differences that are known, so that a new one and a repaired one both show.
//!
//! One per line: `topic/name:line | first line of the command | cause`; or `topic/name:* | * | cause` where what
//! differs first makes many others differ.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use crate::{Difference, Failure, Report, Transcript};

/// What the embedded cluster is known to print differently; a file beside the transcripts.
const OF_CLUSTER: &str = "known-differences.txt";
/// What the console's kubectl is known to print differently beyond that.
const OF_CONSOLE: &str = "known-differences-of-the-console.txt";

/// The listed differences: where (`topic/name:line`), and the command there.
pub struct Known {
    commands: BTreeMap<String, String>,
}

impl Known {
    /// Reads the list of the embedded cluster.
    pub fn of_cluster() -> Result<Self, Failure> {
        Self::read(OF_CLUSTER)
    }

    /// Reads the lists of the embedded cluster and of the console.
    pub fn of_console() -> Result<Self, Failure> {
        let mut known = Self::read(OF_CLUSTER)?;
        known.commands.extend(Self::read(OF_CONSOLE)?.commands);
        Ok(known)
    }

    fn read(file: &str) -> Result<Self, Failure> {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
        let text = fs::read_to_string(&path)
            .map_err(|error| format!("{} cannot be read: {error}", path.display()))?;
        Self::parse(file, &text)
    }

    fn parse(file: &str, text: &str) -> Result<Self, Failure> {
        let mut commands = BTreeMap::new();
        for (number, line) in text.lines().enumerate() {
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let wrong =
                || format!("{file}:{}: not `topic/name:line | command | cause`", number + 1);
            // A command may hold the separator, the place and the cause may not.
            let (place, rest) = line.split_once(" | ").ok_or_else(wrong)?;
            let (command, cause) = rest.rsplit_once(" | ").ok_or_else(wrong)?;
            if cause.trim().is_empty() {
                return Err(wrong());
            }
            if commands.insert(place.to_owned(), command.to_owned()).is_some() {
                return Err(format!("{file}:{}: {place} is listed twice", number + 1));
            }
        }
        Ok(Self { commands })
    }

    /// Takes the listed differences out of a report. Fails when others are left, or when listed ones were not
    /// found; of these only the entries of `ran` count: a filtered run says nothing about the others.
    pub fn settle(&self, report: &mut Report, ran: &[Transcript]) -> Result<(), Failure> {
        let listed = |difference: &Difference| {
            let whole = format!("{}:*", difference.transcript);
            if self.commands.contains_key(&whole) {
                return Some(whole);
            }
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
        let stale: Vec<String> =
            stale.map(|(place, command)| format!("{place} | {command}")).collect();
        match (report.differences.is_empty(), stale.is_empty()) {
            (true, true) => Ok(()),
            (false, _) => Err(format!("not a known difference:\n{report}")),
            (true, false) => {
                let stale = stale.join("\n");
                Err(format!("these print the same now, take them out of the list:\n{stale}"))
            }
        }
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
            "list",
            "# c\n\napply/diff:3 | kubectl get a | wc -l | order\napply/diff:7 | b | text\n\
             rbac/roles:1 | c | did not run\n",
        )
        .expect("a list");
        let mut report = Report { commands: 9, differences: vec![difference(3), difference(5)] };
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("apply/diff.txt");
        let ran = [Transcript::read(&path).expect("a transcript")];
        let left = known.settle(&mut report, &ran).expect_err("an unlisted difference");
        assert!(left.starts_with("not a known difference:\n--- apply/diff.txt:5"), "{left}");
        report.differences.clear();
        report.differences.push(difference(3));
        let left = known.settle(&mut report, &ran).expect_err("a repaired difference");
        assert!(left.ends_with("\napply/diff:7 | b"), "{left}");
    }

    #[test]
    fn an_entry_without_a_cause_or_given_twice_is_refused() {
        assert!(Known::parse("list", "apply/diff:3 | kubectl\n").is_err());
        assert!(Known::parse("list", "a/b:3 | c | d\na/b:3 | c | d\n").is_err());
    }
}
