//! Roles and bindings (`pkg/apis/rbac/validation/validation.go`).

use apimachinery::field_error::FieldError;
use apimachinery::names;
use serde_json::{Value, json};

use super::internal::go_struct;
use super::pod_defaults::{fill_text, map_at, maps_in};
use super::{Faults, labels};
use crate::fields::{items, text};

const GROUP: &str = "rbac.authorization.k8s.io";

pub(super) fn default_binding(value: &mut Value) {
    if let Some(reference) = map_at(value, "/roleRef") {
        fill_text(reference, "apiGroup", GROUP);
    }
    for subject in maps_in(value, "/subjects") {
        let kind = subject.get("kind").and_then(Value::as_str).unwrap_or("");
        if matches!(kind, "User" | "Group") {
            fill_text(subject, "apiGroup", GROUP);
        }
    }
}

fn rules(value: &Value, namespaced: bool, faults: &mut Faults) {
    for (index, rule) in items(value, "/rules").iter().enumerate() {
        let path = format!("rules[{index}]");
        let urls = items(rule, "/nonResourceURLs");
        if items(rule, "/verbs").is_empty() {
            faults.push(FieldError::required(
                &format!("{path}.verbs"),
                "verbs must contain at least one value",
            ));
        }
        if !urls.is_empty() {
            let at = format!("{path}.nonResourceURLs");
            if namespaced {
                let why = "namespaced rules cannot apply to non-resource URLs";
                faults.push(FieldError::invalid(&at, urls.to_vec(), why));
            }
            let mixed = ["/apiGroups", "/resources", "/resourceNames"]
                .iter()
                .any(|field| !items(rule, field).is_empty());
            if mixed {
                let why = "rules cannot apply to both regular resources and non-resource URLs";
                faults.push(FieldError::invalid(&at, urls.to_vec(), why));
            }
            continue;
        }
        if items(rule, "/apiGroups").is_empty() {
            let why = "resource rules must supply at least one api group";
            faults.push(FieldError::required(&format!("{path}.apiGroups"), why));
        }
        if items(rule, "/resources").is_empty() {
            let why = "resource rules must supply at least one resource";
            faults.push(FieldError::required(&format!("{path}.resources"), why));
        }
    }
}

pub(super) fn validate_role(value: &Value, faults: &mut Faults) {
    rules(value, true, faults);
}

pub(super) fn validate_cluster_role(value: &Value, faults: &mut Faults) {
    rules(value, false, faults);
    for (index, selector) in
        items(value, "/aggregationRule/clusterRoleSelectors").iter().enumerate()
    {
        let path = format!("aggregationRule.clusterRoleSelectors[{index}]");
        labels::selector(Some(selector), &path, faults);
    }
}

pub(super) fn validate_binding(value: &Value, faults: &mut Faults) {
    let namespaced = text(value, "/kind") == "RoleBinding";
    let group = text(value, "/roleRef/apiGroup");
    labels::one_of(group, &[GROUP], "roleRef.apiGroup", faults);
    let kinds: &[&str] = if namespaced { &["Role", "ClusterRole"] } else { &["ClusterRole"] };
    labels::one_of(text(value, "/roleRef/kind"), kinds, "roleRef.kind", faults);
    let name = text(value, "/roleRef/name");
    if name.is_empty() {
        faults.push(FieldError::required("roleRef.name", ""));
    } else {
        labels::each("roleRef.name", name, names::path_segment(name), faults);
    }
    for (index, subject) in items(value, "/subjects").iter().enumerate() {
        subject_rule(subject, namespaced, &format!("subjects[{index}]"), faults);
    }
}

fn subject_rule(subject: &Value, namespaced: bool, path: &str, faults: &mut Faults) {
    let name = text(subject, "/name");
    if name.is_empty() {
        faults.push(FieldError::required(&format!("{path}.name"), ""));
    }
    let group = text(subject, "/apiGroup");
    match text(subject, "/kind") {
        "ServiceAccount" => {
            if !name.is_empty() {
                labels::each(&format!("{path}.name"), name, names::dns1123_subdomain(name), faults);
            }
            if !group.is_empty() {
                labels::one_of(group, &[""], &format!("{path}.apiGroup"), faults);
            }
            if !namespaced && text(subject, "/namespace").is_empty() {
                faults.push(FieldError::required(&format!("{path}.namespace"), ""));
            }
        }
        "User" | "Group" => labels::one_of(group, &[GROUP], &format!("{path}.apiGroup"), faults),
        other => {
            let known = ["ServiceAccount", "User", "Group"];
            faults.push(FieldError::not_supported(&format!("{path}.kind"), other, &known));
        }
    }
}

pub(super) fn validate_binding_update(new: &Value, old: &Value, faults: &mut Faults) {
    if new.get("roleRef") == old.get("roleRef") {
        return;
    }
    let shown = go_struct(&[
        ("APIGroup", json!(text(new, "/roleRef/apiGroup"))),
        ("Kind", json!(text(new, "/roleRef/kind"))),
        ("Name", json!(text(new, "/roleRef/name"))),
    ]);
    faults.push(FieldError::invalid_printed("roleRef", shown, "cannot change roleRef"));
}
