//! What stands around a kubectl command in the console: quoting, a pipe into a text filter, a
//! here-document. Everything else a shell can do is refused with a sentence.

mod filter;
mod lexer;
mod pattern;

pub(crate) use filter::Filter;
pub(crate) use lexer::split;

use crate::UsageError;

/// One line of the console, understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invocation {
    /// The arguments behind `kubectl`.
    pub arguments: Vec<String>,
    /// The text of a here-document (`<<EOF`), which becomes standard input.
    pub here: Option<String>,
    filters: Vec<Filter>,
}

impl Invocation {
    /// Understands a line: `kubectl get pods | grep web`. The word `kubectl` (or `k`) may be left out.
    pub fn parse(line: &str) -> Result<Self, UsageError> {
        let (line, here) = lexer::here_document(line)?;
        let mut stages = split(&line)?.into_iter();
        let mut arguments = stages.next().unwrap_or_default();
        if arguments.first().is_some_and(|word| word == "$") {
            arguments.remove(0);
        }
        if arguments.first().is_some_and(|word| word == "kubectl" || word == "k") {
            arguments.remove(0);
        }
        let filters = stages.map(|words| Filter::parse(&words)).collect::<Result<_, _>>()?;
        Ok(Self { arguments, here, filters })
    }

    /// A command whose words a shell has taken apart already.
    pub const fn of(arguments: Vec<String>) -> Self {
        Self { arguments, here: None, filters: Vec::new() }
    }

    /// Whether the output goes through a filter.
    pub fn is_piped(&self) -> bool {
        !self.filters.is_empty()
    }

    pub(crate) fn filters(&self) -> &[Filter] {
        &self.filters
    }
}
