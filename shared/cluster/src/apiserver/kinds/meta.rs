//! `metadata` (`k8s.io/apimachinery/pkg/api/validation/objectmeta.go`).

use apimachinery::field_error::FieldError;
use apimachinery::{names, object};
use serde_json::{Map, Value};

use super::{Faults, labels};
use crate::fields::{items, number, text};

const LARGEST_ANNOTATIONS: usize = 256 * 1024;
const NEITHER: &str = "name is neither a standard finalizer name nor is it fully qualified";
const STANDARD_FINALIZERS: [&str; 3] = ["kubernetes", "orphan", "foregroundDeletion"];

/// Checks the metadata of an object.
pub(crate) fn validate(
    value: &Value,
    name_rule: fn(&str) -> Vec<String>,
    namespaced: bool,
    faults: &mut Faults,
) {
    let generate = text(value, "/metadata/generateName");
    if !generate.is_empty() {
        // A trailing dash is fine: something follows it.
        let masked = generate
            .strip_suffix('-')
            .map_or_else(|| generate.to_owned(), |head| format!("{head}a"));
        labels::each("metadata.generateName", generate, name_rule(&masked), faults);
    }
    let name = object::name(value);
    if name.is_empty() {
        faults.push(FieldError::required("metadata.name", "name or generateName is required"));
    } else {
        let wrong = name_rule(name).into_iter().map(|why| {
            if why == "must be no more than 253 bytes" {
                "must be no more than 253 characters".to_owned()
            } else {
                why
            }
        });
        labels::each("metadata.name", name, wrong.collect(), faults);
    }
    let namespace = object::namespace(value);
    if namespaced {
        if namespace.is_empty() {
            faults.push(FieldError::required("metadata.namespace", ""));
        } else {
            labels::each("metadata.namespace", namespace, names::dns1123_label(namespace), faults);
        }
    } else if !namespace.is_empty() {
        faults.push(FieldError::forbidden("metadata.namespace", "not allowed on this type"));
    }
    labels::nonnegative(number(value, "/metadata/generation"), "metadata.generation", faults);
    labels::labels(value.pointer("/metadata/labels"), "metadata.labels", faults);
    annotations(value.pointer("/metadata/annotations"), "metadata.annotations", faults);
    owners(value, faults);
    finalizers(value, faults);
}

/// What the kinds of Kubernetes itself ask of finalizers (`pkg/apis/core/validation/validation.go
/// validateKubeFinalizerName`).
pub(super) fn standard_finalizers(value: &Value, faults: &mut Faults) {
    for (index, finalizer) in items(value, "/metadata/finalizers").iter().enumerate() {
        let finalizer = finalizer.as_str().unwrap_or("");
        if names::qualified_name(finalizer).is_empty()
            && !finalizer.contains('/')
            && !STANDARD_FINALIZERS.contains(&finalizer)
        {
            let path = format!("metadata.finalizers[{index}]");
            faults.push(FieldError::invalid(&path, finalizer, NEITHER));
        }
    }
}

/// Whether annotations are larger than all of an object may be.
pub(crate) fn annotations_too_long(map: &Map<String, Value>) -> bool {
    let sizes = map.iter().map(|(key, value)| key.len() + value.as_str().map_or(0, str::len));
    sizes.sum::<usize>() > LARGEST_ANNOTATIONS
}

/// Annotations: keys as labels have them (upper case folded), 256 KiB in all.
pub(super) fn annotations(map: Option<&Value>, path: &str, faults: &mut Faults) {
    let map = map.and_then(Value::as_object);
    for key in map.into_iter().flat_map(Map::keys) {
        for why in names::qualified_name(&key.to_lowercase()) {
            faults.push(FieldError::invalid(path, key.as_str(), why));
        }
    }
    if map.is_some_and(annotations_too_long) {
        faults.push(FieldError::too_long(path, LARGEST_ANNOTATIONS));
    }
}

fn owners(value: &Value, faults: &mut Faults) {
    let path = "metadata.ownerReferences";
    let mut controllers: Vec<&str> = Vec::new();
    for owner in items(value, "/metadata/ownerReferences") {
        for (field, key) in
            [("apiVersion", "/apiVersion"), ("kind", "/kind"), ("name", "/name"), ("uid", "/uid")]
        {
            if text(owner, key).is_empty() {
                let why = if field == "apiVersion" {
                    "version must not be empty"
                } else {
                    "must not be empty"
                };
                faults.push(FieldError::invalid(&format!("{path}.{field}"), "", why));
            }
        }
        if owner.get("controller") == Some(&Value::Bool(true)) {
            controllers.push(text(owner, "/name"));
        }
    }
    if controllers.len() > 1 {
        let kinds: Vec<String> = items(value, "/metadata/ownerReferences")
            .iter()
            .filter(|owner| owner.get("controller") == Some(&Value::Bool(true)))
            .map(|owner| format!("{}/{}", text(owner, "/kind"), text(owner, "/name")))
            .collect();
        let shown = kinds.join(" and ");
        let why = format!(
            "Only one reference can have Controller set to true. Found \"true\" in references for {shown}"
        );
        let all = value.pointer("/metadata/ownerReferences").cloned();
        faults.push(FieldError::invalid(path, all.unwrap_or_default(), why));
    }
}

/// `ValidateNamespace`: its own finalizers.
pub(super) fn validate_namespace(value: &Value, faults: &mut Faults) {
    for finalizer in items(value, "/spec/finalizers").iter().filter_map(Value::as_str) {
        labels::each("spec.finalizers", finalizer, names::qualified_name(finalizer), faults);
        if !finalizer.contains('/') && !STANDARD_FINALIZERS.contains(&finalizer) {
            faults.push(FieldError::invalid("spec.finalizers", finalizer, NEITHER));
        }
    }
}

fn finalizers(value: &Value, faults: &mut Faults) {
    let list = items(value, "/metadata/finalizers");
    for finalizer in list {
        let finalizer = finalizer.as_str().unwrap_or("");
        labels::each("metadata.finalizers", finalizer, names::qualified_name(finalizer), faults);
    }
    let has = |name: &str| list.iter().any(|finalizer| finalizer.as_str() == Some(name));
    if has("orphan") && has("foregroundDeletion") {
        let why = "finalizer orphan and foregroundDeletion cannot be both set";
        faults.push(FieldError::invalid("metadata.finalizers", Value::from(list.to_vec()), why));
    }
}

/// What must not change, and what may not while the object is deleted.
pub(super) fn validate_update(value: &Value, old: &Value, faults: &mut Faults) {
    let list = |value: &Value| -> Vec<String> {
        let all = items(value, "/metadata/finalizers").iter();
        all.filter_map(Value::as_str).map(str::to_owned).collect()
    };
    if object::deletion_timestamp(old).is_some() {
        let before = list(old);
        let added: Vec<String> = list(value)
            .into_iter()
            .filter(|one| !before.contains(one))
            .map(|one| format!("{one:?}"))
            .collect();
        if !added.is_empty() {
            let why = format!(
                "no new finalizers can be added if the object is being deleted, found new finalizers []string{{{}}}",
                added.join(", ")
            );
            faults.push(FieldError::forbidden("metadata.finalizers", why));
        }
    }
    for field in ["name", "namespace", "uid"] {
        let pointer = format!("/metadata/{field}");
        labels::immutable(value, old, &pointer, &format!("metadata.{field}"), faults);
    }
}
