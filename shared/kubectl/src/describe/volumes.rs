//! The volumes of pods.

use serde_json::Value;

use super::page::Page;
use crate::value::{Reading as _, plain};

/// `describeVolumes`.
pub(super) fn volumes(page: &mut Page, volumes: &[Value], space: &str) {
    if volumes.is_empty() {
        page.at(0, &format!("{space}Volumes:\t<none>\n"));
        return;
    }
    page.at(0, &format!("{space}Volumes:\n"));
    let indent = if space.is_empty() { "" } else { " " };
    for volume in volumes {
        page.at(1, &format!("{indent}{}:\n", volume.text("name")));
        source(page, volume);
    }
}

/// The fields of what a volume is made of.
pub(super) fn source(page: &mut Page, volume: &Value) {
    let unset = |text: &str| if text.is_empty() { "<unset>".to_owned() } else { text.to_owned() };
    let fields = |page: &mut Page, kind: &str, pairs: &[(&str, String)]| {
        page.field(2, "Type", kind);
        for (name, value) in pairs {
            page.field(2, name, value);
        }
    };
    if let Some(source) = volume.at("hostPath") {
        let kind = source.at("type").map_or_else(|| "<none>".to_owned(), plain);
        let pairs = [("Path", source.text("path").to_owned()), ("HostPathType", kind)];
        fields(page, "HostPath (bare host directory volume)", &pairs);
    } else if let Some(source) = volume.at("emptyDir") {
        let limit =
            source.at("sizeLimit").map(plain).filter(|limit| limit != "0").unwrap_or_default();
        let pairs = [("Medium", source.text("medium").to_owned()), ("SizeLimit", unset(&limit))];
        fields(page, "EmptyDir (a temporary directory that shares a pod's lifetime)", &pairs);
    } else if let Some(source) = volume.at("secret") {
        let pairs = [
            ("SecretName", source.text("secretName").to_owned()),
            ("Optional", source.truth("optional").to_string()),
        ];
        fields(page, "Secret (a volume populated by a Secret)", &pairs);
    } else if let Some(source) = volume.at("configMap") {
        let pairs = [
            ("Name", source.text("name").to_owned()),
            ("Optional", source.truth("optional").to_string()),
        ];
        fields(page, "ConfigMap (a volume populated by a ConfigMap)", &pairs);
    } else if let Some(source) = volume.at("persistentVolumeClaim") {
        let pairs = [
            ("ClaimName", source.text("claimName").to_owned()),
            ("ReadOnly", source.truth("readOnly").to_string()),
        ];
        fields(
            page,
            "PersistentVolumeClaim (a reference to a PersistentVolumeClaim in the same namespace)",
            &pairs,
        );
    } else if let Some(source) = volume.at("nfs") {
        let pairs = [
            ("Server", source.text("server").to_owned()),
            ("Path", source.text("path").to_owned()),
            ("ReadOnly", source.truth("readOnly").to_string()),
        ];
        fields(page, "NFS (an NFS mount that lasts the lifetime of a pod)", &pairs);
    } else if let Some(source) = volume.at("downwardAPI") {
        page.at(
            2,
            "Type:\tDownwardAPI (a volume populated by information about the pod)\n    Items:\n",
        );
        for item in source.list("items") {
            let from = match item.text("fieldRef.fieldPath") {
                "" => item.text("resourceFieldRef.resource"),
                path => path,
            };
            page.at(3, &format!("{from} -> {}\n", item.text("path")));
        }
    } else if let Some(source) = volume.at("projected") {
        projected(page, source);
    } else if let Some(source) = volume.at("csi") {
        let pairs = [
            ("Driver", source.text("driver").to_owned()),
            ("FSType", source.text("fsType").to_owned()),
            ("ReadOnly", source.truth("readOnly").to_string()),
        ];
        fields(page, "CSI (a Container Storage Interface (CSI) volume source)", &pairs);
        page.labels("    VolumeAttributes", &source.entries("volumeAttributes"));
    } else if let Some(source) = volume.at("image") {
        let pairs = [
            ("Reference", source.text("reference").to_owned()),
            ("PullPolicy", source.text("pullPolicy").to_owned()),
        ];
        fields(page, "Image (a container image or OCI artifact)", &pairs);
    } else if let Some(template) = volume.at("ephemeral.volumeClaimTemplate") {
        ephemeral(page, template);
    } else {
        page.at(1, "<unknown>\n");
    }
}

/// `printEphemeralVolumeSource`: the claim that is made with the pod, which has no state yet.
fn ephemeral(page: &mut Page, template: &Value) {
    page.field(
        2,
        "Type",
        "EphemeralVolume (an inline specification for a volume that gets created and deleted with the pod)",
    );
    page.field(2, "StorageClass", template.text("spec.storageClassName"));
    page.field(2, "Volume", template.text("spec.volumeName"));
    nested(page, "Labels", '=', &template.entries("metadata.labels"));
    nested(page, "Annotations", ':', &template.entries("metadata.annotations"));
    page.field(2, "Capacity", "");
    page.field(2, "Access Modes", "");
    if template.has("spec.volumeMode") {
        page.field(2, "VolumeMode", template.text("spec.volumeMode"));
    }
}

/// Pairs within a volume: every part of a line has the indentation, as upstream's nested writer gives it.
fn nested(page: &mut Page, title: &str, sign: char, pairs: &[(&str, &Value)]) {
    page.at(2, &format!("{title}:\t"));
    if pairs.is_empty() {
        page.at(2, "<none>\n");
    }
    let gap = if sign == ':' { " " } else { "" };
    for (index, (key, value)) in pairs.iter().enumerate() {
        if index > 0 {
            page.at(2, "");
            page.at(2, "\t");
        }
        page.at(2, &format!("{key}{sign}{gap}{}\n", plain(value)));
    }
}

fn projected(page: &mut Page, volume: &Value) {
    page.field(2, "Type", "Projected (a volume that contains injected data from multiple sources)");
    for source in volume.list("sources") {
        if let Some(secret) = source.at("secret") {
            page.field(2, "SecretName", secret.text("name"));
            page.field(2, "Optional", &secret.truth("optional").to_string());
        } else if source.has("downwardAPI") {
            page.field(2, "DownwardAPI", "true");
        } else if let Some(map) = source.at("configMap") {
            page.field(2, "ConfigMapName", map.text("name"));
            page.field(2, "Optional", &map.truth("optional").to_string());
        } else if let Some(token) = source.at("serviceAccountToken") {
            page.field(
                2,
                "TokenExpirationSeconds",
                &token.int("expirationSeconds").unwrap_or(0).to_string(),
            );
        }
    }
}
