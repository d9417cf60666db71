//! Devices that are claimed: DeviceClass, ResourceClaim, ResourceClaimTemplate
//! (`pkg/apis/resource/{v1/defaults.go,validation/validation.go}`). What selectors say in CEL is not compiled, and who
//! may ask for `adminAccess` is not looked at: nothing here hands out devices.

use apimachinery::field_error::FieldError;
use apimachinery::names;
use serde_json::{Map, Value, json};

use super::at::At;
use super::pod_defaults::maps_in;
use super::{Faults, claim};

/// Requests, constraints, configurations, selectors of one list.
const MOST: usize = 32;
const MOST_ALTERNATIVES: usize = 8;
/// Bytes of an expression, and of the parameters of a driver.
const LONGEST_TEXT: usize = 10 * 1024;
const EFFECTS: [&str; 3] = ["NoExecute", "NoSchedule", "None"];
const REFERENCE: &str = "must be the name of a request in the claim or the name of a request and a subrequest separated by '/'";

/// Defaults of a claim.
pub(super) fn default_claim(value: &mut Value) {
    default_requests(value, "/spec/devices/requests");
}

/// Defaults of the claim in a template.
pub(super) fn default_template(value: &mut Value) {
    default_requests(value, "/spec/spec/devices/requests");
}

fn default_requests(value: &mut Value, pointer: &str) {
    let requests = value.pointer_mut(pointer).and_then(Value::as_array_mut);
    for request in requests.into_iter().flatten() {
        if let Some(exactly) = request.get_mut("exactly").and_then(Value::as_object_mut) {
            default_request(exactly);
        }
        for alternative in maps_in(request, "/firstAvailable") {
            default_request(alternative);
        }
    }
}

fn default_request(request: &mut Map<String, Value>) {
    let empty = |found: Option<&Value>| found.is_none_or(|it| it.is_null() || it == "" || it == 0);
    if empty(request.get("allocationMode")) {
        request.insert("allocationMode".to_owned(), json!("ExactCount"));
    }
    if request.get("allocationMode") == Some(&json!("ExactCount")) && empty(request.get("count")) {
        request.insert("count".to_owned(), json!(1));
    }
    let tolerations = request.get_mut("tolerations").and_then(Value::as_array_mut);
    for toleration in tolerations.into_iter().flatten().filter_map(Value::as_object_mut) {
        if empty(toleration.get("operator")) {
            toleration.insert("operator".to_owned(), json!("Equal"));
        }
    }
}

/// `ValidateResourceClaim`.
pub(super) fn validate_claim(value: &Value, faults: &mut Faults) {
    claimed(&At::root(value).at(&["spec", "devices"]), faults);
}

/// `ValidateResourceClaimTemplate`.
pub(super) fn validate_template(value: &Value, faults: &mut Faults) {
    let spec = At::root(value).child("spec");
    claim::template_metadata(&spec.child("metadata"), faults);
    claimed(&spec.at(&["spec", "devices"]), faults);
}

/// `ValidateDeviceClass`.
pub(super) fn validate_class(value: &Value, faults: &mut Faults) {
    let spec = At::root(value).child("spec");
    selectors(&spec.child("selectors"), faults);
    for config in few(&spec.child("config"), MOST, faults) {
        configuration(&config, faults);
    }
    let name = spec.child("extendedResourceName");
    if name.given() && !is_extended(name.text()) {
        name.invalid("must be a valid extended resource name", faults);
    }
}

/// `IsExtendedResourceName`.
fn is_extended(name: &str) -> bool {
    let native = !name.contains('/') || name.contains("kubernetes.io/");
    let quota = format!("requests.{name}");
    !native && !name.starts_with("requests.") && names::qualified_name(&quota).is_empty()
}

/// `ValidateResourceClaimUpdate`: what was asked for stays.
pub(super) fn validate_claim_update(new: &Value, old: &Value, faults: &mut Faults) {
    let spec = At::root(new).child("spec");
    spec.immutable_struct(&At::root(old).child("spec"), "resource.ResourceClaimSpec", faults);
}

/// `ValidateResourceClaimTemplateUpdate`.
pub(super) fn validate_template_update(new: &Value, old: &Value, faults: &mut Faults) {
    let spec = At::root(new).child("spec");
    let kind = "resource.ResourceClaimTemplateSpec";
    spec.immutable_struct(&At::root(old).child("spec"), kind, faults);
}

/// The items of a list, unless there are too many of them.
pub(super) fn few<'a>(list: &At<'a>, most: usize, faults: &mut Faults) -> Vec<At<'a>> {
    if list.len() > most {
        list.too_many(most, faults);
        return Vec::new();
    }
    list.items()
}

/// Names that were there before; paths are those of the items.
pub(super) fn unique<'a>(items: &[At<'a>], key: impl Fn(&At<'a>) -> &'a str, faults: &mut Faults) {
    let mut seen: Vec<&str> = Vec::new();
    for item in items {
        let key = key(item);
        if seen.contains(&key) {
            faults.push(FieldError::duplicate(&item.path, key));
        }
        seen.push(key);
    }
}

/// `validateDeviceClaim`.
fn claimed(devices: &At<'_>, faults: &mut Faults) {
    let names = request_names(devices);
    let requests = few(&devices.child("requests"), MOST, faults);
    for request in &requests {
        label(&request.child("name"), faults);
        let alternatives = request.child("firstAvailable");
        match (request.has("exactly"), alternatives.len() > 0) {
            (false, false) => {
                request
                    .required("exactly one of `exactly` or `firstAvailable` is required", faults);
            }
            (true, true) => {
                let why = "exactly one of `exactly` or `firstAvailable` is required, but multiple fields are set";
                request.invalid_as(Value::Null, why, faults);
            }
            (true, false) => device_request(&request.child("exactly"), faults),
            (false, true) => {
                let all = few(&alternatives, MOST_ALTERNATIVES, faults);
                for alternative in &all {
                    label(&alternative.child("name"), faults);
                    device_request(alternative, faults);
                }
                unique(&all, |one| one.text_of("name"), faults);
            }
        }
    }
    unique(&requests, |one| one.text_of("name"), faults);
    for constraint in few(&devices.child("constraints"), MOST, faults) {
        references(&constraint.child("requests"), &names, faults);
        let (same, other) =
            (constraint.child("matchAttribute"), constraint.child("distinctAttribute"));
        match (same.given(), other.given()) {
            (true, _) => full_name(&same, faults),
            (false, true) => full_name(&other, faults),
            (false, false) => constraint.required(
                "exactly one of \"matchAttribute\" or \"distinctAttribute\" is required, but multiple fields are set",
                faults,
            ),
        }
    }
    for config in few(&devices.child("config"), MOST, faults) {
        references(&config.child("requests"), &names, faults);
        configuration(&config, faults);
    }
}

/// All that may be named: requests, and their alternatives after a slash.
fn request_names(devices: &At<'_>) -> Vec<String> {
    let mut names = Vec::new();
    for request in devices.list("requests") {
        let name = request.text_of("name");
        names.push(name.to_owned());
        let alternatives = request.list("firstAvailable");
        names.extend(alternatives.iter().map(|one| format!("{name}/{}", one.text_of("name"))));
    }
    names
}

/// `validateRequestNameRef`.
fn references(list: &At<'_>, names: &[String], faults: &mut Faults) {
    let all = few(list, MOST, faults);
    for reference in &all {
        let parts: Vec<&str> = reference.text().split('/').collect();
        if parts.len() <= 2 {
            for part in &parts {
                reference.each_as(part, names::dns1123_label(part), faults);
            }
        }
        if parts.len() > 2 || !names.iter().any(|name| name == reference.text()) {
            reference.invalid(REFERENCE, faults);
        }
    }
    unique(&all, At::text, faults);
}

/// `validateExactDeviceRequest`, and what is the same in `validateDeviceSubRequest`.
fn device_request(request: &At<'_>, faults: &mut Faults) {
    let class = request.child("deviceClassName");
    if class.some_text(faults) {
        class.each(names::dns1123_subdomain(class.text()), faults);
    }
    selectors(&request.child("selectors"), faults);
    let (mode, count) = (request.child("allocationMode"), request.child("count"));
    let number = count.number().unwrap_or(0);
    match mode.text() {
        "All" if number != 0 => {
            count.invalid("must not be specified when allocationMode is 'All'", faults);
        }
        "ExactCount" if number <= 0 => {
            count.invalid_as(number, "must be greater than zero", faults);
        }
        "All" | "ExactCount" => {}
        _ => mode.one_of(&["All", "ExactCount"], faults),
    }
    for toleration in request.list("tolerations") {
        tolerated(&toleration, faults);
    }
}

/// `validateDeviceToleration`.
fn tolerated(toleration: &At<'_>, faults: &mut Faults) {
    let (key, value) = (toleration.child("key"), toleration.child("value"));
    if !key.text().is_empty() {
        key.each(names::qualified_name(key.text()), faults);
    }
    let operator = toleration.child("operator");
    match operator.text() {
        "Exists" if !value.text().is_empty() => {
            value.invalid("must be empty for operator `Exists`", faults);
        }
        "Exists" => {}
        "Equal" => value.each(names::label_value(value.text()), faults),
        _ => operator.one_of(&["Equal", "Exists"], faults),
    }
    let effect = toleration.child("effect");
    if !effect.text().is_empty() {
        effect.one_of(&EFFECTS, faults);
    }
}

/// `validateDeviceTaint`.
pub(super) fn tainted(taint: &At<'_>, faults: &mut Faults) {
    let (key, value, effect) = (taint.child("key"), taint.child("value"), taint.child("effect"));
    key.each(names::qualified_name(key.text()), faults);
    value.each(names::label_value(value.text()), faults);
    if effect.some_text(faults) {
        effect.one_of(&EFFECTS, faults);
    }
}

fn selectors(list: &At<'_>, faults: &mut Faults) {
    for selector in few(list, MOST, faults) {
        let cel = selector.child("cel");
        let expression = cel.child("expression");
        if !cel.given() {
            cel.required("", faults);
        } else if expression.text().len() > LONGEST_TEXT {
            faults.push(FieldError::too_long(&expression.path, LONGEST_TEXT));
        }
    }
}

/// `validateDeviceConfiguration`.
fn configuration(config: &At<'_>, faults: &mut Faults) {
    let opaque = config.child("opaque");
    if !opaque.given() {
        return opaque.required("", faults);
    }
    driver(&opaque.child("driver"), faults);
    let parameters = opaque.child("parameters");
    if !parameters.given() {
        parameters.required("", faults);
    } else if parameters.value.to_string().len() > LONGEST_TEXT {
        faults.push(FieldError::too_long(&parameters.path, LONGEST_TEXT));
    } else if !parameters.value.is_object() {
        parameters.invalid_as("<value omitted>", "must be a valid JSON object", faults);
    }
}

/// `ValidateCSIDriverName`, which holds for drivers of devices, too.
pub(super) fn driver(at: &At<'_>, faults: &mut Faults) {
    if !at.some_text(faults) {
        return;
    }
    if at.text().len() > 63 {
        faults.push(FieldError::too_long(&at.path, 63));
    }
    at.each(names::dns1123_subdomain(&at.text().to_lowercase()), faults);
}

pub(super) fn label(at: &At<'_>, faults: &mut Faults) {
    at.each(names::dns1123_label(at.text()), faults);
}

/// `validateFullyQualifiedName`.
fn full_name(at: &At<'_>, faults: &mut Faults) {
    qualified(at, at.text(), faults);
    if !at.text().contains('/') {
        let why = "a fully qualified name must be a domain and a name separated by a slash";
        at.invalid(why, faults);
    }
}

/// `validateQualifiedName`: a name that C would take, perhaps in a domain.
pub(super) fn qualified(at: &At<'_>, name: &str, faults: &mut Faults) {
    let parts: Vec<&str> = name.split('/').collect();
    let own = match parts.as_slice() {
        [own] => own,
        [domain, own] => {
            if domain.is_empty() {
                at.invalid_as("", "the domain must not be empty", faults);
            } else {
                let domain = Value::from(*domain);
                driver(&At { value: &domain, path: at.path.clone() }, faults);
            }
            own
        }
        _ => return,
    };
    if parts.len() == 2 && own.is_empty() {
        return at.invalid_as("", "the name must not be empty", faults);
    }
    if own.len() > MOST {
        faults.push(FieldError::too_long(&at.path, MOST));
    }
    let letter = |c: char| c.is_ascii_alphanumeric() || c == '_';
    if own.is_empty() || !own.chars().all(letter) || own.starts_with(|c: char| c.is_ascii_digit()) {
        let why = "a valid C identifier must start with alphabetic character or '_', followed by a string of alphanumeric characters or '_' (e.g. 'my_name',  or 'MY_NAME',  or 'MyName', regex used for validation is '[A-Za-z_][A-Za-z0-9_]*')";
        at.invalid_as(*own, why, faults);
    }
}
