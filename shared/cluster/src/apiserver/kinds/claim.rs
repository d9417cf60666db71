//! PersistentVolumeClaims (`ValidatePersistentVolumeClaimSpec`, `ValidatePersistentVolumeClaimUpdate`).

use apimachinery::names;
use apimachinery::quantity::Quantity;
use serde_json::{Value, json};

use super::at::At;
use super::{Faults, internal, labels, meta};
use crate::fields::{put, text};

const MODES: [&str; 4] = ["ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod"];
const BETA_CLASS: &str = "volume.beta.kubernetes.io/storage-class";

pub(super) fn validate(value: &Value, faults: &mut Faults) {
    validate_spec(&At::root(value).child("spec"), faults);
}

/// `ReadWriteOncePod` tolerates no other.
pub(super) fn access_modes(modes: &At<'_>, faults: &mut Faults) {
    let (mut exclusive, mut shared) = (false, false);
    for mode in modes.items() {
        let at = At { value: mode.value, path: modes.path.clone() };
        at.one_of(&MODES, faults);
        exclusive |= mode.text() == "ReadWriteOncePod";
        shared |= mode.text() != "ReadWriteOncePod" && MODES.contains(&mode.text());
    }
    if exclusive && shared {
        modes.forbidden("may not use ReadWriteOncePod with other access modes", faults);
    }
}

/// The spec of a claim, of a template of one, or within a StatefulSet.
pub(super) fn validate_spec(spec: &At<'_>, faults: &mut Faults) {
    let modes = spec.child("accessModes");
    if modes.len() == 0 {
        modes.required("at least 1 access mode is required", faults);
    }
    let selector = spec.child("selector");
    labels::selector(Some(selector.value), &selector.path, faults);
    access_modes(&modes, faults);
    let storage = spec.value.pointer("/resources/requests/storage");
    let at = At::new(storage, format!("{}.resources[storage]", spec.path));
    if at.given() {
        positive(&at, faults);
    } else {
        at.required("", faults);
    }
    class_name(&spec.child("storageClassName"), faults);
    let mode = spec.child("volumeMode");
    if mode.given() {
        mode.one_of(&["Block", "Filesystem"], faults);
    }
    sources(spec, faults);
    class_name(&spec.child("volumeAttributesClassName"), faults);
}

/// `ValidatePositiveQuantityValue`.
pub(super) fn positive(at: &At<'_>, faults: &mut Faults) {
    let amount = Quantity::parse(at.text());
    if amount.is_ok_and(|amount| amount.is_zero() || amount.is_negative()) {
        at.invalid("must be greater than zero", faults);
    }
}

pub(super) fn class_name(at: &At<'_>, faults: &mut Faults) {
    if !at.text().is_empty() {
        at.each(names::dns1123_subdomain(at.text()), faults);
    }
}

fn sources(spec: &At<'_>, faults: &mut Faults) {
    let (source, reference) = (spec.child("dataSource"), spec.child("dataSourceRef"));
    for at in [&source, &reference] {
        if at.given() {
            data_source(at, faults);
        }
    }
    let namespace = reference.child("namespace");
    if !namespace.text().is_empty() {
        namespace.each(names::dns1123_label(namespace.text()), faults);
    }
    if !source.given() || !reference.given() {
        return;
    }
    // Go prints the path of the field, a struct without exported fields.
    let mut wrong = |why: &str| spec.invalid_as(json!({}), why, faults);
    if !namespace.text().is_empty() {
        wrong("may not be specified when dataSourceRef.namespace is specified");
    } else if ["apiGroup", "kind", "name"]
        .iter()
        .any(|field| source.value.get(field) != reference.value.get(field))
    {
        wrong("must match dataSourceRef");
    }
}

fn data_source(at: &At<'_>, faults: &mut Faults) {
    at.child("name").some_text(faults);
    at.child("kind").some_text(faults);
    let (group, kind) = (at.child("apiGroup"), at.text_of("kind"));
    if group.text().is_empty() {
        if kind != "PersistentVolumeClaim" {
            let why = "must be 'PersistentVolumeClaim' when referencing the default apiGroup";
            at.invalid_as(kind, why, faults);
        }
    } else {
        group.each(names::dns1123_subdomain(group.text()), faults);
    }
}

/// `ValidatePersistentVolumeClaimTemplate`.
pub(super) fn validate_template(template: &At<'_>, faults: &mut Faults) {
    template_metadata(&template.child("metadata"), faults);
    validate_spec(&template.child("spec"), faults);
}

/// What only the server says of an object, in the order of Go's fields, and as Go's paths have it.
const NOT_OF_TEMPLATES: [(&str, &str); 13] = [
    ("name", "name"),
    ("generateName", "generateName"),
    ("namespace", "namespace"),
    ("selfLink", "selfLink"),
    ("uid", "uID"),
    ("resourceVersion", "resourceVersion"),
    ("generation", "generation"),
    ("creationTimestamp", "creationTimestamp"),
    ("deletionTimestamp", "deletionTimestamp"),
    ("deletionGracePeriodSeconds", "deletionGracePeriodSeconds"),
    ("ownerReferences", "ownerReferences"),
    ("finalizers", "finalizers"),
    ("managedFields", "managedFields"),
];

/// `ValidateTemplateObjectMeta`: labels and annotations, and no other metadata.
pub(super) fn template_metadata(metadata: &At<'_>, faults: &mut Faults) {
    meta::annotations(
        metadata.value.get("annotations"),
        &format!("{}.annotations", metadata.path),
        faults,
    );
    labels::labels(metadata.value.get("labels"), &format!("{}.labels", metadata.path), faults);
    for (key, shown) in NOT_OF_TEMPLATES {
        let zero = match metadata.value.get(key).unwrap_or(&Value::Null) {
            Value::Null => true,
            Value::String(text) => text.is_empty(),
            Value::Number(number) => number.as_i64() == Some(0),
            Value::Array(list) => list.is_empty(),
            _ => false,
        };
        if !zero {
            metadata.child(shown).forbidden("cannot be set", faults);
        }
    }
}

fn storage(value: &Value, pointer: &str) -> Option<Quantity> {
    Quantity::parse(text(value, pointer)).ok()
}

/// What a claim may become: bound once, then larger.
pub(super) fn validate_update(new: &Value, old: &Value, faults: &mut Faults) {
    let empty = json!({});
    let mut now = new.get("spec").unwrap_or(&empty).clone();
    let mut before = old.get("spec").unwrap_or(&empty).clone();
    let (class, was) = (now.get("storageClassName"), before.get("storageClassName"));
    let annotation = |value: &Value| crate::fields::annotation(value, BETA_CLASS).to_owned();
    if annotation(new) != annotation(old) {
        let path = format!("metadata.annotations[{BETA_CLASS}]");
        let at = At::new(None, path);
        at.invalid_as(annotation(new), "field is immutable", faults);
    }
    if class.is_some() && was.is_none() {
        let class = class.cloned().unwrap_or_default();
        put(&mut before, "/storageClassName", class);
    }
    if text(old, "/spec/volumeName").is_empty()
        && let Some(name) = now.get("volumeName").cloned()
    {
        put(&mut before, "/volumeName", name);
    }
    if text(new, "/status/phase") == "Bound" {
        keep(&mut now, &before);
    }
    if now != before {
        let why = format!(
            "spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims\n{}",
            internal::difference("core.PersistentVolumeClaimSpec", &before, &now)
        );
        At::root(new).child("spec").forbidden(why, faults);
    }
    size(new, old, faults);
    let mode = At::new(new.pointer("/spec/volumeMode"), "volumeMode");
    mode.immutable(&At::new(old.pointer("/spec/volumeMode"), ""), faults);
    attributes_class(new, old, faults);
}

/// A bound claim may ask for another size and another class of attributes.
fn keep(now: &mut Value, before: &Value) {
    if now.pointer("/resources/requests").is_some()
        && let Some(size) = before.pointer("/resources/requests/storage").cloned()
    {
        put(now, "/resources/requests/storage", size);
    }
    let class = before.get("volumeAttributesClassName").cloned();
    match class {
        Some(class) => put(now, "/volumeAttributesClassName", class),
        None => {
            now.as_object_mut().map(|spec| spec.remove("volumeAttributesClassName"));
        }
    }
}

fn size(new: &Value, old: &Value, faults: &mut Faults) {
    let pointer = "/spec/resources/requests/storage";
    let (Some(now), Some(before)) = (storage(new, pointer), storage(old, pointer)) else { return };
    let capacity = storage(old, "/status/capacity/storage");
    let too_small = capacity.map_or_else(|| now.is_zero(), |capacity| now <= capacity);
    if now < before && too_small {
        let at = At::root(new).at(&["spec", "resources", "requests", "storage"]);
        at.forbidden("field can not be less than status.capacity", faults);
    }
}

fn attributes_class(new: &Value, old: &Value, faults: &mut Faults) {
    let at = At::root(new).at(&["spec", "volumeAttributesClassName"]);
    let was = old.pointer("/spec/volumeAttributesClassName").unwrap_or(&Value::Null);
    if at.value == was || old.pointer("/status/currentVolumeAttributesClassName").is_none() {
        return;
    }
    let current = "is forbidden when status.currentVolumeAttributesClassName is not nil";
    if !at.given() {
        at.forbidden(format!("update to nil {current}"), faults);
    } else if at.text().is_empty() {
        at.forbidden(format!("update to empty string {current}"), faults);
    }
}

/// `GetWarningsForPersistentVolumeClaim`.
pub(super) fn warnings(value: &Value, _: Option<&Value>) -> Vec<String> {
    let mut found = Vec::new();
    if !crate::fields::annotation(value, BETA_CLASS).is_empty() {
        found.push(format!(
            "metadata.annotations[{BETA_CLASS}]: deprecated since v1.8; use \"storageClassName\" attribute instead"
        ));
    }
    for kind in ["requests", "limits"] {
        let shown = text(value, &format!("/spec/resources/{kind}/storage"));
        let amount = Quantity::parse(shown).map_or(0, |amount| amount.milli_value());
        if amount % 1000 != 0 {
            found.push(format!(
                "spec.resources.{kind}[storage]: fractional byte value {shown:?} is invalid, must be an integer"
            ));
        }
    }
    found
}

/// `ValidatePersistentVolumeClaimStatusUpdate`.
pub(super) fn validate_status(new: &Value, _: &Value, faults: &mut Faults) {
    let status = At::root(new).child("status");
    amounts(&status, "capacity", faults);
    let known = [
        "ControllerResizeInProgress",
        "ControllerResizeInfeasible",
        "NodeResizeInProgress",
        "NodeResizeInfeasible",
        "NodeResizePending",
    ];
    for (name, state) in status.child("allocatedResourceStatuses").entries() {
        let at = At { value: state.value, path: "status.allocatedResourceStatuses".to_owned() };
        resource_key(name, &at, faults);
        if !known.contains(&state.text()) {
            let name = Value::from(name);
            At { value: &name, path: at.path }.not_supported(&known, faults);
        }
    }
    amounts(&status, "allocatedResources", faults);
}

fn amounts(status: &At<'_>, field: &str, faults: &mut Faults) {
    for (name, amount) in status.child(field).entries() {
        let at = At { value: amount.value, path: format!("status.{field}") };
        if field == "allocatedResources" && !resource_key(name, &at, faults) {
            continue;
        }
        if Quantity::parse(amount.text()).is_ok_and(|parsed| parsed.is_negative()) {
            amount.invalid("must be a valid resource quantity", faults);
        }
    }
}

fn resource_key(name: &str, at: &At<'_>, faults: &mut Faults) -> bool {
    let wrong = names::qualified_name(name);
    let name_at = Value::from(name);
    let at = At { value: &name_at, path: at.path.clone() };
    if !wrong.is_empty() {
        at.each(wrong, faults);
        return false;
    }
    let native = !name.contains('/') || name.contains("kubernetes.io/");
    if native && name != "storage" {
        at.not_supported(&["storage"], faults);
        return false;
    }
    true
}
