//! The protocol over HTTP and server-sent events.

use std::convert::Infallible;
use std::time::Duration;

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::HeaderMap;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse as _, Response};
use futures_util::StreamExt as _;
use futures_util::stream::{self, Stream};
use http::StatusCode;
use http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use protocol::v1::{Answer, CommandEnvelope, CreateSession, ExecutorView};
use serde::Deserialize;

use super::Served;
use super::asked::Asked;
use super::refusal::refuse;
use crate::kubeconfig::Kubeconfig;

/// Which executors there are.
pub(super) async fn executors(State(served): State<Served>) -> Json<Vec<ExecutorView>> {
    Json(served.sessions.executors())
}

/// Opens a session.
pub(super) async fn create(
    State(served): State<Served>,
    Asked(request): Asked<CreateSession>,
) -> Response {
    match served.sessions.create(request) {
        Ok(live) => {
            (StatusCode::CREATED, Json(live.with(|session| session.view()))).into_response()
        }
        Err(problem) => refuse(problem),
    }
}

/// What a session is now.
pub(super) async fn view(State(served): State<Served>, Path(id): Path<String>) -> Response {
    match served.sessions.get(&id) {
        Ok(live) => Json(live.with(|session| session.view())).into_response(),
        Err(problem) => refuse(problem),
    }
}

/// Closes a session.
pub(super) async fn remove(State(served): State<Served>, Path(id): Path<String>) -> StatusCode {
    if served.sessions.remove(&id) { StatusCode::NO_CONTENT } else { StatusCode::NOT_FOUND }
}

/// Takes a command.
pub(super) async fn command(
    State(served): State<Served>,
    Path(id): Path<String>,
    Asked(envelope): Asked<CommandEnvelope>,
) -> Response {
    let result =
        served.sessions.get(&id).and_then(|live| live.with(|session| session.command(envelope)));
    match result {
        Ok(()) => StatusCode::ACCEPTED.into_response(),
        Err(problem) => refuse(problem),
    }
}

/// Answers a question.
pub(super) async fn query(
    State(served): State<Served>,
    Path(id): Path<String>,
    Asked(query): Asked<protocol::v1::Query>,
) -> Response {
    match served.sessions.get(&id) {
        Ok(live) => {
            let answer: Answer = live.with(|session| session.query(query)).await;
            Json(answer).into_response()
        }
        Err(problem) => refuse(problem),
    }
}

#[derive(Deserialize)]
pub(super) struct Since {
    #[serde(default)]
    since: u64,
}

/// The event log from a sequence number on.
pub(super) async fn events(
    State(served): State<Served>,
    Path(id): Path<String>,
    Query(Since { since }): Query<Since>,
    headers: HeaderMap,
) -> Response {
    let live = match served.sessions.get(&id) {
        Ok(live) => live,
        Err(problem) => return refuse(problem),
    };
    // A browser that reconnects by itself says what it saw last.
    let last = headers.get("last-event-id").and_then(|value| value.to_str().ok()?.parse().ok());
    let start = last.unwrap_or(since);
    let end = served.sessions.end_of_service();
    let batches =
        stream::unfold((live.watch(), live, start), |(mut watch, live, mut seen)| async move {
            loop {
                let events = live.with(|session| session.events_since(seen));
                if let Some(newest) = events.last() {
                    seen = newest.seq;
                    return Some((stream::iter(events), (watch, live, seen)));
                }
                watch.changed().await.ok()?;
            }
        });
    Sse::new(frames(batches.flatten()).take_until(end))
        .keep_alive(KeepAlive::new().interval(Duration::from_secs(15)))
        .into_response()
}

fn frames(
    events: impl Stream<Item = protocol::v1::Event>,
) -> impl Stream<Item = Result<Event, Infallible>> {
    events.map(|event| {
        let text = serde_json::to_string(&event).unwrap_or_default();
        Ok(Event::default().id(event.seq.to_string()).data(text))
    })
}

/// A kubeconfig for the session's embedded cluster.
pub(super) async fn kubeconfig(
    State(served): State<Served>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Response {
    match served.sessions.get(&id) {
        Ok(live) if live.lend().is_some() => {}
        Ok(_) => return StatusCode::NOT_FOUND.into_response(),
        Err(problem) => return refuse(problem),
    }
    let host =
        headers.get("host").and_then(|value| value.to_str().ok()).unwrap_or("127.0.0.1:8080");
    let server = format!("http://{host}/clusters/{id}");
    let text = Kubeconfig { name: "podium", server: &server, token: &id, tls: None }.text();
    let head = [
        (CONTENT_TYPE, "application/yaml"),
        (CONTENT_DISPOSITION, "attachment; filename=\"podium.kubeconfig\""),
    ];
    (head, text).into_response()
}
