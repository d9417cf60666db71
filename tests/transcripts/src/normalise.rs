//! What differs between two runs on the same cluster, replaced by what it is.

use regex_lite::Regex;

/// Letters of generated names (`k8s.io/apimachinery/pkg/util/rand`).
const SAFE: &str = "[bcdfghjklmnpqrstvwxz2456789]";

/// Reasons of events that the real server writes by chance: its repair of Service addresses looks at
/// two caches, and when that of the addresses comes second, it "repairs" what nothing is wrong with
/// (`pkg/registry/core/service/ipallocator/controller/repairip.go`, `syncService`).
const BY_CHANCE: &str = "ClusterIPNotAllocated";

/// The rules, compiled once.
pub struct Normaliser {
    rules: Vec<(Regex, &'static str)>,
    age: Regex,
    spaces: Regex,
}

impl Normaliser {
    /// Compiles the rules.
    pub fn new() -> Result<Self, crate::Failure> {
        let regex = |pattern: &str| {
            Regex::new(pattern).map_err(|error| format!("the pattern {pattern} is wrong: {error}"))
        };
        let mut rules = Vec::new();
        for (pattern, replacement) in [
            // Before the hashes: a random number may well look like one.
            (r"/tmp/[^ ]*?(LIVE|MERGED)-\d+".to_owned(), "$1"),
            (r"[^ ]*/kubectl-edit-\d+".to_owned(), "kubectl-edit"),
            ("[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}".to_owned(), "<uid>"),
            (r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?(Z| \+0000)".to_owned(), "<time>"),
            (
                r"[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d [+-]\d{4}".to_owned(),
                "<time>",
            ),
            (r#"(resourceVersion\\*"?: ?\\*")\d+"#.to_owned(), "${1}<resourceVersion>"),
            (r"\((\d+[smhdy])+ ago\)".to_owned(), "(<age> ago)"),
            (r"(Resource Version:\s+)\d+".to_owned(), "${1}<resourceVersion>"),
            (r"(resource version to be \d+, was )\d+".to_owned(), "${1}<resourceVersion>"),
            (format!(r#"(pod-template-hash(=|: |": ?"))({SAFE}{{6,10}})"#), "${1}<hash>"),
            (format!(r"-{SAFE}{{8,10}}-{SAFE}{{5}}\b"), "-<hash>-<suffix>"),
            (format!(r"-{SAFE}{{8,10}}\b"), "-<hash>"),
            (format!(r"-{SAFE}{{5}}\b"), "-<suffix>"),
            (r"\.[0-9a-f]{16}\b".to_owned(), ".<event>"),
            // The real tier has one node of its own; ours are named as those of kubeadm.
            (r"\b(node|worker)-1\b".to_owned(), "<node>"),
            (r"\b172\.1[78]\.\d+\.[1-9]\d*\b".to_owned(), "<ip>"),
            (r"\b10\.96\.\d+\.\d+\b".to_owned(), "<ip>"),
            (r"\b10\.244\.\d+\.\d+\b|\b10\.199\.\d+\.\d+\b".to_owned(), "<ip>"),
            (
                r#"(containerd://|library/[a-z]+@sha256:|start exec ")[0-9a-f]{64}"#.to_owned(),
                "${1}<digest>",
            ),
            (r"in [0-9.]+m?s \([0-9.]+m?s including waiting\)".to_owned(), "in <duration>"),
            (r"Image size: \d+ bytes".to_owned(), "Image size: <size>"),
            (r"(\.svc:)\d{4,5}\b".to_owned(), "${1}<port>"),
            (r"https://127\.0\.0\.1:\d+(/clusters/[^/ ]+)?".to_owned(), "https://<server>"),
            (r"(:|nodePort: |nodePort.?: |NodePort: .*  )3[0-2]\d{3}\b".to_owned(), "${1}<port>"),
            (r"/[^ ]*/tests/transcripts/".to_owned(), "<checkout>/tests/transcripts/"),
        ] {
            rules.push((regex(&pattern)?, replacement));
        }
        let age =
            regex(r"^(<invalid>|<unknown>|(\d+[smhdy])+( ago)?( \(x\d+ over (\d+[smhdy])+\))?)$")?;
        Ok(Self { rules, age, spaces: regex(" {2,}")? })
    }

    /// Normalises what kubectl printed.
    pub fn normalise(&self, printed: &str) -> String {
        let blocks: Vec<String> = printed.split("\n\n").map(|block| self.block(block)).collect();
        blocks.join("\n\n")
    }

    fn replace(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for (rule, replacement) in &self.rules {
            text = rule.replace_all(&text, *replacement).into_owned();
        }
        text
    }

    /// One table, or other lines.
    fn block(&self, block: &str) -> String {
        let lines: Vec<&str> = block.lines().collect();
        let mut out: Vec<String> = Vec::new();
        let mut rest = lines.as_slice();
        while let Some((line, following)) = rest.split_first() {
            if let Some(header) = Header::of(line) {
                // A table within a description ends where its indentation does.
                let in_table = |row: &&&str| !line.starts_with(' ') || row.starts_with("  ");
                let rows = 1 + following.iter().take_while(in_table).count();
                let (table, others) = rest.split_at(rows);
                let expected: Vec<&str> =
                    table.iter().filter(|row| !row.contains(BY_CHANCE)).copied().collect();
                // Left are the header and the line under it.
                let by_chance_only = expected.len() < table.len() && expected.len() == 2;
                if by_chance_only && let Some(title) = out.pop() {
                    out.push(without_events(&title, &out));
                } else {
                    out.extend(self.table(&header, &expected));
                }
                rest = others;
                continue;
            }
            out.push(self.replace(line));
            rest = following;
        }
        let mut text = out.join("\n");
        if block.ends_with('\n') {
            text.push('\n');
        }
        text
    }

    /// A table's widths depend on what is replaced; then one distance stands for all.
    fn table(&self, header: &Header, lines: &[&str]) -> Vec<String> {
        let mut widths_changed = false;
        let mut rows = Vec::new();
        for line in lines {
            let (row, age_moves) = self.row(header, line);
            let replaced = self.replace(&row);
            widths_changed |= age_moves || replaced.len() != row.len();
            rows.push(replaced);
        }
        if !widths_changed {
            return rows;
        }
        rows.iter().map(|row| self.spaces.replace_all(row.trim_end(), "  ").into_owned()).collect()
    }

    /// Replaces the ages; says whether that can move the columns behind.
    fn row(&self, header: &Header, line: &str) -> (String, bool) {
        let mut row = line.to_owned();
        let mut moves = false;
        for column in header.ages.iter().rev() {
            let end = column.end.unwrap_or(line.len()).min(line.len());
            let Some(cell) = line.get(column.start..end) else { continue };
            if self.age.is_match(cell.trim()) {
                let padding = cell.len() - cell.trim_end().len();
                row.replace_range(column.start..end, &format!("<age>{}", " ".repeat(padding)));
                moves |= column.end.is_some();
            }
        }
        (row, moves)
    }
}

/// What a description says in place of its table of events, in the column of its other values.
fn without_events(title: &str, above: &[String]) -> String {
    let column = above.iter().find_map(|line| {
        let (label, value) = line.split_once(':')?;
        let padding = value.len() - value.trim_start().len();
        (!label.starts_with(' ') && padding > 0).then_some(label.len() + 1 + padding)
    });
    format!("{title:<width$}<none>", width = column.unwrap_or(title.len() + 2))
}

struct Column {
    start: usize,
    end: Option<usize>,
}

/// The first line of a table that shows ages.
struct Header {
    ages: Vec<Column>,
}

impl Header {
    fn of(line: &str) -> Option<Self> {
        let mut starts: Vec<(usize, &str)> = Vec::new();
        let mut at = 0;
        for name in line.split("  ") {
            let trimmed = name.trim_start();
            if !trimmed.is_empty() {
                starts.push((at + name.len() - trimmed.len(), trimmed.trim_end()));
            }
            at += name.len() + 2;
        }
        let describes_events = line.trim_start().starts_with("Type") && line.contains("Reason");
        let is_name = |name: &str| {
            name.contains(|c: char| c.is_ascii_uppercase())
                && name.chars().all(|c| c.is_ascii_uppercase() || " ()/-_".contains(c))
        };
        let is_table = starts.iter().all(|(_, name)| is_name(name));
        if starts.len() < 2 || !(is_table || describes_events) {
            return None;
        }
        let ages = starts.iter().enumerate().filter(|(_, (_, name))| {
            matches!(name.to_ascii_uppercase().as_str(), "AGE" | "LAST SEEN" | "FIRST SEEN")
        });
        let ages = ages.map(|(index, (start, _))| Column {
            start: *start,
            end: starts.get(index + 1).map(|(next, _)| *next),
        });
        Some(Self { ages: ages.collect() })
    }
}

#[cfg(test)]
mod tests {
    use super::Normaliser;

    fn normalised(text: &str) -> String {
        Normaliser::new().expect("rules that compile").normalise(text)
    }

    #[test]
    fn an_age_in_the_last_column_leaves_the_widths_alone() {
        let table = "NAME   DATA   AGE\na      1      13s\n";
        assert_eq!(normalised(table), "NAME   DATA   AGE\na      1      <age>\n");
    }

    #[test]
    fn an_age_before_other_columns_makes_widths_meaningless() {
        let table = "NAME   AGE    NODE\na      2m5s   n1\n";
        assert_eq!(normalised(table), "NAME  AGE  NODE\na  <age>  n1\n");
    }

    #[test]
    fn generated_names_and_addresses_are_named_for_what_they_are() {
        let table = "NAME                   CLUSTER-IP\nweb-5d59d67564-b9xkz   10.96.7.13\n";
        assert_eq!(normalised(table), "NAME  CLUSTER-IP\nweb-<hash>-<suffix>  <ip>\n");
    }

    #[test]
    fn what_the_real_server_repairs_by_chance_is_no_event() {
        let described =
            |events: &str| format!("Name:     web\nLabels:   app=web\nEvents:{events}\n");
        let header = "\n  Type     Reason   Age   From      Message\n  \
                      ----     ------   ----  ----      -------";
        let chance = "\n  Warning  ClusterIPNotAllocated  1s  ipallocator-repair-controller  no";
        let other = "\n  Normal  Other  1s  somebody  yes";
        assert_eq!(normalised(&described(&format!("{header}{chance}"))), described("   <none>"));
        assert_eq!(
            normalised(&described(&format!("{header}{chance}{other}"))),
            normalised(&described(&format!("{header}{other}")))
        );
    }

    #[test]
    fn names_of_temporary_files_are_no_hashes() {
        let diff = "diff /tmp/LIVE-2456789245/a /tmp/MERGED-1000000000/a\n";
        assert_eq!(normalised(diff), "diff LIVE/a MERGED/a\n");
    }

    #[test]
    fn events_of_describe_lose_their_age_only() {
        let text = "Events:\n  Type     Reason   Age              From      Message\n  \
                    ----     ------   ----             ----      -------\n  \
                    Warning  Failed   3s (x2 over 5s)  kubelet   no\n";
        assert_eq!(
            normalised(text),
            "Events:\n  Type  Reason  Age  From  Message\n  ----  ------  ----  ----  -------\n  \
             Warning  Failed  <age>  kubelet  no\n"
        );
    }
}
