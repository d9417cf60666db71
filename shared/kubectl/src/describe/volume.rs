//! `kubectl describe` of PersistentVolumes (`describePersistentVolume`).

use serde_json::Value;

use super::page::Page;
use super::storage::modes;
use super::volumes;
use crate::value::{Reading as _, plain};

/// Writes the text of a volume.
pub(super) fn write(page: &mut Page, volume: &Value) {
    page.heading(volume, false);
    let finalizers: Vec<String> = volume.list("metadata.finalizers").iter().map(plain).collect();
    page.field(0, "Finalizers", &format!("[{}]", finalizers.join(" ")));
    page.field(0, "StorageClass", volume.text("spec.storageClassName"));
    if volume.has("metadata.deletionTimestamp") {
        let lasts = page.ago(volume.text("metadata.deletionTimestamp"));
        page.field(0, "Status", &format!("Terminating (lasts {lasts})"));
    } else {
        page.field(0, "Status", volume.text("status.phase"));
    }
    let claim = volume.at("spec.claimRef");
    let claim = claim.map(|of| format!("{}/{}", of.text("namespace"), of.text("name")));
    page.field(0, "Claim", &claim.unwrap_or_default());
    page.field(0, "Reclaim Policy", volume.text("spec.persistentVolumeReclaimPolicy"));
    page.field(0, "Access Modes", &modes(volume.list("spec.accessModes")));
    if volume.has("spec.volumeMode") {
        page.field(0, "VolumeMode", volume.text("spec.volumeMode"));
    }
    let capacity = volume.at("spec.capacity.storage").map_or_else(|| "0".to_owned(), plain);
    page.field(0, "Capacity", &capacity);
    node_affinity(page, volume.at("spec.nodeAffinity.required"));
    page.field(0, "Message", volume.text("status.message"));
    page.at(0, "Source:\n");
    source(page, volume.at("spec").unwrap_or(&Value::Null));
}

/// `printVolumeNodeAffinity`.
fn node_affinity(page: &mut Page, required: Option<&Value>) {
    let Some(required) = required else {
        page.at(0, "Node Affinity:\t<none>\n");
        return;
    };
    page.at(0, "Node Affinity:\t\n");
    let terms = required.list("nodeSelectorTerms");
    if terms.is_empty() {
        page.at(1, "Required Terms:\t<none>\n");
        return;
    }
    page.at(1, "Required Terms:\t\n");
    for (index, term) in terms.iter().enumerate() {
        let lines: Vec<String> = term.list("matchExpressions").iter().map(requirement).collect();
        multiline(page, 2, &format!("Term {index}"), &lines);
    }
}

/// One requirement: `zone in [a, b]`.
fn requirement(expression: &Value) -> String {
    let operator = match expression.text("operator") {
        // A topology selector has no other.
        "" => "in".to_owned(),
        operator => operator.to_lowercase(),
    };
    let values: Vec<String> = expression.list("values").iter().map(plain).collect();
    let key = expression.text("key");
    if values.is_empty() {
        return format!("{key} {operator}");
    }
    format!("{key} {operator} [{}]", values.join(", "))
}

/// `printNodeSelectorTermsMultilineWithIndent`.
fn multiline(page: &mut Page, level: usize, title: &str, lines: &[String]) {
    if lines.is_empty() {
        page.at(level, &format!("{title}:\t<none>\n"));
        return;
    }
    for (index, line) in lines.iter().enumerate() {
        let before = if index == 0 { format!("{title}:") } else { String::new() };
        page.at(level, &format!("{before}\t{line}\n"));
    }
}

/// `printAllowedTopologies` of a storage class.
pub(super) fn topologies(page: &mut Page, terms: &[Value]) {
    if terms.is_empty() {
        page.at(0, "AllowedTopologies:\t<none>\n");
        return;
    }
    page.at(0, "AllowedTopologies:\t\n");
    for (index, term) in terms.iter().enumerate() {
        let lines: Vec<String> =
            term.list("matchLabelExpressions").iter().map(requirement).collect();
        multiline(page, 1, &format!("Term {index}"), &lines);
    }
}

/// Where the data is. The kinds that a server of today still attaches are told field by field, as a pod's are.
fn source(page: &mut Page, spec: &Value) {
    if let Some(local) = spec.at("local") {
        page.field(
            2,
            "Type",
            "LocalVolume (a persistent volume backed by local storage on a node)",
        );
        page.field(2, "Path", local.text("path"));
    } else if let Some(csi) = spec.at("csi") {
        page.field(2, "Type", "CSI (a Container Storage Interface (CSI) volume source)");
        page.field(2, "Driver", csi.text("driver"));
        page.field(2, "FSType", csi.text("fsType"));
        page.field(2, "VolumeHandle", csi.text("volumeHandle"));
        page.field(2, "ReadOnly", &csi.truth("readOnly").to_string());
        attributes(page, &csi.entries("volumeAttributes"));
    } else {
        volumes::source(page, spec);
    }
}

/// `printCSIPersistentVolumeAttributesMultilineIndent`.
pub(super) fn attributes(page: &mut Page, attributes: &[(&str, &Value)]) {
    if attributes.is_empty() {
        page.at(2, "VolumeAttributes:\t<none>\n");
    }
    for (index, (key, value)) in attributes.iter().enumerate() {
        // Each part of the line has the indentation, as upstream writes it.
        if index == 0 {
            page.at(2, "VolumeAttributes:\t");
        } else {
            page.at(2, "");
            page.at(2, "\t");
        }
        page.at(2, &format!("{key}={}\n", plain(value)));
    }
}
