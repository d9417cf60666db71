//! Volumes and their mounts (`ValidateVolumes`, `ValidateVolumeMounts`).

use apimachinery::field_error::FieldError;
use apimachinery::names;
use serde_json::Value;

use super::{Faults, labels};
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

/// Checks the volumes and returns their names.
pub(super) fn validate(spec: &Value, path: &str, faults: &mut Faults) -> Vec<String> {
    let mut known: Vec<String> = Vec::new();
    for (index, volume) in items(spec, "/volumes").iter().enumerate() {
        let path = format!("{path}.volumes[{index}]");
        let before = faults.len();
        source(volume, &path, faults);
        let name = text(volume, "/name");
        if name.is_empty() {
            faults.push(FieldError::required(&format!("{path}.name"), ""));
        } else {
            labels::each(&format!("{path}.name"), name, names::dns1123_label(name), faults);
            if known.iter().any(|one| one == name) {
                faults.push(FieldError::duplicate(&format!("{path}.name"), name));
            }
        }
        if faults.len() == before {
            known.push(name.to_owned());
        }
    }
    known
}

fn source(volume: &Value, path: &str, faults: &mut Faults) {
    let mut count = 0;
    for kind in SOURCES {
        let Some(found) = volume.get(kind).filter(|found| found.is_object()) else { continue };
        count += 1;
        let path = format!("{path}.{kind}");
        if count > 1 {
            faults.push(FieldError::forbidden(&path, "may not specify more than 1 volume type"));
            continue;
        }
        let needed: &[&str] = match kind {
            "configMap" => &["name"],
            "secret" => &["secretName"],
            "hostPath" => &["path"],
            "persistentVolumeClaim" => &["claimName"],
            "nfs" => &["server", "path"],
            "csi" => &["driver"],
            _ => &[],
        };
        for field in needed {
            if text(found, &format!("/{field}")).is_empty() {
                faults.push(FieldError::required(&format!("{path}.{field}"), ""));
            }
        }
        for (index, item) in items(found, "/items").iter().enumerate() {
            let path = format!("{path}.items[{index}]");
            if kind != "downwardAPI" && text(item, "/key").is_empty() {
                faults.push(FieldError::required(&format!("{path}.key"), ""));
            }
            local_path(text(item, "/path"), &format!("{path}.path"), faults);
        }
    }
    if count == 0 {
        faults.push(FieldError::required(path, "must specify a volume type"));
    }
}

fn local_path(value: &str, path: &str, faults: &mut Faults) {
    if value.is_empty() {
        faults.push(FieldError::required(path, ""));
    } else if value.starts_with('/') {
        faults.push(FieldError::invalid(path, value, "must be a relative path"));
    } else if value.split('/').any(|part| part == "..") {
        faults.push(FieldError::invalid(path, value, "must not contain '..'"));
    }
}

/// Checks the mounts of a container.
pub(super) fn mounts(container: &Value, path: &str, known: &[String], faults: &mut Faults) {
    let mut places: Vec<&str> = Vec::new();
    for (index, mount) in items(container, "/volumeMounts").iter().enumerate() {
        let path = format!("{path}.volumeMounts[{index}]");
        let name = text(mount, "/name");
        if name.is_empty() {
            faults.push(FieldError::required(&format!("{path}.name"), ""));
        }
        if !known.iter().any(|one| one == name) {
            faults.push(FieldError::not_found(&format!("{path}.name"), name));
        }
        let place = text(mount, "/mountPath");
        if place.is_empty() {
            faults.push(FieldError::required(&format!("{path}.mountPath"), ""));
        }
        if places.contains(&place) {
            faults.push(FieldError::invalid(&format!("{path}.mountPath"), place, "must be unique"));
        }
        places.push(place);
        let inner = text(mount, "/subPath");
        if !inner.is_empty() {
            local_path(inner, &format!("{path}.subPath"), faults);
        }
        if !inner.is_empty() && !text(mount, "/subPathExpr").is_empty() {
            let why = "subPathExpr and subPath are mutually exclusive";
            faults.push(FieldError::invalid(
                &format!("{path}.subPathExpr"),
                text(mount, "/subPathExpr"),
                why,
            ));
        }
    }
}
