//! Containers (`validateContainers`, `validateInitContainers`, `validateEphemeralContainers`).

use apimachinery::names;
use serde_json::Value;

use super::at::At;
use super::{Faults, environment, labels, probes, resources, security, volumes};

const PROBES: [&str; 3] = ["livenessProbe", "readinessProbe", "startupProbe"];

/// What the pod around a container says to it.
pub(super) struct Pod<'a> {
    /// Its spec.
    spec: &'a At<'a>,
    /// The volumes that are right.
    volumes: &'a [&'a Value],
    /// The names of its claims.
    claims: Vec<&'a str>,
}

/// Checks the containers, then the init containers, then the ephemeral ones.
pub(super) fn validate_all(spec: &At<'_>, volumes: &[&Value], faults: &mut Faults) {
    let claims = spec.list("resourceClaims").iter().map(|claim| claim.text_of("name")).collect();
    let pod = Pod { spec, volumes, claims };
    let grace = spec.number_of("terminationGracePeriodSeconds");
    let list = spec.child("containers");
    if list.len() == 0 {
        list.required("", faults);
    }
    let mut names: Vec<&str> = Vec::new();
    let mut ports: Vec<String> = Vec::new();
    for container in list.items() {
        each_kind(&container, &pod, faults);
        duplicate(&container, &mut names, faults);
        probes::lifecycle(&container.child("lifecycle"), grace, spec, faults);
        for kind in PROBES {
            probes::probe(&container.child(kind), kind, grace, faults);
        }
        restart_policy(&container, faults);
    }
    for container in list.items() {
        host_ports(&container, &container.path, &mut ports, faults);
    }
    for container in spec.list("initContainers") {
        init(&container, &pod, &mut names, faults);
    }
    let others = names.clone();
    for container in spec.list("ephemeralContainers") {
        ephemeral(&container, &pod, &mut names, &others, faults);
    }
}

fn init<'a>(container: &At<'a>, pod: &Pod<'_>, names: &mut Vec<&'a str>, faults: &mut Faults) {
    let grace = pod.spec.number_of("terminationGracePeriodSeconds");
    each_kind(container, pod, faults);
    restart_policy(container, faults);
    duplicate(container, names, faults);
    // Upstream forgets the index of the container.
    let list = container.path.rsplit_once('[').map_or("", |(list, _)| list);
    host_ports(container, &format!("{list}[0]"), &mut Vec::new(), faults);
    let sidecar = container.text_of("restartPolicy") == "Always";
    if sidecar {
        probes::lifecycle(&container.child("lifecycle"), grace, pod.spec, faults);
        for kind in PROBES {
            probes::probe(&container.child(kind), kind, grace, faults);
        }
    } else {
        for kind in ["lifecycle", "livenessProbe", "readinessProbe", "startupProbe"] {
            if container.has(kind) {
                let why = "may not be set for init containers without restartPolicy=Always";
                container.child(kind).forbidden(why, faults);
            }
        }
        for policy in container.list("resizePolicy") {
            let at = policy.child("restartPolicy");
            if at.text() == "RestartContainer" {
                let why = "must not be set to 'RestartContainer' for non-sidecar initContainers";
                at.invalid(why, faults);
            }
        }
    }
}

fn ephemeral<'a>(
    container: &At<'a>,
    pod: &Pod<'_>,
    names: &mut Vec<&'a str>,
    others: &[&str],
    faults: &mut Faults,
) {
    each_kind(container, pod, faults);
    duplicate(container, names, faults);
    let target = container.child("targetContainerName");
    if !target.text().is_empty() && !others.contains(&target.text()) {
        let fault = apimachinery::field_error::FieldError::not_found(&target.path, target.text());
        faults.push(fault);
    }
    let why = "cannot be set for an Ephemeral Container";
    for field in [
        "ports",
        "resources",
        "resizePolicy",
        "restartPolicy",
        "restartPolicyRules",
        "livenessProbe",
        "readinessProbe",
        "startupProbe",
        "lifecycle",
    ] {
        let at = container.child(field);
        let something = match at.value {
            Value::Null => false,
            Value::Object(map) => field != "resources" || !map.is_empty(),
            _ => true,
        };
        if something {
            at.forbidden(why, faults);
        }
    }
    for mount in container.list("volumeMounts") {
        for field in ["subPath", "subPathExpr"] {
            if !mount.text_of(field).is_empty() {
                mount.child(field).forbidden(why, faults);
            }
        }
    }
}

fn duplicate<'a>(container: &At<'a>, names: &mut Vec<&'a str>, faults: &mut Faults) {
    let name = container.text_of("name");
    if !name.is_empty() && names.contains(&name) {
        container.child("name").duplicate(faults);
    }
    names.push(name);
}

/// `checkHostPortConflicts`.
fn host_ports(container: &At<'_>, path: &str, seen: &mut Vec<String>, faults: &mut Faults) {
    for (index, port) in container.list("ports").iter().enumerate() {
        let number = port.number_of("hostPort").unwrap_or(0);
        if number == 0 {
            continue;
        }
        let key = format!("{}/{}/{number}", port.text_of("protocol"), port.text_of("hostIP"));
        if seen.contains(&key) {
            let path = format!("{path}.ports[{index}].hostPort");
            let fault = apimachinery::field_error::FieldError::duplicate(&path, key.as_str());
            faults.push(fault);
        }
        seen.push(key);
    }
}

/// `validateContainerRestartPolicy`.
fn restart_policy(container: &At<'_>, faults: &mut Faults) {
    let (policy, rules) = (container.child("restartPolicy"), container.child("restartPolicyRules"));
    if policy.given() {
        policy.one_of(&["Always", "Never", "OnFailure"], faults);
    } else if rules.len() > 0 {
        policy.required("must specify restartPolicy when restart rules are used", faults);
    }
    rules.too_many(20, faults);
    for rule in rules.items() {
        rule.child("action").one_of(&["Restart", "RestartAllContainers"], faults);
        let codes = rule.child("exitCodes");
        if codes.given() {
            codes.child("operator").one_of(&["In", "NotIn"], faults);
            codes.child("values").too_many(255, faults);
        } else {
            codes.required("must be specified", faults);
        }
    }
}

fn each_kind(container: &At<'_>, pod: &Pod<'_>, faults: &mut Faults) {
    let name = container.child("name");
    if name.some_text(faults) {
        name.each(names::dns1123_label(name.text()), faults);
    }
    let image = container.child("image");
    image.some_text(faults);
    if image.text().trim() != image.text() {
        image.invalid("must not have leading or trailing whitespace", faults);
    }
    let policy = container.child("terminationMessagePolicy");
    policy.one_of(&["File", "FallbackToLogsOnError"], faults);
    ports(container, faults);
    environment::validate(container, faults);
    volumes::mounts(container, pod.volumes, faults);
    volumes::devices(container, pod.volumes, faults);
    container.child("imagePullPolicy").one_of(&["Always", "IfNotPresent", "Never"], faults);
    resources::validate(&container.child("resources"), &pod.claims, faults);
    resize_policy(&container.child("resizePolicy"), pod, faults);
    let host_users = pod.spec.value.get("hostUsers") != Some(&Value::Bool(false));
    security::container(&container.child("securityContext"), host_users, faults);
}

/// `validateResizePolicy`.
fn resize_policy(list: &At<'_>, pod: &Pod<'_>, faults: &mut Faults) {
    let mut seen: Vec<&str> = Vec::new();
    for policy in list.items() {
        let (resource, restart) = (policy.text_of("resourceName"), policy.text_of("restartPolicy"));
        if seen.contains(&resource) {
            let fault = apimachinery::field_error::FieldError::duplicate(&policy.path, resource);
            faults.push(fault);
        }
        seen.push(resource);
        // Upstream names the list and not the policy.
        let shown = |value: &str, known: &[&str], faults: &mut Faults| {
            if value.is_empty() {
                list.required("", faults);
            } else {
                labels::one_of(value, known, &list.path, faults);
            }
        };
        shown(resource, &["cpu", "memory"], faults);
        shown(restart, &["NotRequired", "RestartContainer"], faults);
        if pod.spec.text_of("restartPolicy") == "Never" && restart != "NotRequired" {
            let why = "must be 'NotRequired' when pod `restartPolicy` is 'Never'";
            list.invalid_as(restart, why, faults);
        }
    }
}

fn ports(container: &At<'_>, faults: &mut Faults) {
    let mut names: Vec<&str> = Vec::new();
    for port in container.list("ports") {
        let name = port.child("name");
        if !name.text().is_empty() {
            let before = faults.len();
            labels::port_name(name.text(), &name.path, faults);
            if faults.len() == before && names.contains(&name.text()) {
                name.duplicate(faults);
            }
            names.push(name.text());
        }
        let own = port.child("containerPort");
        match own.number().unwrap_or(0) {
            0 => own.required("", faults),
            number => labels::port_number(number, &own.path, faults),
        }
        let host = port.child("hostPort");
        if let Some(number) = host.number().filter(|number| *number != 0) {
            labels::port_number(number, &host.path, faults);
        }
        port.child("protocol").one_of(&["SCTP", "TCP", "UDP"], faults);
    }
}
