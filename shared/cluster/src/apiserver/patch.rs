//! PATCH in its four types (`apiserver/pkg/endpoints/handlers/patch.go`).

use apimachinery::apply::{Writer, apply};
use apimachinery::decode::read_json;
use apimachinery::field_error::FieldError;
use apimachinery::go;
use apimachinery::gvk::GroupVersionKind;
use apimachinery::object;
use apimachinery::patch::{PatchError, json as json_patch, merge, strategic};
use apimachinery::schema::Schema;
use apimachinery::status::{Status, StatusDetails};
use serde_json::{Map, Value};

use super::Apiserver;
use super::answer::{Refusal, Reply, bad_request, plain_error};
use super::call::Call;
use super::write::{Target, check_name};
use super::{decode, kinds, options, view, wire};

const TYPES: [&str; 4] = [
    "application/json-patch+json",
    "application/merge-patch+json",
    "application/strategic-merge-patch+json",
    "application/apply-patch+yaml",
];

/// What custom resources are patched with.
const CUSTOM_TYPES: &str = "the body of the request was in an unknown format - accepted media types include: application/json-patch+json, application/merge-patch+json, application/apply-patch+yaml";

/// Which fields a JSON patch touches, as the document that a merge patch would be.
fn touched(patch: &Value) -> Value {
    let mut found = Value::Object(Map::new());
    for operation in patch.as_array().into_iter().flatten() {
        let path = operation.get("path").and_then(Value::as_str).unwrap_or("");
        let keys: Vec<&str> = path.split('/').skip(1).collect();
        object::set(&mut found, &keys, Value::Null);
    }
    found
}

/// 422 without a kind, as the patch handler makes it.
fn invalid_patch(shown: String, why: String) -> Refusal {
    let error = FieldError::invalid("patch", shown, why);
    Box::new(Status::invalid("", "", "", &[error]))
}

/// What is wrong with a strategic patch itself (`apimachinery/pkg/util/mergepatch/errors.go`).
const WRONG: [&str; 5] = [
    "invalid JSON document",
    "invalid patch format of primitive list",
    "invalid patch format of retainKeys",
    "invalid patch format of setElementOrder list",
    "strategic merge patch format is not supported",
];

/// What does not fit the object.
const UNFIT: [&str; 2] =
    ["lists of lists are not supported", "patch content doesn't match retainKeys list"];

/// `interpretStrategicMergePatchError`: an error that it does not know is a bare 500.
fn failed_strategic(error: PatchError) -> Refusal {
    match error {
        PatchError::Malformed(why) if UNFIT.contains(&why.as_str()) => {
            failed(PatchError::Unprocessable(why))
        }
        PatchError::Malformed(why) if !WRONG.contains(&why.as_str()) => plain_error(why),
        error => failed(error),
    }
}

fn failed(error: PatchError) -> Refusal {
    match error {
        PatchError::Malformed(why) => bad_request(why),
        PatchError::Unprocessable(_) => {
            let why = "the server rejected our request due to an error in our request";
            Box::new(Status::failure(422, "Invalid", why).with_details(StatusDetails::default()))
        }
    }
}

/// What Go calls a JSON value.
fn go_kind(value: &Value) -> &'static str {
    match value {
        Value::Array(_) => "array",
        Value::String(_) => "string",
        Value::Bool(_) => "bool",
        Value::Number(_) => "number",
        Value::Object(_) => "object",
        Value::Null => "null",
    }
}

fn no_map(what: &str) -> String {
    format!("json: cannot unmarshal {what} into Go value of type map[string]interface {{}}")
}

/// Reads the patch document.
fn document(call: &Call, kind: &str) -> Result<(Value, Vec<String>), Refusal> {
    let (value, strict) =
        read_json(&call.body).map_err(|why| bad_request(format!("error decoding patch: {why}")))?;
    if kind == TYPES[0] {
        if !value.is_array() {
            let why = "error decoding patch: json: cannot unmarshal object into Go value of type []handlers.jsonPatchOp";
            return Err(bad_request(why));
        }
        let wrong = value.as_array().and_then(|all| all.iter().find(|one| !one.is_object()));
        if let Some(wrong) = wrong {
            let what = go_kind(wrong);
            let why = format!(
                "error decoding patch: json: cannot unmarshal {what} into Go value of type handlers.jsonPatchOp"
            );
            return Err(bad_request(why));
        }
    } else if !value.is_object() {
        let merges = kind == TYPES[1];
        if merges && value.is_null() {
            return Err(bad_request("Invalid JSON Patch"));
        }
        let (what, start) = (go_kind(&value), if merges { "error decoding patch: " } else { "" });
        return Err(bad_request(format!("{start}{}", no_map(what))));
    }
    Ok((value, strict))
}

impl Apiserver {
    /// PATCH of an object or its subresource.
    pub(crate) fn patch(&mut self, call: &mut Call) -> Result<Reply, Refusal> {
        let kind = call.content_type.clone();
        if !TYPES.contains(&kind.as_str()) {
            let text = "415: Unsupported Media Type";
            let status = Status::unsupported_media_type(text);
            return Err(Box::new(status.with_details(StatusDetails::default())));
        }
        options::check(call, "PatchOptions")?;
        let target = Target::of(call)?;
        if kind == TYPES[3] {
            return self.apply(call, &target);
        }
        let custom = target.custom.as_deref();
        if custom.is_some() && kind == TYPES[2] {
            return Err(Box::new(Status::unsupported_media_type(CUSTOM_TYPES)));
        }
        let live = self.live(&target.key, &target.namespace, &target.name);
        let missing = || Box::new(Status::not_found(&call.group_resource(), &target.name));
        let live = live.ok_or_else(missing)?;
        let (patch, mut strict) = document(call, &kind)?;
        let mut shown = live.clone();
        match &target.custom {
            Some(custom) => custom.show(&mut shown),
            None => view::in_version(&mut shown, &target.gvk.group, &target.gvk.version),
        }
        let patched = match kind.as_str() {
            "application/json-patch+json" => json_patch::apply(&shown, &patch),
            "application/merge-patch+json" => merge::apply(&shown, &patch),
            _ => strategic::apply(Schema::builtin(), &target.gvk, &shown, &patch),
        };
        let is_strategic = kind == TYPES[2];
        let patched = patched.map_err(if is_strategic { failed_strategic } else { failed })?;
        let text = match kind.as_str() {
            "application/strategic-merge-patch+json" => go::print(&patch),
            "application/json-patch+json" => {
                wire::write_patched(&patched, &target.gvk, &touched(&patch))
            }
            _ => wire::write_patched(&patched, &target.gvk, &patch),
        };
        check_kind(&patched, &target.gvk).map_err(|why| invalid_patch(text.clone(), why))?;
        let (mut value, more) = decode::shaped(custom, &target.gvk, patched).map_err(|why| {
            let why = if is_strategic { unrecognized(&why) } else { why };
            invalid_patch(text.clone(), why)
        })?;
        strict.extend(more);
        decode::report_strict(call, strict).map_err(|why| invalid_patch(text, why))?;
        check_place(&value, &target)?;
        decode::settle(custom, &target.gvk, &mut value);
        let updated = self.update_object(call, &target, &live, value, None)?;
        Ok(Reply::Object(200, self.shown(&updated, &target.gvk)))
    }

    /// Server-side apply.
    fn apply(&mut self, call: &mut Call, target: &Target) -> Result<Reply, Refusal> {
        let (value, strict) = read_json(&call.body)
            .map_err(|why| bad_request(format!("error decoding YAML: {why}")))?;
        decode::report_strict(call, strict)
            .map_err(|why| bad_request(format!("error decoding YAML: {why}")))?;
        if !value.is_object() {
            let why = no_map(go_kind(&value));
            return Err(bad_request(format!(
                "error decoding YAML: error unmarshaling JSON: while decoding JSON: {why}"
            )));
        }
        let sent = GroupVersionKind::of(object::api_version(&value), object::kind(&value));
        if sent != target.gvk {
            return Err(bad_request(format!(
                "invalid object type: {}/{}, Kind={}",
                sent.group, sent.version, sent.kind
            )));
        }
        if value.pointer("/metadata/managedFields").is_some_and(|fields| !fields.is_null()) {
            return Err(bad_request("metadata.managedFields must be nil"));
        }
        if !object::name(&value).is_empty() {
            check_name(&value, &target.name)?;
        }
        let mut value = value;
        object::set(&mut value, &["metadata", "name"], target.name.clone().into());
        if !target.namespace.is_empty() {
            check_place(&value, target)?;
            object::set(&mut value, &["metadata", "namespace"], target.namespace.clone().into());
        }
        self.apply_document(call, target, &value)
    }

    fn apply_document(
        &mut self,
        call: &mut Call,
        target: &Target,
        value: &Value,
    ) -> Result<Reply, Refusal> {
        let custom = target.custom.as_deref();
        let live = self.present(&target.key, &target.namespace, &target.name);
        if live.is_none() && !target.subresource.is_empty() {
            return Err(Box::new(Status::not_found(&call.group_resource(), &target.name)));
        }
        let manager = call.field_manager();
        let writer = Writer { manager: &manager, subresource: &target.subresource, now: call.now };
        let force = call.switch("force");
        let mut applied =
            apply(target.schema(), &target.gvk, live.as_deref(), value, writer, force)?.object;
        if manager == "kubectl" {
            follow_last_applied(&mut applied, value);
        }
        let managed = applied.pointer("/metadata/managedFields").cloned();
        let (mut merged, _) = decode::shaped(custom, &target.gvk, applied).map_err(|why| {
            let kind = format!("{}, Kind={}", target.gvk.group_version(), target.gvk.kind);
            plain_error(format!(
                "failed to convert new object ({}/{}; {kind}) to proper version: unable to \
                     convert unstructured object to {kind}: {why}",
                target.namespace, target.name
            ))
        })?;
        decode::settle(custom, &target.gvk, &mut merged);
        if let Some(live) = live {
            let updated = self.update_object(call, target, &live, merged, managed)?;
            return Ok(Reply::Object(200, self.shown(&updated, &target.gvk)));
        }
        let created = self.create_object(call, target, merged, managed)?;
        Ok(Reply::Object(201, self.shown(&created, &target.gvk)))
    }
}

/// Whoever goes on with client-side apply finds what kubectl applied last on the server's side
/// (`managedfields/internal/lastappliedupdater.go`).
fn follow_last_applied(applied: &mut Value, document: &Value) {
    const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";
    let annotations = applied.pointer_mut("/metadata/annotations").and_then(Value::as_object_mut);
    let Some(annotations) = annotations else { return };
    if annotations.get(LAST_APPLIED).and_then(Value::as_str).is_none_or(str::is_empty) {
        return;
    }
    let mut document = document.clone();
    object::remove(&mut document, &["metadata", "annotations", LAST_APPLIED]);
    // Go escapes what could end a script.
    let text = document.to_string();
    let text = text.replace('<', "\\u003c").replace('>', "\\u003e").replace('&', "\\u0026");
    annotations.insert(LAST_APPLIED.to_owned(), Value::from(format!("{text}\n")));
    if kinds::annotations_too_long(annotations) {
        annotations.remove(LAST_APPLIED);
    }
}

/// Strategic patches are typed by a converter with words of its own.
fn unrecognized(why: &str) -> String {
    let found = why.strip_prefix("json: cannot unmarshal ").and_then(|rest| rest.split(' ').next());
    match why.rsplit_once(" of type ") {
        Some((_, kind)) if kind.starts_with("[]") && found == Some("object") => {
            "cannot restore slice from map".to_owned()
        }
        Some((_, kind)) if why.starts_with("json: cannot unmarshal") => {
            format!("unrecognized type: {kind}")
        }
        _ => why.to_owned(),
    }
}

fn check_kind(value: &Value, wanted: &GroupVersionKind) -> Result<(), String> {
    let (version, kind) = (object::api_version(value), object::kind(value));
    if version == wanted.group_version().to_string() && kind == wanted.kind {
        return Ok(());
    }
    let sent = GroupVersionKind::of(version, kind);
    if Schema::builtin().kind(&sent).is_some() {
        decode::typed(&sent, value.clone())?;
        return Err(decode::unknown_conversion(&sent, wanted));
    }
    Err(format!(
        "no kind \"{kind}\" is registered for version \"{version}\" in scheme \"pkg/runtime/scheme.go:111\""
    ))
}

fn check_place(value: &Value, target: &Target) -> Result<(), Refusal> {
    check_name(value, &target.name)?;
    let namespace = object::namespace(value);
    if !target.namespace.is_empty() && !namespace.is_empty() && namespace != target.namespace {
        return Err(bad_request(
            "the namespace of the provided object does not match the namespace sent on the request",
        ));
    }
    Ok(())
}
