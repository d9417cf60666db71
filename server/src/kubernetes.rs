//! The Kubernetes API of an embedded cluster over HTTP: what an engine leaves to its host (reading
//! bodies, YAML, gzip, streams, websockets, client certificates).

mod body;
mod gzip;
mod socket;
mod spdy;
mod yaml;

use std::sync::Arc;

use apimachinery::engine::{EngineAnswer, Peer};
use apimachinery::identity::Identity;
use apimachinery::status::Status;
use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::{IntoResponse as _, Response};
use futures_util::StreamExt as _;
use http::header::{ACCEPT_ENCODING, CONTENT_TYPE, UPGRADE};
use http::{HeaderMap, StatusCode};
use rustls::pki_types::CertificateDer;
use session::embedded::EmbeddedCluster;

use crate::authority;
use crate::listen::PeerCertificate;
pub use crate::real_time::RealTime;
use crate::webhooks;

/// A cluster as the API server of HTTP clients.
#[derive(Clone)]
pub struct Api {
    cluster: Arc<dyn Gateway>,
    administrator: Option<CertificateDer<'static>>,
    /// Whether every request is the administrator's (its path was the secret).
    trusting: bool,
}

/// Something that hands out the cluster at the present moment.
pub trait Gateway: Send + Sync {
    /// The cluster, after its time was brought up to now.
    fn cluster(&self) -> Arc<dyn EmbeddedCluster>;
}

impl Gateway for RealTime {
    fn cluster(&self) -> Arc<dyn EmbeddedCluster> {
        Arc::clone(self.now())
    }
}

impl Api {
    /// Serves a cluster. Requests that show `administrator` in their handshake come from the cluster's
    /// administrator, those with another certificate of its authority from whom that names; all others say who
    /// they are with a bearer token.
    pub fn new(cluster: Arc<dyn Gateway>, administrator: Option<CertificateDer<'static>>) -> Self {
        Self { cluster, administrator, trusting: false }
    }

    /// Serves a cluster to whoever knows its path.
    pub fn trusting(cluster: Arc<dyn Gateway>) -> Self {
        Self { cluster, administrator: None, trusting: true }
    }

    /// All paths.
    pub fn router(self) -> Router {
        Router::new().fallback(answer).with_state(self)
    }

    /// Answers one request; its path is the cluster's.
    pub async fn answer(&self, request: Request) -> Response {
        let identity = self.identity(&request);
        if request.headers().contains_key(UPGRADE) {
            return socket::upgrade(Arc::clone(&self.cluster), identity, request).await;
        }
        let (parts, body) = request.into_parts();
        let body = match body::read(&parts, body).await {
            Ok(body) => body,
            Err(status) => return refuse(&status),
        };
        let gzip = gzip::wanted(parts.headers.get(ACCEPT_ENCODING));
        let request = engine_request(parts, body, identity);
        let cluster = self.cluster.cluster();
        match webhooks::handle(&cluster, request).await {
            EngineAnswer::Full(response) => {
                let response = yaml::written(response);
                let response = if gzip { gzip::compress(response) } else { response };
                response.map(Body::from)
            }
            EngineAnswer::Stream(response) => {
                let (parts, id) = response.into_parts();
                let chunks = cluster.open(id).map(Ok::<_, std::convert::Infallible>);
                Response::from_parts(parts, Body::from_stream(chunks))
            }
        }
    }

    fn identity(&self, request: &Request) -> Option<Identity> {
        if self.trusting {
            return Some(Identity::admin());
        }
        let shown = request.extensions().get::<PeerCertificate>()?;
        if self.administrator.as_ref() == Some(&shown.0) {
            return Some(Identity::admin());
        }
        // The handshake has verified that the cluster's authority signed it.
        authority::holder(&shown.0)
    }
}

async fn answer(State(api): State<Api>, request: Request) -> Response {
    api.answer(request).await
}

/// What the engine sees: no hop-by-hop headers, and nothing of the host's extensions but who asks from where.
fn engine_request(
    parts: http::request::Parts,
    body: Vec<u8>,
    identity: Option<Identity>,
) -> http::Request<Vec<u8>> {
    let mut request = http::Request::new(body);
    if let Some(peer) = parts.extensions.get::<Peer>() {
        request.extensions_mut().insert(*peer);
    }
    *request.method_mut() = parts.method;
    *request.uri_mut() = parts.uri;
    *request.headers_mut() = end_to_end(parts.headers);
    if let Some(identity) = identity {
        request.extensions_mut().insert(identity);
    }
    request
}

/// RFC 9110, section 7.6.1.
fn end_to_end(mut headers: HeaderMap) -> HeaderMap {
    for name in [
        http::header::CONNECTION,
        http::header::PROXY_AUTHENTICATE,
        http::header::PROXY_AUTHORIZATION,
        http::header::TE,
        http::header::TRAILER,
        http::header::TRANSFER_ENCODING,
        UPGRADE,
        http::header::CONTENT_LENGTH,
    ] {
        headers.remove(name);
    }
    headers
}

/// A `Status` as an answer.
fn refuse(status: &Status) -> Response {
    let code = StatusCode::from_u16(status.code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let body = serde_json::to_vec(status).unwrap_or_default();
    (code, [(CONTENT_TYPE, "application/json")], body).into_response()
}
