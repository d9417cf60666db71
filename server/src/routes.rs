//! The paths of the server.

mod api;
mod asked;
mod headers;
mod metrics;
mod preview;
mod refusal;

use std::path::PathBuf;

use axum::Router;
use axum::extract::{Path, Request, State};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{any, get, post};
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use http::{StatusCode, Uri};
use tower_http::services::{ServeDir, ServeFile};

pub use preview::previewed;

use crate::content::Shelf;
use crate::kubernetes::Api;
use crate::sessions::Sessions;

/// What is served.
#[derive(Clone)]
pub struct Served {
    /// Sessions.
    pub sessions: Sessions,
    /// The course.
    pub shelf: Shelf,
    /// Folder of the built page.
    pub dist: PathBuf,
    /// Whether it listens on this machine only. Then no other name leads here.
    pub only_here: bool,
}

/// All routes.
pub fn router(served: Served) -> Router {
    let page = ServeDir::new(&served.dist)
        .precompressed_br()
        .precompressed_gzip()
        .fallback(ServeFile::new(served.dist.join("index.html")));
    let requests = metrics::Requests::default();
    let counted = requests.clone();
    let tell = async move |State(served): State<Served>| metrics::tell(&counted, &served.sessions);
    let sessions = Router::new()
        .route("/api/v1/executors", get(api::executors))
        .route("/api/v1/sessions", post(api::create))
        .route("/api/v1/sessions/{id}", get(api::view).delete(api::remove))
        .route("/api/v1/sessions/{id}/events", get(api::events))
        .route("/api/v1/sessions/{id}/commands", post(api::command))
        .route("/api/v1/sessions/{id}/queries", post(api::query))
        .route("/api/v1/sessions/{id}/kubeconfig", get(api::kubeconfig))
        .layer(axum::middleware::from_fn_with_state(served.only_here, headers::same_origin));
    Router::new()
        .merge(sessions)
        .route("/clusters/{id}", any(cluster))
        .route("/clusters/{id}/{*path}", any(cluster))
        .route("/scenarios/{*path}", get(scenario))
        .route("/healthz", get(|| async { "ok" }))
        .route("/readyz", get(ready))
        .route("/metrics", get(tell))
        .fallback_service(page)
        .layer(axum::middleware::from_fn_with_state(requests, metrics::count))
        .layer(axum::middleware::from_fn(headers::secure))
        .with_state(served)
}

/// A compiled scenario, or the catalogue.
async fn scenario(State(served): State<Served>, Path(path): Path<String>) -> Response {
    match served.shelf.now().compiled.get(&path) {
        Some(text) => {
            let head = [(CONTENT_TYPE, "application/json"), (CACHE_CONTROL, "no-cache")];
            (head, text.clone()).into_response()
        }
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

/// Whether new requests are welcome: no more once the server is asked to stop.
async fn ready(State(served): State<Served>) -> (StatusCode, &'static str) {
    if served.sessions.ending() {
        (StatusCode::SERVICE_UNAVAILABLE, "stopping")
    } else {
        (StatusCode::OK, "ok")
    }
}

/// The Kubernetes API of a session's embedded cluster. The path holds the unguessable name of the session,
/// which is what lets its bearer in: kubectl sends no tokens over plain HTTP.
async fn cluster(State(served): State<Served>, mut request: Request) -> Response {
    let path = request.uri().path_and_query().map_or("", |path| path.as_str()).to_owned();
    let rest = path.strip_prefix("/clusters/").unwrap_or("");
    let end = rest.find(['/', '?']).unwrap_or(rest.len());
    let (id, inner) = rest.split_at_checked(end).unwrap_or((rest, ""));
    let lent = match served.sessions.get(id) {
        Ok(live) => live.lend(),
        Err(problem) => return refusal::refuse(problem),
    };
    // There is no way to a real cluster but the commands of a session.
    let Some(lent) = lent else { return StatusCode::NOT_FOUND.into_response() };
    let inner = if inner.starts_with('/') { inner.to_owned() } else { format!("/{inner}") };
    if let Ok(uri) = inner.parse::<Uri>() {
        *request.uri_mut() = uri;
    }
    Api::trusting(lent).answer(request).await
}
