//! The sources of volumes, in pods and in PersistentVolumes (`validateVolumeSource` and what it calls).

use apimachinery::field_error::FieldError;
use apimachinery::names;

use super::at::At;
use super::{Faults, claim, labels, projected};

/// Fields that a source needs, whatever they hold.
const NEEDED: [(&str, &[&str]); 18] = [
    ("gcePersistentDisk", &["pdName"]),
    ("awsElasticBlockStore", &["volumeID"]),
    ("persistentVolumeClaim", &["claimName"]),
    ("nfs", &["server", "path"]),
    ("glusterfs", &["endpoints", "path"]),
    ("iscsi", &["targetPortal"]),
    ("cinder", &["volumeID"]),
    ("flexVolume", &["driver"]),
    ("azureFile", &["secretName", "shareName"]),
    ("azureDisk", &["diskName", "diskURI"]),
    ("vsphereVolume", &["volumePath"]),
    ("photonPersistentDisk", &["pdID"]),
    ("portworxVolume", &["volumeID"]),
    ("scaleIO", &["gateway", "system", "volumeName"]),
    ("gitRepo", &["repository"]),
    ("secret", &["secretName"]),
    ("configMap", &["name"]),
    ("storageos", &["volumeName"]),
];

const FILE_MODE: &str = "must be a number between 0 and 0777 (octal), both inclusive";
/// As upstream says it, whatever it checks.
const PARTITION: &str = "must be between 1 and 255, inclusive";

/// A source of a volume of a pod; `persistent`: of a PersistentVolume.
pub(super) fn validate(kind: &str, source: &At<'_>, persistent: bool, faults: &mut Faults) {
    for (name, fields) in NEEDED {
        for field in fields.iter().filter(|_| name == kind) {
            source.child(field).some_text(faults);
        }
    }
    match kind {
        "emptyDir" => empty_dir(source, faults),
        "hostPath" | "local" => host_path(source, faults),
        "gitRepo" => descending(&source.child("directory"), faults),
        "gcePersistentDisk" | "awsElasticBlockStore" => partition(source, faults),
        "nfs" => {
            let path = source.child("path");
            if !path.text().starts_with('/') {
                path.invalid_as(path.text(), "must be an absolute path", faults);
            }
        }
        "iscsi" => iscsi(source, persistent, faults),
        "fc" => fibre_channel(source, faults),
        "quobyte" => quobyte(source, faults),
        "flocker" => flocker(source, faults),
        "secret" | "configMap" => {
            mode(&source.child("defaultMode"), faults);
            source.list("items").iter().for_each(|item| key_to_path(item, faults));
        }
        "rbd" | "cephfs" => {
            let monitors = source.child("monitors");
            if monitors.len() == 0 {
                monitors.required("", faults);
            }
            if kind == "rbd" {
                source.child("image").some_text(faults);
            }
        }
        "cinder" | "storageos" => secret_reference(source, persistent, faults),
        "flexVolume" => options(&source.child("options"), faults),
        "azureDisk" => azure_disk(source, faults),
        "downwardAPI" => {
            mode(&source.child("defaultMode"), faults);
            for item in source.list("items") {
                let at = At { value: item.value, path: source.path.clone() };
                projected::downward_file(&at, faults);
            }
        }
        "projected" => projected::validate(source, faults),
        "csi" => csi(source, persistent, faults),
        "ephemeral" => {
            let template = source.child("volumeClaimTemplate");
            if template.given() {
                claim::validate_template(&template, faults);
            } else {
                template.required("", faults);
            }
        }
        "image" => image(source, faults),
        _ => {}
    }
}

fn empty_dir(source: &At<'_>, faults: &mut Faults) {
    let size = source.child("sizeLimit");
    let parsed = apimachinery::quantity::Quantity::parse(size.text());
    if parsed.is_ok_and(|size| size.is_negative()) {
        size.forbidden("SizeLimit field must be a valid resource quantity", faults);
    }
}

/// `validatePathNoBacksteps`.
pub(super) fn no_backsteps(path: &At<'_>, faults: &mut Faults) {
    if path.text().split('/').any(|part| part == "..") {
        path.invalid("must not contain '..'", faults);
    }
}

/// `validateLocalDescendingPath`.
pub(super) fn descending(path: &At<'_>, faults: &mut Faults) {
    if path.text().starts_with('/') {
        path.invalid("must be a relative path", faults);
    }
    no_backsteps(path, faults);
}

/// `ValidateLocalNonReservedPath`.
pub(super) fn not_reserved(path: &At<'_>, faults: &mut Faults) {
    descending(path, faults);
    if path.text().starts_with("..") && !path.text().starts_with("../") {
        path.invalid("must not start with '..'", faults);
    }
}

/// The bits of a file.
pub(super) fn mode(mode: &At<'_>, faults: &mut Faults) {
    if mode.number().is_some_and(|mode| !(0..=0o777).contains(&mode)) {
        mode.invalid(FILE_MODE, faults);
    }
}

/// `validateKeyToPath`.
pub(super) fn key_to_path(item: &At<'_>, faults: &mut Faults) {
    item.child("key").some_text(faults);
    let path = item.child("path");
    path.some_text(faults);
    not_reserved(&path, faults);
    mode(&item.child("mode"), faults);
}

fn host_path(source: &At<'_>, faults: &mut Faults) {
    let path = source.child("path");
    if !path.some_text(faults) {
        return;
    }
    no_backsteps(&path, faults);
    let kind = source.child("type");
    if kind.given() {
        let known = [
            "",
            "BlockDevice",
            "CharDevice",
            "Directory",
            "DirectoryOrCreate",
            "File",
            "FileOrCreate",
            "Socket",
        ];
        kind.one_of(&known, faults);
    }
}

fn partition(source: &At<'_>, faults: &mut Faults) {
    let partition = source.child("partition");
    if partition.number().is_some_and(|number| !(0..=255).contains(&number)) {
        partition.invalid(PARTITION, faults);
    }
}

/// A name of an initiator or a target.
fn iqn_fault(name: &str, persistent: bool) -> Option<&'static str> {
    let digits = |text: &str| text.chars().all(|c| c.is_ascii_alphanumeric());
    let fine = match name.get(..3) {
        Some("iqn") => named_authority(name),
        Some("eui") => name.strip_prefix("eui.").is_some_and(|id| id.len() == 16 && digits(id)),
        Some("naa") => name.strip_prefix("naa.").is_some_and(|id| id.len() == 32 && digits(id)),
        _ if persistent => false,
        _ => return Some("must be valid format starting with iqn, eui, or naa"),
    };
    (!fine).then_some("must be valid format")
}

/// `iqn\.\d{4}-\d{2}\.([[:alnum:]-.]+)(:[^,;*&$|\s]+)$`, without expressions.
fn named_authority(name: &str) -> bool {
    let Some(rest) = name.strip_prefix("iqn.") else { return false };
    let (Some(date), Some(rest)) = (rest.get(..7), rest.get(7..)) else { return false };
    let dated =
        date.char_indices().all(|(at, c)| if at == 4 { c == '-' } else { c.is_ascii_digit() });
    let Some((authority, name)) = rest.strip_prefix('.').and_then(|rest| rest.split_once(':'))
    else {
        return false;
    };
    dated
        && !authority.is_empty()
        && authority.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '.'))
        && !name.is_empty()
        && !name.contains(|c: char| ",;*&$|".contains(c) || c.is_whitespace())
}

fn iscsi(source: &At<'_>, persistent: bool, faults: &mut Faults) {
    let iqn = source.child("iqn");
    if iqn.some_text(faults)
        && let Some(why) = iqn_fault(iqn.text(), persistent)
    {
        iqn.invalid(why, faults);
    }
    lun(&source.child("lun"), faults);
    let secret = source.child("secretRef");
    if (source.flag_of("chapAuthDiscovery") || source.flag_of("chapAuthSession")) && !secret.given()
    {
        secret.required("", faults);
    }
    if persistent && secret.given() {
        secret.child("name").some_text(faults);
    }
    let initiator = source.child("initiatorName");
    if let Some(why) = iqn_fault(initiator.text(), persistent).filter(|_| initiator.given()) {
        let path = format!("{}.initiatorname", source.path);
        faults.push(FieldError::invalid(&path, initiator.text(), why));
    }
}

fn lun(lun: &At<'_>, faults: &mut Faults) {
    if lun.number().is_some_and(|number| !(0..=255).contains(&number)) {
        lun.invalid("must be between 0 and 255, inclusive", faults);
    }
}

fn fibre_channel(source: &At<'_>, faults: &mut Faults) {
    let (targets, wwids) = (source.child("targetWWNs"), source.child("wwids"));
    match (targets.len() > 0, wwids.len() > 0) {
        (false, false) => {
            let why = "must specify either targetWWNs or wwids, but not both";
            targets.required(why, faults);
        }
        (true, true) => {
            let why = "targetWWNs and wwids can not be specified simultaneously";
            targets.invalid(why, faults);
        }
        _ => {}
    }
    if targets.len() > 0 {
        let number = source.child("lun");
        if number.given() {
            lun(&number, faults);
        } else {
            number.required("lun is required if targetWWNs is specified", faults);
        }
    }
}

fn quobyte(source: &At<'_>, faults: &mut Faults) {
    let why = "must be a host:port pair or multiple pairs separated by commas";
    let registry = source.child("registry");
    if registry.text().is_empty() {
        registry.required(why, faults);
    } else if source.text_of("tenant").len() >= 65 {
        let why = "must be a UUID and may not exceed a length of 64 characters";
        source.child("tenant").required(why, faults);
    } else {
        for pair in registry.text().split(',') {
            if pair.matches(':').count() != 1 {
                registry.invalid(why, faults);
            }
        }
    }
    source.child("volume").some_text(faults);
}

fn flocker(source: &At<'_>, faults: &mut Faults) {
    let (name, uuid) = (source.text_of("datasetName"), source.text_of("datasetUUID"));
    if name.is_empty() && uuid.is_empty() {
        source.required("one of datasetName and datasetUUID is required", faults);
    }
    if !name.is_empty() && !uuid.is_empty() {
        let why = "datasetName and datasetUUID can not be specified simultaneously";
        source.invalid_as("resource", why, faults);
    }
    if name.contains('/') {
        source.child("datasetName").invalid("must not contain '/'", faults);
    }
}

fn secret_reference(source: &At<'_>, persistent: bool, faults: &mut Faults) {
    for field in ["volumeName", "volumeNamespace"] {
        let at = source.child(field);
        if !at.text().is_empty() {
            at.each(names::dns1123_label(at.text()), faults);
        }
    }
    let secret = source.child("secretRef");
    if secret.given() {
        secret.child("name").some_text(faults);
        if persistent {
            secret.child("namespace").some_text(faults);
        }
    }
}

fn options(options: &At<'_>, faults: &mut Faults) {
    for (key, at) in options.entries() {
        let host = key.split('/').next().unwrap_or(key).to_lowercase();
        let dotted = format!(".{host}");
        if dotted.ends_with(".kubernetes.io") || dotted.ends_with(".k8s.io") {
            at.invalid_as(key, "kubernetes.io and k8s.io namespaces are reserved", faults);
        }
    }
}

fn azure_disk(source: &At<'_>, faults: &mut Faults) {
    let caching = source.child("cachingMode");
    if caching.given() {
        caching.one_of(&["None", "ReadOnly", "ReadWrite"], faults);
    }
    let kind = source.child("kind");
    if kind.given() {
        kind.one_of(&["Dedicated", "Managed", "Shared"], faults);
        let uri = source.child("diskURI");
        if kind.text() == "Managed" && !uri.text().starts_with("/subscriptions/") {
            let known = "/subscriptions/{sub-id}/resourcegroups/{group-name}/providers/microsoft.compute/disks/{disk-id}";
            uri.one_of(&[known], faults);
        } else if kind.text() != "Managed" && !uri.text().starts_with("https://") {
            let known =
                "https://{account-name}.blob.core.windows.net/{container-name}/{disk-name}.vhd";
            uri.one_of(&[known], faults);
        }
    }
}

/// `ValidateCSIDriverName`.
pub(super) fn driver_name(name: &At<'_>, faults: &mut Faults) {
    if !name.some_text(faults) {
        return;
    }
    if name.text().len() > 63 {
        faults.push(FieldError::too_long(&name.path, 63));
    }
    name.each(names::dns1123_subdomain(&name.text().to_lowercase()), faults);
}

fn csi(source: &At<'_>, persistent: bool, faults: &mut Faults) {
    driver_name(&source.child("driver"), faults);
    if !persistent {
        let secret = source.child("nodePublishSecretRef");
        if secret.given() && secret.child("name").some_text(faults) {
            let name = secret.text_of("name");
            let path = format!("{}.name", source.path);
            labels::each(&path, name, names::dns1123_subdomain(name), faults);
        }
        return;
    }
    source.child("volumeHandle").some_text(faults);
    for field in [
        "controllerPublishSecretRef",
        "controllerExpandSecretRef",
        "nodePublishSecretRef",
        "nodeExpandSecretRef",
    ] {
        let secret = source.child(field);
        if !secret.given() {
            continue;
        }
        let (name, namespace) = (secret.child("name"), secret.child("namespace"));
        if name.some_text(faults) {
            name.each(names::dns1123_subdomain(name.text()), faults);
        }
        if namespace.some_text(faults) {
            namespace.each(names::dns1123_label(namespace.text()), faults);
        }
    }
}

fn image(source: &At<'_>, faults: &mut Faults) {
    // A template leaves it to what fills it in.
    if source.path.starts_with("spec.volumes") {
        source.child("reference").some_text(faults);
    }
    let policy = source.child("pullPolicy");
    policy.one_of(&["Always", "IfNotPresent", "Never"], faults);
}
