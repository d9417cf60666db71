//! Answers in YAML, which the engine leaves to its host: it says that its JSON is YAML, which is true.

use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use http::Response;
use serde_json::Value;

/// Writes what an answer calls YAML as people write it (`sigs.k8s.io/yaml`).
pub(super) fn written(mut response: Response<Vec<u8>>) -> Response<Vec<u8>> {
    let is_yaml =
        response.headers().get(CONTENT_TYPE).is_some_and(|kind| kind == "application/yaml");
    if !is_yaml {
        return response;
    }
    if let Ok(value) = serde_json::from_slice::<Value>(response.body()) {
        *response.body_mut() = kubectl::manifest::to_yaml(&value).into_bytes();
        response.headers_mut().remove(CONTENT_LENGTH);
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answered(kind: &str) -> String {
        let body = br#"{"kind":"Status","code":406,"message":"no: \"x\"","list":[{"a":null}]}"#;
        let response = Response::builder().header(CONTENT_TYPE, kind).body(body.to_vec()).unwrap();
        String::from_utf8(written(response).into_body()).unwrap()
    }

    #[test]
    fn only_what_is_called_yaml_is_written_so() {
        let yaml = "code: 406\nkind: Status\nlist:\n- a: null\nmessage: 'no: \"x\"'\n";
        assert_eq!(answered("application/yaml"), yaml);
        assert!(answered("application/json").starts_with('{'));
    }
}
