//! What a debugging container may do (`kubectl/pkg/cmd/debug/profiles.go`).

use serde_json::{Value, json};

use super::containers::find_mut;
use crate::value::{Reading as _, remove, set};

/// How something is debugged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Style {
    /// By a container that joins the pod.
    Ephemeral,
    /// By a copy of the pod.
    Copy,
    /// By a pod in the namespaces of the node.
    Node,
}

/// A profile.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Profile {
    Legacy,
    General,
    Baseline,
    Restricted,
    Netadmin,
    Sysadmin,
}

/// What a copy may keep of the pod, as the flags `--keep-...` call it.
pub(super) const KEPT: [&str; 6] =
    ["annotations", "init-containers", "labels", "liveness", "readiness", "startup"];

/// What it does keep.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Keep(pub(super) Vec<&'static str>);

impl Keep {
    fn has(&self, name: &str) -> bool {
        self.0.contains(&name)
    }
}

impl Profile {
    /// By its name.
    pub(super) fn named(name: &str) -> Option<Self> {
        Some(match name {
            "legacy" => Self::Legacy,
            "general" => Self::General,
            "baseline" => Self::Baseline,
            "restricted" => Self::Restricted,
            "netadmin" => Self::Netadmin,
            "sysadmin" => Self::Sysadmin,
            _ => return None,
        })
    }

    /// Gives the container of this name its rights, and makes the pod fit for it.
    pub(super) fn apply(self, pod: &mut Value, container: &str, style: Style, keep: &Keep) {
        match self {
            Self::Legacy => {}
            Self::General if style == Style::Node => clear_context(pod, container),
            Self::General => add_capabilities(pod, container, &["SYS_PTRACE"]),
            Self::Baseline => clear_context(pod, container),
            Self::Restricted => {
                clear_context(pod, container);
                restrict(pod, container);
            }
            Self::Netadmin => add_capabilities(pod, container, &["NET_ADMIN", "NET_RAW"]),
            Self::Sysadmin => {
                in_context(pod, container, |context| {
                    set(context, &["privileged"], Value::Bool(true));
                });
            }
        }
        match style {
            Style::Ephemeral => {}
            Style::Copy if self == Self::Legacy => {
                remove(pod, &["metadata", "labels"]);
            }
            Style::Copy => shed(pod, keep),
            Style::Node => enter_node(self, pod, container),
        }
    }
}

/// What a copy does not keep, and the processes that its containers share.
fn shed(pod: &mut Value, keep: &Keep) {
    if !keep.has("labels") {
        remove(pod, &["metadata", "labels"]);
    }
    if !keep.has("annotations") {
        remove(pod, &["metadata", "annotations"]);
    }
    let probes = [
        ("livenessProbe", "liveness"),
        ("readinessProbe", "readiness"),
        ("startupProbe", "startup"),
    ];
    if let Some(Value::Array(containers)) = pod.pointer_mut("/spec/containers") {
        for container in containers {
            for (probe, _) in probes.iter().filter(|(_, name)| !keep.has(name)) {
                remove(container, &[probe]);
            }
        }
    }
    if !keep.has("init-containers") {
        remove(pod, &["spec", "initContainers"]);
    }
    if !pod.has("spec.shareProcessNamespace") {
        set(pod, &["spec", "shareProcessNamespace"], Value::Bool(true));
    }
}

/// The namespaces of the node, and its file system at `/host`.
fn enter_node(profile: Profile, pod: &mut Value, container: &str) {
    if matches!(profile, Profile::Legacy | Profile::General | Profile::Sysadmin) {
        set(
            pod,
            &["spec", "volumes"],
            json!([{ "name": "host-root", "hostPath": { "path": "/" } }]),
        );
        if let Some(found) = find_mut(pod, container) {
            set(found, &["volumeMounts"], json!([{ "mountPath": "/host", "name": "host-root" }]));
        }
    }
    if !matches!(profile, Profile::Baseline | Profile::Restricted) {
        for field in ["hostNetwork", "hostPID", "hostIPC"] {
            set(pod, &["spec", field], Value::Bool(true));
        }
    }
}

fn clear_context(pod: &mut Value, container: &str) {
    if let Some(found) = find_mut(pod, container) {
        remove(found, &["securityContext"]);
    }
}

fn in_context(pod: &mut Value, container: &str, change: impl FnOnce(&mut Value)) {
    let Some(Value::Object(found)) = find_mut(pod, container) else { return };
    change(found.entry("securityContext").or_insert_with(|| json!({})));
}

fn restrict(pod: &mut Value, container: &str) {
    in_context(pod, container, |context| {
        set(context, &["runAsNonRoot"], Value::Bool(true));
        set(context, &["capabilities"], json!({ "drop": ["ALL"] }));
        set(context, &["allowPrivilegeEscalation"], Value::Bool(false));
        set(context, &["seccompProfile"], json!({ "type": "RuntimeDefault" }));
    });
}

fn add_capabilities(pod: &mut Value, container: &str, names: &[&str]) {
    in_context(pod, container, |context| {
        let mut all = context.list("capabilities.add").to_vec();
        all.extend(names.iter().map(|name| Value::from(*name)));
        set(context, &["capabilities", "add"], Value::Array(all));
    });
}
