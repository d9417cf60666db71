//! The class of claims that name none, and which claims may grow (`plugin/pkg/admission/storage/storageclass/setdefault`,
//! `persistentvolume/resize`).

use apimachinery::object;
use apimachinery::quantity::Quantity;
use serde_json::{Value, json};

use super::super::Apiserver;
use super::super::answer::Refusal;
use super::super::write::Target;
use super::forbidden;
use crate::fields;

const CLASSES: &str = "storageclasses.storage.k8s.io";

/// Gives a claim the youngest default class.
pub(super) fn fill(server: &Apiserver, claim: &mut Value) {
    let old = "volume.beta.kubernetes.io/storage-class";
    if claim.pointer("/spec/storageClassName").is_some_and(Value::is_string)
        || !fields::annotation(claim, old).is_empty()
    {
        return;
    }
    let default = "storageclass.kubernetes.io/is-default-class";
    let classes = server.store.list(CLASSES, None);
    let young = classes
        .iter()
        .filter(|class| fields::annotation(class, default) == "true")
        .max_by_key(|class| fields::text(class, "/metadata/creationTimestamp").to_owned());
    if let Some(class) = young {
        fields::put(claim, "/spec/storageClassName", json!(fields::name(class)));
    }
}

/// Only claims whose class lets them may ask for more.
pub(super) fn resize(
    server: &Apiserver,
    target: &Target,
    claim: &Value,
    old: &Value,
) -> Result<(), Refusal> {
    let asked = |value: &Value| {
        Quantity::parse(fields::text(value, "/spec/resources/requests/storage"))
            .map(|one| one.milli_value())
            .ok()
    };
    if asked(claim) <= asked(old) {
        return Ok(());
    }
    if fields::text(old, "/status/phase") != "Bound" {
        return Err(forbidden(
            target,
            object::name(claim),
            "Only bound persistent volume claims can be expanded",
        ));
    }
    let class = server.store.get(CLASSES, "", fields::text(claim, "/spec/storageClassName"));
    if class.is_some_and(|class| fields::flag(&class, "/allowVolumeExpansion")) {
        return Ok(());
    }
    let why = "only dynamically provisioned pvc can be resized and the storageclass that provisions the pvc must support resize";
    Err(forbidden(target, object::name(claim), why))
}
