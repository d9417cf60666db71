//! What hardening asks for (`k8s.io/pod-security-admission/policy/check_*.go`, level restricted).

use serde_json::Value;

use super::baseline::{any_proc_mount, bad_seccomp};
use super::checks::{Finding, Pod, Set, containers, plural, quoted, secured, setters};
use crate::fields::{items, text};

const VOLUMES: [&str; 9] = [
    "configMap",
    "csi",
    "downwardAPI",
    "emptyDir",
    "ephemeral",
    "image",
    "persistentVolumeClaim",
    "projected",
    "secret",
];
const OTHER_VOLUMES: [&str; 21] = [
    "hostPath",
    "gcePersistentDisk",
    "awsElasticBlockStore",
    "gitRepo",
    "nfs",
    "iscsi",
    "glusterfs",
    "rbd",
    "flexVolume",
    "cinder",
    "cephfs",
    "flocker",
    "fc",
    "azureFile",
    "vsphereVolume",
    "quobyte",
    "azureDisk",
    "photonPersistentDisk",
    "portworxVolume",
    "scaleIO",
    "storageos",
];

pub(super) fn privilege_escalation(pod: &Pod<'_>, version: u32) -> Option<Finding> {
    if version < 8 || version >= 25 && pod.is_windows() {
        return None;
    }
    let off = Some(&Value::Bool(false));
    let names = pod.named(|one| secured(one, "allowPrivilegeEscalation") != off);
    if names.is_empty() {
        return None;
    }
    let who = containers(&names);
    Finding::some(
        "allowPrivilegeEscalation != false",
        format!("{who} must set securityContext.allowPrivilegeEscalation=false"),
    )
}

pub(super) fn capabilities(pod: &Pod<'_>, version: u32) -> Option<Finding> {
    if version < 22 || version >= 25 && pod.is_windows() {
        return None;
    }
    let of = |container: &Value, list: &str| -> Vec<String> {
        let all = items(container, &format!("/securityContext/capabilities/{list}")).iter();
        all.filter_map(Value::as_str).map(str::to_owned).collect()
    };
    let keeping = pod.named(|one| !of(one, "drop").iter().any(|name| name == "ALL"));
    let mut added = Set::new();
    let adding = pod.named(|one| {
        let bad = of(one, "add").into_iter().filter(|name| name != "NET_BIND_SERVICE");
        let bad: Vec<String> = bad.collect();
        let any = !bad.is_empty();
        added.extend(bad);
        any
    });
    let mut details = Vec::new();
    if !keeping.is_empty() {
        let who = containers(&keeping);
        details.push(format!("{who} must set securityContext.capabilities.drop=[\"ALL\"]"));
    }
    if !adding.is_empty() {
        let (who, what) = (containers(&adding), quoted(&added));
        details.push(format!("{who} must not include {what} in securityContext.capabilities.add"));
    }
    if details.is_empty() {
        return None;
    }
    Finding::some("unrestricted capabilities", details.join("; "))
}

pub(super) fn proc_mount(pod: &Pod<'_>, version: u32) -> Option<Finding> {
    if version < 35 { None } else { any_proc_mount(pod) }
}

pub(super) fn volumes(pod: &Pod<'_>, _version: u32) -> Option<Finding> {
    let has = |volume: &Value, kind: &str| volume.get(kind).is_some_and(Value::is_object);
    let mut kinds = Set::new();
    let mut names = Vec::new();
    for volume in pod.items("/spec/volumes") {
        if VOLUMES.iter().any(|kind| has(volume, kind)) {
            continue;
        }
        names.push(text(volume, "/name").to_owned());
        let kind = OTHER_VOLUMES.iter().find(|kind| has(volume, kind));
        kinds.insert((*kind.unwrap_or(&"unknown")).to_owned());
    }
    if names.is_empty() {
        return None;
    }
    let (one, many) = ("restricted volume type", "restricted volume types");
    Finding::some(
        "restricted volume types",
        format!(
            "{} {} {} {} {}",
            plural("volume", "volumes", names.len()),
            quoted(&names),
            plural("uses", "use", names.len()),
            plural(one, many, kinds.len()),
            quoted(&kinds)
        ),
    )
}

pub(super) fn run_as_non_root(pod: &Pod<'_>, version: u32) -> Option<Finding> {
    if version >= 35 && pod.has_own_users() {
        return None;
    }
    let off = Some(&Value::Bool(false));
    let of_pod = pod.at("/spec/securityContext/runAsNonRoot");
    let names = pod.named(|one| secured(one, "runAsNonRoot") == off);
    let reason = "runAsNonRoot != true";
    if let Some(who) = setters(of_pod == off, &names) {
        let detail = format!("{who} must not set securityContext.runAsNonRoot=false");
        return Finding::some(reason, detail);
    }
    let silent = pod.named(|one| secured(one, "runAsNonRoot").is_none());
    if silent.is_empty() || of_pod == Some(&Value::Bool(true)) {
        return None;
    }
    let who = containers(&silent);
    Finding::some(reason, format!("pod or {who} must set securityContext.runAsNonRoot=true"))
}

pub(super) fn run_as_user(pod: &Pod<'_>, version: u32) -> Option<Finding> {
    if version < 23 || version >= 35 && pod.has_own_users() {
        return None;
    }
    let is_root = |user: Option<&Value>| user.and_then(Value::as_i64) == Some(0);
    let of_pod = is_root(pod.at("/spec/securityContext/runAsUser"));
    let names = pod.named(|one| is_root(secured(one, "runAsUser")));
    let who = setters(of_pod, &names)?;
    Finding::some("runAsUser=0", format!("{who} must not set runAsUser=0"))
}

pub(super) fn seccomp(pod: &Pod<'_>, version: u32) -> Option<Finding> {
    if version < 19 || version >= 25 && pod.is_windows() {
        return None;
    }
    let mut bad = Set::new();
    let (of_pod, names) = bad_seccomp(pod, &mut bad);
    let reason = "seccompProfile";
    if let Some(who) = setters(of_pod, &names) {
        let what = quoted(&bad);
        let detail = format!("{who} must not set securityContext.seccompProfile.type to {what}");
        return Finding::some(reason, detail);
    }
    if pod.at("/spec/securityContext/seccompProfile").is_some() {
        return None;
    }
    let silent = pod.named(|one| secured(one, "seccompProfile").is_none());
    if silent.is_empty() {
        return None;
    }
    let who = containers(&silent);
    Finding::some(
        reason,
        format!(
            "pod or {who} must set securityContext.seccompProfile.type to \"RuntimeDefault\" or \"Localhost\""
        ),
    )
}
