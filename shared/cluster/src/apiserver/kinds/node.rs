//! Nodes.

use apimachinery::field_error::FieldError;
use apimachinery::names;
use serde_json::{Value, json};

use super::{Faults, labels, placement};
use crate::fields::{items, put, text};

/// `allocatable` is what there is, unless the node says otherwise.
pub(super) fn default(value: &mut Value) {
    if value.get("status").is_none_or(Value::is_null) {
        put(value, "/status", json!({}));
    }
    let range = text(value, "/spec/podCIDR").to_owned();
    if !range.is_empty() && items(value, "/spec/podCIDRs").is_empty() {
        put(value, "/spec/podCIDRs", json!([range]));
    }
    if value.pointer("/status/allocatable").is_none()
        && let Some(capacity) = value.pointer("/status/capacity").cloned()
    {
        put(value, "/status/allocatable", capacity);
    }
}

pub(super) fn validate(value: &Value, faults: &mut Faults) {
    let mut seen: Vec<(&str, &str)> = Vec::new();
    for (index, taint) in items(value, "/spec/taints").iter().enumerate() {
        let path = format!("metadata.taints[{index}]");
        let (key, amount, effect) =
            (text(taint, "/key"), text(taint, "/value"), text(taint, "/effect"));
        labels::each(&format!("{path}.key"), key, names::qualified_name(key), faults);
        labels::each(&format!("{path}.value"), amount, names::label_value(amount), faults);
        if effect.is_empty() {
            faults.push(FieldError::required(&format!("{path}.effect"), ""));
        } else {
            placement::effects(effect, &format!("{path}.effect"), faults);
        }
        if seen.contains(&(key, effect)) {
            let mut fault = FieldError::duplicate(&path, "");
            fault.value = taint.to_string();
            "taints must be unique by key and effect pair".clone_into(&mut fault.detail);
            faults.push(fault);
        }
        seen.push((key, effect));
    }
}

pub(super) fn validate_update(new: &Value, old: &Value, faults: &mut Faults) {
    let (now, before) = (text(new, "/spec/podCIDR"), text(old, "/spec/podCIDR"));
    if !before.is_empty() && now != before {
        let why = "node updates may not change podCIDR except from \"\" to valid";
        faults.push(FieldError::forbidden("spec.podCIDRs", why));
    }
    let (now, before) = (text(new, "/spec/providerID"), text(old, "/spec/providerID"));
    if !before.is_empty() && now != before {
        let why = "node updates may not change providerID except from \"\" to valid";
        faults.push(FieldError::forbidden("spec.providerID", why));
    }
}
