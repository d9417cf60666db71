//! ResourceQuotas and LimitRanges.

use std::collections::BTreeSet;

use apimachinery::field_error::FieldError;
use apimachinery::names;
use apimachinery::quantity::Quantity;
use serde_json::{Map, Value, json};

use super::pod_defaults::maps_in;
use super::{Faults, labels};
use crate::fields::{items, text};

const STANDARD: [&str; 27] = [
    "cpu",
    "memory",
    "ephemeral-storage",
    "requests.cpu",
    "requests.memory",
    "requests.storage",
    "requests.ephemeral-storage",
    "limits.cpu",
    "limits.memory",
    "limits.ephemeral-storage",
    "pods",
    "resourcequotas",
    "services",
    "replicationcontrollers",
    "secrets",
    "persistentvolumeclaims",
    "configmaps",
    "services.nodeports",
    "services.loadbalancers",
    "storage",
    "hugepages-2Mi",
    "hugepages-1Gi",
    "requests.hugepages-2Mi",
    "requests.hugepages-1Gi",
    "limits.hugepages-2Mi",
    "limits.hugepages-1Gi",
    "count/pods",
];
const SCOPES: [&str; 7] = [
    "Terminating",
    "NotTerminating",
    "BestEffort",
    "NotBestEffort",
    "PriorityClass",
    "CrossNamespacePodAffinity",
    "VolumeAttributesClass",
];

fn quantity(value: &Value) -> Option<Quantity> {
    Quantity::parse(value.as_str()?).ok()
}

fn hard(value: &Value, faults: &mut Faults) {
    let all = value.pointer("/spec/hard").and_then(Value::as_object);
    for (name, amount) in all.into_iter().flatten() {
        let path = format!("spec.hard[{name}]");
        for why in names::qualified_name(name) {
            faults.push(FieldError::invalid(&path, name.as_str(), why));
        }
        if !name.contains('/') && !STANDARD.contains(&name.as_str()) {
            let why = "must be a standard resource type or fully qualified";
            faults.push(FieldError::invalid(&path, name.as_str(), why));
            faults.push(FieldError::invalid(
                &path,
                name.as_str(),
                "must be a standard resource for quota",
            ));
        }
        if let Some(amount) = quantity(amount) {
            if amount.is_negative() {
                let why = "must be greater than or equal to 0";
                faults.push(FieldError::invalid(&path, amount.to_string(), why));
            }
            let counted = name == "pods"
                || name.starts_with("count/")
                || name.ends_with('s') && !name.contains('.');
            if counted && amount.milli_value() % 1000 != 0 {
                faults.push(FieldError::invalid(&path, amount.to_string(), "must be an integer"));
            }
        }
    }
}

fn scopes(value: &Value, faults: &mut Faults) {
    let scopes = items(value, "/spec/scopes");
    if scopes.is_empty() {
        return;
    }
    let shown = Value::from(scopes.to_vec());
    let hard = value.pointer("/spec/hard").and_then(Value::as_object);
    for scope in scopes {
        let scope = scope.as_str().unwrap_or("");
        if !SCOPES.contains(&scope) {
            faults.push(FieldError::invalid("spec.scopes", shown.clone(), "unsupported scope"));
            continue;
        }
        for name in hard.into_iter().flat_map(Map::keys) {
            let fits =
                if scope == "BestEffort" { name == "pods" } else { !name.starts_with("count/") };
            if !fits {
                let why = "unsupported scope applied to resource";
                faults.push(FieldError::invalid("spec.scopes", shown.clone(), why));
            }
        }
    }
    let has = |name: &str| scopes.iter().any(|scope| scope.as_str() == Some(name));
    for (one, other) in [("BestEffort", "NotBestEffort"), ("Terminating", "NotTerminating")] {
        if has(one) && has(other) {
            faults.push(FieldError::invalid("spec.scopes", shown.clone(), "conflicting scopes"));
        }
    }
}

pub(super) fn validate(value: &Value, faults: &mut Faults) {
    hard(value, faults);
    scopes(value, faults);
}

pub(super) fn validate_update(new: &Value, old: &Value, faults: &mut Faults) {
    labels::immutable(new, old, "/spec/scopes", "spec.scopes", faults);
}

/// `SetDefaults_LimitRangeItem`: for containers a maximum is also the default limit, and a default limit
/// or a minimum the default request.
pub(super) fn default_limit_range(value: &mut Value) {
    for item in maps_in(value, "/spec/limits") {
        if item.get("type") != Some(&json!("Container")) {
            continue;
        }
        let copy = |item: &Map<String, Value>, field: &str| {
            item.get(field).and_then(Value::as_object).cloned().unwrap_or_default()
        };
        for (from, to) in
            [("max", "default"), ("default", "defaultRequest"), ("min", "defaultRequest")]
        {
            let source = copy(item, from);
            let mut target = copy(item, to);
            for (name, amount) in source {
                target.entry(name).or_insert(amount);
            }
            if !target.is_empty() {
                item.insert(to.to_owned(), Value::Object(target));
            }
        }
    }
}

pub(super) fn validate_limit_range(value: &Value, faults: &mut Faults) {
    let mut seen: Vec<&str> = Vec::new();
    for (index, item) in items(value, "/spec/limits").iter().enumerate() {
        let path = format!("spec.limits[{index}]");
        let kind = text(item, "/type");
        let standard = ["Container", "Pod", "PersistentVolumeClaim"].contains(&kind);
        if !standard && !kind.contains('/') {
            let why = "must be a standard limit type or fully qualified";
            faults.push(FieldError::invalid(&format!("{path}.type"), kind, why));
        }
        if seen.contains(&kind) {
            faults.push(FieldError::duplicate(&format!("{path}.type"), kind));
            continue;
        }
        seen.push(kind);
        if kind == "Pod" {
            for field in ["default", "defaultRequest"] {
                let set =
                    item.get(field).and_then(Value::as_object).is_some_and(|map| !map.is_empty());
                if set {
                    let why = "may not be specified when `type` is 'Pod'";
                    faults.push(FieldError::forbidden(&format!("{path}.{field}"), why));
                }
            }
        }
        limit_item(item, &path, faults);
    }
}

/// Every pair of bounds that contradict each other.
fn limit_item(item: &Value, path: &str, faults: &mut Faults) {
    let fields = ["max", "min", "default", "defaultRequest", "maxLimitRequestRatio"];
    let names: BTreeSet<&String> = fields
        .iter()
        .filter_map(|field| item.get(*field).and_then(Value::as_object))
        .flat_map(Map::keys)
        .collect();
    for name in names {
        let of = |field: &str| item.get(field).and_then(|map| map.get(name)).and_then(quantity);
        let (max, min) = (of("max"), of("min"));
        let (limit, request) = (of("default"), of("defaultRequest"));
        let mut above = |field: &str,
                         shown: &Option<Quantity>,
                         what: &str,
                         low: &Option<Quantity>,
                         cap: &str,
                         high: &Option<Quantity>| {
            if let (Some(shown), Some(low), Some(high)) = (shown, low, high)
                && low > high
            {
                let why = format!("{what} value {low} is greater than {cap} value {high}");
                let path = format!("{path}.{field}[{name}]");
                faults.push(FieldError::invalid(&path, shown.to_string(), why));
            }
        };
        above("min", &min, "min", &min, "max", &max);
        above("defaultRequest", &request, "min", &min, "default request", &request);
        above("defaultRequest", &request, "default request", &request, "max", &max);
        above("defaultRequest", &request, "default request", &request, "default limit", &limit);
        above("default", &min, "min", &min, "default", &limit);
        // Upstream shows the maximum here, not the default.
        above("default", &max, "default", &limit, "max", &max);
        if let Some(ratio) = of("maxLimitRequestRatio")
            && ratio.milli_value() < 1000
        {
            let path = format!("{path}.maxLimitRequestRatio[{name}]");
            let why = format!("ratio {ratio} is less than 1");
            faults.push(FieldError::invalid(&path, ratio.to_string(), why));
        }
    }
}
