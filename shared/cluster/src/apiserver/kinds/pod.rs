//! Pods (`pkg/registry/core/pod/strategy.go`, `pkg/apis/core/validation/validation.go`).

use apimachinery::field_error::FieldError;
use apimachinery::quantity::Quantity;
use serde_json::{Value, json};

use super::super::write::Target;
use super::at::At;
use super::{Faults, internal, label_keys, pod_defaults, pod_spec, resize, scheduling_gates};
use crate::fields::{items, put};

/// Fields that a selector may name.
pub(super) const FIELDS: &[&str] = &[
    "spec.host",
    "spec.hostNetwork",
    "spec.nodeName",
    "spec.restartPolicy",
    "spec.schedulerName",
    "spec.serviceAccountName",
    "status.nominatedNodeName",
    "status.phase",
    "status.podIP",
    "status.podIPs",
];

pub(super) fn default(value: &mut Value) {
    pod_defaults::pod(value);
}

/// `Guaranteed`, `Burstable` or `BestEffort` (`pkg/apis/core/v1/helper/qos/qos.go`).
pub(crate) fn qos_class(pod: &Value) -> &'static str {
    let whole = pod.pointer("/spec/resources").filter(|all| {
        ["limits", "requests"]
            .iter()
            .any(|kind| all.get(kind).and_then(Value::as_object).is_some_and(|map| !map.is_empty()))
    });
    if whole.is_some() {
        return class_of(&[pod.pointer("/spec").unwrap_or(pod)]);
    }
    let containers = ["/spec/containers", "/spec/initContainers"];
    class_of(&containers.iter().flat_map(|list| items(pod, list)).collect::<Vec<_>>())
}

/// The class of what has these requests and limits.
fn class_of(parts: &[&Value]) -> &'static str {
    let mut any = false;
    let mut guaranteed = true;
    for part in parts {
        let amount = |kind: &str, name: &str| {
            let found = part.pointer(&format!("/resources/{kind}/{name}"));
            let amount = Quantity::parse(found.and_then(Value::as_str)?).ok()?;
            (!amount.is_zero()).then_some(amount)
        };
        for name in ["cpu", "memory"] {
            let (limit, request) = (amount("limits", name), amount("requests", name));
            any |= limit.is_some() || request.is_some();
            guaranteed &= limit.is_some() && (request.is_none() || request == limit);
        }
    }
    match (any, guaranteed) {
        (false, _) => "BestEffort",
        (true, true) => "Guaranteed",
        (true, false) => "Burstable",
    }
}

pub(super) fn prepare_create(value: &mut Value) {
    let class = qos_class(value);
    put(value, "/status", json!({"phase": "Pending", "qosClass": class}));
    label_keys::merge(value);
    if items(value, "/spec/schedulingGates").is_empty() {
        return;
    }
    let condition = json!({
        "type": "PodScheduled", "status": "False", "reason": "SchedulingGated", "lastProbeTime": null,
        "lastTransitionTime": null, "message": "Scheduling is blocked due to non-empty scheduling gates",
    });
    put(value, "/status/conditions", json!([condition]));
}

/// Ephemeral containers and resizes change their part and nothing else.
pub(super) fn prepare_subresource(target: &Target, value: &mut Value, live: &Value) {
    let mut next = live.clone();
    if target.subresource == "ephemeralcontainers" {
        if let Some(list) = value.pointer("/spec/ephemeralContainers") {
            put(&mut next, "/spec/ephemeralContainers", list.clone());
        }
    } else {
        next = resize::prepare(value, live);
    }
    if next.get("spec") != live.get("spec") {
        let generation = live.pointer("/metadata/generation").and_then(Value::as_i64).unwrap_or(0);
        put(&mut next, "/metadata/generation", json!(generation + 1));
    }
    if let Some(fields) = value.pointer("/metadata/managedFields").cloned() {
        put(&mut next, "/metadata/managedFields", fields);
    }
    *value = next;
}

pub(super) fn validate(value: &Value, faults: &mut Faults) {
    let empty = json!({});
    let spec = value.get("spec").unwrap_or(&empty);
    pod_spec::validate(spec, "spec", faults);
    own_claims(value, faults);
    if value.pointer("/metadata/resourceVersion").is_none() {
        scheduling_gates::node(spec, faults);
    }
    if !items(spec, "/ephemeralContainers").is_empty()
        && value.pointer("/metadata/resourceVersion").is_none()
    {
        faults.push(FieldError::forbidden("spec.ephemeralContainers", "cannot be set on create"));
    }
}

/// A claim that the pod makes is not one that it may name (`ValidateVolumes`).
fn own_claims(value: &Value, faults: &mut Faults) {
    let pod = crate::fields::name(value);
    let volumes = At::root(value).child("spec").list("volumes");
    let made: Vec<String> = volumes
        .iter()
        .filter(|volume| volume.has("ephemeral"))
        .map(|volume| format!("{pod}-{}", volume.text_of("name")))
        .collect();
    for volume in &volumes {
        let claim = volume.at(&["persistentVolumeClaim", "claimName"]);
        if claim.given() && made.iter().any(|name| name == claim.text()) {
            let why = "must not reference a PVC that gets created for an ephemeral volume";
            claim.invalid(why, faults);
        }
    }
}

/// The deadline may come nearer (`ValidatePodUpdate`); whether that is all there is to say.
fn deadline(spec: &Value, before: &Value, faults: &mut Faults) -> bool {
    let at = At { value: spec, path: "spec".to_owned() }.child("activeDeadlineSeconds");
    let was = before.get("activeDeadlineSeconds").and_then(Value::as_i64);
    match at.number() {
        Some(seconds) if !(0..=2_147_483_647).contains(&seconds) => {
            at.invalid("must be between 0 and 2147483647, inclusive", faults);
            true
        }
        Some(seconds) if was.is_some_and(|was| was < seconds) => {
            at.invalid("must be less than or equal to previous value", faults);
            true
        }
        None if was.is_some() => {
            at.invalid("must not update from a positive integer to nil value", faults);
            false
        }
        _ => false,
    }
}

/// What may change in the spec of a pod: images, deadline (shorter), tolerations (more), grace period
/// (when it was negative).
pub(super) fn validate_update(new: &Value, old: &Value, faults: &mut Faults) {
    let empty = json!({});
    let (spec, before) = (new.get("spec").unwrap_or(&empty), old.get("spec").unwrap_or(&empty));
    if spec == before {
        return;
    }
    for list in ["containers", "initContainers"] {
        let count = |spec: &Value| spec.get(list).and_then(Value::as_array).map_or(0, Vec::len);
        if count(spec) != count(before) {
            let why = "pod updates may not add or remove containers";
            faults.push(FieldError::forbidden(&format!("spec.{list}"), why));
            return;
        }
    }
    if deadline(spec, before, faults) {
        return;
    }
    let tolerations = |spec: &Value| items(spec, "/tolerations").to_vec();
    let now = tolerations(spec);
    if !tolerations(before).iter().all(|one| now.contains(one)) {
        let why = "existing toleration can not be modified except its tolerationSeconds";
        faults.push(FieldError::forbidden("spec.tolerations", why));
    }
    scheduling_gates::only_fewer(spec, before, faults);
    let mut masked = spec.clone();
    scheduling_gates::choosier(&mut masked, before, faults);
    for list in ["containers", "initContainers"] {
        let count = items(before, &format!("/{list}")).len();
        for index in 0..count {
            let pointer = format!("/{list}/{index}");
            if let (Some(slot), Some(was)) =
                (masked.pointer_mut(&pointer), before.pointer(&format!("{pointer}/image")))
            {
                put(slot, "/image", was.clone());
            }
        }
    }
    for field in ["activeDeadlineSeconds", "tolerations", "schedulingGates"] {
        if let Some(map) = masked.as_object_mut() {
            match before.get(field) {
                Some(was) => map.insert(field.to_owned(), was.clone()),
                None => map.remove(field),
            };
        }
    }
    if &masked != before {
        faults.push(FieldError::forbidden(
            "spec",
            format!(
                "pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)\n{}",
                internal::difference("core.PodSpec", before, &masked)
            ),
        ));
    }
}
