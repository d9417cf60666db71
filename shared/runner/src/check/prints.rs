//! `prints`: what a kubectl line says.

use kubectl::{Invocation, Output};
use regex_lite::Regex;

use super::Look;
use crate::{Runner, Said};

impl Runner {
    pub(super) async fn look_prints(
        &self,
        line: &str,
        persona: Option<&str>,
        pattern: &str,
    ) -> Look {
        let said = |code: &str| Said::new(code).with("line", line);
        let expected = said("check-expected-prints").with("pattern", pattern);
        let problem = |message: String| Look {
            holds: false,
            expected: expected.clone(),
            found: Said::new("check-found-problem").with("message", message),
        };
        let persona = match self.persona(persona) {
            Ok(persona) => persona,
            Err(error) => return problem(error.to_string()),
        };
        let mut kept = Kept::default();
        let whole = self.inserted(line, &persona, &mut kept).await;
        match Invocation::parse(&whole) {
            // The exit code is no part of it: `kubectl auth can-i` fails when it says no.
            Ok(invocation) => {
                let _code = self.kubectl(&persona).run(&invocation, self, "", &mut kept).await;
            }
            Err(error) => return problem(error.to_string()),
        }
        let text = kept.stdout.trim_end();
        let holds = Regex::new(pattern).is_ok_and(|pattern| pattern.is_match(text));
        let told = if text.is_empty() { kept.stderr.trim_end() } else { text };
        let found = match told {
            "" => said("check-found-prints-nothing"),
            told => said("check-found-prints").with("output", told),
        };
        Look { holds, expected, found }
    }
}

/// Output that is kept.
#[derive(Default)]
struct Kept {
    stdout: String,
    stderr: String,
}

impl Output for Kept {
    fn stdout(&mut self, text: &str) {
        self.stdout.push_str(text);
    }

    fn stderr(&mut self, text: &str) {
        self.stderr.push_str(text);
    }
}
