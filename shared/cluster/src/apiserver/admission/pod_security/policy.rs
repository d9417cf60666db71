//! What the labels of a namespace ask for (`k8s.io/pod-security-admission/api/helpers.go`).

use std::collections::BTreeMap;
use std::fmt;

use apimachinery::field_error::FieldError;

/// How strict a standard is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Level {
    Privileged,
    Baseline,
    Restricted,
}

/// The minor version of Kubernetes whose standard it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Version(pub(super) u32);

const LATEST: Version = Version(u32::MAX);

/// A level of a version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Standard {
    pub(super) level: Level,
    pub(super) version: Version,
}

impl fmt::Display for Standard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let level = match self.level {
            Level::Privileged => "privileged",
            Level::Baseline => "baseline",
            Level::Restricted => "restricted",
        };
        if self.version == LATEST {
            write!(f, "{level}:latest")
        } else {
            write!(f, "{level}:v1.{}", self.version.0)
        }
    }
}

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Policy {
    pub(super) enforce: Standard,
    pub(super) audit: Standard,
    pub(super) warn: Standard,
}

impl Policy {
    pub(super) fn is_privileged(&self) -> bool {
        [self.enforce, self.audit, self.warn].iter().all(|one| one.level == Level::Privileged)
    }
}

fn level(text: &str) -> Result<Level, &'static str> {
    match text {
        "privileged" => Ok(Level::Privileged),
        "baseline" => Ok(Level::Baseline),
        "restricted" => Ok(Level::Restricted),
        _ => Err("must be one of privileged, baseline, restricted"),
    }
}

fn version(text: &str) -> Result<Version, &'static str> {
    if text == "latest" {
        return Ok(LATEST);
    }
    let minor = text.strip_prefix("v1.").filter(|minor| {
        let digits = !minor.is_empty() && minor.bytes().all(|byte| byte.is_ascii_digit());
        digits && (*minor == "0" || !minor.starts_with('0'))
    });
    let minor = minor.and_then(|minor| minor.parse().ok());
    minor.map(Version).ok_or("must be \"latest\" or \"v1.x\"")
}

/// The policy of these labels, and what is wrong with them (`PolicyToEvaluate`).
pub(super) fn read(labels: &BTreeMap<String, String>) -> (Policy, Vec<FieldError>) {
    let open = Standard { level: Level::Privileged, version: LATEST };
    let mut policy = Policy { enforce: open, audit: open, warn: open };
    let mut errors = Vec::new();
    let mut enforced = false;
    for (mode, fallback) in
        [("enforce", Level::Restricted), ("audit", Level::Privileged), ("warn", Level::Privileged)]
    {
        let standard = match mode {
            "enforce" => &mut policy.enforce,
            "audit" => &mut policy.audit,
            _ => &mut policy.warn,
        };
        let mut fail = |label: &str, value: &str, why: &str| {
            errors.push(FieldError::invalid(&format!("metadata.labels[{label}]"), value, why));
        };
        let label = format!("pod-security.kubernetes.io/{mode}");
        if let Some(value) = labels.get(&label) {
            standard.level = level(value).unwrap_or_else(|why| {
                fail(&label, value, why);
                fallback
            });
            enforced |= mode == "enforce" && level(value).is_ok();
        }
        let label = format!("{label}-version");
        if let Some(value) = labels.get(&label) {
            standard.version = version(value).unwrap_or_else(|why| {
                fail(&label, value, why);
                LATEST
            });
        }
    }
    // Whoever enforces a standard is warned by it, too.
    let has = |label: &str| labels.contains_key(&format!("pod-security.kubernetes.io/{label}"));
    if !has("warn") && enforced && policy.enforce.level > policy.warn.level {
        policy.warn.level = policy.enforce.level;
        if !has("warn-version") {
            policy.warn.version = policy.enforce.version;
        }
    }
    (policy, errors)
}
