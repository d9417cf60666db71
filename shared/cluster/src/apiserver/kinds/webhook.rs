//! Configurations of admission webhooks (`pkg/apis/admissionregistration/{v1/defaults,validation/validation}.go`).

use apimachinery::field_error::FieldError;
use apimachinery::names;
use serde_json::{Value, json};

use super::{Faults, policies};
use crate::fields::{items, number, put, text};

const OPERATIONS: [&str; 5] = ["*", "CONNECT", "CREATE", "DELETE", "UPDATE"];
const VERSIONS: [&str; 2] = ["v1", "v1beta1"];

pub(super) fn default(value: &mut Value) {
    let mutating = text(value, "/kind") == "MutatingWebhookConfiguration";
    let hooks = value.get_mut("webhooks").and_then(Value::as_array_mut);
    for hook in hooks.into_iter().flatten() {
        let mut fill = |field: &str, default: Value| {
            if hook.pointer(field).is_none_or(Value::is_null) {
                put(hook, field, default);
            }
        };
        fill("/failurePolicy", json!("Fail"));
        fill("/matchPolicy", json!("Equivalent"));
        fill("/namespaceSelector", json!({}));
        fill("/objectSelector", json!({}));
        fill("/timeoutSeconds", json!(10));
        if mutating {
            fill("/reinvocationPolicy", json!("Never"));
        }
        if hook.pointer("/clientConfig/service").is_some_and(Value::is_object)
            && number(hook, "/clientConfig/service/port").is_none()
        {
            put(hook, "/clientConfig/service/port", json!(443));
        }
        let rules = hook.get_mut("rules").and_then(Value::as_array_mut);
        for rule in rules.into_iter().flatten() {
            if text(rule, "/scope").is_empty() {
                put(rule, "/scope", json!("*"));
            }
        }
    }
}

pub(super) fn validate(value: &Value, faults: &mut Faults) {
    let hooks = items(value, "/webhooks");
    for (index, hook) in hooks.iter().enumerate() {
        let path = format!("webhooks[{index}]");
        validate_hook(&path, hook, faults);
        validate_versions(&format!("{path}.admissionReviewVersions"), hook, faults);
        let name = text(hook, "/name");
        if !name.is_empty() && hooks.iter().take(index).any(|one| text(one, "/name") == name) {
            faults.push(FieldError::duplicate(&format!("{path}.name"), name));
        }
    }
}

fn validate_hook(path: &str, hook: &Value, faults: &mut Faults) {
    qualified_name(&format!("{path}.name"), text(hook, "/name"), faults);
    for (index, rule) in items(hook, "/rules").iter().enumerate() {
        validate_rule(&format!("{path}.rules[{index}]"), rule, faults);
    }
    let mut one_of = |field: &str, allowed: &[&str]| {
        let given = text(hook, &format!("/{field}"));
        if !given.is_empty() && !allowed.contains(&given) {
            faults.push(FieldError::not_supported(&format!("{path}.{field}"), given, allowed));
        }
    };
    one_of("failurePolicy", &["Fail", "Ignore"]);
    one_of("matchPolicy", &["Equivalent", "Exact"]);
    if text(hook, "/sideEffects").is_empty() {
        let why = "must specify one of None, NoneOnDryRun";
        faults.push(FieldError::required(&format!("{path}.sideEffects"), why));
    } else {
        let mut one_of = |field: &str, allowed: &[&str]| {
            let given = text(hook, &format!("/{field}"));
            if !allowed.contains(&given) {
                faults.push(FieldError::not_supported(&format!("{path}.{field}"), given, allowed));
            }
        };
        one_of("sideEffects", &["None", "NoneOnDryRun"]);
    }
    if let Some(seconds) = number(hook, "/timeoutSeconds").filter(|it| !(1..=30).contains(it)) {
        let why = "the timeout value must be between 1 and 30 seconds";
        faults.push(FieldError::invalid(&format!("{path}.timeoutSeconds"), seconds, why));
    }
    let policy = text(hook, "/reinvocationPolicy");
    if !matches!(policy, "" | "IfNeeded" | "Never") {
        let path = format!("{path}.reinvocationPolicy");
        faults.push(FieldError::not_supported(&path, policy, &["IfNeeded", "Never"]));
    }
    validate_client(&format!("{path}.clientConfig"), hook, faults);
    let conditions = items(hook, "/matchConditions");
    policies::validate_conditions(conditions, &format!("{path}.matchConditions"), faults);
}

/// `IsFullyQualifiedName`.
fn qualified_name(path: &str, name: &str, faults: &mut Faults) {
    let errors = names::dns1123_subdomain(name);
    if name.is_empty() {
        faults.push(FieldError::required(path, ""));
    } else if !errors.is_empty() {
        faults.push(FieldError::invalid(path, name, errors.join(",")));
    } else if name.split('.').count() < 3 {
        let why = "should be a domain with at least three segments separated by dots";
        faults.push(FieldError::invalid(path, name, why));
    }
}

fn validate_rule(path: &str, rule: &Value, faults: &mut Faults) {
    let list = |field: &str| items(rule, &format!("/{field}"));
    for (field, what) in
        [("operations", "operations"), ("apiGroups", "API groups"), ("apiVersions", "API versions")]
    {
        let (all, path) = (list(field), format!("{path}.{field}"));
        if all.is_empty() {
            faults.push(FieldError::required(&path, ""));
        }
        if all.len() > 1 && all.iter().any(|one| one == "*") {
            let why = format!("if '*' is present, must not specify other {what}");
            faults.push(FieldError::invalid(&path, Value::from(all.to_vec()), why));
        }
        for (index, one) in all.iter().enumerate() {
            let path = format!("{path}[{index}]");
            if field == "operations" && !one.as_str().is_some_and(|one| OPERATIONS.contains(&one)) {
                faults.push(FieldError::not_supported(&path, one.clone(), &OPERATIONS));
            }
            if field == "apiVersions" && one == "" {
                faults.push(FieldError::required(&path, ""));
            }
        }
    }
    validate_resources(&format!("{path}.resources"), list("resources"), faults);
    let scope = text(rule, "/scope");
    if !matches!(scope, "" | "*" | "Cluster" | "Namespaced") {
        let allowed = ["*", "Cluster", "Namespaced"];
        faults.push(FieldError::not_supported(&format!("{path}.scope"), scope, &allowed));
    }
}

fn validate_resources(path: &str, all: &[Value], faults: &mut Faults) {
    if all.is_empty() {
        faults.push(FieldError::required(path, ""));
    }
    let names: Vec<&str> = all.iter().map(|one| one.as_str().unwrap_or("")).collect();
    let mut plain = false;
    for (index, name) in names.iter().enumerate() {
        let at = format!("{path}[{index}]");
        if name.is_empty() {
            faults.push(FieldError::required(&at, ""));
            continue;
        }
        let Some((resource, subresource)) = name.split_once('/') else {
            plain = *name != "*";
            continue;
        };
        let before = |wanted: String| names.iter().take(index).any(|one| **one == wanted);
        if before(format!("{resource}/*")) {
            let why = format!("if '{resource}/*' is present, must not specify {name}");
            faults.push(FieldError::invalid(&at, *name, why));
        }
        if before(format!("*/{subresource}")) {
            let why = format!("if '*/{subresource}' is present, must not specify {name}");
            faults.push(FieldError::invalid(&at, *name, why));
        }
    }
    if names.len() > 1 && names.contains(&"*/*") {
        let why = "if '*/*' is present, must not specify other resources";
        faults.push(FieldError::invalid(path, Value::from(all.to_vec()), why));
    }
    if names.contains(&"*") && plain {
        let why = "if '*' is present, must not specify other resources without subresources";
        faults.push(FieldError::invalid(path, Value::from(all.to_vec()), why));
    }
}

fn validate_versions(path: &str, hook: &Value, faults: &mut Faults) {
    let all = items(hook, "/admissionReviewVersions");
    if all.is_empty() {
        let why = format!("must specify one of {}", VERSIONS.join(", "));
        faults.push(FieldError::required(path, why));
        return;
    }
    for (index, version) in all.iter().enumerate() {
        let at = format!("{path}[{index}]");
        if all.iter().take(index).any(|one| one == version) {
            faults.push(FieldError::invalid(&at, version.clone(), "duplicate version"));
            continue;
        }
        let errors = names::dns1035_label(version.as_str().unwrap_or(""));
        faults.extend(
            errors.into_iter().map(|error| FieldError::invalid(&at, version.clone(), error)),
        );
    }
    if !all.iter().any(|one| one.as_str().is_some_and(|one| VERSIONS.contains(&one))) {
        let why = format!("must include at least one of {}", VERSIONS.join(", "));
        faults.push(FieldError::invalid(path, Value::from(all.to_vec()), why));
    }
}

fn validate_client(path: &str, hook: &Value, faults: &mut Faults) {
    let url = hook.pointer("/clientConfig/url").and_then(Value::as_str);
    let service = hook.pointer("/clientConfig/service").filter(|one| one.is_object());
    match (url, service) {
        (Some(url), None) => validate_url(&format!("{path}.url"), url, faults),
        (None, Some(service)) => validate_service(&format!("{path}.service"), service, faults),
        _ => {
            let why = "exactly one of url or service is required";
            faults.push(FieldError::required(path, why));
        }
    }
}

/// `apiserver/pkg/util/webhook/validation.go ValidateWebhookURL`.
fn validate_url(path: &str, url: &str, faults: &mut Faults) {
    const FORM: &str = "; desired format: https://host[/path]";
    let (rest, fragment) = url.split_once('#').unwrap_or((url, ""));
    let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
    let (scheme, rest) = rest.split_once("://").unwrap_or(("", rest));
    let authority = if scheme.is_empty() { "" } else { rest.split('/').next().unwrap_or("") };
    let (user, host) = authority.rsplit_once('@').unwrap_or(("", authority));
    let mut refuse = |value: &str, why: String| faults.push(FieldError::invalid(path, value, why));
    if scheme != "https" {
        refuse(scheme, format!("'https' is the only allowed URL scheme{FORM}"));
    }
    if host.is_empty() {
        refuse(host, format!("host must be specified{FORM}"));
    }
    for (value, what) in [
        (user, "user information is"),
        (fragment, "fragments are"),
        (query, "query parameters are"),
    ] {
        if !value.is_empty() {
            refuse(value, format!("{what} not permitted in the URL"));
        }
    }
}

/// `ValidateWebhookService`.
fn validate_service(path: &str, service: &Value, faults: &mut Faults) {
    for field in ["name", "namespace"] {
        if text(service, &format!("/{field}")).is_empty() {
            let why = format!("service {field} is required");
            faults.push(FieldError::required(&format!("{path}.{field}"), why));
        }
    }
    if let Some(port) = number(service, "/port").filter(|port| !(1..=65535).contains(port)) {
        let why = "port is not valid: must be between 1 and 65535, inclusive";
        faults.push(FieldError::invalid(&format!("{path}.port"), port, why));
    }
    let given = text(service, "/path");
    if matches!(given, "" | "/") {
        return;
    }
    let path = format!("{path}.path");
    let mut refuse = |why: String| faults.push(FieldError::invalid(&path, given, why));
    if given == "//" {
        return refuse("segment[0] may not be empty".to_owned());
    }
    if !given.starts_with('/') {
        refuse("must start with a '/'".to_owned());
    }
    let inner = given.get(1..).unwrap_or("");
    let inner = inner.strip_suffix('/').unwrap_or(inner);
    for (index, step) in inner.split('/').enumerate() {
        if step.is_empty() {
            refuse(format!("segment[{index}] may not be empty"));
            continue;
        }
        for error in names::dns1123_subdomain(step) {
            refuse(format!("segment[{index}]: {error}"));
        }
    }
}

/// What of a configuration is not heeded.
pub(super) fn warnings(value: &Value, (evaluated, calls): (bool, bool)) -> Vec<String> {
    let hooks = items(value, "/webhooks");
    let mut found = Vec::new();
    if !evaluated && hooks.iter().any(|hook| !items(hook, "/matchConditions").is_empty()) {
        let why = "Podium stores webhooks[*].matchConditions and does not evaluate them here: every request that the rules match is sent";
        found.push(why.to_owned());
    }
    if !calls && hooks.iter().any(|hook| hook.pointer("/clientConfig/url").is_some()) {
        let why = "Podium calls no webhooks outside of the cluster from here: webhooks[*].clientConfig.url cannot be reached, and failurePolicy says what follows";
        found.push(why.to_owned());
    }
    found
}
