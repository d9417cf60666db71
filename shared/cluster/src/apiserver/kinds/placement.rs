//! Where a pod may run: affinity, tolerations, topology spread.

use apimachinery::field_error::FieldError;
use apimachinery::names;
use serde_json::Value;

use super::at::At;
use super::{Faults, labels};
use crate::fields::{items, number, text};

/// `spec.affinity`.
pub(super) fn affinity(spec: &Value, path: &str, faults: &mut Faults) {
    let Some(affinity) = spec.get("affinity").filter(|one| one.is_object()) else { return };
    let path = format!("{path}.affinity");
    node(affinity, &format!("{path}.nodeAffinity"), faults);
    for kind in ["podAffinity", "podAntiAffinity"] {
        let Some(own) = affinity.get(kind) else { continue };
        let required = "requiredDuringSchedulingIgnoredDuringExecution";
        for (index, term) in items(own, &format!("/{required}")).iter().enumerate() {
            pod_term(term, &format!("{path}.{kind}.{required}[{index}]"), faults);
        }
        let preferred = "preferredDuringSchedulingIgnoredDuringExecution";
        for (index, term) in items(own, &format!("/{preferred}")).iter().enumerate() {
            let path = format!("{path}.{kind}.{preferred}[{index}]");
            weight(term, &path, faults);
            if let Some(term) = term.get("podAffinityTerm") {
                pod_term(term, &format!("{path}.podAffinityTerm"), faults);
            }
        }
    }
}

fn weight(term: &Value, path: &str, faults: &mut Faults) {
    let weight = number(term, "/weight").unwrap_or(0);
    if !(1..=100).contains(&weight) {
        faults.push(FieldError::invalid(
            &format!("{path}.weight"),
            weight,
            "must be in the range 1-100",
        ));
    }
}

fn node(affinity: &Value, path: &str, faults: &mut Faults) {
    let required = "requiredDuringSchedulingIgnoredDuringExecution";
    if let Some(own) =
        affinity.pointer(&format!("/nodeAffinity/{required}")).filter(|own| own.is_object())
    {
        node_selector(own, &format!("{path}.{required}"), faults);
    }
    let preferred = "preferredDuringSchedulingIgnoredDuringExecution";
    for (index, term) in items(affinity, &format!("/nodeAffinity/{preferred}")).iter().enumerate() {
        let path = format!("{path}.{preferred}[{index}]");
        if number(term, "/weight").unwrap_or(0) <= 0 || number(term, "/weight").unwrap_or(0) > 100 {
            weight(term, &path, faults);
        }
        if let Some(preference) = term.get("preference") {
            node_term(preference, &format!("{path}.preference"), faults);
        }
    }
}

/// `ValidateNodeSelector`.
pub(super) fn node_selector(selector: &Value, path: &str, faults: &mut Faults) {
    let terms = items(selector, "/nodeSelectorTerms");
    let path = format!("{path}.nodeSelectorTerms");
    if terms.is_empty() {
        let why = "must have at least one node selector term";
        faults.push(FieldError::required(&path, why));
    }
    for (index, term) in terms.iter().enumerate() {
        node_term(term, &format!("{path}[{index}]"), faults);
    }
}

fn node_term(term: &Value, path: &str, faults: &mut Faults) {
    node_expressions(term, path, faults);
    node_fields(term, path, faults);
}

fn node_expressions(term: &Value, path: &str, faults: &mut Faults) {
    for (index, requirement) in items(term, "/matchExpressions").iter().enumerate() {
        let path = format!("{path}.matchExpressions[{index}]");
        let values = items(requirement, "/values");
        let at = format!("{path}.values");
        match text(requirement, "/operator") {
            "In" | "NotIn" if values.is_empty() => {
                let why = "must be specified when `operator` is 'In' or 'NotIn'";
                faults.push(FieldError::required(&at, why));
            }
            "Exists" | "DoesNotExist" if !values.is_empty() => {
                let why = "may not be specified when `operator` is 'Exists' or 'DoesNotExist'";
                faults.push(FieldError::forbidden(&at, why));
            }
            "Gt" | "Lt" if values.len() != 1 => {
                let why = "must be specified single value when `operator` is 'Lt' or 'Gt'";
                faults.push(FieldError::required(&at, why));
            }
            "In" | "NotIn" | "Exists" | "DoesNotExist" | "Gt" | "Lt" => {}
            other => {
                let why = "not a valid selector operator";
                faults.push(FieldError::invalid(&format!("{path}.operator"), other, why));
            }
        }
        let key = text(requirement, "/key");
        labels::each(&format!("{path}.key"), key, names::qualified_name(key), faults);
    }
}

/// Terms name nodes by their name only.
fn node_fields(term: &Value, path: &str, faults: &mut Faults) {
    for (index, requirement) in items(term, "/matchFields").iter().enumerate() {
        let path = format!("{path}.matchFields[{index}]");
        let values = items(requirement, "/values");
        match text(requirement, "/operator") {
            "In" | "NotIn" if values.len() != 1 => {
                let why = "must be only one value when `operator` is 'In' or 'NotIn' for node field selector";
                faults.push(FieldError::required(&format!("{path}.values"), why));
            }
            "In" | "NotIn" => {}
            other => {
                let why = "not a valid selector operator";
                faults.push(FieldError::invalid(&format!("{path}.operator"), other, why));
            }
        }
        let key = text(requirement, "/key");
        if key != "metadata.name" {
            let why = "not a valid field selector key";
            faults.push(FieldError::invalid(&format!("{path}.key"), key, why));
        }
    }
}

fn pod_term(term: &Value, path: &str, faults: &mut Faults) {
    labels::selector(term.get("labelSelector"), &format!("{path}.labelSelector"), faults);
    labels::selector(term.get("namespaceSelector"), &format!("{path}.namespaceSelector"), faults);
    for space in items(term, "/namespaces").iter().filter_map(Value::as_str) {
        let wrong = labels::name(space);
        labels::each(&format!("{path}.namespace"), space, wrong, faults);
    }
    let key = text(term, "/topologyKey");
    let at = format!("{path}.topologyKey");
    if key.is_empty() {
        faults.push(FieldError::required(&at, "can not be empty"));
    }
    labels::each(&at, key, names::qualified_name(key), faults);
}

/// `spec.tolerations` (`ValidateTolerations`).
pub(super) fn tolerations(spec: &Value, path: &str, faults: &mut Faults) {
    for (index, toleration) in items(spec, "/tolerations").iter().enumerate() {
        let path = format!("{path}.tolerations[{index}]");
        let (key, operator) = (text(toleration, "/key"), text(toleration, "/operator"));
        let (value, effect) = (text(toleration, "/value"), text(toleration, "/effect"));
        if !key.is_empty() {
            labels::each(&format!("{path}.key"), key, names::qualified_name(key), faults);
        }
        if key.is_empty() && operator != "Exists" {
            let why = "operator must be Exists when `key` is empty, which means \"match all values and all keys\"";
            faults.push(FieldError::invalid(&format!("{path}.operator"), operator, why));
        }
        if toleration.get("tolerationSeconds").is_some_and(|one| !one.is_null())
            && effect != "NoExecute"
        {
            let why = "effect must be 'NoExecute' when `tolerationSeconds` is set";
            faults.push(FieldError::invalid(&format!("{path}.effect"), effect, why));
        }
        match operator {
            "" | "Equal" => {
                let wrong = names::label_value(value);
                if let Some(why) = wrong.first() {
                    faults.push(FieldError::invalid(
                        &format!("{path}.operator"),
                        value,
                        why.as_str(),
                    ));
                }
            }
            "Exists" if !value.is_empty() => {
                let why = "value must be empty when `operator` is 'Exists'";
                faults.push(FieldError::invalid(&format!("{path}.operator"), value, why));
            }
            "Exists" => {}
            // Known, and behind the feature gate TaintTolerationComparisonOperators.
            "Lt" | "Gt" => {
                let known = ["Equal", "Exists", "Lt", "Gt"];
                faults.push(FieldError::not_supported(
                    &format!("{path}.operator"),
                    operator,
                    &known,
                ));
            }
            other => {
                let known = ["Equal", "Exists"];
                faults.push(FieldError::not_supported(&format!("{path}.operator"), other, &known));
            }
        }
        if !effect.is_empty() {
            effects(effect, &format!("{path}.effect"), faults);
        }
    }
}

/// One of the effects of a taint.
pub(super) fn effects(effect: &str, path: &str, faults: &mut Faults) {
    labels::one_of(effect, &["NoSchedule", "PreferNoSchedule", "NoExecute"], path, faults);
}

/// `validateMinDomains`.
fn domains(constraint: &Value, path: &str, faults: &mut Faults) {
    let Some(least) = number(constraint, "/minDomains") else { return };
    let path = format!("{path}.minDomains");
    if least <= 0 {
        faults.push(FieldError::invalid(&path, least, "must be greater than zero"));
    }
    let action = text(constraint, "/whenUnsatisfiable");
    if action != "DoNotSchedule" {
        let why =
            format!("can only use minDomains if whenUnsatisfiable=DoNotSchedule, not {action}");
        faults.push(FieldError::invalid(&path, least, why));
    }
}

/// `validateNodeInclusionPolicy`.
fn inclusion(policy: &At<'_>, faults: &mut Faults) {
    if policy.given() {
        policy.one_of(&["Honor", "Ignore"], faults);
    }
}

/// `spec.topologySpreadConstraints`.
pub(super) fn spread(spec: &Value, path: &str, faults: &mut Faults) {
    let all = items(spec, "/topologySpreadConstraints");
    for (index, constraint) in all.iter().enumerate() {
        let path = format!("{path}.topologySpreadConstraints[{index}]");
        let skew = number(constraint, "/maxSkew").unwrap_or(0);
        if skew <= 0 {
            faults.push(FieldError::invalid(
                &format!("{path}.maxSkew"),
                skew,
                "must be greater than zero",
            ));
        }
        let key = text(constraint, "/topologyKey");
        if key.is_empty() {
            faults.push(FieldError::required(&format!("{path}.topologyKey"), "can not be empty"));
        }
        let action = text(constraint, "/whenUnsatisfiable");
        let known = ["DoNotSchedule", "ScheduleAnyway"];
        labels::one_of(action, &known, &format!("{path}.whenUnsatisfiable"), faults);
        let same = |other: &Value| {
            text(other, "/topologyKey") == key && text(other, "/whenUnsatisfiable") == action
        };
        if all.iter().skip(index + 1).any(same) {
            let place = format!("{path}.{{topologyKey, whenUnsatisfiable}}");
            faults.push(FieldError::duplicate(&place, format!("{{{key}, {action}}}")));
        }
        domains(constraint, &path, faults);
        for field in ["nodeAffinityPolicy", "nodeTaintsPolicy"] {
            inclusion(&At::new(constraint.get(field), format!("{path}.{field}")), faults);
        }
        labels::selector(constraint.get("labelSelector"), &format!("{path}.labelSelector"), faults);
    }
}
