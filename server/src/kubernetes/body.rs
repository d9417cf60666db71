//! Request bodies: a limit, and YAML turned into JSON (the engine reads none).

use std::time::Duration;

use apimachinery::status::Status;
use axum::body::Body;
use http::header::CONTENT_TYPE;
use http::request::Parts;
use http_body_util::BodyExt as _;

/// `MaxRequestBodyBytes` of `k8s.io/apiserver/pkg/server/config.go`.
const LIMIT: usize = 3 * 1024 * 1024;

/// How much is read of a body that is too large.
const HEARD: usize = 16 * LIMIT;

/// How long a body may take.
const PATIENCE: Duration = Duration::from_mins(1);

/// Reads a body as the engine takes it.
pub(super) async fn read(parts: &Parts, body: Body) -> Result<Vec<u8>, Status> {
    let whole = tokio::time::timeout(PATIENCE, collect(body)).await;
    let Ok(whole) = whole else {
        // `apiserver/pkg/server/filters/timeout.go`, with the default of `--request-timeout`.
        let text = "Timeout: request did not complete within the allotted timeout";
        return Err(Status::failure(504, "Timeout", text));
    };
    let body = match whole {
        Ok(Some(body)) => body,
        Ok(None) => {
            return Err(Status::failure(
                413,
                "RequestEntityTooLarge",
                format!("Request entity too large: limit is {LIMIT}"),
            ));
        }
        Err(error) => {
            let text = format!("the body could not be read: {error}");
            return Err(Status::failure(400, "BadRequest", text));
        }
    };
    if is_yaml(parts, &body) { from_yaml(&body).map_err(|status| *status) } else { Ok(body) }
}

/// A whole body, or none when it is too large. What is too much is read all the same, so that whoever sends it hears
/// why it is refused.
async fn collect(mut body: Body) -> Result<Option<Vec<u8>>, axum::Error> {
    let (mut whole, mut length) = (Vec::new(), 0_usize);
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame?.into_data() else { continue };
        length = length.saturating_add(data.len());
        if length <= LIMIT {
            whole.extend_from_slice(&data);
        } else if length > HEARD {
            break;
        }
    }
    Ok(Some(whole).filter(|_| length <= LIMIT))
}

/// `application/yaml`, or a patch type whose name ends in `+yaml`; its body may be JSON all the same.
fn is_yaml(parts: &Parts, body: &[u8]) -> bool {
    let media_type = parts.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let media_type = media_type.and_then(|value| value.split(';').next()).unwrap_or("").trim();
    let yaml = media_type == "application/yaml" || media_type.ends_with("+yaml");
    yaml && !body.trim_ascii_start().starts_with(b"{")
}

fn from_yaml(body: &[u8]) -> Result<Vec<u8>, Box<Status>> {
    let refuse = |text: String| {
        let text = format!("error decoding YAML: {text}");
        Box::new(Status::failure(400, "BadRequest", text))
    };
    let text = std::str::from_utf8(body).map_err(|error| refuse(error.to_string()))?;
    let documents = kubectl::manifest::read(text).map_err(|error| refuse(error.to_string()))?;
    match documents.as_slice() {
        [document] => {
            serde_json::to_vec(&document.value).map_err(|error| refuse(error.to_string()))
        }
        other => Err(refuse(format!("one document is expected, found {}", other.len()))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn json(media_type: &str, body: &str) -> Result<String, String> {
        let request = http::Request::post("/").header(CONTENT_TYPE, media_type).body(()).unwrap();
        let (parts, ()) = request.into_parts();
        let read = read(&parts, Body::from(body.to_owned())).await;
        read.map(|body| String::from_utf8(body).unwrap()).map_err(|status| status.message)
    }

    #[tokio::test]
    async fn yaml_becomes_json_and_json_stays() {
        let yaml = json("application/yaml", "a: 0644\nb: yes\n").await;
        assert_eq!(yaml.as_deref(), Ok(r#"{"a":420,"b":true}"#));
        let patch = json("application/apply-patch+yaml; charset=utf-8", "a: [1]").await;
        assert_eq!(patch.as_deref(), Ok(r#"{"a":[1]}"#));
        assert_eq!(
            json("application/apply-patch+yaml", r#"{"a": 1}"#).await.unwrap(),
            r#"{"a": 1}"#
        );
        assert_eq!(json("application/json", "a: 1").await.unwrap(), "a: 1");
    }

    #[tokio::test]
    async fn a_body_beyond_the_limit_is_refused_as_upstream_does() {
        let huge = "x".repeat(LIMIT + 1);
        let refused = json("application/json", &huge).await.unwrap_err();
        assert_eq!(refused, "Request entity too large: limit is 3145728");
    }

    #[tokio::test]
    async fn two_documents_in_one_body_are_refused() {
        let refused = json("application/yaml", "a: 1\n---\nb: 2\n").await.unwrap_err();
        assert_eq!(refused, "error decoding YAML: one document is expected, found 2");
    }
}
