//! Volumes and their mounts (`ValidateVolumes`, `ValidateVolumeMounts`).

use apimachinery::field_error::FieldError;
use apimachinery::names;
use serde_json::Value;

use super::at::At;
use super::{Faults, labels, volume_source};
use crate::fields::{items, text};

/// Volume sources in the order in which upstream looks at them.
const SOURCES: [&str; 30] = [
    "emptyDir",
    "hostPath",
    "gitRepo",
    "gcePersistentDisk",
    "awsElasticBlockStore",
    "secret",
    "nfs",
    "iscsi",
    "glusterfs",
    "flexVolume",
    "configMap",
    "rbd",
    "persistentVolumeClaim",
    "cinder",
    "cephfs",
    "quobyte",
    "downwardAPI",
    "fc",
    "flocker",
    "azureFile",
    "vsphereVolume",
    "portworxVolume",
    "azureDisk",
    "storageos",
    "projected",
    "photonPersistentDisk",
    "scaleIO",
    "csi",
    "ephemeral",
    "image",
];

/// Checks the volumes and returns those that are right.
pub(super) fn validate<'a>(spec: &'a Value, path: &str, faults: &mut Faults) -> Vec<&'a Value> {
    let mut known: Vec<&Value> = Vec::new();
    for (index, volume) in items(spec, "/volumes").iter().enumerate() {
        let path = format!("{path}.volumes[{index}]");
        let before = faults.len();
        source(volume, &path, faults);
        let name = text(volume, "/name");
        if name.is_empty() {
            faults.push(FieldError::required(&format!("{path}.name"), ""));
        } else {
            labels::each(&format!("{path}.name"), name, names::dns1123_label(name), faults);
            if known.iter().any(|one| text(one, "/name") == name) {
                faults.push(FieldError::duplicate(&format!("{path}.name"), name));
            }
        }
        if faults.len() == before {
            known.push(volume);
        }
    }
    known
}

fn source(volume: &Value, place: &str, faults: &mut Faults) {
    let mut count = 0;
    for kind in SOURCES {
        let Some(found) = volume.get(kind).filter(|found| found.is_object()) else { continue };
        count += 1;
        if count > 1 {
            // (Two of them under the names that upstream has for them here.)
            let told = match kind {
                "cephfs" => "cephFS",
                "downwardAPI" => "downwarAPI",
                kind => kind,
            };
            let path = format!("{place}.{told}");
            faults.push(FieldError::forbidden(&path, "may not specify more than 1 volume type"));
            continue;
        }
        let shown = if kind == "gcePersistentDisk" { "persistentDisk" } else { kind };
        let at = At::new(Some(found), format!("{place}.{shown}"));
        volume_source::validate(kind, &at, false, faults);
    }
    if count == 0 {
        faults.push(FieldError::required(place, "must specify a volume type"));
    }
}

/// Checks the mounts of a container. Upstream names the list where it looks at paths.
pub(super) fn mounts(container: &At<'_>, volumes: &[&Value], faults: &mut Faults) {
    let list = container.child("volumeMounts");
    let devices = container.list("volumeDevices");
    let privileged = container.child("securityContext").flag_of("privileged");
    let mut places: Vec<&str> = Vec::new();
    for mount in list.items() {
        let (name, place) = (mount.child("name"), mount.child("mountPath"));
        name.some_text(faults);
        if !volumes.iter().any(|volume| text(volume, "/name") == name.text()) {
            faults.push(FieldError::not_found(&name.path, name.text()));
        }
        place.some_text(faults);
        if places.contains(&place.text()) {
            place.invalid_as(place.text(), "must be unique", faults);
        }
        places.push(place.text());
        if devices.iter().any(|device| device.text_of("name") == name.text()) {
            name.invalid("must not already exist in volumeDevices", faults);
        }
        if devices.iter().any(|device| device.text_of("devicePath") == place.text()) {
            place.invalid("must not already exist as a path in volumeDevices", faults);
        }
        let inner = At { value: mount.child("subPath").value, path: list.child("subPath").path };
        volume_source::descending(&inner, faults);
        let expression = mount.child("subPathExpr");
        if !expression.text().is_empty() {
            if !inner.text().is_empty() {
                expression.invalid("subPathExpr and subPath are mutually exclusive", faults);
            }
            let at = At { value: expression.value, path: list.child("subPathExpr").path };
            volume_source::descending(&at, faults);
        }
        propagation(&mount, &list, privileged, faults);
    }
}

fn propagation(mount: &At<'_>, list: &At<'_>, privileged: bool, faults: &mut Faults) {
    let of = |field: &str| At { value: mount.child(field).value, path: list.child(field).path };
    let spread = of("mountPropagation");
    if spread.given() {
        spread.one_of(&["Bidirectional", "HostToContainer", "None"], faults);
        if spread.text() == "Bidirectional" && !privileged {
            let why = "Bidirectional mount propagation is available only to privileged containers";
            spread.forbidden(why, faults);
        }
    }
    let recursive = of("recursiveReadOnly");
    match recursive.text() {
        "" if !recursive.given() => {}
        "Disabled" => {}
        "Enabled" | "IfPossible" => {
            if !mount.flag_of("readOnly") {
                recursive.forbidden("may only be specified when readOnly is true", faults);
            }
            if !matches!(spread.text(), "" | "None") {
                let why = "may only be specified when mountPropagation is None or not specified";
                recursive.forbidden(why, faults);
            }
        }
        _ => recursive.one_of(&["Disabled", "Enabled", "IfPossible"], faults),
    }
}

/// Checks the block devices of a container.
pub(super) fn devices(container: &At<'_>, volumes: &[&Value], faults: &mut Faults) {
    let mounts = container.list("volumeMounts");
    let (mut names, mut places): (Vec<&str>, Vec<&str>) = (Vec::new(), Vec::new());
    for device in container.list("volumeDevices") {
        let (name, place) = (device.child("name"), device.child("devicePath"));
        name.some_text(faults);
        if names.contains(&name.text()) {
            name.invalid("must be unique", faults);
        }
        match volumes.iter().find(|volume| text(volume, "/name") == name.text()) {
            None => faults.push(FieldError::not_found(&name.path, name.text())),
            Some(volume) => {
                let block = ["persistentVolumeClaim", "ephemeral"];
                if !block.iter().any(|kind| volume.get(kind).is_some()) {
                    let why = "can only use volume source type of PersistentVolumeClaim or Ephemeral for block mode";
                    name.invalid(why, faults);
                }
            }
        }
        place.some_text(faults);
        if places.contains(&place.text()) {
            place.invalid("must be unique", faults);
        }
        if place.text().split('/').any(|part| part == "..") {
            place.invalid("can not contain backsteps ('..')", faults);
        } else {
            places.push(place.text());
        }
        if mounts.iter().any(|mount| mount.text_of("name") == name.text()) {
            name.invalid("must not already exist in volumeMounts", faults);
        }
        if mounts.iter().any(|mount| mount.text_of("mountPath") == place.text()) {
            place.invalid("must not already exist as a path in volumeMounts", faults);
        }
        if !name.text().is_empty() {
            names.push(name.text());
        }
    }
}
