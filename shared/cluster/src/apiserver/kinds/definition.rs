//! CustomResourceDefinitions (`apiextensions-apiserver/pkg/apis/apiextensions/v1/defaults.go`,
//! `validation/validation.go`): what they fill in, and what is wrong with them.

use apimachinery::field_error::FieldError;
use apimachinery::names;
use serde_json::{Value, json};

use super::pod_defaults::{fill_text, map_at};
use super::{Faults, definition_parts, structural};
use crate::fields::{condition_true, flag, items, put, text};

/// Deletes the instances before the definition goes.
pub(crate) const FINALIZER: &str = "customresourcecleanup.apiextensions.k8s.io";

fn storage_version(value: &Value) -> Option<&str> {
    let stored = items(value, "/spec/versions").iter().find(|one| flag(one, "/storage"));
    stored.map(|one| text(one, "/name"))
}

pub(super) fn default(value: &mut Value) {
    let kind = text(value, "/spec/names/kind").to_owned();
    if let Some(names) = map_at(value, "/spec/names")
        && !kind.is_empty()
    {
        fill_text(names, "singular", &kind.to_lowercase());
        fill_text(names, "listKind", &format!("{kind}List"));
    }
    if value.pointer("/spec/conversion").is_none_or(Value::is_null) {
        put(value, "/spec/conversion", json!({"strategy": "None"}));
    }
    store_version(value);
}

fn store_version(value: &mut Value) {
    if items(value, "/status/storedVersions").is_empty()
        && let Some(version) = storage_version(value).map(str::to_owned)
    {
        put(value, "/status/storedVersions", json!([version]));
    }
}

/// The strategy's `PrepareForCreate`.
pub(super) fn prepare_create(value: &mut Value) {
    put(value, "/status", json!({"acceptedNames": {"kind": "", "plural": ""}, "conditions": null}));
    if let Some(status) = value.get_mut("status").and_then(Value::as_object_mut) {
        status.remove("conditions");
    }
    store_version(value);
}

/// The strategy's `PrepareForUpdate`: the version that is stored now was stored once.
pub(super) fn prepare_update(value: &mut Value) {
    let Some(version) = storage_version(value).map(|version| json!(version)) else { return };
    let mut stored = items(value, "/status/storedVersions").to_vec();
    if !stored.contains(&version) {
        stored.push(version);
        put(value, "/status/storedVersions", Value::Array(stored));
    }
}

/// The name of a new definition says what it defines.
pub(super) fn validate_name(value: &Value, faults: &mut Faults) {
    let (group, plural) = (text(value, "/spec/group"), text(value, "/spec/names/plural"));
    let name = text(value, "/metadata/name");
    if name != format!("{plural}.{group}") {
        let why = "must be spec.names.plural+\".\"+spec.group";
        faults.insert(0, FieldError::invalid("metadata.name", name, why));
    }
}

pub(super) fn validate(value: &Value, faults: &mut Faults) {
    validate_group(text(value, "/spec/group"), faults);
    match text(value, "/spec/scope") {
        "" => faults.push(FieldError::required("spec.scope", "")),
        "Cluster" | "Namespaced" => {}
        other => {
            let known = ["Cluster", "Namespaced"];
            faults.push(FieldError::not_supported("spec.scope", other, &known));
        }
    }
    validate_versions(value, faults);
    validate_names(value, faults);
    validate_top(value, faults);
    definition_parts::validate(value, faults);
    validate_stored(value, faults);
}

fn validate_group(group: &str, faults: &mut Faults) {
    let wrong = names::dns1123_subdomain(group);
    if group.is_empty() {
        faults.push(FieldError::required("spec.group", ""));
    } else if !wrong.is_empty() {
        faults.push(FieldError::invalid("spec.group", group, wrong.join(",")));
    } else if !group.contains('.') {
        let why = "should be a domain with at least one dot";
        faults.push(FieldError::invalid("spec.group", group, why));
    }
}

/// Schemas that are the same in all versions stand at the top of the internal form, and are named there.
fn schemas_are_one(versions: &[Value]) -> bool {
    let mut all = versions.iter().map(|one| one.get("schema"));
    let first = all.next().flatten();
    first.is_some() && all.all(|one| one == first)
}

fn validate_versions(value: &Value, faults: &mut Faults) {
    let versions = items(value, "/spec/versions");
    let one = schemas_are_one(versions);
    let mut seen: Vec<&str> = Vec::new();
    for (index, version) in versions.iter().enumerate() {
        let name = text(version, "/name");
        let path = format!("spec.versions[{index}]");
        let schema = version.pointer("/schema/openAPIV3Schema").filter(|schema| !schema.is_null());
        let wrong = names::dns1035_label(name);
        match schema {
            None => {
                let path = format!("{path}.schema.openAPIV3Schema");
                faults.push(FieldError::required(&path, ""));
            }
            Some(schema) if !one => {
                structural::validate(schema, &format!("{path}.schema.openAPIV3Schema"), faults);
            }
            Some(_) => {}
        }
        if !wrong.is_empty() {
            faults.push(FieldError::invalid(&format!("{path}.name"), name, wrong.join(",")));
        }
        seen.push(name);
    }
    let mut unique = seen.clone();
    unique.sort_unstable();
    unique.dedup();
    let mut refuse = |why: &str| {
        faults.push(FieldError::invalid_printed("spec.versions", printed(versions, one), why));
    };
    if unique.len() != seen.len() {
        refuse("must contain unique version names");
    }
    if versions.iter().filter(|one| flag(one, "/storage")).count() != 1 {
        refuse("must have exactly one version marked as storage version");
    }
    let first = seen.first().copied().unwrap_or("");
    let wrong = names::dns1035_label(first);
    if !seen.is_empty() && !wrong.is_empty() {
        faults.push(FieldError::invalid("spec.version", first, wrong.join(",")));
    }
}

/// The versions as Go prints its internal form; what is the same in all of them is not repeated.
fn printed(versions: &[Value], schemas_are_one: bool) -> String {
    if versions.is_empty() {
        return "null".to_owned();
    }
    let same = |field: &str| {
        versions
            .iter()
            .all(|one| one.get(field) == versions.first().and_then(|first| first.get(field)))
    };
    let all: Vec<String> = versions
        .iter()
        .map(|one| {
            let shown = |field: &str, hidden: bool| {
                let value = one.get(field).filter(|_| !hidden).cloned().unwrap_or_default();
                value.to_string()
            };
            format!(
                "{{\"Name\":{},\"Served\":{},\"Storage\":{},\"Deprecated\":{},\"DeprecationWarning\":{},\"Schema\":{},\"Subresources\":{},\"AdditionalPrinterColumns\":{},\"SelectableFields\":{}}}",
                json!(text(one, "/name")),
                flag(one, "/served"),
                flag(one, "/storage"),
                flag(one, "/deprecated"),
                shown("deprecationWarning", false),
                shown("schema", schemas_are_one),
                shown("subresources", same("subresources")),
                shown("additionalPrinterColumns", same("additionalPrinterColumns")),
                shown("selectableFields", same("selectableFields")),
            )
        })
        .collect();
    format!("[{}]", all.join(","))
}

/// The schemas of the versions with their paths and the names of their versions; one for all that are the same.
pub(crate) fn schemas(value: &Value) -> Vec<(&Value, String, &str)> {
    let versions = items(value, "/spec/versions");
    let one = schemas_are_one(versions);
    let found = versions.iter().enumerate().filter_map(|(index, version)| {
        let schema = version.pointer("/schema/openAPIV3Schema").filter(|one| !one.is_null())?;
        let path = if one {
            "spec.validation.openAPIV3Schema".to_owned()
        } else {
            format!("spec.versions[{index}].schema.openAPIV3Schema")
        };
        Some((schema, path, text(version, "/name")))
    });
    found.take(if one { 1 } else { usize::MAX }).collect()
}

fn validate_top(value: &Value, faults: &mut Faults) {
    let versions = items(value, "/spec/versions");
    let schema = versions.first().and_then(|one| one.pointer("/schema/openAPIV3Schema"));
    if let Some(schema) = schema.filter(|one| schemas_are_one(versions) && !one.is_null()) {
        structural::validate(schema, "spec.validation.openAPIV3Schema", faults);
    }
}

/// `ValidateCustomResourceDefinitionStoredVersions`.
fn validate_stored(value: &Value, faults: &mut Faults) {
    let stored = value.pointer("/status/storedVersions").cloned().unwrap_or_default();
    let path = "status.storedVersions";
    let all = items(value, "/status/storedVersions");
    if all.is_empty() {
        faults.push(FieldError::invalid(path, stored, "must have at least one stored version"));
        return;
    }
    let versions = items(value, "/spec/versions");
    for (index, version) in all.iter().enumerate() {
        if !versions.iter().any(|one| one.get("name") == Some(version)) {
            let name = version.as_str().unwrap_or("");
            let why = format!(
                "missing from spec.versions; {name} was previously a storage version, and must remain in spec.versions until a storage migration ensures no data remains persisted in {name} and removes {name} from status.storedVersions"
            );
            faults.push(FieldError::invalid(&format!("{path}[{index}]"), name, why));
        }
    }
    let storage = versions.iter().rfind(|one| flag(one, "/storage")).map(|one| text(one, "/name"));
    if let Some(storage) = storage.filter(|name| !all.contains(&json!(name))) {
        let why = format!("must have the storage version {storage}");
        faults.push(FieldError::invalid(path, stored, why));
    }
}

fn validate_names(value: &Value, faults: &mut Faults) {
    for field in ["plural", "singular", "kind", "listKind"] {
        if text(value, &format!("/spec/names/{field}")).is_empty() {
            faults.push(FieldError::required(&format!("spec.names.{field}"), ""));
        }
    }
    for field in ["plural", "singular", "kind", "listKind"] {
        let name = text(value, &format!("/spec/names/{field}"));
        let wrong = names::dns1035_label(&name.to_lowercase()).join(",");
        if name.is_empty() || wrong.is_empty() && field.to_lowercase().ends_with("kind") {
            continue;
        }
        let path = format!("spec.names.{field}");
        if field.to_lowercase().ends_with("kind") {
            let why = format!("may have mixed case, but should otherwise match: {wrong}");
            faults.push(FieldError::invalid(&path, name, why));
        } else if !names::dns1035_label(name).is_empty() {
            faults.push(FieldError::invalid(&path, name, names::dns1035_label(name).join(",")));
        }
    }
    let each = |field: &str, faults: &mut Faults| {
        for (index, one) in items(value, &format!("/spec/names/{field}")).iter().enumerate() {
            let one = one.as_str().unwrap_or("");
            let wrong = names::dns1035_label(one);
            if !wrong.is_empty() {
                let path = format!("spec.names.{field}[{index}]");
                faults.push(FieldError::invalid(&path, one, wrong.join(",")));
            }
        }
    };
    each("shortNames", faults);
    let (kind, list) = (text(value, "/spec/names/kind"), text(value, "/spec/names/listKind"));
    if !kind.is_empty() && kind == list {
        let why = "kind and listKind may not be the same";
        faults.push(FieldError::invalid("spec.names.listKind", list, why));
    }
    each("categories", faults);
}

pub(super) fn validate_update(value: &Value, old: &Value, faults: &mut Faults) {
    let mut immutable = |pointer: &str, path: &str| {
        super::labels::immutable(value, old, pointer, path, faults);
    };
    if condition_true(old, "Established") {
        immutable("/spec/scope", "spec.scope");
        immutable("/spec/names/kind", "spec.names.kind");
    }
    immutable("/spec/group", "spec.group");
    immutable("/spec/names/plural", "spec.names.plural");
}

/// Holds a definition that is to go until its instances are gone.
pub(crate) fn mark(value: &mut Value, now: &str) {
    let mut finalizers = items(value, "/metadata/finalizers").to_vec();
    if !finalizers.contains(&json!(FINALIZER)) {
        finalizers.push(json!(FINALIZER));
        put(value, "/metadata/finalizers", Value::Array(finalizers));
    }
    let mut conditions = items(value, "/status/conditions").to_vec();
    conditions.retain(|one| text(one, "/type") != "Terminating");
    conditions.push(json!({
        "type": "Terminating", "status": "True", "reason": "InstanceDeletionPending",
        "message": "CustomResourceDefinition marked for deletion; CustomResource deletion will begin soon",
        "lastTransitionTime": now,
    }));
    put(value, "/status/conditions", Value::Array(conditions));
}

/// Says what is stored of a definition and does nothing here.
pub(super) fn warnings(value: &Value, evaluated: bool) -> Vec<String> {
    let mut schemas = items(value, "/spec/versions").iter().filter_map(|one| one.get("schema"));
    let rules = !evaluated && schemas.any(super::super::custom::rules::has_rules);
    let mut found = Vec::new();
    if rules {
        found.push("Podium stores x-kubernetes-validations, but this embedded cluster does not evaluate the rules".to_owned());
    }
    if text(value, "/spec/conversion/strategy") == "Webhook" {
        found.push("Podium stores spec.conversion.webhook, but this embedded cluster converts between versions without calling it".to_owned());
    }
    found
}
