//! pods/NAME/resize: the resources of a pod's containers and nothing else
//! (`pkg/registry/core/pod/strategy.go podResizeStrategy`, `pkg/apis/core/validation/validation.go ValidatePodResize`).

use apimachinery::field_error::FieldError;
use serde_json::{Value, json};

use super::pod::qos_class;
use super::{Faults, pod_spec};
use crate::fields::{self, items, put, text, texts};

const LISTS: [&str; 2] = ["containers", "initContainers"];
const KINDS: [&str; 2] = ["requests", "limits"];

fn all<'a>(pod: &'a Value, list: &str) -> &'a [Value] {
    items(pod, &format!("/spec/{list}"))
}

fn same_names(list: &str, new: &Value, old: &Value) -> bool {
    let names = |pod| all(pod, list).iter().map(|one| text(one, "/name")).collect::<Vec<_>>();
    names(new) == names(old)
}

/// The pod as it is, with the resources of what was sent. Where containers are others, what was sent stays, for the
/// validation to refuse.
pub(super) fn prepare(value: &Value, live: &Value) -> Value {
    let mut next = live.clone();
    for list in LISTS {
        if !same_names(list, value, live) {
            put(&mut next, &format!("/spec/{list}"), json!(all(value, list)));
            continue;
        }
        for (index, container) in all(value, list).iter().enumerate() {
            let Some(slot) = next.pointer_mut(&format!("/spec/{list}/{index}")) else { continue };
            for field in ["resources", "resizePolicy"] {
                if let Some(sent) = container.get(field) {
                    put(slot, &format!("/{field}"), sent.clone());
                }
            }
        }
    }
    if let Some(sent) = value.pointer("/spec/resources") {
        put(&mut next, "/spec/resources", sent.clone());
    }
    next
}

/// What may not be changed so.
pub(super) fn validate(value: &Value, live: &Value, faults: &mut Faults) {
    if !fields::annotation(live, "kubernetes.io/config.mirror").is_empty() {
        *faults = vec![FieldError::forbidden("", "static pods cannot be resized")];
        return;
    }
    if text(live, "/spec/os/name") == "windows" {
        *faults = vec![FieldError::forbidden("", "windows pods cannot be resized")];
        return;
    }
    let empty = json!({});
    pod_spec::validate(value.get("spec").unwrap_or(&empty), "spec", faults);
    let class = text(live, "/status/qosClass");
    if class != qos_class(value) {
        let why = "Pod QOS Class may not change as a result of resizing";
        faults.push(FieldError::invalid("spec", class, why));
    }
    if ordering(value, live, faults) {
        return;
    }
    for list in ["initContainers", "containers"] {
        for (index, (new, old)) in all(value, list).iter().zip(all(live, list)).enumerate() {
            removed(new, old, &format!("spec.{list}[{index}].resources"), faults);
        }
    }
    for list in LISTS {
        for (index, (new, old)) in all(value, list).iter().zip(all(live, list)).enumerate() {
            changed(new, old, (list, index), faults);
        }
    }
}

/// Whether containers have come, gone or moved (`validatePodResizeContainerOrdering`).
fn ordering(value: &Value, live: &Value, faults: &mut Faults) -> bool {
    let before = faults.len();
    for list in LISTS {
        let (new, old) = (all(value, list), all(live, list));
        if new.len() != old.len() {
            let why = format!("{list} may not be added or removed on resize");
            faults.push(FieldError::forbidden(&format!("spec.{list}"), why));
            continue;
        }
        for (index, (new, old)) in new.iter().zip(old).enumerate() {
            if text(new, "/name") != text(old, "/name") {
                let why = format!("{list} may not be renamed or reordered on resize");
                faults.push(FieldError::forbidden(&format!("spec.{list}[{index}].name"), why));
            }
        }
    }
    faults.len() > before
}

/// `validateContainerResize`.
fn removed(new: &Value, old: &Value, path: &str, faults: &mut Faults) {
    for kind in KINDS {
        let map = |one: &Value| texts(one, &format!("/resources/{kind}"));
        let left = map(new);
        if map(old).keys().any(|name| !left.contains_key(name)) {
            let word = kind.trim_end_matches('s');
            let why = format!("resource {word}s cannot be removed");
            faults.push(FieldError::forbidden(&format!("{path}.{kind}"), why));
        }
    }
}

/// Only amounts of CPU and memory change, and of what begins a pod only where no restart is asked for.
fn changed(new: &Value, old: &Value, (list, index): (&str, usize), faults: &mut Faults) {
    let without = |one: &Value| {
        let mut one = one.clone();
        for kind in KINDS {
            let place = format!("/resources/{kind}");
            let mut left = texts(&one, &place);
            left.retain(|name, _| !matches!(name.as_str(), "cpu" | "memory"));
            put(&mut one, &place, json!(left));
        }
        one
    };
    let initial = list == "initContainers";
    if without(new) != without(old) {
        faults.push(if initial {
            let why = "only cpu and memory resources for init or sidecar containers are mutable";
            FieldError::forbidden(&format!("spec.{list}[{index}]"), why)
        } else {
            FieldError::forbidden("spec", "only cpu and memory resources are mutable")
        });
    }
    let restarts = |policy: &Value| text(policy, "/restartPolicy") == "RestartContainer";
    if initial
        && new != old
        && text(new, "/restartPolicy") != "Always"
        && items(new, "/resizePolicy").iter().any(restarts)
    {
        let why = "non-sidecar init containers with a resize policy of RestartContainer cannot be resized";
        faults.push(FieldError::forbidden(&format!("spec.{list}[{index}]"), why));
    }
}
