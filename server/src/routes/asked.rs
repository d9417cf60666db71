//! What a request asks for: its JSON body, or a problem that says what is wrong with it.

use axum::body::to_bytes;
use axum::extract::{FromRequest, Request};
use axum::response::Response;
use protocol::v1::{ApiProblem, Phrase};
use serde::de::DeserializeOwned;

use super::refusal::refuse;

/// The largest body: a manifest that a learner writes, with room to spare.
const BODY_MAX: usize = 512 * 1024;

/// The body of a request, read as JSON. Nesting is limited by `serde_json` (128 levels).
pub(super) struct Asked<T>(pub(super) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Asked<T> {
    type Rejection = Response;

    async fn from_request(request: Request, _state: &S) -> Result<Self, Response> {
        let body = to_bytes(request.into_body(), BODY_MAX).await.map_err(|error| {
            tracing::debug!(%error, "body");
            refuse(ApiProblem {
                status: 413,
                phrase: Phrase::new("session-text-too-long")
                    .with("most", (BODY_MAX / 1024).to_string()),
                detail: format!("a body may have {BODY_MAX} bytes, and must arrive as a whole"),
            })
        })?;
        serde_json::from_slice(&body).map(Self).map_err(|error| {
            refuse(ApiProblem {
                status: 400,
                phrase: Phrase::new("session-malformed").with("message", error.to_string()),
                detail: format!("the body is not what this path expects: {error}"),
            })
        })
    }
}
