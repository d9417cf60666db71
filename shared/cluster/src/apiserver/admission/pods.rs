//! What pods get: a priority, tolerations for failing nodes
//! (`plugin/pkg/admission/{priority,defaulttolerationseconds}`).

use apimachinery::object;
use serde_json::{Value, json};

use super::super::Apiserver;
use super::super::answer::Refusal;
use super::super::write::Target;
use super::forbidden;
use crate::fields::{flag, items, put, text};

/// There is one default class at most.
pub(super) fn default_class(
    server: &Apiserver,
    target: &Target,
    value: &Value,
) -> Result<(), Refusal> {
    if !flag(value, "/globalDefault") {
        return Ok(());
    }
    let name = object::name(value);
    let all = server.store.list("priorityclasses.scheduling.k8s.io", None);
    let other = all.iter().find(|one| flag(one, "/globalDefault") && object::name(one) != name);
    match other {
        None => Ok(()),
        Some(other) => {
            let why = format!(
                "PriorityClass {} is already marked as default. Only one default can exist",
                object::name(other)
            );
            Err(forbidden(target, name, &why))
        }
    }
}

/// The number behind the name of a priority class.
pub(super) fn priority(
    server: &Apiserver,
    target: &Target,
    pod: &mut Value,
) -> Result<(), Refusal> {
    let key = "priorityclasses.scheduling.k8s.io";
    let name = text(pod, "/spec/priorityClassName").to_owned();
    let class = if name.is_empty() {
        let all = server.store.list(key, None).into_iter();
        all.filter(|class| flag(class, "/globalDefault")).max_by_key(|class| {
            std::cmp::Reverse(class.get("value").and_then(Value::as_i64).unwrap_or(0))
        })
    } else {
        let found = server.store.get(key, "", &name);
        if found.is_none() {
            let why = format!("no PriorityClass with name {name} was found");
            return Err(forbidden(target, object::name(pod), &why));
        }
        found
    };
    let (value, policy) = match &class {
        Some(class) => {
            put(pod, "/spec/priorityClassName", json!(object::name(class)));
            let value = class.get("value").and_then(Value::as_i64).unwrap_or(0);
            (value, text(class, "/preemptionPolicy").to_owned())
        }
        None => (0, "PreemptLowerPriority".to_owned()),
    };
    let computed = "priority admission controller computed";
    let given = pod.pointer("/spec/priority").and_then(Value::as_i64);
    if let Some(given) = given.filter(|given| *given != value) {
        let why = format!(
            "the integer value of priority ({given}) must not be provided in pod spec; {computed} {value} from the given PriorityClass name"
        );
        return Err(forbidden(target, object::name(pod), &why));
    }
    put(pod, "/spec/priority", json!(value));
    let given = text(pod, "/spec/preemptionPolicy");
    if !given.is_empty() && given != policy {
        let why = format!(
            "the string value of PreemptionPolicy ({given}) must not be provided in pod spec; {computed} {policy} from the given PriorityClass name"
        );
        return Err(forbidden(target, object::name(pod), &why));
    }
    put(pod, "/spec/preemptionPolicy", json!(policy));
    Ok(())
}

/// Five minutes on a node that does not answer.
pub(super) fn tolerations(pod: &mut Value) {
    let mut all = items(pod, "/spec/tolerations").to_vec();
    for key in ["node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"] {
        let tolerated = all.iter().any(|one| {
            let (own, effect) = (text(one, "/key"), text(one, "/effect"));
            (own == key || own.is_empty()) && (effect == "NoExecute" || effect.is_empty())
        });
        if !tolerated {
            all.push(json!({
                "key": key, "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 300,
            }));
        }
    }
    put(pod, "/spec/tolerations", Value::Array(all));
}

/// A new node takes no pods before it is ready (`plugin/pkg/admission/nodetaint`).
pub(super) fn not_ready_taint(node: &mut Value) {
    let key = "node.kubernetes.io/not-ready";
    let mut taints = items(node, "/spec/taints").to_vec();
    let there = taints
        .iter()
        .any(|taint| text(taint, "/key") == key && text(taint, "/effect") == "NoSchedule");
    if !there {
        taints.push(json!({"key": key, "effect": "NoSchedule"}));
        put(node, "/spec/taints", Value::Array(taints));
    }
}
