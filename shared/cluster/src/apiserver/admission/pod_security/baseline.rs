//! What is known to be dangerous (`k8s.io/pod-security-admission/policy/check_*.go`, level baseline).

use serde_json::Value;

use super::checks::{Finding, Pod, Set, containers, plural, quoted, secured, setters};
use crate::fields::{flag, items, text};

const CAPABILITIES: [&str; 13] = [
    "AUDIT_WRITE",
    "CHOWN",
    "DAC_OVERRIDE",
    "FOWNER",
    "FSETID",
    "KILL",
    "MKNOD",
    "NET_BIND_SERVICE",
    "SETFCAP",
    "SETGID",
    "SETPCAP",
    "SETUID",
    "SYS_CHROOT",
];
const APP_ARMOR: &str = "container.apparmor.security.beta.kubernetes.io/";
const SECCOMP_POD: &str = "seccomp.security.alpha.kubernetes.io/pod";
const SECCOMP_CONTAINER: &str = "container.seccomp.security.alpha.kubernetes.io/";
/// Sysctls that are allowed, from a version on.
const SYSCTLS: [(&str, u32); 12] = [
    ("kernel.shm_rmid_forced", 0),
    ("net.ipv4.ip_local_port_range", 0),
    ("net.ipv4.tcp_syncookies", 0),
    ("net.ipv4.ping_group_range", 0),
    ("net.ipv4.ip_unprivileged_port_start", 0),
    ("net.ipv4.ip_local_reserved_ports", 27),
    ("net.ipv4.tcp_keepalive_time", 29),
    ("net.ipv4.tcp_fin_timeout", 29),
    ("net.ipv4.tcp_keepalive_intvl", 29),
    ("net.ipv4.tcp_keepalive_probes", 29),
    ("net.ipv4.tcp_rmem", 32),
    ("net.ipv4.tcp_wmem", 32),
];

/// Only the runtime's own profile, or one of the node's.
fn is_usual(profile: &Value) -> bool {
    matches!(text(profile, "/type"), "RuntimeDefault" | "Localhost")
}

pub(super) fn app_armor(pod: &Pod<'_>, _version: u32) -> Option<Finding> {
    let mut bad = Set::new();
    let mut check = |profile: Option<&Value>| {
        let wrong = profile.filter(|profile| !is_usual(profile));
        bad.extend(wrong.map(|profile| text(profile, "/type").to_owned()));
        wrong.is_some()
    };
    let of_pod = check(pod.at("/spec/securityContext/appArmorProfile"));
    let names = pod.named(|one| check(secured(one, "appArmorProfile")));
    let mut who: Vec<String> = setters(of_pod, &names).into_iter().collect();
    let mut values: Vec<String> = bad.into_iter().collect();
    let annotations: Vec<String> = pod
        .annotations()
        .filter(|(key, value)| {
            let usual =
                value.is_empty() || *value == "runtime/default" || value.starts_with("localhost/");
            key.starts_with(APP_ARMOR) && !usual
        })
        .map(|(key, value)| format!("{key}={value:?}"))
        .collect();
    if !annotations.is_empty() {
        who.push(plural("annotation", "annotations", annotations.len()).to_owned());
        values.extend(annotations);
    }
    if who.is_empty() {
        return None;
    }
    let (one, many) = ("forbidden AppArmor profile", "forbidden AppArmor profiles");
    Finding::some(
        plural(one, many, values.len()),
        format!("{} must not set AppArmor profile type to {}", who.join(" and "), quoted(&values)),
    )
}

pub(super) fn capabilities(pod: &Pod<'_>, _version: u32) -> Option<Finding> {
    let mut found = Set::new();
    let names = pod.named(|one| {
        let added = items(one, "/securityContext/capabilities/add").iter();
        let bad = added.filter_map(Value::as_str).filter(|name| !CAPABILITIES.contains(name));
        let bad: Vec<String> = bad.map(str::to_owned).collect();
        let any = !bad.is_empty();
        found.extend(bad);
        any
    });
    if names.is_empty() {
        return None;
    }
    let (who, what) = (containers(&names), quoted(&found));
    Finding::some(
        "non-default capabilities",
        format!("{who} must not include {what} in securityContext.capabilities.add"),
    )
}

pub(super) fn host_namespaces(pod: &Pod<'_>, _version: u32) -> Option<Finding> {
    let on = |field: &&&str| pod.at(&format!("/spec/{field}")) == Some(&Value::Bool(true));
    let found = ["hostNetwork", "hostPID", "hostIPC"].iter().filter(on);
    let found: Vec<String> = found.map(|field| format!("{field}=true")).collect();
    if found.is_empty() {
        return None;
    }
    Finding::some("host namespaces", found.join(", "))
}

pub(super) fn host_paths(pod: &Pod<'_>, _version: u32) -> Option<Finding> {
    let all = pod.items("/spec/volumes").iter();
    let found = all.filter(|volume| volume.get("hostPath").is_some_and(Value::is_object));
    let names: Vec<String> = found.map(|volume| text(volume, "/name").to_owned()).collect();
    if names.is_empty() {
        return None;
    }
    let word = plural("volume", "volumes", names.len());
    Finding::some("hostPath volumes", format!("{word} {}", quoted(&names)))
}

pub(super) fn host_ports(pod: &Pod<'_>, _version: u32) -> Option<Finding> {
    let mut ports = Set::new();
    let names = pod.named(|one| {
        let all = items(one, "/ports").iter();
        let found = all.filter_map(|port| port.get("hostPort").and_then(Value::as_i64));
        let found: Vec<String> = found.filter(|port| *port != 0).map(|it| it.to_string()).collect();
        let any = !found.is_empty();
        ports.extend(found);
        any
    });
    if names.is_empty() {
        return None;
    }
    let listed: Vec<String> = ports.iter().cloned().collect();
    Finding::some(
        "hostPort",
        format!(
            "{} {} {} {}",
            containers(&names),
            plural("uses", "use", names.len()),
            plural("hostPort", "hostPorts", ports.len()),
            listed.join(", ")
        ),
    )
}

pub(super) fn hosts_of_probes(pod: &Pod<'_>, version: u32) -> Option<Finding> {
    if version < 34 {
        return None;
    }
    let (mut names, mut hosts) = (Set::new(), Set::new());
    for container in pod.containers() {
        for place in [
            "livenessProbe",
            "readinessProbe",
            "startupProbe",
            "lifecycle/postStart",
            "lifecycle/preStop",
        ] {
            for handler in ["httpGet", "tcpSocket"] {
                let host = text(container, &format!("/{place}/{handler}/host"));
                if !host.is_empty() {
                    names.insert(text(container, "/name").to_owned());
                    hosts.insert(host.to_owned());
                }
            }
        }
    }
    if names.is_empty() {
        return None;
    }
    let names: Vec<String> = names.into_iter().collect();
    let what = "probe or lifecycle host";
    Finding::some(
        what,
        format!(
            "{} {} {} {}",
            containers(&names),
            plural("uses", "use", names.len()),
            plural(what, "probe or lifecycle hosts", hosts.len()),
            quoted(&hosts)
        ),
    )
}

pub(super) fn privileged(pod: &Pod<'_>, _version: u32) -> Option<Finding> {
    let names = pod.named(|one| flag(one, "/securityContext/privileged"));
    if names.is_empty() {
        return None;
    }
    let who = containers(&names);
    Finding::some("privileged", format!("{who} must not set securityContext.privileged=true"))
}

pub(super) fn proc_mount(pod: &Pod<'_>, version: u32) -> Option<Finding> {
    if version >= 35 && pod.has_own_users() { None } else { any_proc_mount(pod) }
}

/// The same whatever users the pod has.
pub(super) fn any_proc_mount(pod: &Pod<'_>) -> Option<Finding> {
    let mut kinds = Set::new();
    let names = pod.named(|one| {
        let kind = text(one, "/securityContext/procMount");
        let bad = !kind.is_empty() && kind != "Default";
        if bad {
            kinds.insert(kind.to_owned());
        }
        bad
    });
    if names.is_empty() {
        return None;
    }
    let (who, what) = (containers(&names), quoted(&kinds));
    Finding::some("procMount", format!("{who} must not set securityContext.procMount to {what}"))
}

pub(super) fn selinux(pod: &Pod<'_>, version: u32) -> Option<Finding> {
    let mut types = Set::new();
    let (mut user, mut role) = (false, false);
    let mut check = |options: Option<&Value>| {
        let Some(options) = options else { return false };
        let kind = text(options, "/type");
        let usual = ["", "container_t", "container_init_t", "container_kvm_t"].contains(&kind)
            || version >= 31 && kind == "container_engine_t";
        if !usual {
            types.insert(kind.to_owned());
        }
        let (has_user, has_role) =
            (!text(options, "/user").is_empty(), !text(options, "/role").is_empty());
        user |= has_user;
        role |= has_role;
        !usual || has_user || has_role
    };
    let of_pod = check(pod.at("/spec/securityContext/seLinuxOptions"));
    let names = pod.named(|one| check(secured(one, "seLinuxOptions")));
    let who = setters(of_pod, &names)?;
    let mut what = Vec::new();
    if !types.is_empty() {
        what.push(format!("{} {}", plural("type", "types", types.len()), quoted(&types)));
    }
    if user {
        what.push("user may not be set".to_owned());
    }
    if role {
        what.push("role may not be set".to_owned());
    }
    let what = what.join("; ");
    Finding::some(
        "seLinuxOptions",
        format!("{who} set forbidden securityContext.seLinuxOptions: {what}"),
    )
}

pub(super) fn seccomp(pod: &Pod<'_>, version: u32) -> Option<Finding> {
    if version < 19 {
        return seccomp_annotations(pod);
    }
    let mut bad = Set::new();
    let (of_pod, names) = bad_seccomp(pod, &mut bad);
    let who = setters(of_pod, &names)?;
    let what = quoted(&bad);
    Finding::some(
        "seccompProfile",
        format!("{who} must not set securityContext.seccompProfile.type to {what}"),
    )
}

/// Whether the pod has a bad profile, and which containers have.
pub(super) fn bad_seccomp(pod: &Pod<'_>, bad: &mut Set) -> (bool, Vec<String>) {
    let mut check = |profile: Option<&Value>| {
        let wrong = profile.filter(|profile| !is_usual(profile));
        bad.extend(wrong.map(|profile| text(profile, "/type").to_owned()));
        wrong.is_some()
    };
    let of_pod = check(pod.at("/spec/securityContext/seccompProfile"));
    (of_pod, pod.named(|one| check(secured(one, "seccompProfile"))))
}

fn seccomp_annotations(pod: &Pod<'_>) -> Option<Finding> {
    let keys = pod.containers().map(|one| format!("{SECCOMP_CONTAINER}{}", text(one, "/name")));
    let keys: Vec<String> = keys.chain([SECCOMP_POD.to_owned()]).collect();
    let usual = |value: &str| {
        ["runtime/default", "docker/default"].contains(&value) || value.starts_with("localhost/")
    };
    let found = pod.annotations().filter(|(key, value)| keys.contains(key) && !usual(value));
    let found: Set = found.map(|(key, value)| format!("{key}={value:?}")).collect();
    if found.is_empty() {
        return None;
    }
    let word = plural("annotation", "annotations", found.len());
    let listed: Vec<String> = found.into_iter().collect();
    Finding::some("seccompProfile", format!("forbidden {word} {}", listed.join(", ")))
}

pub(super) fn sysctls(pod: &Pod<'_>, version: u32) -> Option<Finding> {
    let all = pod.items("/spec/securityContext/sysctls").iter().map(|one| text(one, "/name"));
    let allowed =
        |name: &str| SYSCTLS.iter().any(|(known, since)| *known == name && version >= *since);
    let found: Vec<&str> = all.filter(|name| !allowed(name)).collect();
    if found.is_empty() {
        return None;
    }
    Finding::some("forbidden sysctls", found.join(", "))
}

pub(super) fn host_process(pod: &Pod<'_>, _version: u32) -> Option<Finding> {
    let on = Some(&Value::Bool(true));
    let of_pod = pod.at("/spec/securityContext/windowsOptions/hostProcess") == on;
    let names = pod.named(|one| secured(one, "windowsOptions/hostProcess") == on);
    let who = setters(of_pod, &names)?;
    Finding::some(
        "hostProcess",
        format!("{who} must not set securityContext.windowsOptions.hostProcess=true"),
    )
}
