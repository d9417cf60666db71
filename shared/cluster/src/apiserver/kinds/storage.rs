//! Claims, volumes and what storage.k8s.io has (`pkg/apis/storage/validation/validation.go`).

use apimachinery::field_error::FieldError;
use apimachinery::names;
use apimachinery::quantity::Quantity;
use serde_json::{Value, json};

use super::at::At;
use super::pod_defaults::{fill, fill_text, map_at};
use super::volume_source::driver_name;
use super::{Faults, labels, persistent_volume};
use crate::fields::{items, put};

const DRIVER_TOKENS: &str = "spec.serviceAccountTokenInSecrets is unset; if supported by this CSI driver, set to true to prevent possible logging of tokens in volume attributes";

pub(super) fn default_claim(value: &mut Value) {
    default_claim_spec(value, "/spec");
}

/// The spec of a claim, and the two fields that name a source.
pub(super) fn default_claim_spec(value: &mut Value, pointer: &str) {
    if let Some(spec) = map_at(value, pointer) {
        fill_text(spec, "volumeMode", "Filesystem");
    }
}

fn protect(value: &mut Value, finalizer: &str) {
    let mut all = items(value, "/metadata/finalizers").to_vec();
    if !all.contains(&json!(finalizer)) {
        all.push(json!(finalizer));
        put(value, "/metadata/finalizers", Value::Array(all));
    }
}

pub(super) fn prepare_claim(value: &mut Value) {
    protect(value, "kubernetes.io/pvc-protection");
    put(value, "/status", json!({"phase": "Pending"}));
    normalize_sources(value);
}

/// `NormalizeDataSources`: either field fills in the other.
pub(super) fn normalize_sources(claim: &mut Value) {
    let (source, reference) =
        (claim.pointer("/spec/dataSource").cloned(), claim.pointer("/spec/dataSourceRef").cloned());
    match (source, reference) {
        (Some(source), None) => put(claim, "/spec/dataSourceRef", source),
        (None, Some(reference)) if reference.get("namespace").is_none() => {
            put(claim, "/spec/dataSource", reference);
        }
        _ => {}
    }
}

pub(super) fn default_volume(value: &mut Value) {
    if let Some(spec) = map_at(value, "/spec") {
        fill_text(spec, "persistentVolumeReclaimPolicy", "Retain");
        fill_text(spec, "volumeMode", "Filesystem");
    }
    if let Some(path) = map_at(value, "/spec/hostPath") {
        fill(path, "type", || json!(""));
    }
    if let Some(iscsi) = map_at(value, "/spec/iscsi") {
        fill_text(iscsi, "iscsiInterface", "default");
    }
}

pub(super) fn prepare_volume(value: &mut Value) {
    protect(value, "kubernetes.io/pv-protection");
    // The strategy counts the phase from now, which is when the volume is created.
    let now = value.pointer("/metadata/creationTimestamp").cloned().unwrap_or_default();
    put(value, "/status", json!({"phase": "Pending", "lastPhaseTransitionTime": now}));
}

pub(super) fn default_class(value: &mut Value) {
    if let Some(class) = map_at(value, "") {
        fill_text(class, "reclaimPolicy", "Delete");
        fill_text(class, "volumeBindingMode", "Immediate");
    }
}

pub(super) fn validate_class(value: &Value, faults: &mut Faults) {
    let class = At::root(value);
    provisioner(&class.child("provisioner"), faults);
    parameters(&class.child("parameters"), faults);
    let policy = class.child("reclaimPolicy");
    if !policy.text().is_empty() {
        policy.one_of(&["Delete", "Retain"], faults);
    }
    class.child("volumeBindingMode").one_of(&["Immediate", "WaitForFirstConsumer"], faults);
    topologies(&class.child("allowedTopologies"), faults);
}

fn provisioner(at: &At<'_>, faults: &mut Faults) {
    if at.some_text(faults) {
        at.each(names::qualified_name(&at.text().to_lowercase()), faults);
    }
}

fn parameters(at: &At<'_>, faults: &mut Faults) {
    if at.len() > 512 {
        faults.push(FieldError::too_long(&at.path, 512));
        return;
    }
    let mut size = 0;
    for (key, value) in at.entries() {
        if key.is_empty() {
            at.invalid_as(key, "field can not be empty.", faults);
        }
        size += key.len() + value.text().len();
    }
    if size > 256 * 1024 {
        faults.push(FieldError::too_long(&at.path, 256 * 1024));
    }
}

fn topologies(at: &At<'_>, faults: &mut Faults) {
    let mut seen: Vec<&Value> = Vec::new();
    for term in at.items() {
        let expressions = term.child("matchLabelExpressions");
        let mut keys: Vec<&str> = Vec::new();
        for requirement in expressions.items() {
            let (key, values) = (requirement.child("key"), requirement.child("values"));
            if values.len() == 0 {
                values.required("", faults);
            }
            let list: Vec<&str> = values.items().iter().map(At::text).collect();
            for (index, value) in values.items().iter().enumerate() {
                if list.iter().take(index).any(|one| *one == value.text()) {
                    value.duplicate(faults);
                }
            }
            key.each(names::qualified_name(key.text()), faults);
            if keys.contains(&key.text()) {
                key.duplicate(faults);
            }
            keys.push(key.text());
        }
        if seen.contains(&expressions.value) {
            faults.push(FieldError::duplicate(&expressions.path, ""));
        }
        seen.push(expressions.value);
    }
}

pub(super) fn validate_class_update(new: &Value, old: &Value, faults: &mut Faults) {
    for field in ["parameters", "provisioner", "reclaimPolicy", "volumeBindingMode"] {
        At::root(new).child(field).immutable(&At::root(old).child(field), faults);
    }
}

pub(super) fn prepare_attributes_class(value: &mut Value) {
    protect(value, "kubernetes.io/vac-protection");
}

pub(super) fn validate_attributes_class(value: &Value, faults: &mut Faults) {
    let class = At::root(value);
    provisioner(&class.child("driverName"), faults);
    let own = class.child("parameters");
    parameters(&own, faults);
    if own.len() == 0 {
        own.required("must contain at least one key/value pair", faults);
    }
}

pub(super) fn validate_attributes_class_update(new: &Value, old: &Value, faults: &mut Faults) {
    for field in ["driverName", "parameters"] {
        if new.get(field) != old.get(field) {
            let why = format!("updates to {field} are forbidden.");
            At::root(new).child(field).forbidden(why, faults);
        }
    }
}

pub(super) fn validate_attachment(value: &Value, faults: &mut Faults) {
    let spec = At::root(value).child("spec");
    driver_name(&spec.child("attacher"), faults);
    let source = spec.child("source");
    let (inline, name) = (source.child("inlineVolumeSpec"), source.child("persistentVolumeName"));
    let exactly = "must specify exactly one of inlineVolumeSpec and persistentVolumeName";
    match (inline.given(), name.given()) {
        (false, false) => source.required(exactly, faults),
        (true, true) => source.forbidden(exactly, faults),
        (false, true) if name.text().is_empty() => {
            name.required("must specify non empty persistentVolumeName", faults);
        }
        (true, false) => persistent_volume::validate_inline(&inline, faults),
        (false, true) => {}
    }
    let node = spec.child("nodeName");
    node.each(names::dns1123_subdomain(node.text()), faults);
    if name.given() {
        name.each(names::dns1123_subdomain(name.text()), faults);
    }
}

pub(super) fn validate_attachment_update(new: &Value, old: &Value, faults: &mut Faults) {
    let (spec, before) = (At::root(new).child("spec"), At::root(old).child("spec"));
    spec.immutable_struct(&before, "storage.VolumeAttachmentSpec", faults);
}

pub(super) fn validate_attachment_status(new: &Value, _: &Value, faults: &mut Faults) {
    let status = At::root(new).child("status");
    for field in ["attachError", "detachError"] {
        let error = status.child(field);
        if error.text_of("message").len() > 1024 {
            faults.push(FieldError::too_long(&format!("{}.message", error.path), 256 * 1024));
        }
        let code = error.child("errorCode");
        if code.number().is_some_and(|code| code < 0) {
            code.invalid("must be between 0 and 2147483647, inclusive", faults);
        }
    }
}

pub(super) fn validate_node(value: &Value, faults: &mut Faults) {
    let mut seen: Vec<&str> = Vec::new();
    for driver in At::root(value).child("spec").list("drivers") {
        let (name, id) = (driver.child("name"), driver.child("nodeID"));
        driver_name(&name, faults);
        id.some_text(faults);
        if id.text().len() > 256 {
            id.invalid("must be 256 characters or less", faults);
        }
        driver.at(&["allocatable", "count"]).nonnegative(faults);
        if seen.contains(&name.text()) {
            name.duplicate(faults);
        }
        seen.push(name.text());
        topology_keys(&driver, faults);
    }
}

fn topology_keys(driver: &At<'_>, faults: &mut Faults) {
    let mut keys: Vec<&str> = Vec::new();
    for key in driver.list("topologyKeys") {
        // Upstream names the driver and not the key.
        let at = At { value: key.value, path: driver.path.clone() };
        at.some_text(faults);
        if keys.contains(&key.text()) {
            at.duplicate(faults);
        }
        keys.push(key.text());
        at.each(names::qualified_name(key.text()), faults);
    }
}

pub(super) fn validate_node_update(new: &Value, old: &Value, faults: &mut Faults) {
    let drivers = At::root(new).child("spec").child("drivers");
    let rest = |driver: &Value| {
        let mut driver = driver.clone();
        driver.as_object_mut().map(|driver| driver.remove("allocatable"));
        driver
    };
    for before in items(old, "/spec/drivers") {
        for now in items(new, "/spec/drivers") {
            if before.get("name") == now.get("name") && rest(before) != rest(now) {
                let now = rest(now);
                let at = At { value: &now, path: drivers.path.clone() };
                at.invalid_struct("storage.CSINodeDriver", "field is immutable", faults);
            }
        }
    }
}

pub(super) fn default_driver(value: &mut Value) {
    let Some(spec) = map_at(value, "/spec") else { return };
    fill(spec, "attachRequired", || json!(true));
    for field in ["podInfoOnMount", "storageCapacity", "requiresRepublish", "seLinuxMount"] {
        fill(spec, field, || json!(false));
    }
    fill_text(spec, "fsGroupPolicy", "ReadWriteOnceWithFSType");
    let modes = spec.get("volumeLifecycleModes").and_then(Value::as_array);
    if modes.is_none_or(Vec::is_empty) {
        spec.insert("volumeLifecycleModes".to_owned(), json!(["Persistent"]));
    }
}

/// Tokens are better kept in secrets (`pkg/registry/storage/csidriver/strategy.go`).
pub(super) fn driver_warnings(value: &Value, old: Option<&Value>) -> Vec<String> {
    let requests = "/spec/tokenRequests";
    let same = old.is_some_and(|old| old.pointer(requests) == value.pointer(requests));
    let set = value.pointer("/spec/serviceAccountTokenInSecrets").is_some();
    if same || set || items(value, requests).is_empty() {
        return Vec::new();
    }
    vec![DRIVER_TOKENS.to_owned()]
}

pub(super) fn validate_driver(value: &Value, faults: &mut Faults) {
    let spec = At::root(value).child("spec");
    spec.child("fsGroupPolicy").one_of(&["File", "None", "ReadWriteOnceWithFSType"], faults);
    let mut audiences: Vec<&str> = Vec::new();
    for request in spec.list("tokenRequests") {
        let audience = request.child("audience");
        if audiences.contains(&audience.text()) {
            faults.push(FieldError::duplicate(&audience.path, audience.text()));
            continue;
        }
        audiences.push(audience.text());
        let expiry = request.child("expirationSeconds");
        if expiry.number().is_some_and(|seconds| seconds < 600) {
            expiry.invalid("may not specify a duration less than 10 minutes", faults);
        }
        if expiry.number().is_some_and(|seconds| seconds > 1 << 32) {
            expiry.invalid("may not specify a duration larger than 2^32 seconds", faults);
        }
    }
    let modes = spec.child("volumeLifecycleModes");
    for mode in modes.items() {
        let at = At { value: mode.value, path: modes.path.clone() };
        at.one_of(&["Persistent", "Ephemeral"], faults);
    }
    let period = spec.child("nodeAllocatableUpdatePeriodSeconds");
    if period.number().is_some_and(|period| period < 10) {
        period.invalid("must be greater than or equal to 10 seconds", faults);
    }
    let secrets = spec.child("serviceAccountTokenInSecrets");
    if secrets.given() && audiences.is_empty() {
        let why = "serviceAccountTokenInSecrets is set but no tokenRequests are specified";
        secrets.invalid(why, faults);
    }
}

pub(super) fn validate_driver_update(new: &Value, old: &Value, faults: &mut Faults) {
    let (spec, before) = (At::root(new).child("spec"), At::root(old).child("spec"));
    let field = "attachRequired";
    // Upstream's spelling of the path.
    let at = At { value: spec.child(field).value, path: "spec.attachedRequired".to_owned() };
    at.immutable(&before.child(field), faults);
    let field = "volumeLifecycleModes";
    spec.child(field).immutable(&before.child(field), faults);
}

pub(super) fn validate_capacity(value: &Value, faults: &mut Faults) {
    let capacity = At::root(value);
    labels::selector(value.get("nodeTopology"), "nodeTopology", faults);
    let class = capacity.child("storageClassName");
    labels::each("storageClassName", class.text(), names::dns1123_subdomain(class.text()), faults);
    let amount = capacity.child("capacity");
    if Quantity::parse(amount.text()).is_ok_and(|amount| amount.is_negative()) {
        amount.invalid("must be greater than or equal to 0", faults);
    }
}

pub(super) fn validate_capacity_update(new: &Value, old: &Value, faults: &mut Faults) {
    for field in ["nodeTopology", "storageClassName"] {
        At::root(new).child(field).immutable(&At::root(old).child(field), faults);
    }
}
