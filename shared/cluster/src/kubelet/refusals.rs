//! What a kubelet does not even try: containers that would run as root although they must not
//! (`pkg/kubelet/kuberuntime/security_context.go verifyRunAsNonRoot`), names of images that are none
//! (`pkg/kubelet/images/helpers.go applyDefaultImageTag`), and folders of nodes that are something else
//! (`pkg/volume/hostpath/host_path.go`).

use std::collections::BTreeMap;

use serde_json::Value;

use super::container::image_of;
use super::serve::Disks;
use crate::event_loop::{EventNote, Plan, reference};
use crate::fields;
use crate::shell::Entry;
use crate::store::Store;

/// What every node has, whoever wrote it.
const FOLDERS: [&str; 14] = [
    "/", "/bin", "/boot", "/dev", "/etc", "/home", "/lib", "/opt", "/proc", "/run", "/sys", "/tmp",
    "/usr", "/var",
];
const FILES: [&str; 6] = [
    "/etc/hostname",
    "/etc/hosts",
    "/etc/localtime",
    "/etc/os-release",
    "/etc/resolv.conf",
    "/run/xtables.lock",
];
const SOCKETS: [&str; 2] =
    ["/run/containerd/containerd.sock", "/var/run/containerd/containerd.sock"];

/// Why a container may not run as whom it would run.
pub(super) fn root(pod: &Value, spec: &Value) -> Option<String> {
    let asked = |key: &str| {
        let path = format!("/securityContext/{key}");
        spec.pointer(&path).or_else(|| pod.pointer(&format!("/spec{path}")))
    };
    if asked("runAsNonRoot").and_then(Value::as_bool) != Some(true) {
        return None;
    }
    let whose = format!(
        "(pod: \"{}_{}({})\", container: {})",
        fields::name(pod),
        fields::namespace(pod),
        fields::uid(pod),
        fields::text(spec, "/name")
    );
    if let Some(user) = asked("runAsUser").and_then(Value::as_i64) {
        return (user == 0)
            .then(|| format!("container's runAsUser breaks non-root policy {whose}"));
    }
    let user = image_of(spec).map_or("", |image| image.user.as_str());
    match user.parse::<u32>() {
        Ok(0) => {}
        Ok(_) => return None,
        Err(_) if user.is_empty() || user == "root" => {}
        Err(_) => {
            return Some(format!(
                "container has runAsNonRoot and image has non-numeric user ({user}), cannot verify user is non-root {whose}"
            ));
        }
    }
    Some(format!("container has runAsNonRoot and image will run as root {whose}"))
}

/// Why a name is no image's.
pub(super) fn image_name(image: &str) -> Option<String> {
    let (name, _) = image.split_once('@').unwrap_or((image, ""));
    let (repository, _) = match name.rsplit_once(':') {
        Some((repository, tag)) if !tag.contains('/') => (repository, tag),
        _ => (name, ""),
    };
    let registry = repository
        .split_once('/')
        .filter(|(first, _)| first.contains(['.', ':']) || *first == "localhost");
    let path = registry.map_or(repository, |(_, path)| path);
    let whole = if registry.is_none() && !path.contains('/') {
        format!("library/{path}")
    } else {
        path.to_owned()
    };
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-' | '/');
    let why = if path.is_empty() || !path.chars().all(plain) {
        "invalid reference format".to_owned()
    } else if path.chars().any(|c| c.is_ascii_uppercase()) {
        format!("invalid reference format: repository name ({whole}) must be lowercase")
    } else {
        return None;
    };
    Some(format!(
        "Failed to apply default image tag \"{image}\": couldn't parse image name \"{image}\": {why}"
    ))
}

/// Says which secrets for pulling are not there.
pub(super) fn pull_secrets(store: &Store, pod: &Value, plan: &mut Plan) {
    let missing: Vec<&str> = fields::items(pod, "/spec/imagePullSecrets")
        .iter()
        .map(|one| fields::text(one, "/name"))
        .filter(|name| store.get("secrets", fields::namespace(pod), name).is_none())
        .collect();
    if missing.is_empty() {
        return;
    }
    let text = format!(
        "Unable to retrieve some image pull secrets ({}); attempting to pull the image may not succeed.",
        missing.join(", ")
    );
    let about = reference(pod, "v1", "Pod");
    plan.events.push(EventNote::warning(about, "FailedToRetrieveImagePullSecret", text));
}

/// The variable that a part of a volume is named after and that is not there.
pub(super) fn sub_path(spec: &Value, environment: &BTreeMap<String, String>) -> Option<String> {
    let expressions = fields::items(spec, "/volumeMounts");
    let expressions = expressions.iter().map(|mount| fields::text(mount, "/subPathExpr"));
    let mut names = expressions.flat_map(|text| {
        text.split("$(").skip(1).filter_map(|part| part.split_once(')').map(|(name, _)| name))
    });
    let name = names.find(|name| !environment.contains_key(*name))?;
    Some(format!("missing value for {name}"))
}

/// Why a place on a node is not of the type that a volume asks for.
pub(super) fn host_path(volume: &Value, node: &str, disks: &Disks) -> Option<String> {
    let path = volume.pointer("/hostPath/path").and_then(Value::as_str)?;
    let root = format!("node:{node}:{path}");
    let below = format!("{root}/");
    let written = disks.get(&root).is_some_and(|tree| !tree.is_empty());
    let folder = written
        || FOLDERS.contains(&path)
        || path.starts_with("/var/l")
        || path.starts_with("/etc/kubernetes")
        || path.starts_with("/sys/")
        || disks.keys().any(|known| known.starts_with(&below));
    let parent = path.rsplit_once('/').map_or("", |(parent, _)| parent);
    let beside = disks.get(&format!("node:{node}:{parent}"));
    let name = path.rsplit('/').next().unwrap_or_default();
    let file = FILES.contains(&path)
        || beside.is_some_and(|tree| matches!(tree.get(&format!("/{name}")), Some(Entry::File(_))));
    let (is, what) = match fields::text(volume, "/hostPath/type") {
        "Directory" => (folder, "a directory"),
        "DirectoryOrCreate" => (!file, "a directory"),
        "File" => (file, "a file"),
        "FileOrCreate" => (!folder, "a file"),
        "Socket" => (SOCKETS.contains(&path), "a socket file"),
        "CharDevice" => (path.starts_with("/dev/") && !file, "a character device"),
        "BlockDevice" => (false, "a block device"),
        _ => return None,
    };
    (!is).then(|| format!("hostPath type check failed: {path} is not {what}"))
}
