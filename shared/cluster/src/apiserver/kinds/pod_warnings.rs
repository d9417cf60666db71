//! Warnings of pods and templates (`pkg/api/pod/warnings.go`), and of volumes that nothing here mounts.

use apimachinery::names;
use apimachinery::quantity::Quantity;
use serde_json::Value;

use super::at::At;
use crate::fields::text;

/// Sources that upstream has given up, with the words.
pub(super) const GONE: [(&str, &str, &str); 9] = [
    (
        "photonPersistentDisk",
        "photonPersistentDisk",
        "deprecated in v1.11, non-functional in v1.16+",
    ),
    ("gitRepo", "gitRepo", "deprecated in v1.11, and disabled by default in v1.33+"),
    ("scaleIO", "scaleIO", "deprecated in v1.16, non-functional in v1.22+"),
    ("flocker", "flocker", "deprecated in v1.22, non-functional in v1.25+"),
    ("storageos", "storageOS", "deprecated in v1.22, non-functional in v1.25+"),
    ("quobyte", "quobyte", "deprecated in v1.22, non-functional in v1.25+"),
    ("glusterfs", "glusterfs", "deprecated in v1.25, non-functional in v1.26+"),
    ("cephfs", "cephfs", "deprecated in v1.28, non-functional in v1.31+"),
    ("rbd", "rbd", "deprecated in v1.28, non-functional in v1.31+"),
];

/// Sources that the real kubelet mounts and the one here does not.
const UNMOUNTED: [&str; 4] = ["nfs", "iscsi", "csi", "fc"];

/// A new pod.
pub(super) fn of_pod(value: &Value, old: Option<&Value>) -> Vec<String> {
    if old.is_some() {
        return Vec::new();
    }
    let mut found = name_warning(value, "in the Pod's hostname");
    found.extend(of_spec(&At::root(value)));
    found
}

/// A template that is new or has changed.
pub(super) fn of_template(value: &Value, old: Option<&Value>) -> Vec<String> {
    let path: &[&str] = match text(value, "/kind") {
        "CronJob" => &["spec", "jobTemplate", "spec", "template"],
        "PodTemplate" => &["template"],
        _ => &["spec", "template"],
    };
    let template = At::root(value).at(path);
    if old.is_some_and(|old| At::root(old).at(path).value == template.value) {
        return Vec::new();
    }
    let named = matches!(
        text(value, "/kind"),
        "Deployment" | "ReplicaSet" | "ReplicationController" | "Job" | "CronJob"
    );
    let mut found = if named && old.is_none() {
        name_warning(value, "in Pod names and hostnames")
    } else {
        Vec::new()
    };
    found.extend(of_spec(&template));
    found
}

/// Names of pods are names of hosts.
fn name_warning(value: &Value, place: &str) -> Vec<String> {
    let wrong = names::dns1123_label(crate::fields::name(value));
    if wrong.is_empty() {
        return wrong;
    }
    vec![format!(
        "metadata.name: this is used {place}, which can result in surprising behavior; a DNS label is recommended: [{}]",
        wrong.join(" ")
    )]
}

fn of_spec(pod: &At<'_>) -> Vec<String> {
    let spec = pod.child("spec");
    let mut found = Vec::new();
    spread(&spec, &mut found);
    volumes(&spec, &mut found);
    twice(&spec, &mut found);
    for list in ["initContainers", "containers", "ephemeralContainers"] {
        for container in spec.list(list) {
            fractions(&container, &mut found);
            environment(&container, &mut found);
        }
    }
    ports(&spec, &mut found);
    let grace = spec.child("terminationGracePeriodSeconds");
    if grace.number().is_some_and(|grace| grace < 0) {
        found.push(format!(
            "{}: must be >= 0; negative values are invalid and will be treated as 1",
            grace.path
        ));
    }
    affinity(&spec, &mut found);
    found
}

fn null_selector(at: &At<'_>, found: &mut Vec<String>) {
    if !at.given() {
        found.push(format!("{}: a null labelSelector results in matching no pod", at.path));
    }
}

fn spread(spec: &At<'_>, found: &mut Vec<String>) {
    for constraint in spec.list("topologySpreadConstraints") {
        null_selector(&constraint.child("labelSelector"), found);
    }
}

fn affinity(spec: &At<'_>, found: &mut Vec<String>) {
    for kind in ["podAffinity", "podAntiAffinity"] {
        let own = spec.at(&["affinity", kind]);
        for term in own.list("requiredDuringSchedulingIgnoredDuringExecution") {
            null_selector(&term.child("labelSelector"), found);
        }
        for term in own.list("preferredDuringSchedulingIgnoredDuringExecution") {
            null_selector(&term.at(&["podAffinityTerm", "labelSelector"]), found);
        }
    }
}

fn volumes(spec: &At<'_>, found: &mut Vec<String>) {
    for volume in spec.list("volumes") {
        for (source, shown, why) in GONE {
            if volume.has(source) {
                found.push(format!("{}: {why}", volume.child(shown).path));
            }
        }
        for source in UNMOUNTED.iter().filter(|source| volume.has(source)) {
            found.push(format!(
                "{}: Podium accepts this volume, but nothing here mounts it",
                volume.child(source).path
            ));
        }
    }
}

/// Aliases and secrets that stand twice.
fn twice(spec: &At<'_>, found: &mut Vec<String>) {
    for (list, field, word) in [("hostAliases", "ip", "ip"), ("imagePullSecrets", "name", "name")] {
        let mut seen: Vec<&str> = Vec::new();
        for item in spec.list(list) {
            let at = item.child(field);
            if seen.contains(&at.text()) {
                found.push(format!("{}: duplicate {word} {:?}", at.path, at.text()));
            }
            seen.push(at.text());
        }
    }
    for item in spec.list("imagePullSecrets") {
        let name = item.child("name");
        if name.text().is_empty() {
            found.push(format!("{}: invalid empty name \"\"", name.path));
        }
    }
}

/// Half a byte cannot be had.
fn fractions(container: &At<'_>, found: &mut Vec<String>) {
    for resource in ["memory", "ephemeral-storage"] {
        for kind in ["limits", "requests"] {
            let all = container.at(&["resources", kind]);
            let shown = all.text_of(resource);
            let amount = Quantity::parse(shown).map_or(0, |amount| amount.milli_value());
            if amount % 1000 != 0 {
                found.push(format!(
                    "{}[{resource}]: fractional byte value {shown:?} is invalid, must be an integer",
                    all.path
                ));
            }
        }
    }
}

fn environment(container: &At<'_>, found: &mut Vec<String>) {
    let mut seen: Vec<&str> = Vec::new();
    for env in container.list("env") {
        let name = env.text_of("name");
        let reference = format!("$({name})");
        let value = env.text_of("value");
        let hides = env.has("valueFrom") || value == reference || !value.contains(&reference);
        if seen.contains(&name) && hides {
            found.push(format!(
                "{}: hides previous definition of {name:?}, which may be dropped when using apply",
                env.path
            ));
        }
        seen.push(name);
    }
}

/// Ports and names of ports that several containers have.
fn ports(spec: &At<'_>, found: &mut Vec<String>) {
    let all: Vec<At<'_>> = ["initContainers", "containers", "ephemeralContainers"]
        .iter()
        .flat_map(|list| spec.list(list))
        .flat_map(|container| container.list("ports"))
        .collect();
    let host = |port: &At<'_>| port.number_of("hostPort").unwrap_or(0);
    for (index, port) in all.iter().enumerate() {
        let same = |other: &&At<'_>| {
            other.number_of("containerPort") == port.number_of("containerPort")
                && other.text_of("protocol") == port.text_of("protocol")
        };
        for other in all.iter().take(index).filter(same) {
            let (ip, others) = (port.text_of("hostIP"), other.text_of("hostIP"));
            let word = if ip == others && host(port) == host(other) {
                "duplicate"
            } else if host(port) == 0 || host(other) == 0 {
                "overlapping"
            } else if host(port) == host(other) && ip.is_empty() != others.is_empty() {
                "dangerously ambiguous"
            } else {
                continue;
            };
            found.push(format!("{}: {word} port definition with {}", port.path, other.path));
        }
    }
    for (index, port) in all.iter().enumerate() {
        let name = port.text_of("name");
        let first = all.iter().take(index).find(|other| other.text_of("name") == name);
        if let Some(first) = first.filter(|_| !name.is_empty()) {
            found.push(format!(
                "{}: duplicate port name {name:?} with {}, services and probes that select ports by name will use {}",
                port.path, first.path, first.path
            ));
        }
    }
}
