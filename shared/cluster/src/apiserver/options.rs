//! The query parameters of writes, checked as `meta/v1 validation.ValidateCreateOptions` and its siblings.

use apimachinery::field_error::FieldError;
use apimachinery::gvk::GroupVersionKind;
use apimachinery::object;
use apimachinery::schema::Schema;
use apimachinery::status::Status;
use serde_json::{Value, json};

use super::answer::Refusal;
use super::call::Call;
use super::decode::SCHEME;

const PROPAGATION: [&str; 4] = ["Foreground", "Background", "Orphan", "nil"];

fn dry_run(given: Value, errors: &mut Vec<FieldError>) {
    if given.as_array().is_some_and(|all| all.iter().any(|value| value != "All")) {
        errors.push(FieldError::not_supported("dryRun", given, &["All"]));
    }
}

/// Checks `dryRun`, `fieldValidation` and `fieldManager`; `kind` is `CreateOptions` and the like.
pub(crate) fn check(call: &Call, kind: &str) -> Result<(), Refusal> {
    let mut errors = Vec::new();
    let manager = call.param("fieldManager");
    if manager.len() > 128 {
        errors.push(FieldError::too_long("fieldManager", 128));
    }
    // `meta/v1/validation.ValidateFieldManager`.
    let strange = manager.chars().enumerate().find(|(_, one)| one.is_control());
    if let Some((at, one)) = strange {
        let why = format!("invalid character U+{:04X} (at position {at})", u32::from(one));
        errors.push(FieldError::invalid("fieldManager", manager, why));
    }
    dry_run(call.params("dryRun").into(), &mut errors);
    let validation = call.param("fieldValidation");
    if !matches!(validation, "" | "Ignore" | "Strict" | "Warn") {
        let known = ["", "Ignore", "Strict", "Warn"];
        errors.push(FieldError::not_supported("fieldValidation", validation, &known));
    }
    let applies = call.content_type.starts_with("application/apply-patch");
    if kind == "PatchOptions" {
        if applies && manager.is_empty() {
            errors.push(FieldError::required("fieldManager", "is required for apply patch"));
        }
        if !applies && !call.param("force").is_empty() {
            errors.push(FieldError::forbidden("force", "may not be specified for non-apply patch"));
        }
    }
    refuse(kind, &errors)
}

fn refuse(kind: &str, errors: &[FieldError]) -> Result<(), Refusal> {
    if errors.is_empty() {
        Ok(())
    } else {
        Err(Box::new(Status::invalid("meta.k8s.io", kind, "", errors)))
    }
}

/// What a delete asks for: from the body, or from the query when there is no body.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct DeleteOptions {
    pub(crate) grace: Option<i64>,
    pub(crate) uid: Option<String>,
    pub(crate) resource_version: Option<String>,
    pub(crate) propagation: Option<String>,
    pub(crate) dry_run: bool,
}

/// Reads and checks the options of a delete.
pub(crate) fn delete(call: &Call) -> Result<DeleteOptions, Refusal> {
    let body = if call.body.is_empty() { json!({}) } else { delete_body(call)? };
    let text = |pointer: &str| body.pointer(pointer).and_then(Value::as_str).map(str::to_owned);
    let query = |name: &str| Some(call.param(name).to_owned()).filter(|value| !value.is_empty());
    let propagation = text("/propagationPolicy").or_else(|| query("propagationPolicy"));
    let mut errors = Vec::new();
    if let Some(policy) = propagation.as_deref()
        && !PROPAGATION.contains(&policy)
    {
        errors.push(FieldError::not_supported("propagationPolicy", policy, &PROPAGATION));
    }
    let asked = query("orphanDependents").map(|text| !matches!(text.as_str(), "0" | "false"));
    let orphan = body.get("orphanDependents").and_then(Value::as_bool).or(asked);
    if orphan.is_some() && propagation.is_some() {
        let why = "orphanDependents and deletionPropagation cannot be both set";
        errors.push(FieldError::invalid("propagationPolicy", propagation.clone(), why));
    }
    dry_run(call.params("dryRun").into(), &mut errors);
    dry_run(body.get("dryRun").cloned().unwrap_or_default(), &mut errors);
    refuse("DeleteOptions", &errors)?;
    let orphaned = orphan.map(|orphan| if orphan { "Orphan" } else { "Background" }.to_owned());
    let grace = body.get("gracePeriodSeconds").and_then(Value::as_i64);
    let asked = query("gracePeriodSeconds").map(|text| {
        let wrong = || format!("strconv.ParseInt: parsing {text:?}: invalid syntax");
        text.parse::<i64>().map_err(|_error| super::answer::bad_request(wrong()))
    });
    let asked = asked.transpose()?;
    let in_body = body.get("dryRun").and_then(Value::as_array).is_some_and(|list| !list.is_empty());
    Ok(DeleteOptions {
        grace: grace.or(asked),
        uid: text("/preconditions/uid"),
        resource_version: text("/preconditions/resourceVersion"),
        propagation: propagation.or(orphaned),
        dry_run: in_body || call.dry_run(),
    })
}

fn delete_body(call: &Call) -> Result<Value, Refusal> {
    if call.content_type == "application/vnd.kubernetes.protobuf" {
        return apimachinery::protobuf::decode(Schema::builtin(), &call.body)
            .map_err(super::answer::bad_request);
    }
    let (value, _) = apimachinery::decode::read_json(&call.body).map_err(|error| {
        super::answer::bad_request(format!("couldn't get version/kind; json parse error: {error}"))
    })?;
    // Go leaves a struct as it is where a document is null.
    if value.is_null() {
        return Ok(json!({}));
    }
    let (version, kind) = (object::api_version(&value), object::kind(&value));
    if !matches!(kind, "" | "DeleteOptions") {
        return Err(super::answer::bad_request(format!(
            "no kind \"{kind}\" is registered for version \"{version}\" in scheme \"{SCHEME}\""
        )));
    }
    let options = GroupVersionKind::new("", "v1", "DeleteOptions");
    let decoded =
        apimachinery::decode::decode_value(Schema::builtin(), &options, value, Vec::new());
    decoded.map(|decoded| decoded.value).map_err(super::answer::bad_request)
}
