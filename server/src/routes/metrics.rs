//! What the server tells a Prometheus: how many requests were answered how, sessions, events, its build.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::extract::{MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use http::header::CONTENT_TYPE;

use crate::sessions::Sessions;

/// The text format (`prometheus.io/docs/instrumenting/exposition_formats`).
const TEXT: &str = "text/plain; version=0.0.4; charset=utf-8";

/// Method, route and status of an answer.
type Kind = (&'static str, String, u16);

/// Answered requests by method, route and status. Routes are patterns: there are few of them.
#[derive(Clone, Default)]
pub(super) struct Requests(Arc<Mutex<BTreeMap<Kind, u64>>>);

impl Requests {
    fn all(&self) -> MutexGuard<'_, BTreeMap<Kind, u64>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A method as a label: whatever a client makes up must not become a new series.
fn label(method: &http::Method) -> &'static str {
    match *method {
        http::Method::GET => "GET",
        http::Method::HEAD => "HEAD",
        http::Method::POST => "POST",
        http::Method::PUT => "PUT",
        http::Method::PATCH => "PATCH",
        http::Method::DELETE => "DELETE",
        _ => "other",
    }
}

/// Counts an answer.
pub(super) async fn count(
    State(requests): State<Requests>,
    request: Request,
    next: Next,
) -> Response {
    let route = request.extensions().get::<MatchedPath>();
    let route = route.map_or("page", MatchedPath::as_str).to_owned();
    let method = label(request.method());
    let response = next.run(request).await;
    *requests.all().entry((method, route, response.status().as_u16())).or_default() += 1;
    response
}

/// All metrics as text.
pub(super) fn tell(requests: &Requests, sessions: &Sessions) -> Response {
    let mut text = String::new();
    let mut family = |name: &str, kind: &str, what: &str, lines: &[(String, u64)]| {
        let mut write = || -> std::fmt::Result {
            writeln!(text, "# HELP {name} {what}\n# TYPE {name} {kind}")?;
            lines.iter().try_for_each(|(labels, value)| writeln!(text, "{name}{labels} {value}"))
        };
        // A String takes everything.
        let _written: std::fmt::Result = write();
    };
    let build = format!("{{version=\"{}\"}}", env!("CARGO_PKG_VERSION"));
    family("podium_build_info", "gauge", "The build of this server.", &[(build, 1)]);
    let open = u64::try_from(sessions.count()).unwrap_or(u64::MAX);
    family("podium_sessions", "gauge", "Open sessions.", &[(String::new(), open)]);
    let events = [(String::new(), sessions.events())];
    family("podium_session_events_total", "counter", "Events of all sessions.", &events);
    let counted: Vec<(String, u64)> = requests
        .all()
        .iter()
        .map(|((method, route, status), count)| {
            let labels = format!("{{method=\"{method}\",route=\"{route}\",status=\"{status}\"}}");
            (labels, *count)
        })
        .collect();
    family("podium_http_requests_total", "counter", "Answered requests.", &counted);
    ([(CONTENT_TYPE, TEXT)], text).into_response()
}
