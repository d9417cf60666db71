//! What a runtime class adds to pods (`plugin/pkg/admission/runtimeclass/admission.go`).

use apimachinery::object;
use serde_json::{Value, json};

use super::forbidden;
use crate::apiserver::Apiserver;
use crate::apiserver::answer::Refusal;
use crate::apiserver::write::Target;
use crate::fields::{items, put, text, texts};

/// Overhead, node selector and tolerations of the class.
pub(super) fn admit(server: &Apiserver, target: &Target, pod: &mut Value) -> Result<(), Refusal> {
    let name = text(pod, "/spec/runtimeClassName").to_owned();
    let refuse = |pod: &Value, why: &str| Err(forbidden(target, object::name(pod), why));
    let own = pod.pointer("/spec/overhead").filter(|overhead| !overhead.is_null()).cloned();
    let class = if name.is_empty() {
        None
    } else {
        let found = server.store.get("runtimeclasses.node.k8s.io", "", &name);
        if found.is_none() {
            return refuse(pod, &format!("pod rejected: RuntimeClass \"{name}\" not found"));
        }
        found
    };
    let overhead = class.as_deref().and_then(|class| class.pointer("/overhead/podFixed")).cloned();
    match (overhead, own) {
        (None, Some(_)) => {
            let why = "pod rejected: Pod Overhead set without corresponding RuntimeClass defined Overhead";
            return refuse(pod, why);
        }
        (Some(class), Some(own)) if class != own => {
            let why = "pod rejected: Pod's Overhead doesn't match RuntimeClass's defined Overhead";
            return refuse(pod, why);
        }
        (Some(class), _) => put(pod, "/spec/overhead", class),
        (None, None) => {}
    }
    let Some(scheduling) = class.as_deref().and_then(|class| class.get("scheduling")).cloned()
    else {
        return Ok(());
    };
    let mut selector = texts(pod, "/spec/nodeSelector");
    for (key, value) in texts(&scheduling, "/nodeSelector") {
        if let Some(own) = selector.get(&key).filter(|own| **own != value) {
            let why = format!(
                "conflict: runtimeClass.scheduling.nodeSelector[{key}] = {value}; pod.spec.nodeSelector[{key}] = {own}"
            );
            return refuse(pod, &why);
        }
        selector.insert(key, value);
    }
    if !selector.is_empty() {
        put(pod, "/spec/nodeSelector", json!(selector));
    }
    let mut tolerations = items(pod, "/spec/tolerations").to_vec();
    for toleration in items(&scheduling, "/tolerations") {
        if !tolerations.contains(toleration) {
            tolerations.push(toleration.clone());
        }
    }
    if !tolerations.is_empty() {
        put(pod, "/spec/tolerations", Value::Array(tolerations));
    }
    Ok(())
}
