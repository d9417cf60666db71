//! `event` and `logs`.

use regex_lite::Regex;
use serde_json::Value;

use super::Look;
use crate::client::escape;
use crate::{Runner, Said};

impl Runner {
    pub(super) async fn look_event(
        &self,
        object: &str,
        namespace: &str,
        reason: &str,
        pattern: Option<&str>,
    ) -> Look {
        let said = |code: &str| Said::new(code).with("object", object).with("reason", reason);
        let expected = said("check-expected-event");
        let (kind, name) = object.split_once('/').unwrap_or((object, ""));
        let selector = format!("involvedObject.kind={kind},involvedObject.name={name}");
        let path =
            format!("/api/v1/namespaces/{namespace}/events?fieldSelector={}", escape(&selector));
        let events = match self.client.list(&path).await {
            Ok(events) => events,
            Err(problem) => return Look::problem(expected, &problem),
        };
        let pattern = pattern.and_then(|pattern| Regex::new(pattern).ok());
        let text = |event: &Value, key: &str| {
            event.get(key).and_then(Value::as_str).unwrap_or_default().to_owned()
        };
        let fitting = events.iter().find(|event| {
            let message = text(event, "message");
            text(event, "reason") == reason
                && pattern.as_ref().is_none_or(|pattern| pattern.is_match(&message))
        });
        if let Some(event) = fitting {
            let found = said("check-found-event").with("message", text(event, "message"));
            return Look { holds: true, expected, found };
        }
        let mut reasons: Vec<String> = events.iter().map(|event| text(event, "reason")).collect();
        reasons.sort();
        reasons.dedup();
        let found = match reasons.as_slice() {
            [] => said("check-found-no-events"),
            some => said("check-found-other-events").with("reasons", some.join(", ")),
        };
        Look { holds: false, expected, found }
    }

    pub(super) async fn look_logs(
        &self,
        pod: &str,
        container: Option<&str>,
        pattern: &str,
    ) -> Look {
        let said = |code: &str| Said::new(code).with("pod", pod).with("pattern", pattern);
        let expected = said("check-expected-log");
        let (namespace, name) = pod.split_once('/').unwrap_or(("default", pod));
        let container = container.map(|name| format!("?container={name}")).unwrap_or_default();
        let path = format!("/api/v1/namespaces/{namespace}/pods/{name}/log{container}");
        let log = match self.client.text(&path).await {
            Ok(log) => log,
            Err(problem) => return Look::problem(expected, &problem),
        };
        let pattern = Regex::new(pattern).ok();
        let fitting =
            log.lines().find(|line| pattern.as_ref().is_some_and(|pattern| pattern.is_match(line)));
        if let Some(line) = fitting {
            Look { holds: true, expected, found: said("check-found-log").with("line", line) }
        } else {
            let found = said("check-found-no-log").with("lines", log.lines().count());
            Look { holds: false, expected, found }
        }
    }
}
