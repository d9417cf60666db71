//! Lines typed into a console before.

/// The lines, and where the reader is in them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct History {
    lines: Vec<String>,
    at: usize,
}

impl History {
    /// A line was run.
    pub(crate) fn push(&mut self, line: &str) {
        if self.lines.last().is_none_or(|last| last != line) {
            self.lines.push(line.to_owned());
        }
        self.at = self.lines.len();
    }

    /// The line before; `None` at the beginning.
    pub(crate) fn older(&mut self) -> Option<String> {
        self.at = self.at.checked_sub(1)?;
        self.lines.get(self.at).cloned()
    }

    /// The line after; an empty one at the end.
    pub(crate) fn newer(&mut self) -> String {
        self.at = (self.at + 1).min(self.lines.len());
        self.lines.get(self.at).cloned().unwrap_or_default()
    }
}

/// The line with its last word replaced by a completion.
pub(crate) fn completed(line: &str, insert: &str) -> String {
    let start = line.rfind(char::is_whitespace).map_or(0, |at| at + 1);
    let kept = line.get(..start).unwrap_or_default();
    format!("{kept}{insert} ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arrows_walk_through_what_was_typed() {
        let mut history = History::default();
        assert_eq!(history.older(), None);
        for line in ["a", "b", "b"] {
            history.push(line);
        }
        assert_eq!(history.older().as_deref(), Some("b"));
        assert_eq!(history.older().as_deref(), Some("a"));
        assert_eq!(history.older(), None);
        assert_eq!(history.newer(), "b");
        assert_eq!(history.newer(), "");
    }

    #[test]
    fn a_completion_replaces_the_last_word() {
        assert_eq!(completed("kubectl get po", "pods"), "kubectl get pods ");
        assert_eq!(completed("kub", "kubectl"), "kubectl ");
        assert_eq!(completed("kubectl get ", "pods"), "kubectl get pods ");
    }
}
