//! What `podium preview` adds to the page: a script that follows the content.

use std::convert::Infallible;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::middleware::Next;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use futures_util::stream;
use http::header::{
    ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_LENGTH, CONTENT_TYPE, ETAG, LAST_MODIFIED,
};
use http_body_util::BodyExt as _;
use tokio::sync::watch;

use crate::authoring::preview::News;

const SCRIPT: &str = include_str!("../../templates/preview.js");
const TAG: &str = "<script type=\"module\" src=\"/api/preview/follow.js\"></script></head>";

/// The routes of the page, with those of the preview.
pub fn previewed(router: Router, news: watch::Receiver<News>) -> Router {
    let script =
        || async { ([(CONTENT_TYPE, "text/javascript"), (CACHE_CONTROL, "no-store")], SCRIPT) };
    router
        .layer(axum::middleware::from_fn(with_script))
        .route("/api/preview/follow.js", get(script))
        .route("/api/preview/events", get(move || std::future::ready(events(news.clone()))))
}

/// The news so far, and every later one, until the server ends.
fn events(news: watch::Receiver<News>) -> Response {
    let events = stream::unfold((news, true), |(mut news, first)| async move {
        if !first {
            news.changed().await.ok()?;
        }
        let text = serde_json::to_string(&*news.borrow_and_update()).unwrap_or_default();
        Some((Ok::<Event, Infallible>(Event::default().data(text)), (news, false)))
    });
    Sse::new(events).keep_alive(KeepAlive::default()).into_response()
}

/// Adds the script to pages.
async fn with_script(mut request: Request, next: Next) -> Response {
    // A page that is compressed already could not be added to.
    request.headers_mut().remove(ACCEPT_ENCODING);
    let response = next.run(request).await;
    let kind = response.headers().get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    if !kind.is_some_and(|kind| kind.starts_with("text/html")) {
        return response;
    }
    let (mut parts, body) = response.into_parts();
    let bytes = body.collect().await.map(http_body_util::Collected::to_bytes).unwrap_or_default();
    let page = String::from_utf8_lossy(&bytes).replacen("</head>", TAG, 1);
    for header in [CONTENT_LENGTH, ETAG, LAST_MODIFIED] {
        parts.headers.remove(header);
    }
    Response::from_parts(parts, Body::from(page))
}
