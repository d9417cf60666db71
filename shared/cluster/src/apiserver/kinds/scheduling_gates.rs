//! Gates: what they may be, and what may change while a pod has some (`ValidatePodCreate`,
//! `validateOnlyDeletedSchedulingGates`, `validateNodeAffinityMutation` of
//! `pkg/apis/core/validation/validation.go`).

use apimachinery::field_error::FieldError;
use apimachinery::names;
use serde_json::{Value, json};

use super::{Faults, labels};
use crate::fields::{items, text};

/// The names of the gates.
pub(super) fn names(spec: &Value, path: &str, faults: &mut Faults) {
    let mut seen = Vec::new();
    for (index, gate) in items(spec, "/schedulingGates").iter().enumerate() {
        let (at, name) = (format!("{path}.schedulingGates[{index}]"), text(gate, "/name"));
        labels::each(&at, name, names::qualified_name(name), faults);
        if seen.contains(&name) {
            faults.push(FieldError::duplicate(&at, name));
        }
        seen.push(name);
    }
}

/// A pod with gates is on no node.
pub(super) fn node(spec: &Value, faults: &mut Faults) {
    if !items(spec, "/schedulingGates").is_empty() && !text(spec, "/nodeName").is_empty() {
        let why = "cannot be set until all schedulingGates have been cleared";
        faults.push(FieldError::forbidden("spec.nodeName", why));
    }
}

/// Gates may only go.
pub(super) fn only_fewer(spec: &Value, before: &Value, faults: &mut Faults) {
    let known = items(before, "/schedulingGates");
    let has = |name: &str| known.iter().any(|gate| text(gate, "/name") == name);
    for (index, gate) in items(spec, "/schedulingGates").iter().enumerate() {
        let name = text(gate, "/name");
        if !has(name) {
            let why = format!("only deletion is allowed, but found new scheduling gate '{name}'");
            let at = format!("spec.schedulingGates[{index}].name");
            faults.push(FieldError::forbidden(&at, why));
        }
    }
}

/// While a pod has gates, it may become choosier about its node. Takes what is allowed out of `masked`.
pub(super) fn choosier(masked: &mut Value, before: &Value, faults: &mut Faults) {
    if items(before, "/schedulingGates").is_empty() {
        return;
    }
    let empty = json!({});
    let wanted = masked.get("nodeSelector").cloned().unwrap_or_else(|| empty.clone());
    let old = before.get("nodeSelector").and_then(Value::as_object);
    if old.into_iter().flatten().any(|(key, value)| wanted.get(key) != Some(value)) {
        let why = "only additions to spec.nodeSelector are allowed (no mutations or deletions)";
        faults.push(FieldError::invalid("spec.nodeSelector", wanted, why));
    }
    restore(masked, before, "nodeSelector");
    let affinity =
        |spec: &Value| spec.pointer("/affinity/nodeAffinity").cloned().unwrap_or(Value::Null);
    let (new, old) = (affinity(masked), affinity(before));
    if new == old {
        return;
    }
    more_terms(&new, &old, faults);
    let others = |spec: &Value| {
        let mut rest = spec.get("affinity").cloned().unwrap_or_else(|| json!({}));
        rest.as_object_mut().and_then(|rest| rest.remove("nodeAffinity"));
        rest
    };
    if others(masked) == others(before) {
        restore(masked, before, "affinity");
    }
}

fn restore(masked: &mut Value, before: &Value, field: &str) {
    if let Some(map) = masked.as_object_mut() {
        match before.get(field) {
            Some(was) => map.insert(field.to_owned(), was.clone()),
            None => map.remove(field),
        };
    }
}

fn more_terms(new: &Value, old: &Value, faults: &mut Faults) {
    const TERMS: &str = "/requiredDuringSchedulingIgnoredDuringExecution/nodeSelectorTerms";
    let path = format!("spec.affinity.nodeAffinity{}", TERMS.replace('/', "."));
    let (now, was) = (items(new, TERMS), items(old, TERMS));
    if !was.is_empty() && was.len() != now.len() {
        let why = "no additions/deletions to non-empty NodeSelectorTerms list are allowed";
        faults.push(FieldError::invalid(&path, json!(now), why));
        return;
    }
    let lists = ["/matchExpressions", "/matchFields"];
    for (index, (term, old)) in now.iter().zip(was).enumerate() {
        let was_empty = lists.iter().all(|list| items(old, list).is_empty());
        let grew = lists.iter().all(|list| items(term, list).starts_with(items(old, list)));
        let is_empty = lists.iter().all(|list| items(term, list).is_empty());
        if !grew || (was_empty && !is_empty) {
            let why = "only additions are allowed (no mutations or deletions)";
            faults.push(FieldError::invalid(&format!("{path}[{index}]"), term.clone(), why));
        }
    }
}
