//! The checks of a standard, in upstream's order: baseline first, then restricted, each by name
//! (`k8s.io/pod-security-admission/policy/registry.go`).

use std::collections::BTreeSet;

use serde_json::Value;

use super::policy::{Level, Standard};
use super::{baseline, restricted};
use crate::fields::{items, text};

/// What a check found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Finding {
    pub(super) reason: String,
    pub(super) detail: String,
}

impl Finding {
    #[expect(clippy::unnecessary_wraps, reason = "a check answers with nothing or with this")]
    pub(super) fn some(reason: &str, detail: String) -> Option<Self> {
        Some(Self { reason: reason.to_owned(), detail })
    }
}

/// A pod, or the template of one.
pub(super) struct Pod<'a> {
    document: &'a Value,
}

/// A check; the number is the minor version of Kubernetes.
type Check = fn(&Pod<'_>, u32) -> Option<Finding>;

/// The checks of the level baseline, and from which version on restricted has one instead.
const BASELINE: [(Check, u32); 12] = [
    (baseline::app_armor, u32::MAX),
    (baseline::capabilities, 22),
    (baseline::host_namespaces, u32::MAX),
    (baseline::host_paths, 0),
    (baseline::host_ports, u32::MAX),
    (baseline::hosts_of_probes, u32::MAX),
    (baseline::privileged, u32::MAX),
    (baseline::proc_mount, 35),
    (baseline::selinux, u32::MAX),
    (baseline::seccomp, 19),
    (baseline::sysctls, u32::MAX),
    (baseline::host_process, u32::MAX),
];

const RESTRICTED: [Check; 7] = [
    restricted::privilege_escalation,
    restricted::capabilities,
    restricted::proc_mount,
    restricted::volumes,
    restricted::run_as_non_root,
    restricted::run_as_user,
    restricted::seccomp,
];

/// The newest version that changed a check.
const NEWEST: u32 = 35;

/// What all checks of a standard found.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Verdict {
    findings: Vec<Finding>,
}

impl Verdict {
    pub(super) fn allowed(&self) -> bool {
        self.findings.is_empty()
    }

    pub(super) fn reason(&self) -> String {
        let reasons: Vec<&str> = self.findings.iter().map(|one| one.reason.as_str()).collect();
        reasons.join(", ")
    }

    pub(super) fn detail(&self) -> String {
        let shown = |one: &Finding| match one.detail.as_str() {
            "" => one.reason.clone(),
            detail => format!("{} ({detail})", one.reason),
        };
        self.findings.iter().map(shown).collect::<Vec<_>>().join(", ")
    }
}

/// Checks a pod by a standard.
pub(super) fn evaluate(standard: Standard, pod: &Pod<'_>) -> Verdict {
    let version = standard.version.0.min(NEWEST);
    let strict = standard.level == Level::Restricted;
    let mut findings = Vec::new();
    if standard.level != Level::Privileged {
        let own = BASELINE.iter().filter(|(_, until)| !strict || version < *until);
        findings.extend(own.filter_map(|(check, _)| check(pod, version)));
    }
    if strict {
        findings.extend(RESTRICTED.iter().filter_map(|check| check(pod, version)));
    }
    Verdict { findings }
}

impl<'a> Pod<'a> {
    pub(super) fn of(document: &'a Value) -> Self {
        Self { document }
    }

    pub(super) fn at(&self, pointer: &str) -> Option<&'a Value> {
        self.document.pointer(pointer).filter(|value| !value.is_null())
    }

    pub(super) fn items(&self, pointer: &str) -> &'a [Value] {
        items(self.document, pointer)
    }

    pub(super) fn annotations(&self) -> impl Iterator<Item = (&'a String, &'a str)> + use<'a> {
        let all = self.document.pointer("/metadata/annotations").and_then(Value::as_object);
        all.into_iter().flatten().map(|(key, value)| (key, value.as_str().unwrap_or("")))
    }

    /// All containers: those that come first, the others, those that were added.
    pub(super) fn containers(&self) -> impl Iterator<Item = &'a Value> + use<'a> {
        let document = self.document;
        ["/spec/initContainers", "/spec/containers", "/spec/ephemeralContainers"]
            .into_iter()
            .flat_map(move |list| items(document, list))
    }

    /// The names of the containers for which something holds.
    pub(super) fn named(&self, holds: impl FnMut(&&Value) -> bool) -> Vec<String> {
        self.containers().filter(holds).map(|one| text(one, "/name").to_owned()).collect()
    }

    pub(super) fn is_windows(&self) -> bool {
        self.at("/spec/os/name").and_then(Value::as_str) == Some("windows")
    }

    /// Whether root inside is nobody outside (`relaxPolicyForUserNamespacePod`).
    pub(super) fn has_own_users(&self) -> bool {
        self.at("/spec/hostUsers") == Some(&Value::Bool(false))
    }
}

/// A part of a container's security context.
pub(super) fn secured<'a>(container: &'a Value, field: &str) -> Option<&'a Value> {
    container.pointer(&format!("/securityContext/{field}")).filter(|value| !value.is_null())
}

pub(super) fn quoted<'a>(all: impl IntoIterator<Item = &'a String>) -> String {
    let all: Vec<String> = all.into_iter().map(|one| format!("\"{one}\"")).collect();
    all.join(", ")
}

pub(super) fn plural<'a>(one: &'a str, many: &'a str, count: usize) -> &'a str {
    if count == 1 { one } else { many }
}

/// `container "a"`, `containers "a", "b"`.
pub(super) fn containers(names: &[String]) -> String {
    format!("{} {}", plural("container", "containers", names.len()), quoted(names))
}

/// The pod, the containers, or both; nothing when neither.
pub(super) fn setters(pod: bool, names: &[String]) -> Option<String> {
    let mut all = Vec::new();
    if pod {
        all.push("pod".to_owned());
    }
    if !names.is_empty() {
        all.push(containers(names));
    }
    (!all.is_empty()).then(|| all.join(" and "))
}

/// Texts in order, each once.
pub(super) type Set = BTreeSet<String>;
