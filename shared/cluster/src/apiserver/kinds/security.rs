//! Security contexts (`validatePodSpecSecurityContext`, `ValidateSecurityContext`).

use apimachinery::field_error::FieldError;
use serde_json::Value;

use super::Faults;
use super::at::At;
use super::volume_source::descending;

fn id(at: &At<'_>, faults: &mut Faults) {
    if at.number().is_some_and(|id| !(0..=2_147_483_647).contains(&id)) {
        at.invalid("must be between 0 and 2147483647, inclusive", faults);
    }
}

/// `spec.securityContext`, with what the wire has beside it.
pub(super) fn pod(spec: &At<'_>, faults: &mut Faults) {
    let context = spec.child("securityContext");
    if !context.given() {
        return;
    }
    for field in ["fsGroup", "runAsUser", "runAsGroup"] {
        id(&context.child(field), faults);
    }
    context.list("supplementalGroups").iter().for_each(|group| id(group, faults));
    if spec.flag_of("shareProcessNamespace") && spec.flag_of("hostPID") {
        let at = At::new(
            spec.value.get("shareProcessNamespace"),
            format!("{}.shareProcessNamespace", context.path),
        );
        at.invalid("ShareProcessNamespace and HostPID cannot both be enabled", faults);
    }
    sysctls(spec, &context.child("sysctls"), faults);
    let one_of = |field: &str, known: &[&str], faults: &mut Faults| {
        let at = context.child(field);
        if at.given() {
            at.one_of(known, faults);
        }
    };
    one_of("fsGroupChangePolicy", &["Always", "OnRootMismatch"], faults);
    seccomp(&context.child("seccompProfile"), faults);
    windows(&context.child("windowsOptions"), faults);
    app_armor(&context.child("appArmorProfile"), faults);
    one_of("supplementalGroupsPolicy", &["Merge", "Strict"], faults);
    // The gate SELinuxMount is off.
    one_of("seLinuxChangePolicy", &["Recursive"], faults);
}

const SYSCTL: &str = "^([a-z0-9]([-_a-z0-9]*[a-z0-9])?[\\./])*[a-z0-9]([-_a-z0-9]*[a-z0-9])?$";

fn sysctls(spec: &At<'_>, list: &At<'_>, faults: &mut Faults) {
    let part = |part: &str| {
        let edge = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
        part.starts_with(edge)
            && part.ends_with(edge)
            && part.chars().all(|c| edge(c) || matches!(c, '-' | '_'))
    };
    let mut names: Vec<&str> = Vec::new();
    for sysctl in list.items() {
        let at = sysctl.child("name");
        let name = at.text();
        if !at.some_text(faults) {
        } else if name.len() > 253 || !name.split(['.', '/']).all(part) {
            at.invalid(
                format!("must have at most 253 characters and match regex {SYSCTL}"),
                faults,
            );
        } else if names.contains(&name) {
            at.duplicate(faults);
        }
        names.push(name);
        let dotted = name.replace('/', ".");
        let ipc =
            ["kernel.shm", "kernel.msg", "fs.mqueue."].iter().any(|head| dotted.starts_with(head))
                || dotted == "kernel.sem";
        if dotted.starts_with("net.") && spec.flag_of("hostNetwork") {
            at.invalid("may not be specified when 'hostNetwork' is true", faults);
        } else if ipc && spec.flag_of("hostIPC") {
            at.invalid("may not be specified when 'hostIPC' is true", faults);
        }
    }
}

const PROFILES: [&str; 3] = ["Localhost", "RuntimeDefault", "Unconfined"];

fn seccomp(profile: &At<'_>, faults: &mut Faults) {
    if !profile.given() {
        return;
    }
    let (kind, local) = (profile.child("type"), profile.child("localhostProfile"));
    if kind.text().is_empty() {
        kind.required("type is required when seccompProfile is set", faults);
    } else {
        kind.one_of(&PROFILES, faults);
    }
    match (kind.text() == "Localhost", local.given()) {
        (true, true) => descending(&local, faults),
        (true, false) => local.required("must be set when seccomp type is Localhost", faults),
        (false, true) => {
            let why = "can only be set when seccomp type is Localhost";
            let at = At { value: profile.value, path: local.path };
            at.invalid_struct("core.SeccompProfile", why, faults);
        }
        (false, false) => {}
    }
}

fn app_armor(profile: &At<'_>, faults: &mut Faults) {
    if !profile.given() {
        return;
    }
    let (kind, local) = (profile.child("type"), profile.child("localhostProfile"));
    match kind.text() {
        "Localhost" => {
            let text = local.text();
            if !local.given() || text.is_empty() {
                local.required("must be set when AppArmor type is Localhost", faults);
            } else if text.trim() != text {
                local.invalid("must not be padded with whitespace", faults);
            }
            if text.len() > 4095 {
                faults.push(FieldError::too_long(&local.path, 4095));
            }
        }
        "RuntimeDefault" | "Unconfined" => {
            if local.given() {
                local.invalid("can only be set when AppArmor type is Localhost", faults);
            }
        }
        "" => kind.required("type is required when appArmorProfile is set", faults),
        _ => kind.not_supported(&PROFILES, faults),
    }
}

fn windows(options: &At<'_>, faults: &mut Faults) {
    let name = options.child("gmsaCredentialSpecName");
    if name.given() {
        name.each(apimachinery::names::dns1123_subdomain(name.text()), faults);
    }
    for field in ["gmsaCredentialSpec", "runAsUserName"] {
        let at = options.child(field);
        if at.given() && at.text().is_empty() {
            at.invalid(format!("{field} cannot be an empty string"), faults);
        }
    }
    let user = options.child("runAsUserName");
    if user.text().chars().any(char::is_control) {
        user.invalid("runAsUserName cannot contain control characters", faults);
    } else if user.text().matches('\\').count() > 1 {
        user.invalid("runAsUserName cannot contain more than one backslash", faults);
    }
}

/// `securityContext` of a container; `host_users`: whether the pod has the users of the host.
pub(super) fn container(context: &At<'_>, host_users: bool, faults: &mut Faults) {
    if !context.given() {
        return;
    }
    for field in ["runAsUser", "runAsGroup"] {
        id(&context.child(field), faults);
    }
    let mount = context.child("procMount");
    if mount.given() {
        mount.one_of(&["Default", "Unmasked"], faults);
        if host_users && mount.text() == "Unmasked" {
            mount.invalid("`hostUsers` must be false to use `Unmasked`", faults);
        }
    }
    seccomp(&context.child("seccompProfile"), faults);
    let flag = |name: &str| context.value.get(name).and_then(Value::as_bool);
    if flag("allowPrivilegeEscalation") == Some(false) {
        let mut wrong = |why: &str| context.invalid_struct("core.SecurityContext", why, faults);
        if flag("privileged") == Some(true) {
            wrong("cannot set `allowPrivilegeEscalation` to false and `privileged` to true");
        }
        for added in context.child("capabilities").list("add") {
            if added.text() == "CAP_SYS_ADMIN" {
                wrong(
                    "cannot set `allowPrivilegeEscalation` to false and `capabilities.Add` CAP_SYS_ADMIN",
                );
            }
        }
    }
    windows(&context.child("windowsOptions"), faults);
    app_armor(&context.child("appArmorProfile"), faults);
}

/// What a pod for Linux must not say, and what one for Windows must not (`validateLinux`,
/// `validateWindows`).
pub(super) fn of_system(spec: &At<'_>, faults: &mut Faults) {
    let os = spec.child("os");
    if !os.given() {
        return;
    }
    let name = os.child("name");
    if !name.some_text(faults) {
        return;
    }
    if !matches!(name.text(), "linux" | "windows") {
        At { value: name.value, path: os.path }.not_supported(&["linux", "windows"], faults);
        return;
    }
    let context = spec.child("securityContext");
    let (pod, container, why): (&[&str], &[&str], &str) = if name.text() == "linux" {
        (&["windowsOptions"], &["windowsOptions"], "windows options cannot be set for a linux pod")
    } else {
        (&POD_ON_WINDOWS, &CONTAINER_ON_WINDOWS, "cannot be set for a windows pod")
    };
    for field in pod {
        let host = matches!(*field, "hostUsers" | "hostPID" | "hostIPC" | "shareProcessNamespace");
        let at = if host { spec.child(field) } else { context.child(field) };
        let flagged = !matches!(*field, "hostPID" | "hostIPC") || at.value == &Value::Bool(true);
        if at.given() && flagged {
            at.forbidden(why, faults);
        }
    }
    for list in ["initContainers", "containers", "ephemeralContainers"] {
        for one in spec.list(list) {
            let context = one.child("securityContext");
            for field in container.iter().filter(|field| context.has(field)) {
                context.child(field).forbidden(why, faults);
            }
        }
    }
}

const POD_ON_WINDOWS: [&str; 15] = [
    "appArmorProfile",
    "seLinuxOptions",
    "hostUsers",
    "hostPID",
    "hostIPC",
    "seccompProfile",
    "fsGroup",
    "fsGroupChangePolicy",
    "sysctls",
    "shareProcessNamespace",
    "runAsUser",
    "runAsGroup",
    "supplementalGroups",
    "supplementalGroupsPolicy",
    "seLinuxChangePolicy",
];

const CONTAINER_ON_WINDOWS: [&str; 10] = [
    "appArmorProfile",
    "seLinuxOptions",
    "seccompProfile",
    "capabilities",
    "readOnlyRootFilesystem",
    "privileged",
    "allowPrivilegeEscalation",
    "procMount",
    "runAsUser",
    "runAsGroup",
];
