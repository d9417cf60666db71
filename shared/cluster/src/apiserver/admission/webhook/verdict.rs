//! What a webhook answered (`webhook/request/admissionreview.go VerifyAdmissionResponse`,
//! `webhook/errors/statuserror.go`, `client-go/rest/request.go`).

use apimachinery::decode::read_json;
use apimachinery::status::Status;
use base64::Engine as _;
use serde_json::{Value, json};

use crate::apiserver::answer::Refusal;
use crate::fields::{flag, items, text, texts};

/// What Go says of a document that is a string.
const NO_OBJECT: &str = "json: cannot unmarshal string into Go value of type struct { APIVersion string \"json:\\\"apiVersion,omitempty\\\"\"; Kind string \"json:\\\"kind,omitempty\\\"\" }";

/// `AdmissionResponse`.
pub(super) struct Answer {
    pub(super) allowed: bool,
    /// `metav1.Status`.
    pub(super) result: Value,
    pub(super) patch: Option<Value>,
    pub(super) annotations: Vec<(String, String)>,
    pub(super) warnings: Vec<String>,
}

impl Answer {
    pub(super) fn allowing(patch: Value) -> Self {
        Self {
            allowed: true,
            result: Value::Null,
            patch: Some(patch).filter(Value::is_array),
            annotations: Vec::new(),
            warnings: Vec::new(),
        }
    }

    pub(super) fn denying(code: u16, message: &str) -> Self {
        let result = json!({"code": code, "message": message});
        Self { allowed: false, result, ..Self::allowing(Value::Null) }
    }
}

/// The body of an answer over HTTP; the error is that of `NewGenericServerResponse`.
pub(super) fn body(code: u16, kind: &str, body: Vec<u8>) -> Result<Vec<u8>, String> {
    if (200..=206).contains(&code) {
        if body.is_empty() {
            return Err(format!(
                "0-length response with status code: {code} and content type: {kind}"
            ));
        }
        return Ok(body);
    }
    // A server that can say it has said it.
    if let Ok((status, _)) = read_json(&body)
        && text(&status, "/kind") == "Status"
        && code >= 500
        && text(&status, "/status") != "Success"
    {
        return Err(text(&status, "/message").to_owned());
    }
    let said = if kind.starts_with("text/") {
        String::from_utf8_lossy(&body).trim().to_owned()
    } else {
        "unknown".to_owned()
    };
    Err(match code {
        409 => "the server reported a conflict".to_owned(),
        404 => "the server could not find the requested resource".to_owned(),
        400 => "the server rejected our request for an unknown reason".to_owned(),
        401 => "the server has asked for the client to provide credentials".to_owned(),
        403 => said,
        406 => said,
        415 => said,
        405 => "the server does not allow this method on the requested resource".to_owned(),
        422 => "the server rejected our request due to an error in our request".to_owned(),
        429 => "the server has received too many requests and has asked us to try again later".to_owned(),
        503 => "the server is currently unable to handle the request".to_owned(),
        504 => "the server was unable to return a response in the time allotted, but may still be processing the request".to_owned(),
        500.. => format!("an error on the server ({said:?}) has prevented the request from succeeding"),
        _ => format!("the server responded with the status code {code} but did not return more information"),
    })
}

/// `VerifyAdmissionResponse`; the error is the reason of a failed call.
pub(super) fn read(body: &[u8], uid: &str, (mutates, v1): (bool, bool)) -> Result<Answer, String> {
    let unread = |why: &str| {
        format!("failed to call webhook: couldn't get version/kind; json parse error: {why}")
    };
    // What does not begin like JSON is read as YAML, where any text is a string.
    if body.trim_ascii_start().first() != Some(&b'{') {
        return Err(unread(NO_OBJECT));
    }
    let (review, _) = read_json(body).map_err(|why| unread(&why))?;
    if let Some(why) = misfit(&review, v1) {
        return Err(format!("failed to call webhook: {why}"));
    }
    let invalid = |why: String| format!("received invalid webhook response: {why}");
    let Some(response) = review.get("response").filter(|one| one.is_object()) else {
        return Err(invalid("webhook response was absent".to_owned()));
    };
    let (version, kind) = (text(&review, "/apiVersion"), text(&review, "/kind"));
    let given = text(response, "/uid");
    if v1 && given != uid {
        return Err(invalid(format!("expected response.uid={uid:?}, got {given:?}")));
    }
    if v1 && (version, kind) != ("admission.k8s.io/v1", "AdmissionReview") {
        let version = if version.is_empty() { "/" } else { version };
        return Err(invalid(format!(
            "expected webhook response of admission.k8s.io/v1, Kind=AdmissionReview, got {version}, Kind={kind}"
        )));
    }
    let patch = patch_of(response, (mutates, v1)).map_err(invalid)?;
    let annotations = texts(response, "/auditAnnotations").into_iter().collect();
    let warnings = items(response, "/warnings").iter().filter_map(Value::as_str);
    Ok(Answer {
        allowed: flag(response, "/allowed"),
        result: response.get("status").cloned().unwrap_or_default(),
        patch: patch
            .map_err(|why| format!("received undecodable patch in webhook response: {why}"))?,
        annotations,
        warnings: warnings.map(str::to_owned).collect(),
    })
}

/// Why a document is not decoded as a review of a version.
fn misfit(review: &Value, v1: bool) -> Option<String> {
    let (version, kind) = (text(review, "/apiVersion"), text(review, "/kind"));
    let (wanted, other) = if v1 { ("v1", "v1beta1") } else { ("v1beta1", "v1") };
    if kind.is_empty() && version.is_empty() {
        return None;
    }
    match version.strip_prefix("admission.k8s.io/").filter(|_| kind == "AdmissionReview") {
        Some(own) if own == wanted => None,
        Some(own) if own == other => Some(format!(
            "converting ({other}.AdmissionReview) to ({wanted}.AdmissionReview): unknown conversion"
        )),
        _ => Some(format!(
            "no kind {kind:?} is registered for version {version:?} in scheme \"pkg/runtime/scheme.go:111\""
        )),
    }
}

/// The patch of a response; the inner error is that of its text.
fn patch_of(
    response: &Value,
    (mutates, v1): (bool, bool),
) -> Result<Result<Option<Value>, String>, String> {
    let patch = text(response, "/patch");
    let kind = response.get("patchType").and_then(Value::as_str);
    if !mutates {
        return match (patch.is_empty(), kind, v1) {
            (false, _, true) => Err("validating webhook may not return response.patch".to_owned()),
            (_, Some(_), true) => {
                Err("validating webhook may not return response.patchType".to_owned())
            }
            _ => Ok(Ok(None)),
        };
    }
    match (patch.is_empty(), kind) {
        (false, None) if v1 => {
            return Err("webhook returned response.patch but not response.patchType".to_owned());
        }
        (true, Some(_)) if v1 => {
            return Err("webhook returned response.patchType but not response.patch".to_owned());
        }
        (_, Some("")) if v1 => {
            return Err("webhook returned invalid response.patchType of \"\"".to_owned());
        }
        (true, _) => return Ok(Ok(None)),
        _ => {}
    }
    let bytes = base64::engine::general_purpose::STANDARD.decode(patch).unwrap_or_default();
    Ok(match read_json(&bytes) {
        Ok((patch, _)) if patch.is_array() => Ok(Some(patch)),
        Ok(_) => {
            Err("json: cannot unmarshal object into Go value of type jsonpatch.Patch".to_owned())
        }
        Err(why) => Err(why),
    })
}

/// `ToStatusErr`.
pub(super) fn refusal(name: &str, result: Value) -> Refusal {
    let denied = format!("admission webhook {name:?} denied the request");
    let mut status: Status =
        serde_json::from_value(if result.is_object() { result } else { json!({}) })
            .unwrap_or_else(|_unreadable| Status::failure(400, "", ""));
    status.code = status.code.max(400);
    if matches!(status.status.as_str(), "" | "Success") {
        "Failure".clone_into(&mut status.status);
    }
    status.message = match (status.message.as_str(), status.reason.as_str()) {
        ("", "") => format!("{denied} without explanation"),
        ("", said) | (said, _) => format!("{denied}: {said}"),
    };
    Box::new(status)
}
