//! The event recorder: turns notes into Event objects and counts repetitions instead of repeating them
//! (`k8s.io/client-go/tools/record/events_cache.go`).

use jiff::Timestamp;
use rpds::RedBlackTreeMapSync;
use serde_json::{Value, json};

use super::{Component, EventNote, Write};
use crate::fields;

/// What is remembered of an event that was written.
#[derive(Debug, Clone)]
struct Known {
    name: String,
    count: u64,
    at: Timestamp,
}

/// Remembers which events exist already. A clone costs nothing.
#[derive(Debug, Clone)]
pub(crate) struct Recorder {
    known: RedBlackTreeMapSync<String, Known>,
    /// Distinguishes events of the same object in the same nanosecond, as a real clock does.
    last: i128,
    /// When it was last looked for what can be forgotten.
    swept: Timestamp,
}

impl Default for Recorder {
    fn default() -> Self {
        Self { known: RedBlackTreeMapSync::new_sync(), last: 0, swept: Timestamp::MIN }
    }
}

/// After which silence a series has ended (`finishTime`).
const SERIES_SECONDS: i64 = 360;
/// How long the API server keeps an event (`--event-ttl`).
const TTL_SECONDS: i64 = 3600;
/// How often it is looked for what can be forgotten. Until then it is known, and too old to count.
const SWEEP_SECONDS: i64 = 300;

impl Recorder {
    /// The request that records `note`: a new Event, or a higher count on the one that says the same. None
    /// where a series is counted that is known to go on.
    pub(crate) fn record(
        &mut self,
        note: &EventNote,
        component: &Component,
        now: Timestamp,
    ) -> Option<Write> {
        let namespace = match fields::text(&note.regarding, "/namespace") {
            "" => "default",
            namespace => namespace,
        };
        if note.action.is_some() {
            return self.record_series(note, component, namespace, now);
        }
        let mut regarding = note.regarding.clone();
        if let Some(reference) = regarding.as_object_mut() {
            reference.remove("resourceVersion");
        }
        let same = format!(
            "{} {} {} {} {} {} {}",
            component.source,
            component.host,
            namespace,
            regarding,
            note.severity,
            note.reason,
            note.message
        );
        if let Some(known) = self.known.get_mut(&same)
            && now.as_second() - known.at.as_second() < TTL_SECONDS
        {
            known.count += 1;
            known.at = now;
            let patch = json!({"count": known.count, "lastTimestamp": fields::seconds(now)});
            return Some(Write::patch("events", namespace, &known.name, "", patch));
        }
        Some(self.create(same, note, component, namespace, now))
    }

    /// The same for components that report through `events.k8s.io`: an event about the same state of the
    /// same object starts a series, which is written once and then only counted
    /// (`k8s.io/client-go/tools/events/event_broadcaster.go recordToSink`).
    fn record_series(
        &mut self,
        note: &EventNote,
        component: &Component,
        namespace: &str,
        now: Timestamp,
    ) -> Option<Write> {
        let same = format!(
            "{} {:?} {} {} {}",
            component.source, note.action, note.severity, note.reason, note.regarding
        );
        if let Some(known) = self.known.get_mut(&same)
            && now.as_second() - known.at.as_second() < SERIES_SECONDS
        {
            known.count += 1;
            known.at = now;
            let series = json!({"count": known.count, "lastObservedTime": fields::micros(now)});
            let patch = json!({"series": series});
            return (known.count == 2)
                .then(|| Write::patch("events", namespace, &known.name, "", patch));
        }
        Some(self.create(same, note, component, namespace, now))
    }

    fn create(
        &mut self,
        same: String,
        note: &EventNote,
        component: &Component,
        namespace: &str,
        now: Timestamp,
    ) -> Write {
        let name = self.name(note, now);
        self.known.insert_mut(same, Known { name: name.clone(), count: 1, at: now });
        Write::create("events", event(note, component, namespace, &name, now))
    }

    /// Forgets what the API server has dropped, so that the memory does not grow with time.
    pub(crate) fn expire(&mut self, now: Timestamp) {
        if now.as_second() - self.swept.as_second() < SWEEP_SECONDS {
            return;
        }
        self.swept = now;
        let old = |known: &Known| now.as_second() - known.at.as_second() >= TTL_SECONDS;
        let gone = self.known.iter().filter(|(_, known)| old(known)).map(|(same, _)| same.clone());
        for same in gone.collect::<Vec<_>>() {
            self.known.remove_mut(&same);
        }
    }

    /// `<object>.<nanoseconds in hexadecimal>`.
    fn name(&mut self, note: &EventNote, now: Timestamp) -> String {
        self.last = now.as_nanosecond().max(self.last + 1);
        format!("{}.{:x}", fields::text(&note.regarding, "/name"), self.last)
    }
}

fn event(
    note: &EventNote,
    component: &Component,
    namespace: &str,
    name: &str,
    now: Timestamp,
) -> Value {
    let mut event = json!({
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {"name": name, "namespace": namespace},
        "involvedObject": note.regarding,
        "type": note.severity,
        "reason": note.reason,
        "message": note.message,
        "reportingComponent": component.source,
        "reportingInstance": component.host,
    });
    if let Some(action) = note.action {
        fields::put(&mut event, "/action", json!(action));
        fields::put(&mut event, "/eventTime", json!(fields::micros(now)));
        fields::put(
            &mut event,
            "/reportingInstance",
            json!(format!("{}-control-plane", component.source)),
        );
        return event;
    }
    fields::put(&mut event, "/source/component", json!(component.source));
    if !component.host.is_empty() {
        fields::put(&mut event, "/source/host", json!(component.host));
    }
    fields::put(&mut event, "/count", json!(1));
    fields::put(&mut event, "/firstTimestamp", json!(fields::seconds(now)));
    fields::put(&mut event, "/lastTimestamp", json!(fields::seconds(now)));
    event
}
