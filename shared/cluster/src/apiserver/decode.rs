//! From a body to a defaulted object, with the complaints of the real decoder
//! (`apiserver/pkg/endpoints/handlers/{create,rest}.go`).

use apimachinery::decode::{self, Document};
use apimachinery::gvk::GroupVersionKind;
use apimachinery::protobuf;
use apimachinery::schema::Schema;
use apimachinery::status::Status;
use serde_json::Value;

use super::answer::{Refusal, bad_request};
use super::call::Call;
use super::custom::Version;
use super::{kinds, view};

const MEDIA_TYPES: &str = "the body of the request was in an unknown format - accepted media types include: application/json, application/yaml, application/vnd.kubernetes.protobuf";

/// What the real server names the file in which its scheme was made.
pub(super) const SCHEME: &str = "pkg/runtime/scheme.go:111";

/// The beginning of a body (`handlers/rest.go summarizeData`).
fn summary(body: &[u8]) -> String {
    const LENGTH: usize = 30;
    let start = body.get(..LENGTH).unwrap_or(body);
    let rest = if body.len() > LENGTH { " ..." } else { "" };
    match body.first() {
        None => "<empty>".to_owned(),
        Some(b'{') => format!("{}{rest}", String::from_utf8_lossy(start)),
        Some(_) => {
            let hex: Vec<String> = start.iter().map(|byte| format!("{byte:02x}")).collect();
            format!("{}{rest}", hex.concat())
        }
    }
}

/// Kind and version must be texts (`serializer/json/meta.go Interpret`).
fn head_error(document: &Document) -> Option<String> {
    let Document::Object(entries) = document else { return None };
    let wrong = entries.iter().find(|(key, value)| {
        matches!(key.as_str(), "kind" | "apiVersion")
            && !matches!(value, Document::String(_) | Document::Null)
    });
    wrong.map(|(key, value)| {
        format!(
            "json: cannot unmarshal {} into Go struct field .{key} of type string",
            value.kind()
        )
    })
}

/// The document of a body, before anything is known about its kind.
fn document(call: &Call, kind: &str) -> Result<Document, Refusal> {
    match call.content_type.as_str() {
        "application/vnd.kubernetes.protobuf" => {
            if !protobuf::is_protobuf(&call.body) {
                return Err(bad_request(format!(
                    "the object provided is unrecognized (must be of type {kind}): provided data does not appear to be a protobuf message, expected prefix [107 56 115 0] ({})",
                    summary(&call.body)
                )));
            }
            let value = protobuf::decode(Schema::builtin(), &call.body).map_err(bad_request)?;
            Ok(value.into())
        }
        "" | "application/json" | "application/yaml" => {
            let unrecognized = |error: String| {
                bad_request(format!(
                    "the object provided is unrecognized (must be of type {kind}): couldn't get version/kind; json parse error: {error} ({})",
                    summary(&call.body)
                ))
            };
            let found = decode::read(&call.body).map_err(unrecognized)?;
            let what = match found {
                Document::Object(_) => {
                    return match head_error(&found) {
                        Some(error) => Err(unrecognized(error)),
                        None => Ok(found),
                    };
                }
                Document::Null => return Ok(Document::Object(Vec::new())),
                other => other.kind(),
            };
            Err(unrecognized(format!(
                "json: cannot unmarshal {what} into Go value of type struct {{ APIVersion string \"json:\\\"apiVersion,omitempty\\\"\"; Kind string \"json:\\\"kind,omitempty\\\"\" }}"
            )))
        }
        _ => Err(Box::new(Status::unsupported_media_type(MEDIA_TYPES))),
    }
}

/// Fills in the expected kind, or says that another one was sent.
fn check_kind(
    document: &mut Document,
    wanted: &GroupVersionKind,
    body: &[u8],
) -> Result<(), Refusal> {
    let version = wanted.group_version().to_string();
    let (sent_version, sent_kind) =
        (document.text("apiVersion").to_owned(), document.text("kind").to_owned());
    let found_kind = if sent_kind.is_empty() { wanted.kind.clone() } else { sent_kind };
    if sent_version.matches('/').count() > 1 {
        return Err(bad_request(format!(
            "the object provided is unrecognized (must be of type {}): unexpected GroupVersion string: {sent_version} ({})",
            wanted.kind,
            summary(body)
        )));
    }
    let found_version = if sent_version.is_empty() { version.clone() } else { sent_version };
    if found_kind != wanted.kind || found_version != version {
        let sent = GroupVersionKind::of(&found_version, &found_kind);
        let why = if Schema::builtin().kind(&sent).is_none() {
            format!(
                "no kind \"{found_kind}\" is registered for version \"{found_version}\" in scheme \"{SCHEME}\""
            )
        } else {
            unknown_conversion(&sent, wanted)
        };
        return Err(cannot_be_handled(&sent, &wanted.kind, &why));
    }
    document.fill("apiVersion", &version);
    document.fill("kind", &wanted.kind);
    Ok(())
}

/// One kind is not another.
pub(crate) fn unknown_conversion(sent: &GroupVersionKind, wanted: &GroupVersionKind) -> String {
    let group = wanted.group.split('.').next().unwrap_or("");
    let package = if group.is_empty() { "core" } else { group };
    format!(
        "converting ({}.{}) to ({package}.{}): unknown conversion",
        sent.version, sent.kind, wanted.kind
    )
}

fn cannot_be_handled(sent: &GroupVersionKind, kind: &str, why: &str) -> Refusal {
    bad_request(format!(
        "{} in version \"{}\" cannot be handled as a {kind}: {why}",
        sent.kind, sent.version
    ))
}

/// Unknown and duplicate fields, as `fieldValidation` says.
pub(crate) fn report_strict(call: &mut Call, strict: Vec<String>) -> Result<(), String> {
    if strict.is_empty() {
        return Ok(());
    }
    match call.param("fieldValidation") {
        "Strict" => Err(format!("strict decoding error: {}", strict.join(", "))),
        "Ignore" => Ok(()),
        _ => {
            for finding in strict {
                call.warn(finding);
            }
            Ok(())
        }
    }
}

/// The body of a request as an object of a kind, defaulted, in its storage version.
pub(crate) fn object(call: &mut Call, gvk: &GroupVersionKind) -> Result<Value, Refusal> {
    let mut value = plain(call, gvk)?;
    settle(call.custom.as_deref(), gvk, &mut value);
    Ok(value)
}

/// Fills in defaults, in the version in which an object is stored.
pub(crate) fn settle(custom: Option<&Version>, gvk: &GroupVersionKind, value: &mut Value) {
    if let Some(custom) = custom.filter(|custom| custom.resource.gvk() == *gvk) {
        custom.default(value);
    } else {
        view::to_storage(value);
        kinds::default(value);
    }
}

/// A document as an object, by the schema of a custom resource or of a built-in kind.
pub(crate) fn shaped(
    custom: Option<&Version>,
    gvk: &GroupVersionKind,
    document: impl Into<Document>,
) -> Result<(Value, Vec<String>), String> {
    match custom.filter(|custom| custom.resource.gvk() == *gvk) {
        Some(custom) => {
            let (value, mut strict) = decode::plain(document.into())?;
            let (value, unknown) = custom.decode(value)?;
            strict.extend(unknown);
            Ok((value, strict))
        }
        None => typed(gvk, document),
    }
}

/// The body of a request as an object of a kind.
pub(crate) fn plain(call: &mut Call, gvk: &GroupVersionKind) -> Result<Value, Refusal> {
    let mut document = document(call, &gvk.kind)?;
    check_kind(&mut document, gvk, &call.body)?;
    let custom = call.custom.clone();
    let cannot = |why: String| cannot_be_handled(gvk, &gvk.kind, &why);
    let (value, strict) = shaped(custom.as_deref(), gvk, document).map_err(cannot)?;
    report_strict(call, strict).map_err(cannot)?;
    call.notes.object(&value);
    Ok(value)
}

/// A document that a patch has made, brought into the shape that decoding gives.
pub(crate) fn typed(
    gvk: &GroupVersionKind,
    document: impl Into<Document>,
) -> Result<(Value, Vec<String>), String> {
    let decoded = decode::decode_document(Schema::builtin(), gvk, document.into())?;
    Ok((decoded.value, decoded.strict))
}
