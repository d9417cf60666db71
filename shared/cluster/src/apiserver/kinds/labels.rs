//! Names, labels and selectors in specs (`k8s.io/apimachinery/pkg/apis/meta/v1/validation/validation.go`).

use apimachinery::field_error::FieldError;
use apimachinery::names;
use serde_json::Value;

use super::Faults;
use super::at::At;
use crate::fields::{at, items, text};

/// Names that are DNS labels: namespaces and Services.
pub(super) fn name(text: &str) -> Vec<String> {
    if text.contains('.') && names::dns1123_subdomain(text).is_empty() {
        return vec!["must not contain dots".to_owned()];
    }
    names::dns1123_label(text)
}

/// Keys and values of a map of labels.
pub(super) fn labels(map: Option<&Value>, path: &str, faults: &mut Faults) {
    for (key, value) in map.and_then(Value::as_object).into_iter().flatten() {
        for why in names::qualified_name(key) {
            faults.push(FieldError::invalid(path, key.as_str(), why));
        }
        let value = value.as_str().unwrap_or("");
        for why in names::label_value(value) {
            faults.push(FieldError::invalid(path, value, why));
        }
    }
}

/// A selector with `matchLabels` and `matchExpressions`.
pub(super) fn selector(selector: Option<&Value>, path: &str, faults: &mut Faults) {
    let Some(selector) = selector.filter(|selector| selector.is_object()) else { return };
    labels(selector.get("matchLabels"), &format!("{path}.matchLabels"), faults);
    for (index, requirement) in items(selector, "/matchExpressions").iter().enumerate() {
        let path = format!("{path}.matchExpressions[{index}]");
        let values = items(requirement, "/values");
        match text(requirement, "/operator") {
            "In" | "NotIn" if values.is_empty() => faults.push(FieldError::required(
                &format!("{path}.values"),
                "must be specified when `operator` is 'In' or 'NotIn'",
            )),
            "Exists" | "DoesNotExist" if !values.is_empty() => faults.push(FieldError::forbidden(
                &format!("{path}.values"),
                "may not be specified when `operator` is 'Exists' or 'DoesNotExist'",
            )),
            "In" | "NotIn" | "Exists" | "DoesNotExist" => {}
            other => faults.push(FieldError::invalid(
                &format!("{path}.operator"),
                other,
                "not a valid selector operator",
            )),
        }
        for why in names::qualified_name(text(requirement, "/key")) {
            faults.push(FieldError::invalid(
                &format!("{path}.key"),
                text(requirement, "/key"),
                why,
            ));
        }
        for (place, value) in values.iter().enumerate() {
            for why in names::label_value(value.as_str().unwrap_or("")) {
                faults.push(FieldError::invalid(
                    &format!("{path}.values[{place}]"),
                    value.clone(),
                    why,
                ));
            }
        }
    }
}

/// Wraps each text as an `Invalid value`.
pub(super) fn each(path: &str, value: &str, wrong: Vec<String>, faults: &mut Faults) {
    faults.extend(wrong.into_iter().map(|why| FieldError::invalid(path, value, why)));
}

/// A number that must not be negative.
pub(super) fn nonnegative(value: Option<i64>, path: &str, faults: &mut Faults) {
    if let Some(value) = value.filter(|value| *value < 0) {
        faults.push(FieldError::invalid(path, value, "must be greater than or equal to 0"));
    }
}

/// A number of a port.
pub(super) fn port_number(value: i64, path: &str, faults: &mut Faults) {
    if !(1..=65_535).contains(&value) {
        faults.push(FieldError::invalid(path, value, "must be between 1 and 65535, inclusive"));
    }
}

/// A port by number or name.
pub(super) fn port(value: Option<&Value>, path: &str, faults: &mut Faults) {
    match value {
        Some(Value::String(name)) => port_name(name, path, faults),
        Some(number) => port_number(number.as_i64().unwrap_or(0), path, faults),
        None => port_number(0, path, faults),
    }
}

/// A name of a port (`IsValidPortName`).
pub(super) fn port_name(name: &str, path: &str, faults: &mut Faults) {
    let mut wrong = |why: &str| faults.push(FieldError::invalid(path, name, why));
    if name.len() > 15 {
        wrong("must be no more than 15 characters");
    }
    let fine = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if name.is_empty() || !name.chars().all(fine) {
        wrong("must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)");
    }
    if !name.chars().any(|c| c.is_ascii_lowercase()) {
        wrong("must contain at least one letter (a-z)");
    }
    if name.contains("--") {
        wrong("must not contain consecutive hyphens");
    }
    if name.starts_with('-') || name.ends_with('-') {
        wrong("must not begin or end with a hyphen");
    }
}

/// One of a few words. Go prints the supported ones in the order that it is given.
pub(super) fn one_of(value: &str, known: &[&str], path: &str, faults: &mut Faults) {
    if !known.contains(&value) {
        faults.push(FieldError::not_supported(path, value, known));
    }
}

/// The field is immutable.
pub(super) fn immutable(new: &Value, old: &Value, pointer: &str, path: &str, faults: &mut Faults) {
    let (now, before) = (at(new, pointer), at(old, pointer));
    if now != before {
        let at = At::new(now, path);
        if path.ends_with("selector") {
            at.invalid_struct("*v1.LabelSelector", "field is immutable", faults);
        } else {
            at.invalid("field is immutable", faults);
        }
    }
}

/// A path below a domain, such as `acme.io/foo` (`IsDomainPrefixedPath`).
pub(super) fn domain_prefixed_path(at: &At<'_>, faults: &mut Faults) {
    let text = at.text();
    if text.is_empty() {
        at.required("", faults);
        return;
    }
    let parts = text.split_once('/').filter(|(host, path)| !host.is_empty() && !path.is_empty());
    let Some((host, path)) = parts else {
        at.invalid("must be a domain-prefixed path (such as \"acme.io/foo\")", faults);
        return;
    };
    each(&at.path, host, names::dns1123_subdomain(host), faults);
    let fine = |c: char| c.is_ascii_alphanumeric() || "/-._~%!$&'()*+,;=:".contains(c);
    if !path.chars().all(fine) {
        let why = "Invalid path (regex used for validation is '[A-Za-z0-9/\\-._~%!$&'()*+,;=:]+')";
        at.invalid_as(path, why, faults);
    }
}
