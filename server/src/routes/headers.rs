//! What every answer carries, and which requests are the page's own.

use std::net::IpAddr;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use http::{HeaderName, HeaderValue, Method};
use protocol::v1::{ApiProblem, Phrase};

use super::refusal::refuse;

/// The Content-Security-Policy: nothing inline but styles (the editor's), nothing from elsewhere.
const POLICY: &str = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self' 'unsafe-inline'; \
    img-src 'self' data:; font-src 'self'; connect-src 'self'; worker-src 'self'; manifest-src 'self'; \
    base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'; \
    require-trusted-types-for 'script'";

/// Adds the headers of a page that trusts nobody.
pub(super) async fn secure(request: Request, next: Next) -> Response {
    let foreign = request.uri().path().starts_with("/clusters/");
    let mut response = next.run(request).await;
    if foreign {
        return response;
    }
    for (name, value) in [
        ("content-security-policy", POLICY),
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "no-referrer"),
        ("cross-origin-opener-policy", "same-origin"),
        ("cross-origin-resource-policy", "same-origin"),
        ("permissions-policy", "camera=(), geolocation=(), microphone=()"),
    ] {
        response
            .headers_mut()
            .insert(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
    response
}

/// Whether a request comes from this server's page, or from a program that is no browser.
fn is_own(request: &Request) -> bool {
    let header = |name: &str| request.headers().get(name).and_then(|value| value.to_str().ok());
    let host = header("host").unwrap_or("");
    let own_origin = header("origin")
        .is_none_or(|origin| origin.split_once("://").is_some_and(|(_, rest)| rest == host));
    let own_site =
        header("sec-fetch-site").is_none_or(|site| matches!(site, "same-origin" | "none"));
    let changes = !matches!(*request.method(), Method::GET | Method::HEAD);
    own_origin
        && own_site
        && (!changes || header("x-podium-protocol") == Some(protocol::v1::VERSION))
}

/// Whether a `Host` is a name of this very machine. A page of another name that was made to resolve to it (DNS
/// rebinding) is of one origin with itself, and only its name gives it away.
fn is_here(request: &Request) -> bool {
    let host = request.headers().get("host").and_then(|value| value.to_str().ok()).unwrap_or("");
    let name = host.rsplit_once(':').map_or(host, |(name, port)| {
        if port.bytes().all(|byte| byte.is_ascii_digit()) { name } else { host }
    });
    let literal = name.trim_start_matches('[').trim_end_matches(']');
    let local = |address: IpAddr| address.is_loopback();
    name == "localhost" || name.ends_with(".localhost") || literal.parse().is_ok_and(local)
}

/// Refuses requests that another site's page could have made a browser send.
pub(super) async fn same_origin(
    State(only_here): State<bool>,
    request: Request,
    next: Next,
) -> Response {
    if is_own(&request) && (!only_here || is_here(&request)) {
        return next.run(request).await;
    }
    refuse(ApiProblem {
        status: 403,
        phrase: Phrase::new("session-not-the-page"),
        detail: "the request does not come from this server's page".to_owned(),
    })
}
