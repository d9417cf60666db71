//! How a request is refused.

use axum::Json;
use axum::response::{IntoResponse as _, Response};
use http::StatusCode;
use protocol::v1::ApiProblem;

/// A problem as an answer.
pub(super) fn refuse(problem: ApiProblem) -> Response {
    let status = StatusCode::from_u16(problem.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    (status, Json(problem)).into_response()
}
