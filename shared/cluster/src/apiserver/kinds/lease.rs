//! Leases and RuntimeClasses (`pkg/apis/coordination/validation`, `pkg/apis/node/validation`).

use apimachinery::names;
use serde_json::Value;

use super::at::At;
use super::pod_defaults::map_at;
use super::{Faults, labels, placement, resources};

/// The gate CoordinatedLeaderElection is off, and its fields are dropped.
pub(super) fn drop_gated(value: &mut Value) {
    if let Some(spec) = map_at(value, "/spec") {
        spec.remove("strategy");
        spec.remove("preferredHolder");
    }
}

pub(super) fn validate(value: &Value, faults: &mut Faults) {
    let spec = At::root(value).child("spec");
    let duration = spec.child("leaseDurationSeconds");
    if duration.number().is_some_and(|seconds| seconds <= 0) {
        duration.invalid("must be greater than 0", faults);
    }
    spec.child("leaseTransitions").nonnegative(faults);
}

pub(super) fn validate_runtime_class(value: &Value, faults: &mut Faults) {
    let class = At::root(value);
    let handler = class.child("handler");
    if handler.some_text(faults) {
        handler.each(names::dns1123_label(handler.text()), faults);
    }
    if let Some(fixed) = value.pointer("/overhead/podFixed") {
        let limits = serde_json::json!({"limits": fixed});
        resources::validate(&At { value: &limits, path: "overhead".to_owned() }, &[], faults);
    }
    let scheduling = class.child("scheduling");
    if scheduling.given() {
        let nodes = scheduling.child("nodeSelector");
        labels::labels(Some(nodes.value), &nodes.path, faults);
        placement::tolerations(scheduling.value, "scheduling", faults);
        let mut seen: Vec<[&str; 4]> = Vec::new();
        for one in scheduling.list("tolerations") {
            let key = ["key", "operator", "value", "effect"].map(|field| one.text_of(field));
            if seen.contains(&key) {
                let shown = super::internal::printed("core.Toleration", one.value);
                let mut fault = apimachinery::field_error::FieldError::duplicate(&one.path, "");
                fault.value = shown;
                faults.push(fault);
            }
            seen.push(key);
        }
    }
}

pub(super) fn validate_runtime_class_update(new: &Value, old: &Value, faults: &mut Faults) {
    At::root(new).child("handler").immutable(&At::root(old).child("handler"), faults);
}
