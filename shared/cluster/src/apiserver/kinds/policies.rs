//! Admission policies and their bindings: defaults (`admissionregistration/v1/defaults.go`) and what is wrong with
//! them beside their expressions (`admissionregistration/validation/validation.go`).

use apimachinery::field_error::FieldError;
use apimachinery::names;
use serde_json::{Value, json};

use super::pod_defaults::{fill_text, map_at};
use super::{Faults, labels};
use crate::fields::{items, text};

const OPERATIONS: [&str; 5] = ["*", "CONNECT", "CREATE", "DELETE", "UPDATE"];
const MUTATING_OPERATIONS: [&str; 4] = ["*", "CONNECT", "CREATE", "UPDATE"];
/// How many conditions a policy may have, and how many annotations.
const MOST_CONDITIONS: usize = 64;
const MOST_ANNOTATIONS: usize = 20;

fn default_match(value: &mut Value, pointer: &str) {
    let Some(resources) = map_at(value, pointer) else { return };
    fill_text(resources, "matchPolicy", "Equivalent");
    for field in ["namespaceSelector", "objectSelector"] {
        if resources.get(field).is_none_or(Value::is_null) {
            resources.insert(field.to_owned(), json!({}));
        }
    }
    for field in ["resourceRules", "excludeResourceRules"] {
        for rule in resources.get_mut(field).and_then(Value::as_array_mut).into_iter().flatten() {
            if let Some(rule) = rule.as_object_mut() {
                fill_text(rule, "scope", "*");
            }
        }
    }
}

/// Defaults of a policy.
pub(super) fn default_policy(value: &mut Value) {
    if let Some(spec) = map_at(value, "/spec") {
        fill_text(spec, "failurePolicy", "Fail");
    }
    default_match(value, "/spec/matchConstraints");
}

/// Defaults of a binding.
pub(super) fn default_binding(value: &mut Value) {
    default_match(value, "/spec/matchResources");
}

/// A validating policy.
pub(super) fn validate_validating(value: &Value, faults: &mut Faults) {
    validate_head(value, false, faults);
    let (validations, annotations) =
        (items(value, "/spec/validations"), items(value, "/spec/auditAnnotations"));
    if validations.is_empty() && annotations.is_empty() {
        let why = "validations or auditAnnotations must contain at least one item";
        faults.push(FieldError::required("spec.validations", why));
        faults.push(FieldError::required("spec.auditAnnotations", why));
    }
    for (index, one) in validations.iter().enumerate() {
        validate_validation(one, &format!("spec.validations[{index}]"), faults);
    }
    if annotations.len() > MOST_ANNOTATIONS {
        let why = format!("must not have more than {MOST_ANNOTATIONS} auditAnnotations");
        let shown = Value::Array(annotations.to_vec());
        faults.push(FieldError::invalid("spec.auditAnnotations", shown, why));
    }
    let mut seen = Vec::new();
    for (index, one) in annotations.iter().enumerate() {
        let path = format!("spec.auditAnnotations[{index}]");
        let key = text(one, "/key");
        let whole = format!("{}/{key}", text(value, "/metadata/name"));
        labels::each(&format!("{path}.key"), &whole, names::qualified_name(&whole), faults);
        if text(one, "/valueExpression").trim().is_empty() {
            let why = "valueExpression is not specified";
            faults.push(FieldError::required(&format!("{path}.valueExpression"), why));
        }
        if seen.contains(&key) {
            faults.push(FieldError::duplicate(&format!("{path}.key"), key));
        }
        seen.push(key);
    }
}

/// A mutating policy.
pub(super) fn validate_mutating(value: &Value, faults: &mut Faults) {
    validate_head(value, true, faults);
    let mutations = items(value, "/spec/mutations");
    if mutations.is_empty() {
        let why = "mutations must contain at least one item";
        faults.push(FieldError::required("spec.mutations", why));
    }
    for (index, one) in mutations.iter().enumerate() {
        validate_mutation(one, &format!("spec.mutations[{index}]"), faults);
    }
    match text(value, "/spec/reinvocationPolicy") {
        "" => faults.push(FieldError::required("spec.reinvocationPolicy", "")),
        "IfNeeded" | "Never" => {}
        other => {
            let known = ["IfNeeded", "Never"];
            faults.push(FieldError::not_supported("spec.reinvocationPolicy", other, &known));
        }
    }
}

fn validate_mutation(one: &Value, path: &str, faults: &mut Faults) {
    let kind = text(one, "/patchType");
    let (field, other, what) = match kind {
        "" => {
            faults.push(FieldError::required(&format!("{path}.patchType"), ""));
            return;
        }
        "ApplyConfiguration" => ("applyConfiguration", "jsonPatch", "ApplyConfiguration"),
        "JSONPatch" => ("jsonPatch", "applyConfiguration", "JSONPatch"),
        unknown => {
            let known = ["ApplyConfiguration", "JSONPatch"];
            let path = format!("{path}.patchType");
            faults.push(FieldError::not_supported(&path, unknown, &known));
            return;
        }
    };
    let given = |field: &str| one.get(field).is_some_and(|one| !one.is_null());
    if !given(field) {
        let why = format!("must be specified when patchType is {what}");
        faults.push(FieldError::required(&format!("{path}.{field}"), why));
    } else if text(one, &format!("/{field}/expression")).trim().is_empty() {
        faults.push(FieldError::required(&format!("{path}.{field}.expression"), ""));
    }
    if given(other) {
        let why = format!("must not be specified when patchType is {what}");
        let shown = format!("{{{other}}}");
        faults.push(FieldError::invalid(&format!("{path}.{other}"), shown, why));
    }
}

/// What both kinds of policies have.
fn validate_head(value: &Value, mutates: bool, faults: &mut Faults) {
    match text(value, "/spec/failurePolicy") {
        "" => faults.push(FieldError::required("spec.failurePolicy", "")),
        "Fail" | "Ignore" => {}
        other => {
            let known = ["Fail", "Ignore"];
            faults.push(FieldError::not_supported("spec.failurePolicy", other, &known));
        }
    }
    if let Some(kind) = value.pointer("/spec/paramKind").filter(|kind| kind.is_object()) {
        validate_param_kind(kind, faults);
    }
    match value.pointer("/spec/matchConstraints").filter(|one| one.is_object()) {
        None => faults.push(FieldError::required("spec.matchConstraints", "")),
        Some(constraints) => {
            validate_match(constraints, "spec.matchConstraints", faults);
            let path = "spec.matchConstraints.resourceRules";
            let rules = items(constraints, "/resourceRules");
            if rules.is_empty() {
                faults.push(FieldError::required(path, ""));
            }
            let operations = rules.iter().flat_map(|rule| items(rule, "/operations"));
            for one in operations.filter_map(Value::as_str).filter(|_| mutates) {
                let path = format!("{path}.operations");
                labels::one_of(one, &MUTATING_OPERATIONS, &path, faults);
            }
        }
    }
    let conditions = items(value, "/spec/matchConditions");
    validate_conditions(conditions, "spec.matchConditions", faults);
    for (index, one) in items(value, "/spec/variables").iter().enumerate() {
        validate_variable(one, &format!("spec.variables[{index}]"), faults);
    }
}

/// Conditions of a policy or a webhook.
pub(super) fn validate_conditions(conditions: &[Value], path: &str, faults: &mut Faults) {
    if conditions.len() > MOST_CONDITIONS {
        faults.push(FieldError::too_many(path, conditions.len(), MOST_CONDITIONS));
    }
    let mut seen = Vec::new();
    for (index, one) in conditions.iter().enumerate() {
        let path = format!("{path}[{index}]");
        if text(one, "/expression").trim().is_empty() {
            faults.push(FieldError::required(&format!("{path}.expression"), ""));
        }
        let (name, path) = (text(one, "/name"), format!("{path}.name"));
        if name.is_empty() {
            faults.push(FieldError::required(&path, ""));
            continue;
        }
        labels::each(&path, name, names::qualified_name(name), faults);
        if seen.contains(&name) {
            faults.push(FieldError::duplicate(&path, name));
        }
        seen.push(name);
    }
}

fn validate_variable(one: &Value, path: &str, faults: &mut Faults) {
    let name = text(one, "/name");
    let letters = |letter: char| letter == '_' || letter.is_ascii_alphanumeric();
    if name.trim().is_empty() {
        faults.push(FieldError::required(&format!("{path}.name"), "name is not specified"));
    } else if !name.chars().all(letters) || name.starts_with(|first: char| first.is_ascii_digit()) {
        let why = "must be a valid CEL identifier";
        faults.push(FieldError::invalid(&format!("{path}.name"), name, why));
    }
    if text(one, "/expression").trim().is_empty() {
        let why = "expression is not specified";
        faults.push(FieldError::required(&format!("{path}.expression"), why));
    }
}

fn validate_validation(one: &Value, path: &str, faults: &mut Faults) {
    if text(one, "/expression").trim().is_empty() {
        let why = "expression is not specified";
        faults.push(FieldError::required(&format!("{path}.expression"), why));
    }
    let empty = "must be non-empty if specified";
    let expression = text(one, "/messageExpression");
    if !expression.is_empty() && expression.trim().is_empty() {
        faults.push(FieldError::invalid(&format!("{path}.messageExpression"), expression, empty));
    }
    let message = text(one, "/message");
    if !message.is_empty() && message.trim().is_empty() {
        faults.push(FieldError::invalid(&format!("{path}.message"), message, empty));
    } else if message.trim().contains(['\n', '\r']) {
        let why = "must not contain line breaks";
        faults.push(FieldError::invalid(&format!("{path}.message"), message, why));
    }
    let known = ["Forbidden", "Invalid", "RequestEntityTooLarge"];
    let reason = text(one, "/reason");
    if !reason.is_empty() {
        labels::one_of(reason, &known, &format!("{path}.reason"), faults);
    }
}

fn validate_param_kind(kind: &Value, faults: &mut Faults) {
    let (version, path) = (text(kind, "/apiVersion"), "spec.paramKind.apiVersion");
    match version.split('/').collect::<Vec<&str>>().as_slice() {
        [""] => faults.push(FieldError::required(path, "")),
        [own] => labels::each(path, own, names::dns1035_label(own), faults),
        [group, own] => {
            if !group.is_empty() {
                labels::each(path, group, names::dns1123_subdomain(group), faults);
            }
            labels::each(path, own, names::dns1035_label(own), faults);
        }
        _ => {
            let why = format!("unexpected GroupVersion string: {version}");
            faults.push(FieldError::invalid(path, version, why));
        }
    }
    let (name, path) = (text(kind, "/kind"), "spec.paramKind.kind");
    let wrong = names::dns1035_label(&name.to_lowercase());
    if name.is_empty() {
        faults.push(FieldError::required(path, ""));
    } else if !wrong.is_empty() {
        let why = format!("may have mixed case, but should otherwise match: {}", wrong.join(","));
        faults.push(FieldError::invalid(path, name, why));
    }
}

fn validate_match(resources: &Value, path: &str, faults: &mut Faults) {
    match text(resources, "/matchPolicy") {
        "" => faults.push(FieldError::required(&format!("{path}.matchPolicy"), "")),
        given => {
            labels::one_of(given, &["Equivalent", "Exact"], &format!("{path}.matchPolicy"), faults);
        }
    }
    for field in ["namespaceSelector", "objectSelector"] {
        labels::selector(resources.get(field), &format!("{path}.{field}"), faults);
    }
    for field in ["resourceRules", "excludeResourceRules"] {
        for (index, rule) in items(resources, &format!("/{field}")).iter().enumerate() {
            validate_rule(rule, &format!("{path}.{field}[{index}]"), faults);
        }
    }
}

fn validate_rule(rule: &Value, path: &str, faults: &mut Faults) {
    let mut names_seen = Vec::new();
    for (index, name) in items(rule, "/resourceNames").iter().enumerate() {
        let path = format!("{path}.resourceNames[{index}]");
        let name = name.as_str().unwrap_or_default();
        labels::each(&path, name, names::path_segment(name), faults);
        if names_seen.contains(&name) {
            faults.push(FieldError::duplicate(&path, name));
        }
        names_seen.push(name);
    }
    let wildcard = |field: &str, what: &str, faults: &mut Faults| {
        let given = items(rule, &format!("/{field}"));
        let path = format!("{path}.{field}");
        if given.is_empty() {
            faults.push(FieldError::required(&path, ""));
        }
        if given.len() > 1 && given.iter().any(|one| one == "*") {
            let why = format!("if '*' is present, must not specify other {what}");
            faults.push(FieldError::invalid(&path, Value::Array(given.to_vec()), why));
        }
    };
    wildcard("operations", "operations", faults);
    for (index, one) in items(rule, "/operations").iter().enumerate() {
        let path = format!("{path}.operations[{index}]");
        labels::one_of(one.as_str().unwrap_or_default(), &OPERATIONS, &path, faults);
    }
    wildcard("apiGroups", "API groups", faults);
    wildcard("apiVersions", "API versions", faults);
    for (index, _) in
        items(rule, "/apiVersions").iter().enumerate().filter(|(_, version)| *version == "")
    {
        faults.push(FieldError::required(&format!("{path}.apiVersions[{index}]"), ""));
    }
    validate_resources(items(rule, "/resources"), &format!("{path}.resources"), faults);
    let scope = text(rule, "/scope");
    if !scope.is_empty() {
        labels::one_of(scope, &["*", "Cluster", "Namespaced"], &format!("{path}.scope"), faults);
    }
}

fn validate_resources(resources: &[Value], path: &str, faults: &mut Faults) {
    if resources.is_empty() {
        faults.push(FieldError::required(path, ""));
    }
    let all: Vec<&str> = resources.iter().filter_map(Value::as_str).collect();
    let (mut parents, mut children): (Vec<&str>, Vec<&str>) = (Vec::new(), Vec::new());
    for (index, one) in all.iter().enumerate() {
        let path = format!("{path}[{index}]");
        if one.is_empty() {
            faults.push(FieldError::required(&path, ""));
        }
        let Some((resource, sub)) = one.split_once('/') else { continue };
        if parents.contains(&resource) {
            let why = format!("if '{resource}/*' is present, must not specify {one}");
            faults.push(FieldError::invalid(&path, *one, why));
        }
        if children.contains(&sub) {
            let why = format!("if '*/{sub}' is present, must not specify {one}");
            faults.push(FieldError::invalid(&path, *one, why));
        }
        if sub == "*" {
            parents.push(resource);
        }
        if resource == "*" {
            children.push(sub);
        }
    }
    let shown = || Value::Array(resources.to_vec());
    if all.len() > 1 && all.contains(&"*/*") {
        let why = "if '*/*' is present, must not specify other resources";
        faults.push(FieldError::invalid(path, shown(), why));
    }
    let plain = all.iter().rfind(|one| !one.contains('/')).is_some_and(|one| *one != "*");
    if all.contains(&"*") && plain {
        let why = "if '*' is present, must not specify other resources without subresources";
        faults.push(FieldError::invalid(path, shown(), why));
    }
}

/// A binding of a validating policy.
pub(super) fn validate_binding(value: &Value, faults: &mut Faults) {
    validate_mutating_binding(value, faults);
    let path = "spec.validationActions";
    let actions = items(value, "/spec/validationActions");
    let mut seen = Vec::new();
    for (index, one) in actions.iter().enumerate() {
        let path = format!("{path}[{index}]");
        let one = one.as_str().unwrap_or_default();
        labels::one_of(one, &["Audit", "Deny", "Warn"], &path, faults);
        if seen.contains(&one) {
            faults.push(FieldError::duplicate(&path, one));
        }
        seen.push(one);
    }
    if seen.contains(&"Deny") && seen.contains(&"Warn") {
        let why = "must not contain both Deny and Warn (repeating the same validation failure information in the API response and headers serves no purpose)";
        faults.push(FieldError::invalid(path, Value::Array(actions.to_vec()), why));
    }
    if seen.is_empty() {
        faults.push(FieldError::required(path, "at least one validation action is required"));
    }
}

/// A binding of a mutating policy.
pub(super) fn validate_mutating_binding(value: &Value, faults: &mut Faults) {
    match text(value, "/spec/policyName") {
        "" => faults.push(FieldError::required("spec.policyName", "")),
        name => labels::each("spec.policyName", name, names::dns1123_subdomain(name), faults),
    }
    if let Some(params) = value.pointer("/spec/paramRef").filter(|one| one.is_object()) {
        validate_params(params, "spec.paramRef", faults);
    }
    if let Some(resources) = value.pointer("/spec/matchResources").filter(|one| one.is_object()) {
        validate_match(resources, "spec.matchResources", faults);
    }
}

fn validate_params(params: &Value, path: &str, faults: &mut Faults) {
    let name = text(params, "/name");
    let selector = params.get("selector").filter(|one| one.is_object());
    let why = "name and selector are mutually exclusive";
    if !name.is_empty() {
        labels::each(&format!("{path}.name"), name, names::path_segment(name), faults);
        if selector.is_some() {
            faults.push(FieldError::forbidden(&format!("{path}.name"), why));
        }
    }
    labels::selector(selector, &format!("{path}.selector"), faults);
    match (name.is_empty(), selector.is_some()) {
        (false, true) => faults.push(FieldError::forbidden(&format!("{path}.selector"), why)),
        (true, false) => {
            let why = "one of name or selector must be specified";
            faults.push(FieldError::required(path, why));
        }
        _ => {}
    }
    let path = format!("{path}.parameterNotFoundAction");
    match text(params, "/parameterNotFoundAction") {
        "" => faults.push(FieldError::required(&path, "")),
        given => labels::one_of(given, &["Deny", "Allow"], &path, faults),
    }
}
