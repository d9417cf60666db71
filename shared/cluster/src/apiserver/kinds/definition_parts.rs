//! Columns, subresources, selectable fields and conversion of definitions
//! (`apiextensions-apiserver/pkg/apis/apiextensions/validation/validation.go`).

use apimachinery::field_error::FieldError;
use serde_json::Value;

use super::Faults;
use crate::fields::{flag, items, text};

const COLUMN_TYPES: [&str; 5] = ["boolean", "date", "integer", "number", "string"];

/// Parts of versions; one that all versions share stands at the top of the internal form.
pub(super) fn validate(value: &Value, faults: &mut Faults) {
    let versions = items(value, "/spec/versions");
    let places = |field: &str| -> Vec<(String, &Value)> {
        let first = versions.first().and_then(|one| one.get(field));
        let shared = versions.iter().all(|one| one.get(field) == first);
        versions
            .iter()
            .enumerate()
            .take(if shared { 1 } else { versions.len() })
            .map(|(index, one)| {
                let at = if shared { "spec".to_owned() } else { format!("spec.versions[{index}]") };
                (at, one)
            })
            .collect()
    };
    for (index, version) in versions.iter().enumerate() {
        let said = text(version, "/deprecationWarning");
        if !said.is_empty() && !flag(version, "/deprecated") {
            let path = format!("spec.versions[{index}].deprecationWarning");
            faults.push(FieldError::invalid(
                &path,
                said,
                "can only be set for deprecated versions",
            ));
        }
    }
    for (at, version) in places("subresources") {
        scale(version, &format!("{at}.subresources.scale"), faults);
    }
    for (at, version) in places("additionalPrinterColumns") {
        for (index, column) in items(version, "/additionalPrinterColumns").iter().enumerate() {
            validate_column(column, &format!("{at}.additionalPrinterColumns[{index}]"), faults);
        }
    }
    for (at, version) in places("selectableFields") {
        for (index, one) in items(version, "/selectableFields").iter().enumerate() {
            selectable(version, one, &format!("{at}.selectableFields[{index}].jsonPath"), faults);
        }
    }
    conversion(value, faults);
    if flag(value, "/spec/preserveUnknownFields") {
        let why = "cannot set to true, set x-kubernetes-preserve-unknown-fields to true in spec.versions[*].schema instead";
        faults.push(FieldError::invalid("spec.preserveUnknownFields", true, why));
    }
}

fn validate_column(column: &Value, path: &str, faults: &mut Faults) {
    if text(column, "/name").is_empty() {
        faults.push(FieldError::required(&format!("{path}.name"), ""));
    }
    match text(column, "/type") {
        "" => {
            let why = format!("must be one of {}", COLUMN_TYPES.join(","));
            faults.push(FieldError::required(&format!("{path}.type"), why));
        }
        kind if !COLUMN_TYPES.contains(&kind) => {
            let why = format!("must be one of {}", COLUMN_TYPES.join(","));
            faults.push(FieldError::invalid(&format!("{path}.type"), kind, why));
        }
        _ => {}
    }
    let own = text(column, "/jsonPath");
    if own.is_empty() {
        faults.push(FieldError::required(&format!("{path}.JSONPath"), ""));
    } else if !own.starts_with('.') {
        let why = "must be a simple json path starting with .";
        faults.push(FieldError::invalid(&format!("{path}.JSONPath"), own, why));
    }
}

fn scale(version: &Value, path: &str, faults: &mut Faults) {
    let Some(scale) = version.pointer("/subresources/scale").filter(|one| !one.is_null()) else {
        return;
    };
    for (field, under) in [("specReplicasPath", ".spec"), ("statusReplicasPath", ".status")] {
        let (own, path) = (text(scale, &format!("/{field}")), format!("{path}.{field}"));
        if own.is_empty() {
            faults.push(FieldError::required(&path, ""));
        } else if !own.starts_with(&format!("{under}.")) {
            let why = format!("should be a json path under {under}");
            faults.push(FieldError::invalid(&path, own, why));
        }
    }
    let selector = text(scale, "/labelSelectorPath");
    if !(selector.is_empty() || selector.starts_with(".spec.") || selector.starts_with(".status."))
    {
        let why = "should be a json path under either .spec or .status";
        faults.push(FieldError::invalid(&format!("{path}.labelSelectorPath"), selector, why));
    }
}

fn selectable(version: &Value, one: &Value, path: &str, faults: &mut Faults) {
    let own = text(one, "/jsonPath");
    if own.is_empty() {
        faults.push(FieldError::required(path, ""));
        return;
    }
    let root = version.pointer("/schema/openAPIV3Schema");
    let found = own.split('.').filter(|part| !part.is_empty()).try_fold(root, |schema, part| {
        schema.and_then(|schema| schema.get("properties")?.get(part)).map(Some)
    });
    let Some(found) = found.flatten() else {
        let why = "is an invalid path: does not refer to a valid field";
        faults.push(FieldError::invalid(path, own, why));
        return;
    };
    if !matches!(text(found, "/type"), "string" | "boolean" | "integer") {
        let why = "must point to a field of type string, boolean or integer. Enum string fields and strings with formats are allowed.";
        faults.push(FieldError::invalid(path, own, why));
    }
}

fn conversion(value: &Value, faults: &mut Faults) {
    match text(value, "/spec/conversion/strategy") {
        "None" => {}
        "" => faults.push(FieldError::required("spec.conversion.strategy", "")),
        "Webhook" => {
            let hook = value.pointer("/spec/conversion/webhook");
            if hook.and_then(|hook| hook.get("clientConfig")).is_none_or(Value::is_null) {
                let why = "required when strategy is set to Webhook";
                faults.push(FieldError::required("spec.conversion.webhookClientConfig", why));
            }
            if items(value, "/spec/conversion/webhook/conversionReviewVersions").is_empty() {
                faults.push(FieldError::required("spec.conversion.conversionReviewVersions", ""));
            }
        }
        other => {
            let known = ["None", "Webhook"];
            faults.push(FieldError::not_supported("spec.conversion.strategy", other, &known));
        }
    }
}
