//! Documents that clients keep, and ask for only when they have changed: aggregated discovery
//! (`apiserver/pkg/endpoints/discovery/aggregated/etag.go`) and OpenAPI (`kube-openapi/pkg/handler{,3}`).

use http::{Response, StatusCode};
use sha2::{Digest as _, Sha256};

use super::answer::{Reply, header};
use super::audit::Asked;

/// What a client has of a document.
pub(super) fn known(request: &http::Request<Vec<u8>>) -> String {
    let given = request.headers().get("if-none-match").and_then(|value| value.to_str().ok());
    given.unwrap_or_default().to_owned()
}

/// On what else than its path an answer depends, when it is such a document.
pub(super) fn is_told(asked: &Asked, reply: &Reply) -> Option<&'static str> {
    match reply {
        Reply::Discovery(_) => Some("Accept"),
        Reply::Document(200, _) | Reply::Bytes(..) if asked.path().starts_with("/openapi/v") => {
            // The index is written anew for whoever asks.
            (asked.path() != "/openapi/v3").then_some("Accept")
        }
        _ => None,
    }
}

/// Names the state of a document, and leaves it out when the client has it.
pub(super) fn tell(response: &mut Response<Vec<u8>>, known: &str, vary: &str) {
    let digest = Sha256::digest(response.body());
    let digest: String = digest.iter().map(|byte| format!("{byte:02X}")).collect();
    let tag = format!("\"{digest}\"");
    if known == tag {
        *response.status_mut() = StatusCode::NOT_MODIFIED;
        response.body_mut().clear();
        response.headers_mut().remove("content-type");
    }
    header(response, "etag", &tag);
    header(response, "vary", vary);
}

#[cfg(test)]
mod tests {
    use http::Response;

    use super::tell;

    #[test]
    fn what_a_client_has_is_not_sent_again() {
        let mut first = Response::new(b"document".to_vec());
        tell(&mut first, "", "Accept");
        let tag = first.headers()["etag"].to_str().unwrap().to_owned();
        assert_eq!((first.status().as_u16(), first.body().len(), tag.len()), (200, 8, 66));
        let mut second = Response::new(b"document".to_vec());
        tell(&mut second, &tag, "Accept");
        assert_eq!((second.status().as_u16(), second.body().len()), (304, 0));
        let mut changed = Response::new(b"other".to_vec());
        tell(&mut changed, &tag, "Accept");
        assert_eq!((changed.status().as_u16(), changed.body().len()), (200, 5));
    }
}
