//! Variables of containers, and the fields that they and volumes may name (`ValidateEnv`, `ValidateEnvFrom`).

use apimachinery::names;
use apimachinery::quantity::Quantity;

use super::Faults;
use super::at::At;
use super::settings::key_faults;
use super::volume_source::no_backsteps;

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

/// What is wrong with the name of a variable.
fn variable_name(at: &At<'_>, faults: &mut Faults) {
    if !at.text().bytes().all(|byte| (b' '..=b'~').contains(&byte) && byte != b'=') {
        let why = "a valid environment variable name must consist only of printable ASCII characters other than '='";
        at.invalid(why, faults);
    }
}

pub(super) fn validate(container: &At<'_>, faults: &mut Faults) {
    for variable in container.list("env") {
        let name = variable.child("name");
        if name.some_text(faults) {
            variable_name(&name, faults);
        }
        let from = variable.child("valueFrom");
        if from.given() {
            value_from(&from, !variable.text_of("value").is_empty(), faults);
        }
    }
    let all = container.child("envFrom");
    for from in all.items() {
        variable_name(&from.child("prefix"), faults);
        let mut count = 0;
        for source in ["configMapRef", "secretRef"] {
            let at = from.child(source);
            if !at.given() {
                continue;
            }
            count += 1;
            let name = at.child("name");
            if name.some_text(faults) {
                name.each(names::dns1123_subdomain(name.text().trim_end_matches('-')), faults);
            }
        }
        if count == 0 {
            all.invalid_as("", "must specify one of: `configMapRef` or `secretRef`", faults);
        } else if count > 1 {
            all.invalid_as("", "may not have more than one field specified at a time", faults);
        }
    }
}

fn value_from(from: &At<'_>, has_value: bool, faults: &mut Faults) {
    let mut count = 0;
    for source in ["fieldRef", "resourceFieldRef", "configMapKeyRef", "secretKeyRef", "fileKeyRef"]
    {
        let at = from.child(source);
        if !at.given() {
            continue;
        }
        count += 1;
        match source {
            "fieldRef" => field_reference(&at, &FIELD_PATHS, faults),
            "resourceFieldRef" => resource_reference(&at, false, faults),
            "fileKeyRef" => file_key(&at, faults),
            _ => key_reference(&at, faults),
        }
    }
    if count == 0 {
        let why = "must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef`, `secretKeyRef` or `fileKeyRef`";
        from.invalid_as("", why, faults);
    } else if has_value {
        from.invalid_as("", "may not be specified when `value` is not empty", faults);
    } else if count > 1 {
        from.invalid_as("", "may not have more than one field specified at a time", faults);
    }
}

fn key_reference(at: &At<'_>, faults: &mut Faults) {
    let (name, key) = (at.child("name"), at.child("key"));
    name.each(names::dns1123_subdomain(name.text()), faults);
    if key.some_text(faults) {
        key.each(key_faults(key.text()), faults);
    }
}

fn file_key(at: &At<'_>, faults: &mut Faults) {
    let (key, volume, path) = (at.child("key"), at.child("volumeName"), at.child("path"));
    if key.some_text(faults) {
        variable_name(&key, faults);
    }
    if volume.some_text(faults) {
        volume.each(names::dns1123_label(volume.text()), faults);
    }
    if path.some_text(faults) {
        no_backsteps(&path, faults);
    }
}

/// The fields that the downward API knows (`ConvertDownwardAPIFieldLabel`), without subscripts.
const LABELS: [&str; 12] = [
    "metadata.annotations",
    "metadata.labels",
    "metadata.name",
    "metadata.namespace",
    "metadata.uid",
    "spec.nodeName",
    "spec.restartPolicy",
    "spec.serviceAccountName",
    "spec.schedulerName",
    "status.phase",
    "status.hostIP",
    "status.hostIPs",
];

/// `validateObjectFieldSelector`.
pub(super) fn field_reference(at: &At<'_>, known: &[&str], faults: &mut Faults) {
    let (version, path) = (at.child("apiVersion"), at.child("fieldPath"));
    if version.given() && version.text().is_empty() {
        version.required("", faults);
        return;
    }
    if !path.some_text(faults) {
        return;
    }
    let field = path.text();
    if !matches!(version.text(), "" | "v1") {
        let why =
            format!("error converting fieldPath: unsupported pod version: {}", version.text());
        path.invalid(why, faults);
        return;
    }
    let subscript = field.strip_suffix("']").and_then(|field| field.split_once("['"));
    match subscript {
        Some(("metadata.annotations", key)) => {
            let key = key.to_lowercase();
            at.each_as(&key, names::qualified_name(&key), faults);
        }
        Some(("metadata.labels", key)) => at.each_as(key, names::qualified_name(key), faults),
        _ if subscript.is_some()
            || !(LABELS.contains(&field)
                || matches!(field, "status.podIP" | "status.podIPs" | "spec.host")) =>
        {
            let why = format!("error converting fieldPath: field label not supported: {field}");
            path.invalid(why, faults);
        }
        _ if !known.contains(&field) => path.not_supported(known, faults),
        _ => {}
    }
}

const RESOURCES: [&str; 6] = [
    "limits.cpu",
    "limits.ephemeral-storage",
    "limits.memory",
    "requests.cpu",
    "requests.ephemeral-storage",
    "requests.memory",
];

/// `validateContainerResourceFieldSelector`.
pub(super) fn resource_reference(at: &At<'_>, in_volume: bool, faults: &mut Faults) {
    let resource = at.child("resource");
    let name = resource.text();
    let huge = name.starts_with("requests.hugepages-") || name.starts_with("limits.hugepages-");
    if in_volume && at.text_of("containerName").is_empty() {
        at.child("containerName").required("", faults);
    } else if name.is_empty() {
        resource.required("", faults);
    } else if !huge && !RESOURCES.contains(&name) {
        resource.not_supported(&RESOURCES, faults);
    }
    let divisor = at.child("divisor");
    let Some(amount) = Quantity::parse(divisor.text()).ok().filter(|amount| !amount.is_zero())
    else {
        return;
    };
    let shown = amount.to_string();
    let sizes = ["1", "1k", "1M", "1G", "1T", "1P", "1E", "1Ki", "1Mi", "1Gi", "1Ti", "1Pi", "1Ei"];
    let (fine, kind) = match name.rsplit_once('.').map_or("", |(_, kind)| kind) {
        "cpu" => (matches!(shown.as_str(), "1m" | "1"), "cpu"),
        "memory" => (sizes.contains(&shown.as_str()), "memory"),
        "ephemeral-storage" => (sizes.contains(&shown.as_str()), "local ephemeral storage"),
        _ if huge => (sizes.contains(&shown.as_str()), "hugepages"),
        _ => return,
    };
    if !fine {
        let values = if kind == "cpu" { "1m and 1".to_owned() } else { sizes.join(", ") };
        let why = format!("only divisor's values {values} are supported with the {kind} resource");
        divisor.invalid_as(name, why, faults);
    }
}
