//! `output`: what a command in a pod says.

use regex_lite::Regex;

use super::Look;
use crate::{Runner, Said};

impl Runner {
    pub(super) async fn look_output(&self, pod: &str, command: &[String], pattern: &str) -> Look {
        let line = match command {
            [shell, flag, script] if shell == "sh" && flag == "-c" => script.clone(),
            words => words.join(" "),
        };
        let said = |code: &str| Said::new(code).with("pod", pod).with("command", &line);
        let expected = said("check-expected-output").with("pattern", pattern);
        let (namespace, name) = pod.split_once('/').unwrap_or(("default", pod));
        let words: Vec<&str> = command.iter().map(String::as_str).collect();
        let output = match self.client.exec(namespace, name, &words).await {
            Ok(output) => output,
            Err(error) => {
                let found = Said::new("check-found-problem").with("message", error);
                return Look { holds: false, expected, found };
            }
        };
        let text = String::from_utf8_lossy(&output.stdout).trim_end().to_owned();
        let holds = Regex::new(pattern).is_ok_and(|pattern| pattern.is_match(&text));
        let told = match text.as_str() {
            "" => String::from_utf8_lossy(&output.stderr).trim_end().to_owned(),
            text => text.to_owned(),
        };
        let found = match told.as_str() {
            "" => said("check-found-no-output"),
            told => said("check-found-output").with("output", told),
        };
        Look { holds, expected, found }
    }
}
