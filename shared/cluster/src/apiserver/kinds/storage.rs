//! Volumes, claims and classes: stored; nothing here provisions them.

use serde_json::{Value, json};

use super::pod_defaults::{fill_text, map_at};
use crate::fields::{items, put};

pub(super) fn default_claim(value: &mut Value) {
    if let Some(spec) = map_at(value, "/spec") {
        fill_text(spec, "volumeMode", "Filesystem");
    }
}

fn protect(value: &mut Value, finalizer: &str) {
    let mut all = items(value, "/metadata/finalizers").to_vec();
    if !all.contains(&json!(finalizer)) {
        all.push(json!(finalizer));
        put(value, "/metadata/finalizers", Value::Array(all));
    }
}

pub(super) fn prepare_claim(value: &mut Value) {
    protect(value, "kubernetes.io/pvc-protection");
    put(value, "/status", json!({"phase": "Pending"}));
}

pub(super) fn default_volume(value: &mut Value) {
    if let Some(spec) = map_at(value, "/spec") {
        fill_text(spec, "persistentVolumeReclaimPolicy", "Retain");
        fill_text(spec, "volumeMode", "Filesystem");
    }
}

pub(super) fn prepare_volume(value: &mut Value) {
    protect(value, "kubernetes.io/pv-protection");
    put(value, "/status", json!({"phase": "Pending"}));
}

pub(super) fn default_class(value: &mut Value) {
    if let Some(class) = map_at(value, "") {
        fill_text(class, "reclaimPolicy", "Delete");
        fill_text(class, "volumeBindingMode", "Immediate");
    }
}
