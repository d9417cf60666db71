//! Projected volumes and files of the downward API (`validateProjectionSources`).

use apimachinery::names;

use super::at::At;
use super::volume_source::{key_to_path, mode, not_reserved};
use super::{Faults, environment, labels};

const FIELDS: [&str; 5] = [
    "metadata.annotations",
    "metadata.labels",
    "metadata.name",
    "metadata.namespace",
    "metadata.uid",
];

/// A file with a field of the pod.
pub(super) fn downward_file(file: &At<'_>, faults: &mut Faults) {
    let path = file.child("path");
    path.some_text(faults);
    not_reserved(&path, faults);
    let (field, resource) = (file.child("fieldRef"), file.child("resourceFieldRef"));
    if field.given() {
        environment::field_reference(&field, &FIELDS, faults);
        if resource.given() {
            let why = "fieldRef and resourceFieldRef can not be specified simultaneously";
            file.invalid_as("resource", why, faults);
        }
    } else if resource.given() {
        environment::resource_reference(&resource, true, faults);
    } else {
        file.required("one of fieldRef and resourceFieldRef is required", faults);
    }
    mode(&file.child("mode"), faults);
}

/// Files that are put into one folder.
pub(super) fn validate(volume: &At<'_>, faults: &mut Faults) {
    mode(&volume.child("defaultMode"), faults);
    let mut paths: Vec<String> = Vec::new();
    for source in volume.list("sources") {
        let kinds = source.value.as_object().into_iter().flatten();
        let given: Vec<&str> =
            kinds.filter(|(_, value)| !value.is_null()).map(|(key, _)| key.as_str()).collect();
        for kind in [
            "secret",
            "configMap",
            "downwardAPI",
            "serviceAccountToken",
            "clusterTrustBundle",
            "podCertificate",
        ] {
            let at = source.child(kind);
            if at.given() {
                one(kind, &at, volume, &mut paths, faults);
            }
        }
        if given.len() > 1 {
            source.forbidden("may not specify more than 1 volume type per source", faults);
        }
    }
}

fn one(kind: &str, at: &At<'_>, volume: &At<'_>, paths: &mut Vec<String>, faults: &mut Faults) {
    let mut taken = |path: &str, shown: &str, faults: &mut Faults| {
        if paths.iter().any(|one| one == path) {
            volume.invalid_as(shown, "conflicting duplicate paths", faults);
        }
        paths.push(path.to_owned());
    };
    match kind {
        "secret" | "configMap" => {
            at.child("name").some_text(faults);
            for item in at.list("items") {
                key_to_path(&item, faults);
                let path = item.text_of("path");
                if !path.is_empty() {
                    taken(path, at.text_of("name"), faults);
                }
            }
        }
        "downwardAPI" => {
            for item in at.list("items") {
                let file = At { value: item.value, path: at.path.clone() };
                downward_file(&file, faults);
                let path = item.text_of("path");
                if !path.is_empty() {
                    taken(path, path, faults);
                }
            }
        }
        "serviceAccountToken" => token(at, volume, faults),
        "clusterTrustBundle" => {
            trust_bundle(at, faults);
            let path = at.child("path");
            path.some_text(faults);
            not_reserved(&path, faults);
            taken(path.text(), path.text(), faults);
        }
        _ => {
            let files = ["credentialBundlePath", "keyPath", "certificateChainPath"];
            certificate(at, faults);
            let mut some = false;
            for file in files {
                let path = at.child(file);
                if !path.text().is_empty() {
                    some = true;
                    not_reserved(&path, faults);
                    taken(path.text(), path.text(), faults);
                }
            }
            if !some {
                let why = "specify at least one of credentialBundlePath, keyPath, and certificateChainPath";
                at.required(why, faults);
            }
        }
    }
}

fn token(at: &At<'_>, volume: &At<'_>, faults: &mut Faults) {
    let expiry = at.child("expirationSeconds");
    let seconds = expiry.number().unwrap_or(0);
    if seconds < 600 {
        expiry.invalid_as(seconds, "may not specify a duration less than 10 minutes", faults);
    }
    if seconds > 1 << 32 {
        expiry.invalid("may not specify a duration larger than 2^32 seconds", faults);
    }
    // Upstream names the volume and not the source.
    let path = At { value: at.child("path").value, path: format!("{}.path", volume.path) };
    if path.some_text(faults) {
        not_reserved(&path, faults);
    }
}

fn trust_bundle(at: &At<'_>, faults: &mut Faults) {
    let (name, signer, selector) =
        (at.child("name"), at.child("signerName"), at.child("labelSelector"));
    match (name.given(), signer.given()) {
        (true, true) => {
            let why = "only one of name and signerName may be used";
            at.invalid_struct("core.ClusterTrustBundleProjection", why, faults);
        }
        (true, false) => {
            if name.text().is_empty() {
                name.required("must be a valid object name", faults);
            }
            for why in names::dns1123_subdomain(name.text()) {
                name.invalid(format!("not a valid clustertrustbundlename: {why}"), faults);
            }
            if selector.given() {
                selector.invalid("labelSelector must be unset if name is specified", faults);
            }
        }
        (false, true) => {
            if signer.text().is_empty() {
                signer.required("must be a valid signer name", faults);
            }
            labels::selector(Some(selector.value), &selector.path, faults);
        }
        (false, false) => at.required("either name or signerName must be specified", faults),
    }
}

fn certificate(at: &At<'_>, faults: &mut Faults) {
    let known = ["RSA3072", "RSA4096", "ECDSAP256", "ECDSAP384", "ECDSAP521", "ED25519"];
    at.child("keyType").one_of(&known, faults);
    let expiry = at.child("maxExpirationSeconds");
    if expiry.number().is_some_and(|seconds| seconds < 3600) {
        expiry.invalid("if provided, maxExpirationSeconds must be >= 3600", faults);
    }
    let kubernetes = at.text_of("signerName").starts_with("kubernetes.io/");
    let most = if kubernetes { 86_400 } else { 7_862_400 };
    if expiry.value.as_i64().is_some_and(|seconds| seconds > most) {
        let why = format!("if provided, maxExpirationSeconds must be <= {most}");
        expiry.invalid(why, faults);
    }
}
