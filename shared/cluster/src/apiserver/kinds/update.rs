//! What an update may change: the status or everything else, and the generation that counts specs.

use apimachinery::object;
use apimachinery::schema::Schema;
use serde_json::{Map, Value, json};

use super::super::write::Target;
use super::{Faults, meta, pod};
use crate::fields::number;

/// The value at a dotted path, as field selectors name it.
pub(crate) fn path_of(value: &Value, path: &str) -> String {
    if path == "status.successful" {
        return number(value, "/status/succeeded").unwrap_or(0).to_string();
    }
    match object::get(value, path) {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Bool(flag)) => flag.to_string(),
        Some(Value::Number(number)) => number.to_string(),
        _ => String::new(),
    }
}

fn has_status(target: &Target) -> bool {
    if let Some(custom) = &target.custom {
        return custom.has_status();
    }
    let resource = Schema::builtin().resource_of(&target.gvk);
    resource.is_some_and(|resource| resource.subresource("status").is_some())
}

fn keep(value: &mut Value, live: &Value, field: &str) {
    let Some(map) = value.as_object_mut() else { return };
    match live.get(field) {
        Some(old) => map.insert(field.to_owned(), old.clone()),
        None => map.remove(field),
    };
}

/// What a write through this endpoint cannot set, whoever asks (`GetResetFields`): it is put back before
/// anybody is recorded as its manager.
pub(crate) fn reset(target: &Target, value: &mut Value, live: Option<&Value>) {
    if !has_status(target) {
        return;
    }
    if target.kind.key == super::certificate::KEY
        && let Some(live) = live
    {
        return super::certificate::reset(&target.subresource, value, live);
    }
    match (target.subresource.as_str(), live) {
        ("", Some(live)) => keep(value, live, "status"),
        ("status", Some(live)) => prepare_status(target, value, live),
        ("", None) if target.kind.key != "nodes" => {
            let kind = json!({
                "apiVersion": target.gvk.group_version().to_string(), "kind": target.gvk.kind,
            });
            if target.custom.is_some() {
                keep(value, &json!({}), "status");
            } else if let Ok((zero, _)) = super::super::decode::typed(&target.gvk, kind) {
                keep(value, &zero, "status");
            }
        }
        _ => {}
    }
}

/// The strategy's `PrepareForUpdate`.
pub(crate) fn prepare_update(target: &Target, value: &mut Value, live: &Value) {
    reset(target, value, Some(live));
    match target.subresource.as_str() {
        "" => {
            if target.kind.key == "serviceaccounts" {
                super::service_account::prepare(value);
            }
            if target.kind.key == "services" {
                super::service::prepare_update(value, live);
            }
            if target.kind.key == "customresourcedefinitions.apiextensions.k8s.io" {
                super::definition::prepare_update(value);
            }
            if target.kind.key == "leases.coordination.k8s.io" {
                super::lease::drop_gated(value);
            }
            if target.kind.key == "daemonsets.apps" {
                super::workload::count_template(value, live);
            }
            let counted = target.kind.generation || target.kind.key == "csidrivers.storage.k8s.io";
            if counted && spec_changed(target, value, live) {
                let next =
                    live.pointer("/metadata/generation").and_then(Value::as_i64).unwrap_or(0);
                object::set(value, &["metadata", "generation"], json!(next + 1));
            }
        }
        "finalize" => keep(value, live, "status"),
        "ephemeralcontainers" | "resize" => pod::prepare_subresource(target, value, live),
        _ => {}
    }
}

fn prepare_status(target: &Target, value: &mut Value, live: &Value) {
    let fields: Vec<String> = live
        .as_object()
        .into_iter()
        .chain(value.as_object())
        .flat_map(Map::keys)
        .filter(|key| !matches!(key.as_str(), "status" | "metadata" | "kind" | "apiVersion"))
        .cloned()
        .collect();
    for field in fields {
        keep(value, live, &field);
    }
    if target.kind.key == "pods" {
        for field in ["ownerReferences", "finalizers"] {
            if let Some(old) = live.pointer(&format!("/metadata/{field}")) {
                object::set(value, &["metadata", field], old.clone());
            } else {
                object::remove(value, &["metadata", field]);
            }
        }
    }
}

fn spec_changed(target: &Target, value: &Value, live: &Value) -> bool {
    if let Some(custom) = &target.custom {
        return custom_changed(custom.has_status(), value, live);
    }
    match target.kind.key {
        "endpointslices.discovery.k8s.io" => {
            ["endpoints", "ports", "addressType"]
                .iter()
                .any(|field| value.get(field) != live.get(field))
                || value.pointer("/metadata/labels") != live.pointer("/metadata/labels")
        }
        "deployments.apps" => {
            value.get("spec") != live.get("spec")
                || value.pointer("/metadata/annotations") != live.pointer("/metadata/annotations")
        }
        "priorityclasses.scheduling.k8s.io" => false,
        "podtemplates" => value.get("template") != live.get("template"),
        _ => value.get("spec") != live.get("spec"),
    }
}

/// `customresource/strategy.go PrepareForUpdate`: everything but metadata and a status of its own counts.
fn custom_changed(has_status: bool, value: &Value, live: &Value) -> bool {
    let counts = |key: &String| {
        !(matches!(key.as_str(), "metadata" | "apiVersion") || has_status && key == "status")
    };
    let keys = value.as_object().into_iter().chain(live.as_object()).flat_map(Map::keys);
    keys.filter(|key| counts(key)).any(|key| value.get(key) != live.get(key))
}

/// Everything that is wrong with a change.
pub(crate) fn validate_update(target: &Target, value: &Value, live: &Value) -> Faults {
    let mut faults = Vec::new();
    meta::validate_update(value, live, &mut faults);
    if let Some(custom) = &target.custom {
        custom.validate(value, &mut faults);
    }
    if target.kind.key == super::certificate::KEY {
        super::certificate::validate_change(&target.subresource, value, live, &mut faults);
        return faults;
    }
    if target.subresource.is_empty() {
        let mut own = super::validate(target, value);
        own.retain(|fault| !faults.contains(fault));
        faults.extend(own);
        (target.kind.validate_update)(value, live, &mut faults);
        if target.gvk.group == "events.k8s.io" {
            super::events::validate_update(value, live, &mut faults);
        }
    }
    if target.subresource == "resize" {
        super::resize::validate(value, live, &mut faults);
    }
    if target.subresource == "status" {
        (target.kind.validate_status)(value, live, &mut faults);
    }
    faults
}
