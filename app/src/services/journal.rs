//! What was done in a session of this tab, so that loading the page again loses nothing: the worker
//! does it once more. Kept as long as the tab lives, and not shared with other tabs.

use protocol::v1::{CreateSession, Past};
use serde::{Deserialize, Serialize};

use super::browser;

/// The record of a session.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Journal {
    seed: u64,
    now_millis: i64,
    /// Each a [`Past`] as JSON text.
    past: Vec<String>,
}

impl Journal {
    /// A new session: nothing was done yet. The request gets its seed and its epoch.
    pub(super) fn begin(request: &mut CreateSession) -> Self {
        #[expect(clippy::cast_possible_truncation, reason = "milliseconds of this age fit")]
        let now_millis = browser::now_millis() as i64;
        let journal = Self { seed: browser::seed(), now_millis, past: Vec::new() };
        journal.ask(request);
        journal
    }

    /// The record of this tab's last session of a scenario, if it is whole.
    pub(super) fn recall(request: &mut CreateSession) -> Option<Self> {
        let text = browser::tab_remembered(&key(&request.scenario))?;
        let journal: Self = serde_json::from_str(&text).ok()?;
        journal.ask(request);
        Some(journal)
    }

    fn ask(&self, request: &mut CreateSession) {
        request.seed = Some(self.seed);
        request.now_millis = Some(self.now_millis);
    }

    /// What was done.
    pub(super) fn past(&self) -> Vec<String> {
        self.past.clone()
    }

    /// Adds what was done now. A record that cannot be kept whole is not kept at all: half of it would
    /// lead to a cluster that never was.
    pub(super) fn add(&mut self, scenario: &str, past: &Past) {
        self.past.extend(serde_json::to_string(past));
        let text = serde_json::to_string(self).ok();
        if !browser::tab_remember(&key(scenario), text.as_deref()) {
            Self::forget(scenario);
        }
    }

    /// Forgets the last thing that was done: the worker ended in it.
    pub(super) fn drop_last(scenario: &str) {
        let text = browser::tab_remembered(&key(scenario));
        let shorter = text.and_then(|text| {
            let mut journal: Self = serde_json::from_str(&text).ok()?;
            journal.past.pop()?;
            serde_json::to_string(&journal).ok()
        });
        browser::tab_remember(&key(scenario), shorter.as_deref());
    }

    /// Forgets everything.
    pub(super) fn forget(scenario: &str) {
        browser::tab_remember(&key(scenario), None);
    }
}

fn key(scenario: &str) -> String {
    format!("podium-journal-{scenario}")
}
