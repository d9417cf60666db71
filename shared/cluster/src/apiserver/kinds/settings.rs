//! ConfigMaps, Secrets, Namespaces, PriorityClasses, PodDisruptionBudgets: small kinds.

use apimachinery::field_error::FieldError;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};

use super::at::At;
use super::pod_defaults::{fill_text, map_at};
use super::{Faults, labels, workload};
use crate::fields::{items, put, text};

const LARGEST: usize = 1024 * 1024;
const KEY_TEXT: &str = "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')";

fn map<'a>(value: &'a Value, field: &str) -> impl Iterator<Item = (&'a String, &'a Value)> {
    value.get(field).and_then(Value::as_object).into_iter().flatten()
}

/// What is wrong with a key of a ConfigMap or Secret (`IsConfigMapKey`).
pub(super) fn key_faults(key: &str) -> Vec<String> {
    let mut wrong = Vec::new();
    if key.len() > 253 {
        wrong.push("must be no more than 253 characters".to_owned());
    }
    let fine = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    if key.is_empty() || !key.chars().all(fine) {
        wrong.push(KEY_TEXT.to_owned());
    } else if key == "." {
        wrong.push("must not be '.'".to_owned());
    } else if key == ".." {
        wrong.push("must not be '..'".to_owned());
    } else if key.starts_with("..") {
        wrong.push("must not start with '..'".to_owned());
    }
    wrong
}

fn config_key(key: &str, path: &str, faults: &mut Faults) {
    labels::each(&format!("{path}[{key}]"), key, key_faults(key), faults);
}

pub(super) fn validate_config_map(value: &Value, faults: &mut Faults) {
    let mut size = 0;
    for (key, content) in map(value, "data") {
        config_key(key, "data", faults);
        if map(value, "binaryData").any(|(other, _)| other == key) {
            let why = "duplicate of key present in binaryData";
            faults.push(FieldError::invalid(&format!("data[{key}]"), key.as_str(), why));
        }
        size += content.as_str().map_or(0, str::len);
    }
    for (key, content) in map(value, "binaryData") {
        config_key(key, "binaryData", faults);
        size += content.as_str().map_or(0, |text| text.len() / 4 * 3);
    }
    if size > LARGEST {
        faults.push(FieldError::too_long("", LARGEST));
    }
}

/// `immutable: true` stays, and so does the data.
pub(super) fn validate_immutable(new: &Value, old: &Value, faults: &mut Faults) {
    if old.get("immutable") != Some(&json!(true)) {
        return;
    }
    if new.get("immutable") != Some(&json!(true)) {
        faults
            .push(FieldError::forbidden("immutable", "field is immutable when `immutable` is set"));
    }
    for field in ["data", "binaryData"] {
        if new.get(field) != old.get(field) {
            faults.push(FieldError::forbidden(field, "field is immutable when `immutable` is set"));
        }
    }
}

/// The type, and `stringData` that becomes data.
pub(super) fn default_secret(value: &mut Value) {
    let Some(secret) = value.as_object_mut() else { return };
    fill_text(secret, "type", "Opaque");
    if let Some(Value::Object(plain)) = secret.remove("stringData")
        && !plain.is_empty()
    {
        let data = secret.entry("data").or_insert_with(|| json!({}));
        if !data.is_object() {
            *data = Value::Object(Map::new());
        }
        for (key, text) in plain {
            let encoded = encode(text.as_str().unwrap_or("").as_bytes());
            put(data, &format!("/{}", key.replace('~', "~0").replace('/', "~1")), json!(encoded));
        }
    }
}

fn encode(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

pub(super) fn validate_secret(value: &Value, faults: &mut Faults) {
    for (key, _) in map(value, "data") {
        config_key(key, "data", faults);
    }
    let size: usize =
        map(value, "data").map(|(_, one)| one.as_str().map_or(0, |text| text.len() / 4 * 3)).sum();
    if size > LARGEST {
        faults.push(FieldError::too_long("data", LARGEST));
    }
    let needed: &[&str] = match text(value, "/type") {
        "kubernetes.io/dockerconfigjson" => &[".dockerconfigjson"],
        "kubernetes.io/dockercfg" => &[".dockercfg"],
        "kubernetes.io/tls" => &["tls.crt", "tls.key"],
        "kubernetes.io/ssh-auth" => &["ssh-privatekey"],
        _ => &[],
    };
    for key in needed {
        if !map(value, "data").any(|(found, _)| found == key) {
            faults.push(FieldError::required(&format!("data[{key}]"), ""));
        }
    }
    if text(value, "/type") == "kubernetes.io/basic-auth" {
        let keys = ["username", "password"];
        if !map(value, "data").any(|(found, _)| keys.contains(&found.as_str())) {
            faults.extend(keys.map(|key| FieldError::required(&format!("data[{key}]"), "")));
        }
    }
    registry_credentials(value, faults);
    if text(value, "/type") == "kubernetes.io/service-account-token" {
        let name = "kubernetes.io~1service-account.name";
        if text(value, &format!("/metadata/annotations/{name}")).is_empty() {
            let path = "metadata.annotations[kubernetes.io/service-account.name]";
            faults.push(FieldError::required(path, ""));
        }
    }
}

/// Credentials of registries are JSON; what they are is not shown.
fn registry_credentials(value: &Value, faults: &mut Faults) {
    let key = match text(value, "/type") {
        "kubernetes.io/dockerconfigjson" => ".dockerconfigjson",
        "kubernetes.io/dockercfg" => ".dockercfg",
        _ => return,
    };
    let Some(encoded) = value.get("data").and_then(|data| data.get(key)).and_then(Value::as_str)
    else {
        return;
    };
    let bytes = STANDARD.decode(encoded).unwrap_or_default();
    if let Err(why) = apimachinery::decode::read_json(&bytes) {
        let path = format!("data[{key}]");
        faults.push(FieldError::invalid(&path, "<secret contents redacted>", why));
    }
}

pub(super) fn validate_secret_update(new: &Value, old: &Value, faults: &mut Faults) {
    labels::immutable(new, old, "/type", "type", faults);
    validate_immutable(new, old, faults);
}

pub(super) fn default_namespace(value: &mut Value) {
    let name = text(value, "/metadata/name").to_owned();
    if !name.is_empty() {
        put(value, "/metadata/labels/kubernetes.io~1metadata.name", json!(name));
    }
}

pub(super) fn prepare_namespace(value: &mut Value) {
    default_namespace(value);
    let has = items(value, "/spec/finalizers").iter().any(|one| one.as_str() == Some("kubernetes"));
    if !has {
        let mut finalizers = items(value, "/spec/finalizers").to_vec();
        finalizers.push(json!("kubernetes"));
        put(value, "/spec/finalizers", Value::Array(finalizers));
    }
    put(value, "/status", json!({"phase": "Active"}));
}

pub(super) fn default_priority_class(value: &mut Value) {
    if let Some(class) = map_at(value, "") {
        fill_text(class, "preemptionPolicy", "PreemptLowerPriority");
    }
}

pub(super) fn validate_priority_class(value: &Value, faults: &mut Faults) {
    let name = text(value, "/metadata/name");
    let amount = value.get("value").and_then(Value::as_i64).unwrap_or(0);
    let known = ["system-node-critical", "system-cluster-critical"];
    if name.starts_with("system-") && !known.contains(&name) {
        let why = format!(
            "priority class names with 'system-' prefix are reserved for system use only. error: {name} is not a known system priority class"
        );
        faults.push(FieldError::forbidden("metadata.name", why));
    } else if amount > 1_000_000_000 && !known.contains(&name) {
        let why = "maximum allowed value of a user defined priority is 1000000000";
        faults.push(FieldError::forbidden("value", why));
    }
    let policy = text(value, "/preemptionPolicy");
    labels::one_of(policy, &["PreemptLowerPriority", "Never"], "preemptionPolicy", faults);
}

pub(super) fn validate_priority_class_update(new: &Value, old: &Value, faults: &mut Faults) {
    if new.get("value") != old.get("value") {
        faults.push(FieldError::forbidden("value", "may not be changed in an update."));
    }
    labels::immutable(new, old, "/preemptionPolicy", "preemptionPolicy", faults);
}

/// `ValidatePodDisruptionBudgetSpec`.
pub(super) fn validate_budget(value: &Value, faults: &mut Faults) {
    let spec = At::root(value).child("spec");
    if spec.has("minAvailable") && spec.has("maxUnavailable") {
        let why = "minAvailable and maxUnavailable cannot be both set";
        spec.invalid_struct("policy.PodDisruptionBudgetSpec", why, faults);
    }
    for field in ["minAvailable", "maxUnavailable"] {
        let at = spec.child(field);
        if at.given() {
            workload::int_or_percent(Some(at.value), &at.path, faults);
            workload::over_all(Some(at.value), &at.path, faults);
        }
    }
    labels::selector(value.pointer("/spec/selector"), "spec.selector", faults);
    let policy = spec.child("unhealthyPodEvictionPolicy");
    if policy.given() {
        policy.one_of(&["AlwaysAllow", "IfHealthyBudget"], faults);
    }
}

pub(super) fn validate_budget_status(new: &Value, _: &Value, faults: &mut Faults) {
    let status = At::root(new).child("status");
    let counters = ["disruptionsAllowed", "currentHealthy", "desiredHealthy", "expectedPods"];
    status.nonnegative_fields(&counters, faults);
}

pub(super) fn default_pod_template(value: &mut Value) {
    workload::default_template(value, "/template");
}

pub(super) fn validate_pod_template(value: &Value, faults: &mut Faults) {
    workload::template_at(&At::root(value).child("template"), faults);
}
