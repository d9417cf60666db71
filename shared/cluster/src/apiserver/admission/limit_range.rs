//! LimitRanger (`plugin/pkg/admission/limitranger/admission.go`): defaults for containers, and bounds.

use apimachinery::object;
use apimachinery::quantity::Quantity;
use serde_json::{Map, Value, json};

use super::super::Apiserver;
use super::super::answer::Refusal;
use super::super::write::Target;
use super::evaluate::pod_amounts;
use super::forbidden;
use crate::fields::{items, put, text};

const LISTS: [(&str, &str); 2] =
    [("/spec/containers", "container"), ("/spec/initContainers", "init container")];

fn map(value: &Value, pointer: &str) -> Map<String, Value> {
    value.pointer(pointer).and_then(Value::as_object).cloned().unwrap_or_default()
}

fn limits_of(server: &Apiserver, namespace: &str, kind: &str) -> Vec<Value> {
    server
        .store
        .list("limitranges", Some(namespace))
        .iter()
        .flat_map(|range| items(range, "/spec/limits").to_vec())
        .filter(|item| text(item, "/type") == kind)
        .collect()
}

/// Default requests and limits, and an annotation that says so.
pub(super) fn mutate(server: &Apiserver, target: &Target, pod: &mut Value) {
    for item in limits_of(server, &target.namespace, "Container") {
        let (limits, requests) = (map(&item, "/default"), map(&item, "/defaultRequest"));
        let mut notes: Vec<String> = Vec::new();
        for (list, what) in LISTS {
            let containers = pod.pointer_mut(list).and_then(Value::as_array_mut);
            for container in containers.into_iter().flatten() {
                let name = text(container, "/name").to_owned();
                for (kind, defaults) in [("requests", &requests), ("limits", &limits)] {
                    let set = fill(container, kind, defaults);
                    if !set.is_empty() {
                        let singular = kind.trim_end_matches('s');
                        notes.push(format!("{} {singular} for {what} {name}", set.join(", ")));
                    }
                }
            }
        }
        if !notes.is_empty() {
            let text = format!("LimitRanger plugin set: {}", notes.join("; "));
            put(pod, "/metadata/annotations/kubernetes.io~1limit-ranger", json!(text));
        }
    }
}

fn fill(container: &mut Value, kind: &str, defaults: &Map<String, Value>) -> Vec<String> {
    let pointer = format!("/resources/{kind}");
    let mut own = map(container, &pointer);
    let mut set = Vec::new();
    for (name, amount) in defaults {
        if !own.contains_key(name) {
            own.insert(name.clone(), amount.clone());
            set.push(name.clone());
        }
    }
    if !set.is_empty() {
        put(container, &pointer, Value::Object(own));
    }
    set
}

fn quantity(map: &Map<String, Value>, name: &str) -> Option<Quantity> {
    Quantity::parse(map.get(name)?.as_str()?).ok()
}

/// `minConstraint`, `maxConstraint`, `limitRequestRatioConstraint`.
fn bounds(
    item: &Value,
    kind: &str,
    requests: &Map<String, Value>,
    limits: &Map<String, Value>,
) -> Vec<String> {
    let mut wrong = Vec::new();
    let of = |field: &str| map(item, &format!("/{field}"));
    let (min, max, ratio) = (of("min"), of("max"), of("maxLimitRequestRatio"));
    for name in min.keys() {
        let Some(bound) = quantity(&min, name) else { continue };
        match (quantity(requests, name), quantity(limits, name)) {
            (None, _) => wrong.push(format!(
                "minimum {name} usage per {kind} is {bound}.  No request is specified"
            )),
            (Some(request), _) if request < bound => {
                wrong.push(format!(
                    "minimum {name} usage per {kind} is {bound}, but request is {request}"
                ));
            }
            (_, Some(limit)) if limit < bound => {
                wrong.push(format!(
                    "minimum {name} usage per {kind} is {bound}, but limit is {limit}"
                ));
            }
            _ => {}
        }
    }
    for name in max.keys() {
        let Some(bound) = quantity(&max, name) else { continue };
        match (quantity(requests, name), quantity(limits, name)) {
            (_, None) => {
                wrong.push(format!(
                    "maximum {name} usage per {kind} is {bound}.  No limit is specified"
                ));
            }
            (_, Some(limit)) if limit > bound => {
                wrong.push(format!(
                    "maximum {name} usage per {kind} is {bound}, but limit is {limit}"
                ));
            }
            (Some(request), _) if request > bound => {
                wrong.push(format!(
                    "maximum {name} usage per {kind} is {bound}, but request is {request}"
                ));
            }
            _ => {}
        }
    }
    for name in ratio.keys() {
        let Some(bound) = quantity(&ratio, name) else { continue };
        let (request, limit) = (quantity(requests, name), quantity(limits, name));
        let head = format!("{name} max limit to request ratio per {kind} is {bound}");
        match (request.filter(|one| !one.is_zero()), limit.filter(|one| !one.is_zero())) {
            (Some(request), Some(limit)) => {
                let micros = limit.milli_value().saturating_mul(1_000_000) / request.milli_value();
                if micros > bound.milli_value().saturating_mul(1000) {
                    let shown = format!("{}.{:06}", micros / 1_000_000, micros % 1_000_000);
                    wrong.push(format!("{head}, but provided ratio is {shown}"));
                }
            }
            _ => wrong.push(format!("{head}, but no request is specified or request is 0")),
        }
    }
    wrong
}

/// Containers and the pod as a whole stay within their bounds.
pub(super) fn validate(server: &Apiserver, target: &Target, pod: &Value) -> Result<(), Refusal> {
    let mut wrong = Vec::new();
    for item in limits_of(server, &target.namespace, "Container") {
        for (list, _) in LISTS {
            for container in items(pod, list) {
                let requests = map(container, "/resources/requests");
                let limits = map(container, "/resources/limits");
                wrong.extend(bounds(&item, "Container", &requests, &limits));
            }
        }
    }
    for item in limits_of(server, &target.namespace, "Pod") {
        let shown = |kind: &str| {
            let all = pod_amounts(pod, kind);
            all.into_iter().map(|(name, amount)| (name, json!(amount.to_string()))).collect()
        };
        wrong.extend(bounds(&item, "Pod", &shown("requests"), &shown("limits")));
    }
    refuse(target, pod, &wrong)
}

/// Claims ask for an amount between minimum and maximum.
pub(super) fn validate_claim(
    server: &Apiserver,
    target: &Target,
    claim: &Value,
) -> Result<(), Refusal> {
    let requests = map(claim, "/spec/resources/requests");
    let mut wrong = Vec::new();
    for item in limits_of(server, &target.namespace, "PersistentVolumeClaim") {
        for (name, amount) in &requests {
            let asked = amount.as_str().and_then(|text| Quantity::parse(text).ok());
            let Some(asked) = asked else { continue };
            if let Some(bound) = quantity(&map(&item, "/min"), name).filter(|bound| asked < *bound)
            {
                wrong.push(format!(
                    "minimum {name} usage per PersistentVolumeClaim is {bound}, but request is {asked}"
                ));
            }
            if let Some(bound) = quantity(&map(&item, "/max"), name).filter(|bound| asked > *bound)
            {
                wrong.push(format!(
                    "maximum {name} usage per PersistentVolumeClaim is {bound}, but request is {asked}"
                ));
            }
        }
    }
    refuse(target, claim, &wrong)
}

fn refuse(target: &Target, value: &Value, wrong: &[String]) -> Result<(), Refusal> {
    let text = match wrong {
        [] => return Ok(()),
        [one] => one.clone(),
        many => format!("[{}]", many.join(", ")),
    };
    Err(forbidden(target, object::name(value), &text))
}
