//! Certificate signing requests (`pkg/registry/certificates/certificates/strategy.go`,
//! `pkg/apis/certificates/validation/validation.go`).

use apimachinery::field_error::FieldError;
use apimachinery::identity::Identity;
use apimachinery::names;
use serde_json::{Value, json};

use super::Faults;
use crate::certificate_request;
use crate::fields::{items, number, put, text};

pub(crate) const KEY: &str = "certificatesigningrequests.certificates.k8s.io";
const USAGES: [&str; 23] = [
    "any",
    "cert sign",
    "client auth",
    "code signing",
    "content commitment",
    "crl sign",
    "data encipherment",
    "decipher only",
    "digital signature",
    "email protection",
    "encipher only",
    "ipsec end system",
    "ipsec tunnel",
    "ipsec user",
    "key agreement",
    "key encipherment",
    "microsoft sgc",
    "netscape sgc",
    "ocsp signing",
    "s/mime",
    "server auth",
    "signing",
    "timestamping",
];
const LAST: [&str; 3] = ["Approved", "Denied", "Failed"];
const LEAST_SECONDS: i64 = 600;

/// Any name will do.
pub(super) fn name(_name: &str) -> Vec<String> {
    Vec::new()
}

/// Whoever creates a request is written into it.
pub(crate) fn prepare_create(value: &mut Value, who: &Identity) {
    if let Some(spec) = value.get_mut("spec").and_then(Value::as_object_mut) {
        for field in ["username", "uid", "groups", "extra"] {
            spec.remove(field);
        }
    }
    put(value, "/spec/username", json!(who.username));
    if !who.uid.is_empty() {
        put(value, "/spec/uid", json!(who.uid));
    }
    if !who.groups.is_empty() {
        put(value, "/spec/groups", json!(who.groups));
    }
    if !who.extra.is_empty() {
        put(value, "/spec/extra", json!(who.extra));
    }
    put(value, "/status", json!({}));
}

fn keep(value: &mut Value, live: &Value, part: &str, field: &str) {
    let pointer = format!("{part}/{field}");
    match live.pointer(&pointer) {
        Some(old) => put(value, &pointer, old.clone()),
        None => {
            if let Some(map) = value.pointer_mut(part).and_then(Value::as_object_mut) {
                map.remove(field);
            }
        }
    }
}

/// What nobody changes through an endpoint (`GetResetFields`).
pub(super) fn reset(subresource: &str, value: &mut Value, live: &Value) {
    keep(value, live, "", "spec");
    match subresource {
        "status" => {}
        "approval" => keep(value, live, "/status", "certificate"),
        _ => keep(value, live, "", "status"),
    }
}

/// Which conditions an endpoint may change, and when they changed.
pub(crate) fn prepare_update(subresource: &str, now: &str, value: &mut Value, live: &Value) {
    reset(subresource, value, live);
    match subresource {
        "status" => {
            keep_conditions(value, live);
            fill_times(now, value, live);
        }
        "approval" => fill_times(now, value, live),
        _ => {}
    }
}

fn of_type<'a>(value: &'a Value, kind: &str) -> Vec<&'a Value> {
    let all = items(value, "/status/conditions").iter();
    all.filter(|one| text(one, "/type") == kind).collect()
}

/// `preserveConditionInstances`: who writes the status does not approve.
fn keep_conditions(value: &mut Value, live: &Value) {
    for kind in ["Approved", "Denied"] {
        let old: Vec<Value> = of_type(live, kind).into_iter().cloned().collect();
        if of_type(value, kind).len() != old.len() {
            continue;
        }
        let mut old = old.into_iter();
        let all = value.pointer_mut("/status/conditions").and_then(Value::as_array_mut);
        for condition in all.into_iter().flatten() {
            if text(condition, "/type") == kind
                && let Some(old) = old.next()
            {
                *condition = old;
            }
        }
    }
}

/// `populateConditionTimestamps`.
fn fill_times(now: &str, value: &mut Value, live: &Value) {
    let old = items(live, "/status/conditions").to_vec();
    let all = value.pointer_mut("/status/conditions").and_then(Value::as_array_mut);
    for condition in all.into_iter().flatten() {
        if text(condition, "/lastUpdateTime").is_empty() {
            put(condition, "/lastUpdateTime", json!(now));
        }
        if text(condition, "/lastTransitionTime").is_empty() {
            let same = |one: &&Value| {
                text(one, "/type") == text(condition, "/type")
                    && text(one, "/status") == text(condition, "/status")
            };
            let known = old.iter().find(same).map(|one| text(one, "/lastTransitionTime"));
            let at = known.filter(|at| !at.is_empty()).unwrap_or(now).to_owned();
            put(condition, "/lastTransitionTime", json!(at));
        }
    }
}

pub(super) fn validate(value: &Value, faults: &mut Faults) {
    if let Err(why) = certificate_request::read(text(value, "/spec/request")) {
        faults.push(FieldError::invalid("spec.request", text(value, "/spec/request"), why));
    }
    let usages = items(value, "/spec/usages");
    if usages.is_empty() {
        faults.push(FieldError::required("spec.usages", ""));
    }
    for (index, usage) in usages.iter().enumerate() {
        if !usage.as_str().is_some_and(|usage| USAGES.contains(&usage)) {
            let path = format!("spec.usages[{index}]");
            faults.push(FieldError::not_supported(&path, usage.clone(), &USAGES));
        }
    }
    for (index, usage) in usages.iter().enumerate() {
        if usages.iter().take(index).any(|one| one == usage) {
            faults.push(FieldError::duplicate(&format!("spec.usages[{index}]"), usage.clone()));
        }
    }
    let signer = text(value, "/spec/signerName");
    if signer == "kubernetes.io/legacy-unknown" {
        let why = "the legacy signerName is not allowed via this API version";
        faults.push(FieldError::invalid("spec.signerName", signer, why));
    } else {
        validate_signer(signer, faults);
    }
    if let Some(seconds) = number(value, "/spec/expirationSeconds").filter(|it| *it < LEAST_SECONDS)
    {
        let why = "may not specify a duration less than 600 seconds (10 minutes)";
        faults.push(FieldError::invalid("spec.expirationSeconds", seconds, why));
    }
    validate_conditions(value, faults);
    let certificate = text(value, "/status/certificate");
    if !certificate.is_empty()
        && let Err(why) = certificate_request::check_certificates(certificate)
    {
        let (field, shown) = ("status.certificate", "\"<certificate data>\"");
        faults.push(FieldError::invalid_printed(field, shown, why));
    }
}

/// `pkg/apis/core/validation/validation.go ValidateSignerName`.
fn validate_signer(signer: &str, faults: &mut Faults) {
    let path = "spec.signerName";
    if signer.is_empty() {
        faults.push(FieldError::required(path, ""));
        return;
    }
    let segments: Vec<&str> = signer.split('/').collect();
    let [domain, name] = segments.as_slice() else {
        let why = "must be a fully qualified domain and path of the form 'example.com/signer-name'";
        faults.push(FieldError::invalid(path, signer, why));
        return;
    };
    validate_labels(domain, names::dns1123_label, faults);
    if !domain.contains('.') {
        let why = "should be a domain with at least two segments separated by dots";
        faults.push(FieldError::invalid(path, *domain, why));
    }
    validate_labels(name, names::dns1123_subdomain, faults);
}

/// The first of some labels that is wrong.
fn validate_labels(all: &str, check: fn(&str) -> Vec<String>, faults: &mut Faults) {
    let found = all.split('.').map(|label| (label, check(label)));
    let wrong = found.into_iter().find(|(_, errors)| !errors.is_empty());
    if let Some((label, errors)) = wrong {
        faults.extend(errors.into_iter().map(|error| {
            let why = format!("validating label {label:?}: {error}");
            FieldError::invalid("spec.signerName", all, why)
        }));
    }
}

fn validate_conditions(value: &Value, faults: &mut Faults) {
    let conditions = items(value, "/status/conditions");
    for (index, condition) in conditions.iter().enumerate() {
        let path = format!("status.conditions[{index}]");
        let (kind, status) = (text(condition, "/type"), text(condition, "/status"));
        if kind.is_empty() {
            faults.push(FieldError::required(&format!("{path}.type"), ""));
        }
        let allowed: &[&str] =
            if LAST.contains(&kind) { &["True"] } else { &["False", "True", "Unknown"] };
        if status.is_empty() {
            faults.push(FieldError::required(&format!("{path}.status"), ""));
        } else if !allowed.contains(&status) {
            faults.push(FieldError::not_supported(&format!("{path}.status"), status, allowed));
        }
        let before =
            |wanted: &str| conditions.iter().take(index).any(|one| text(one, "/type") == wanted);
        if kind == "Approved" && before("Denied") || kind == "Denied" && before("Approved") {
            let why = "Approved and Denied conditions are mutually exclusive";
            faults.push(FieldError::invalid("status.conditions", kind, why));
        }
        if before(kind) {
            faults.push(FieldError::duplicate(&format!("{path}.type"), kind));
        }
    }
}

/// What may not change, by the endpoint through which it would.
pub(super) fn validate_change(subresource: &str, new: &Value, old: &Value, faults: &mut Faults) {
    let mut own = Faults::new();
    validate(new, &mut own);
    own.retain(|fault| !faults.contains(fault));
    faults.extend(own);
    let path = "status.conditions";
    for kind in LAST {
        if of_type(new, kind).len() < of_type(old, kind).len() {
            let why = format!("updates may not remove a condition of type \"{kind}\"");
            faults.push(FieldError::forbidden(path, why));
        }
    }
    if subresource != "approval" {
        for kind in ["Approved", "Denied"] {
            if of_type(new, kind).len() > of_type(old, kind).len() {
                let why = format!("updates may not add a condition of type \"{kind}\"");
                faults.push(FieldError::forbidden(path, why));
            }
        }
    }
    let (certificate, before) =
        (text(new, "/status/certificate"), text(old, "/status/certificate"));
    if certificate != before {
        let path = "status.certificate";
        if subresource != "status" {
            faults.push(FieldError::forbidden(path, "updates may not set certificate content"));
        } else if !before.is_empty() {
            let why = "updates may not modify existing certificate content";
            faults.push(FieldError::forbidden(path, why));
        }
    }
}
