//! When events are written: once for an answer, twice for those that take long
//! (`endpoints/filters/audit.go WithAudit`).

use std::sync::Arc;

use apimachinery::engine::StreamId;
use jiff::Timestamp;

use super::{Asked, Stage};
use crate::apiserver::{ApiAnswer, Apiserver, answer};

impl Apiserver {
    /// Writes down what came of a request, or keeps it until somebody else has answered.
    pub(crate) fn record(&mut self, now: Timestamp, asked: Asked, answer: &ApiAnswer) {
        match answer {
            ApiAnswer::Full(response) => {
                self.over(now, &Arc::new(asked), response.status().as_u16());
            }
            ApiAnswer::Watch(response) => {
                self.begun(now, asked, response.status().as_u16(), *response.body());
            }
            ApiAnswer::Node(_)
            | ApiAnswer::Connect(_)
            | ApiAnswer::Fault(_)
            | ApiAnswer::Addon(_) => {
                self.unanswered = Some(asked);
            }
        }
    }

    /// Somebody else has answered the last request.
    pub(crate) fn answered<T>(&mut self, now: Timestamp, response: &mut http::Response<T>) {
        if let Some(asked) = self.unanswered.take() {
            answer::header(response, "audit-id", &asked.id);
            self.over(now, &Arc::new(asked), response.status().as_u16());
        }
    }

    /// Somebody else has begun to answer the last request.
    pub(crate) fn answering(&mut self, now: Timestamp, response: &mut http::Response<StreamId>) {
        if let Some(asked) = self.unanswered.take() {
            answer::header(response, "audit-id", &asked.id);
            // What the host turns into an upgrade.
            let code = if asked.switches() { 101 } else { response.status().as_u16() };
            self.begun(now, asked, code, *response.body());
        }
    }

    /// A stream is over.
    pub(crate) fn ended(&mut self, now: Timestamp, stream: StreamId) {
        if let Some((asked, code)) = self.open.remove(&stream) {
            self.trail.write(now, &asked, Stage::ResponseComplete, code);
        }
    }

    fn begun(&mut self, now: Timestamp, asked: Asked, code: u16, stream: StreamId) {
        let asked = Arc::new(asked);
        self.trail.write(now, &asked, Stage::ResponseStarted, code);
        self.open.insert(stream, (asked, code));
    }

    fn over(&mut self, now: Timestamp, asked: &Arc<Asked>, code: u16) {
        if asked.is_nobodys() || asked.takes_long() {
            self.trail.write(now, asked, Stage::ResponseStarted, code);
        }
        if asked.is_nobodys() {
            return;
        }
        self.trail.write(now, asked, Stage::ResponseComplete, code);
    }
}
