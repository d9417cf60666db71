//! Containers (`validateContainers`, `validateContainerCommon` and what they call).

use apimachinery::field_error::FieldError;
use apimachinery::names;
use apimachinery::quantity::Quantity;
use serde_json::{Map, Value};

use super::{Faults, labels, probes, security, volumes};
use crate::fields::{items, text};

const STANDARD_RESOURCES: [&str; 3] = ["cpu", "memory", "ephemeral-storage"];
const FIELD_PATHS: [&str; 9] = [
    "metadata.name",
    "metadata.namespace",
    "metadata.uid",
    "spec.nodeName",
    "spec.serviceAccountName",
    "status.hostIP",
    "status.hostIPs",
    "status.podIP",
    "status.podIPs",
];

/// Checks the containers, then the init containers, then the ephemeral ones.
pub(super) fn validate_all(spec: &Value, path: &str, volumes: &[String], faults: &mut Faults) {
    let containers = items(spec, "/containers");
    if containers.is_empty() {
        faults.push(FieldError::required(&format!("{path}.containers"), ""));
    }
    let mut names: Vec<String> = Vec::new();
    for (index, container) in containers.iter().enumerate() {
        let path = format!("{path}.containers[{index}]");
        each_kind(container, &path, volumes, faults);
        duplicate(container, &path, &mut names, faults);
        for kind in ["livenessProbe", "readinessProbe", "startupProbe"] {
            probes::probe(container.get(kind), &format!("{path}.{kind}"), kind, faults);
        }
        probes::lifecycle(container.get("lifecycle"), &format!("{path}.lifecycle"), faults);
    }
    for (index, container) in items(spec, "/initContainers").iter().enumerate() {
        let path = format!("{path}.initContainers[{index}]");
        each_kind(container, &path, volumes, faults);
        duplicate(container, &path, &mut names, faults);
        let sidecar = text(container, "/restartPolicy") == "Always";
        let policy = text(container, "/restartPolicy");
        if !policy.is_empty() {
            labels::one_of(
                policy,
                &["Always", "Never", "OnFailure"],
                &format!("{path}.restartPolicy"),
                faults,
            );
        }
        if sidecar {
            for kind in ["livenessProbe", "readinessProbe", "startupProbe"] {
                probes::probe(container.get(kind), &format!("{path}.{kind}"), kind, faults);
            }
            continue;
        }
        for kind in ["lifecycle", "livenessProbe", "readinessProbe", "startupProbe"] {
            if container.get(kind).is_some() {
                let why = "may not be set for init containers without restartPolicy=Always";
                faults.push(FieldError::forbidden(&format!("{path}.{kind}"), why));
            }
        }
    }
}

fn duplicate(container: &Value, path: &str, names: &mut Vec<String>, faults: &mut Faults) {
    let name = text(container, "/name").to_owned();
    if !name.is_empty() && names.contains(&name) {
        faults.push(FieldError::duplicate(&format!("{path}.name"), name.as_str()));
    }
    names.push(name);
}

fn each_kind(container: &Value, path: &str, volumes: &[String], faults: &mut Faults) {
    let name = text(container, "/name");
    if name.is_empty() {
        faults.push(FieldError::required(&format!("{path}.name"), ""));
    } else {
        labels::each(&format!("{path}.name"), name, names::dns1123_label(name), faults);
    }
    let image = text(container, "/image");
    if image.is_empty() {
        faults.push(FieldError::required(&format!("{path}.image"), ""));
    } else if image.trim() != image {
        let why = "must not have leading or trailing whitespace";
        faults.push(FieldError::invalid(&format!("{path}.image"), image, why));
    }
    labels::one_of(
        text(container, "/terminationMessagePolicy"),
        &["File", "FallbackToLogsOnError"],
        &format!("{path}.terminationMessagePolicy"),
        faults,
    );
    ports(container, path, faults);
    environment(container, path, faults);
    volumes::mounts(container, path, volumes, faults);
    labels::one_of(
        text(container, "/imagePullPolicy"),
        &["Always", "IfNotPresent", "Never"],
        &format!("{path}.imagePullPolicy"),
        faults,
    );
    resources(container.get("resources"), &format!("{path}.resources"), faults);
    security::container(container.get("securityContext"), path, faults);
}

fn ports(container: &Value, path: &str, faults: &mut Faults) {
    let mut names: Vec<&str> = Vec::new();
    for (index, port) in items(container, "/ports").iter().enumerate() {
        let path = format!("{path}.ports[{index}]");
        let name = text(port, "/name");
        if !name.is_empty() {
            let before = faults.len();
            labels::port_name(name, &format!("{path}.name"), faults);
            if faults.len() == before && names.contains(&name) {
                faults.push(FieldError::duplicate(&format!("{path}.name"), name));
            }
            names.push(name);
        }
        match port.get("containerPort").and_then(Value::as_i64).unwrap_or(0) {
            0 => faults.push(FieldError::required(&format!("{path}.containerPort"), "")),
            number => labels::port_number(number, &format!("{path}.containerPort"), faults),
        }
        if let Some(number) =
            port.get("hostPort").and_then(Value::as_i64).filter(|number| *number != 0)
        {
            labels::port_number(number, &format!("{path}.hostPort"), faults);
        }
        let known = ["SCTP", "TCP", "UDP"];
        labels::one_of(text(port, "/protocol"), &known, &format!("{path}.protocol"), faults);
    }
}

fn environment(container: &Value, path: &str, faults: &mut Faults) {
    for (index, env) in items(container, "/env").iter().enumerate() {
        let path = format!("{path}.env[{index}]");
        let name = text(env, "/name");
        if name.is_empty() {
            faults.push(FieldError::required(&format!("{path}.name"), ""));
        } else if !name.bytes().all(|byte| (b' '..=b'~').contains(&byte) && byte != b'=') {
            let why = "a valid environment variable name must consist only of printable ASCII characters other than '='";
            faults.push(FieldError::invalid(&format!("{path}.name"), name, why));
        }
        if let Some(from) = env.get("valueFrom").and_then(Value::as_object) {
            value_from(from, !text(env, "/value").is_empty(), &format!("{path}.valueFrom"), faults);
        }
    }
    for (index, from) in items(container, "/envFrom").iter().enumerate() {
        let path = format!("{path}.envFrom[{index}]");
        let sources = ["configMapRef", "secretRef"];
        let found: Vec<&str> = sources
            .into_iter()
            .filter(|source| from.get(*source).is_some_and(|one| !one.is_null()))
            .collect();
        let list =
            path.trim_end_matches(']').rsplit_once('[').map_or(path.as_str(), |(list, _)| list);
        match found.as_slice() {
            [] => {
                let why = "must specify one of: `configMapRef` or `secretRef`";
                faults.push(FieldError::invalid(list, "", why));
            }
            [one] => {
                if text(from, &format!("/{one}/name")).is_empty() {
                    faults.push(FieldError::required(&format!("{path}.{one}.name"), ""));
                }
            }
            _ => faults.push(FieldError::invalid(
                list,
                "",
                "may not have more than one field specified at a time",
            )),
        }
    }
}

fn value_from(from: &Map<String, Value>, has_value: bool, path: &str, faults: &mut Faults) {
    let present = |key: &str| from.get(key).is_some_and(|value| !value.is_null());
    let count = from.values().filter(|value| !value.is_null()).count();
    let of = |key: &str| from.get(key).unwrap_or(&Value::Null);
    if present("fieldRef") {
        let field = text(of("fieldRef"), "/fieldPath");
        let path = format!("{path}.fieldRef.fieldPath");
        if field.is_empty() {
            faults.push(FieldError::required(&path, ""));
        } else if !FIELD_PATHS.contains(&field) && !subscript(field) {
            let why = format!("error converting fieldPath: field label not supported: {field}");
            faults.push(FieldError::invalid(&path, field, why));
        }
    }
    if present("resourceFieldRef") && text(of("resourceFieldRef"), "/resource").is_empty() {
        faults.push(FieldError::required(&format!("{path}.resourceFieldRef.resource"), ""));
    }
    for source in ["configMapKeyRef", "secretKeyRef"] {
        if !present(source) {
            continue;
        }
        for field in ["name", "key"] {
            if text(of(source), &format!("/{field}")).is_empty() {
                faults.push(FieldError::required(&format!("{path}.{source}.{field}"), ""));
            }
        }
    }
    if count == 0 {
        let why = "must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef`, `secretKeyRef` or `fileKeyRef`";
        faults.push(FieldError::invalid(path, "", why));
    } else if has_value {
        faults.push(FieldError::invalid(
            path,
            "",
            "may not be specified when `value` is not empty",
        ));
    } else if count > 1 {
        faults.push(FieldError::invalid(
            path,
            "",
            "may not have more than one field specified at a time",
        ));
    }
}

fn subscript(field: &str) -> bool {
    ["metadata.labels['", "metadata.annotations['"].iter().any(|head| field.starts_with(head))
        && field.ends_with("']")
}

/// Requests and limits (`ValidateContainerResourceRequirements`).
pub(super) fn resources(resources: Option<&Value>, path: &str, faults: &mut Faults) {
    let Some(resources) = resources else { return };
    let amounts = |kind: &str| resources.get(kind).and_then(Value::as_object);
    let quantity = |value: &Value| Quantity::parse(value.as_str().unwrap_or("")).ok();
    for (name, amount) in amounts("limits").into_iter().flatten() {
        named(name, amount, &format!("{path}.limits[{name}]"), faults);
    }
    for (name, amount) in amounts("requests").into_iter().flatten() {
        named(name, amount, &format!("{path}.requests[{name}]"), faults);
        let limit = amounts("limits").and_then(|limits| limits.get(name));
        let overcommits = STANDARD_RESOURCES.contains(&name.as_str());
        match limit {
            Some(limit) => {
                let (want, cap) = (quantity(amount), quantity(limit));
                if let (Some(want), Some(cap)) = (want, cap) {
                    let at = format!("{path}.requests");
                    if !overcommits && name.contains('/') && want != cap {
                        let why = format!("must be equal to {name} limit of {cap}");
                        faults.push(FieldError::invalid(&at, want.to_string(), why));
                    } else if want > cap {
                        let why = format!("must be less than or equal to {name} limit of {cap}");
                        faults.push(FieldError::invalid(&at, want.to_string(), why));
                    }
                }
            }
            None if !overcommits && (name.contains('/') || name.starts_with("hugepages-")) => {
                let why = "Limit must be set for non overcommitable resources";
                faults.push(FieldError::required(&format!("{path}.limits"), why));
            }
            None => {}
        }
    }
}

fn named(name: &str, amount: &Value, path: &str, faults: &mut Faults) {
    for why in names::qualified_name(name) {
        faults.push(FieldError::invalid(path, name, why));
    }
    if !name.contains('/') {
        let known = STANDARD_RESOURCES.contains(&name) || name.starts_with("hugepages-");
        if !known {
            faults.push(FieldError::invalid(
                path,
                name,
                "must be a standard resource type or fully qualified",
            ));
            faults.push(FieldError::invalid(
                path,
                name,
                "must be a standard resource for containers",
            ));
        }
    }
    let shown = amount.as_str().unwrap_or("");
    if Quantity::parse(shown).is_ok_and(|amount| amount.is_negative()) {
        faults.push(FieldError::invalid(path, shown, "must be greater than or equal to 0"));
    }
}
