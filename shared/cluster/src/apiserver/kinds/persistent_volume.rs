//! PersistentVolumes (`ValidatePersistentVolumeSpec`, `ValidatePersistentVolumeUpdate`).

use apimachinery::quantity::Quantity;
use serde_json::{Value, json};

use super::at::At;
use super::{Faults, claim, internal, placement, pod_warnings, volume_source};

/// Sources in the order in which upstream looks at them, with the name in paths where it is another.
const SOURCES: [(&str, &str); 22] = [
    ("hostPath", "hostPath"),
    ("gcePersistentDisk", "persistentDisk"),
    ("awsElasticBlockStore", "awsElasticBlockStore"),
    ("glusterfs", "glusterfs"),
    ("flocker", "flocker"),
    ("nfs", "nfs"),
    ("rbd", "rbd"),
    ("quobyte", "quobyte"),
    ("cephfs", "cephfs"),
    ("iscsi", "iscsi"),
    ("cinder", "cinder"),
    ("fc", "fc"),
    ("flexVolume", "flexVolume"),
    ("azureFile", "azureFile"),
    ("vsphereVolume", "vsphereVolume"),
    ("photonPersistentDisk", "photonPersistentDisk"),
    ("portworxVolume", "portworxVolume"),
    ("azureDisk", "azureDisk"),
    ("scaleIO", "scaleIO"),
    ("local", "local"),
    ("storageos", "storageos"),
    ("csi", "csi"),
];

pub(super) fn validate(value: &Value, faults: &mut Faults) {
    let spec = At::root(value).child("spec");
    modes(&spec, faults);
    capacity(&spec.child("capacity"), faults);
    let policy = spec.child("persistentVolumeReclaimPolicy");
    if !policy.text().is_empty() {
        policy.one_of(&["Delete", "Recycle", "Retain"], faults);
    }
    let affinity = spec.child("nodeAffinity");
    if affinity.given() {
        node_affinity(&affinity, faults);
    }
    source(&spec, faults);
    if clean(spec.at(&["hostPath", "path"]).text()) == "/" && policy.text() == "Recycle" {
        policy.forbidden("may not be 'recycle' for a hostPath mount of '/'", faults);
    }
    claim::class_name(&spec.child("storageClassName"), faults);
    let mode = spec.child("volumeMode");
    if mode.given() {
        mode.one_of(&["Block", "Filesystem"], faults);
    }
    attributes_class(&spec, faults);
}

fn modes(spec: &At<'_>, faults: &mut Faults) {
    let modes = spec.child("accessModes");
    if modes.len() == 0 {
        modes.required("", faults);
    }
    claim::access_modes(&modes, faults);
}

fn attributes_class(spec: &At<'_>, faults: &mut Faults) {
    let class = spec.child("volumeAttributesClassName");
    if !class.given() {
        return;
    }
    if class.text().is_empty() {
        class.required("an empty string is disallowed", faults);
    }
    claim::class_name(&class, faults);
    if !spec.has("csi") {
        let why = "has to be specified when using volumeAttributesClassName";
        spec.child("csi").required(why, faults);
    }
}

/// A spec that stands in a VolumeAttachment.
pub(super) fn validate_inline(spec: &At<'_>, faults: &mut Faults) {
    let inline = "may not be specified in the context of inline volumes";
    for field in ["claimRef", "capacity"] {
        if spec.has(field) {
            spec.child(field).forbidden(inline, faults);
        }
    }
    if !spec.has("csi") {
        let why = "has to be specified in the context of inline volumes";
        spec.child("csi").required(why, faults);
    }
    modes(spec, faults);
    let policy = spec.child("persistentVolumeReclaimPolicy");
    if !matches!(policy.text(), "" | "Retain") {
        policy.forbidden("may only be Retain in the context of inline volumes", faults);
    }
    if spec.has("nodeAffinity") {
        spec.child("nodeAffinity").forbidden(inline, faults);
    }
    source(spec, faults);
    if !spec.child("storageClassName").text().is_empty() {
        spec.child("storageClassName").forbidden(inline, faults);
    }
    let mode = spec.child("volumeMode");
    if !matches!(mode.text(), "" | "Filesystem") {
        let why =
            "may not specify volumeMode other than Filesystem in the context of inline volumes";
        mode.forbidden(why, faults);
    }
    attributes_class(spec, faults);
}

fn capacity(capacity: &At<'_>, faults: &mut Faults) {
    if capacity.len() == 0 {
        capacity.required("", faults);
    }
    if capacity.len() != 1 || !capacity.has("storage") {
        capacity.not_supported(&["storage"], faults);
    }
    for (_, amount) in capacity.entries() {
        if Quantity::parse(amount.text()).is_ok_and(|amount| amount.is_negative()) {
            amount.invalid("must be a valid resource quantity", faults);
        }
        claim::positive(&amount, faults);
    }
}

fn node_affinity(affinity: &At<'_>, faults: &mut Faults) {
    let required = affinity.child("required");
    if required.given() {
        placement::node_selector(required.value, &required.path, faults);
    } else {
        required.required("must specify required node constraints", faults);
    }
}

/// `path.Clean`, as far as a root can be recognised.
fn clean(path: &str) -> &str {
    let parts = path.split('/').filter(|part| !part.is_empty() && *part != ".");
    if path.starts_with('/') && parts.count() == 0 { "/" } else { path }
}

fn source(spec: &At<'_>, faults: &mut Faults) {
    let mut count = 0;
    for (kind, name) in SOURCES {
        let found = spec.child(kind);
        if !found.given() {
            continue;
        }
        count += 1;
        if count > 1 && kind != "flexVolume" {
            // (Under the name that upstream has for it here.)
            let told = spec.child(if kind == "cephfs" { "cephFS" } else { kind });
            told.forbidden("may not specify more than 1 volume type", faults);
            continue;
        }
        let at = At { value: found.value, path: format!("{}.{name}", spec.path) };
        volume_source::validate(kind, &at, true, faults);
        if kind == "local" && !spec.has("nodeAffinity") {
            let why = "Local volume requires node affinity";
            spec.child("nodeAffinity").required(why, faults);
        }
    }
    if count == 0 {
        spec.required("must specify a volume type", faults);
    }
}

/// The part of a spec that is its source.
fn source_of(value: &Value) -> Value {
    let mut source = json!({});
    for (kind, _) in SOURCES {
        if let (Some(found), Some(map)) =
            (value.pointer(&format!("/spec/{kind}")), source.as_object_mut())
        {
            map.insert(kind.to_owned(), found.clone());
        }
    }
    source
}

/// `GetWarningsForPersistentVolume`.
pub(super) fn warnings(value: &Value, _: Option<&Value>) -> Vec<String> {
    let spec = At::root(value).child("spec");
    let mut found = Vec::new();
    for (key, why) in [
        ("storage-class", "deprecated since v1.8; use \"storageClassName\" attribute instead"),
        ("mount-options", "deprecated since v1.31; use \"mountOptions\" attribute instead"),
    ] {
        let key = format!("volume.beta.kubernetes.io/{key}");
        if !crate::fields::annotation(value, &key).is_empty() {
            found.push(format!("metadata.annotations[{key}]: {why}"));
        }
    }
    if spec.text_of("persistentVolumeReclaimPolicy") == "Recycle" {
        found.push("spec.persistentVolumeReclaimPolicy: The Recycle reclaim policy is deprecated. Instead, the recommended approach is to use dynamic provisioning.".to_owned());
    }
    for (source, shown, why) in pod_warnings::GONE {
        if spec.has(source) {
            found.push(format!("spec.{shown}: {why}"));
        }
    }
    found
}

pub(super) fn validate_update(new: &Value, old: &Value, faults: &mut Faults) {
    let (mut now, before) = (source_of(new), source_of(old));
    // A secret for expansion may come later.
    let secret = "controllerExpandSecretRef";
    if before.get("csi").is_some_and(|csi| csi.get(secret).is_none()) {
        now.get_mut("csi").and_then(Value::as_object_mut).map(|csi| csi.remove(secret));
    }
    if now != before {
        let why = format!(
            "spec.persistentvolumesource is immutable after creation\n{}",
            internal::difference("core.PersistentVolumeSource", &before, &now)
        );
        At::new(None, "spec.persistentvolumesource").forbidden(why, faults);
    }
    let mode = At::new(new.pointer("/spec/volumeMode"), "volumeMode");
    mode.immutable(&At::new(old.pointer("/spec/volumeMode"), ""), faults);
    let affinity = |value: &Value| value.pointer("/spec/nodeAffinity").cloned();
    if affinity(old).is_some() && affinity(new) != affinity(old) {
        let at = At::new(new.pointer("/spec/nodeAffinity"), "nodeAffinity");
        let why = "field is immutable, except for updating from beta label to GA";
        at.invalid_struct("*core.VolumeNodeAffinity", why, faults);
    }
    let class = "/spec/volumeAttributesClassName";
    if old.pointer(class).is_some() && new.pointer(class).is_none() {
        let at = At::new(None, "spec.volumeAttributesClassName");
        at.forbidden("update from non-nil value to nil is forbidden", faults);
    }
}
