//! Watches (`apiserver/pkg/endpoints/handlers/watch.go`, `storage/cacher`): pulled by the host.

use std::sync::Arc;
use std::time::Duration;

use apimachinery::engine::{StreamId, StreamRead};
use apimachinery::gvk::GroupVersionKind;
use apimachinery::object;
use apimachinery::status::Status;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::Apiserver;
use super::answer::{Refusal, Reply, plain_error, status_document};
use super::call::{Call, Form};
use super::read::{Selection, check_options, partial};
use super::write::Target;
use super::{table, wire};
use crate::fields::put;
use crate::store::{Change, Object};

/// How often a watch that wants bookmarks gets one.
const BOOKMARK_EVERY: Duration = Duration::from_mins(1);

/// A watch ends a little later than asked for: the client's own clock comes first.
const SLACK: Duration = Duration::from_millis(200);

/// An open watch.
#[derive(Debug, Clone)]
#[expect(clippy::struct_excessive_bools, reason = "what clients ask of a watch is independent")]
pub(crate) struct Watch {
    call: Arc<Call>,
    key: String,
    gvk: GroupVersionKind,
    namespace: String,
    selection: Selection,
    revision: u64,
    initial: bool,
    marks_initial_end: bool,
    bookmarks: bool,
    deadline: Option<Timestamp>,
    last_bookmark: Timestamp,
    table_sent: bool,
}

impl Apiserver {
    /// Opens a watch.
    pub(crate) fn watch(&mut self, call: &Call) -> Result<Reply, Refusal> {
        let target = Target::of(call)?;
        check_options(call, true)?;
        let selection = Selection::of(call, &target)?;
        let initial_events = call.switch("sendInitialEvents");
        let given = call.param("resourceVersion");
        let asked = match given {
            "" => None,
            text => Some(text.parse::<u64>().map_err(|_error| {
                plain_error(format!(
                    "resourceVersion: Invalid value: {text:?}: strconv.ParseUint: parsing {text:?}: invalid syntax"
                ))
            })?),
        };
        let from_now = matches!(asked, None | Some(0)) || initial_events;
        let seconds: Option<i64> = call.param("timeoutSeconds").parse().ok();
        let deadline = seconds
            .and_then(|seconds| u64::try_from(seconds).ok())
            .and_then(|seconds| call.now.checked_add(Duration::from_secs(seconds) + SLACK).ok());
        self.last_stream += 1;
        let stream = StreamId(self.last_stream);
        let bookmarks = call.switch("allowWatchBookmarks");
        let watch = Watch {
            call: Arc::new(Call { body: Vec::new(), ..call.clone() }),
            key: target.key,
            gvk: target.gvk,
            namespace: target.namespace,
            selection,
            revision: if from_now { self.store.revision() } else { asked.unwrap_or(0) },
            initial: from_now && !(initial_events_refused(call)),
            marks_initial_end: initial_events && bookmarks,
            bookmarks,
            deadline,
            last_bookmark: call.now,
            table_sent: false,
        };
        self.watches.insert(stream, watch);
        Ok(Reply::Watch(stream))
    }

    /// When the next watch ends by itself.
    pub(crate) fn next_watch_end(&self) -> Option<Timestamp> {
        self.watches.values().filter_map(|watch| watch.deadline).min()
    }

    /// What is new in a watch.
    pub(crate) fn read_watch(&mut self, now: Timestamp, stream: StreamId) -> StreamRead {
        let Some(mut watch) = self.watches.remove(&stream) else {
            return StreamRead { chunks: Vec::new(), closed: true };
        };
        let mut read = StreamRead::default();
        if std::mem::take(&mut watch.initial) {
            self.initial_events(&mut watch, now, &mut read.chunks);
        }
        match self.store.changes_after(watch.revision) {
            Ok(changes) => {
                for change in &changes {
                    self.change_event(&mut watch, now, change, &mut read.chunks);
                    watch.revision = change.revision;
                }
            }
            Err(compacted) => {
                let message =
                    format!("too old resource version: {} ({})", watch.revision, compacted.oldest);
                let status = status_document(&Status::expired(message));
                read.chunks.push(line("ERROR", &status));
                read.closed = true;
                return read;
            }
        }
        if watch.bookmarks
            && watch.last_bookmark.checked_add(BOOKMARK_EVERY).is_ok_and(|due| due <= now)
        {
            watch.last_bookmark = now;
            read.chunks.push(watch.bookmark(self.store.revision(), false));
        }
        if watch.deadline.is_some_and(|deadline| deadline <= now) {
            read.closed = true;
        } else {
            self.watches.insert(stream, watch);
        }
        read
    }

    fn initial_events(&self, watch: &mut Watch, now: Timestamp, chunks: &mut Vec<Vec<u8>>) {
        let namespace = watch.namespace.clone();
        let namespace = Some(namespace.as_str()).filter(|namespace| !namespace.is_empty());
        let all = self.store.objects_at(&watch.key, watch.revision).unwrap_or_default();
        for item in all.within(namespace) {
            if watch.selection.matches(item) {
                let shown = self.shown(item, &watch.gvk);
                chunks.push(watch.event("ADDED", &shown, now));
            }
        }
        if watch.marks_initial_end {
            chunks.push(watch.bookmark(watch.revision, true));
        }
    }

    /// What a change means to a watch: entering and leaving a selection are ADDED and DELETED.
    fn change_event(
        &self,
        watch: &mut Watch,
        now: Timestamp,
        change: &Change,
        chunks: &mut Vec<Vec<u8>>,
    ) {
        let elsewhere = !watch.namespace.is_empty() && watch.namespace != change.namespace;
        if change.resource != watch.key || elsewhere {
            return;
        }
        let selected = |object: &Option<Object>| {
            object.clone().filter(|object| watch.selection.matches(object))
        };
        let (kind, value) = match (selected(&change.old), selected(&change.new)) {
            (None, Some(new)) => ("ADDED", new),
            (Some(_), Some(new)) => ("MODIFIED", new),
            (Some(old), None) => ("DELETED", old),
            (None, None) => return,
        };
        let mut shown = self.shown(&value, &watch.gvk);
        if kind == "DELETED" {
            let mut last = (*shown).clone();
            put(&mut last, "/metadata/resourceVersion", json!(change.revision.to_string()));
            shown = last.into();
        }
        chunks.push(watch.event(kind, &shown, now));
    }
}

/// `sendInitialEvents=false` asks for changes only.
fn initial_events_refused(call: &Call) -> bool {
    !call.param("sendInitialEvents").is_empty() && !call.switch("sendInitialEvents")
}

fn line(kind: &str, object: &Value) -> Vec<u8> {
    line_of(kind, &wire::write(object, false))
}

fn line_of(kind: &str, text: &str) -> Vec<u8> {
    format!("{{\"type\":\"{kind}\",\"object\":{text}}}\n").into_bytes()
}

impl Watch {
    fn event(&mut self, kind: &str, object: &Object, now: Timestamp) -> Vec<u8> {
        match self.call.form {
            Form::Plain => line_of(kind, wire::text_of(object)),
            Form::Partial | Form::PartialList => line(kind, &partial(&self.call, object)),
            Form::Table => {
                let metadata = json!({"resourceVersion": object::resource_version(object)});
                let call = Call { now, ..(*self.call).clone() };
                let mut document = match &call.custom {
                    Some(custom) => super::custom::table(&call, custom, &[&**object], metadata),
                    None => table::document(&call, &self.key, &[&**object], metadata),
                };
                // Only the first event of a watch carries the head of the table.
                if std::mem::replace(&mut self.table_sent, true) {
                    put(&mut document, "/columnDefinitions", Value::Null);
                }
                line(kind, &document)
            }
        }
    }

    fn bookmark(&self, revision: u64, initial_end: bool) -> Vec<u8> {
        let mut metadata = json!({"resourceVersion": revision.to_string()});
        if initial_end {
            put(&mut metadata, "/annotations", json!({"k8s.io/initial-events-end": "true"}));
        }
        let value = json!({
            "kind": self.gvk.kind, "apiVersion": self.gvk.group_version().to_string(), "metadata": metadata,
        });
        match self.call.form {
            Form::Plain => line("BOOKMARK", &value),
            Form::Partial | Form::PartialList => line("BOOKMARK", &partial(&self.call, &value)),
            Form::Table => {
                let row = json!({"cells": [], "object": partial(&self.call, &value)});
                line(
                    "BOOKMARK",
                    &json!({
                        "kind": "Table", "apiVersion": self.call.meta, "metadata": metadata,
                        "columnDefinitions": null, "rows": [row],
                    }),
                )
            }
        }
    }
}
